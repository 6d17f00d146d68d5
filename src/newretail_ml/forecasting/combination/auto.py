"""The default: several models, combined by what each would have said in the past."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Self

import numpy as np
import pandas as pd

from newretail_ml.errors import DataError
from newretail_ml.forecasting.base import Forecaster
from newretail_ml.forecasting.carry import Known
from newretail_ml.forecasting.censoring import recover_demand
from newretail_ml.forecasting.combination.verdict import losses, verdict
from newretail_ml.forecasting.combination.weights import Combination, Past
from newretail_ml.forecasting.intermittent import IMAPA, NegativeBinomialSmoothing
from newretail_ml.forecasting.launches import LaunchCurve, young
from newretail_ml.forecasting.naive import MovingAverage
from newretail_ml.forecasting.paths import (
    PastForecasts,
    past_origins,
    paths_around_mean,
    rounded_like,
)
from newretail_ml.forecasting.paths.level_spread import level_spread
from newretail_ml.forecasting.paths.spread import LevelSpread
from newretail_ml.forecasting.seasonality import SeasonallyAdjusted
from newretail_ml.forecasting.smoothing import AutoExponentialSmoothing, OptimizedTheta
from newretail_ml.forecasting.trees.lightgbm_model import LightGBMForecaster
from newretail_ml.forecasting.trees.two_strategies import DirectAndRecursive
from newretail_ml.panel import Panel
from newretail_ml.panel.what_if import Plan

LEARNED = "lightgbm"
_LONG_WINDOWS = {"D": 56, "W": 26, "M": 18}


class AutoForecaster(Forecaster):
    """A combination of models, weighted by backtest inside the history it is fitted on.

    Every model is fitted on history up to some weeks before its end, forecasts from there, week
    after week, and is weighted by how far it went astray (see
    `newretail_ml.forecasting.combination.weights`). Then all are fitted once more on everything.
    Sample paths come from the past forecasts of the combination itself. Where history is too
    short for all this, the models that it suffices for are pooled with equal weights;
    ``notes_`` says why.
    Items that were launched a moment ago, or are about to be, follow the launches before them
    (`LaunchCurve`). Periods in which stock ran out enter with the demand that they hid
    (`recover_demand`).
    Another plan of prices or promotions moves the forecast as it moves that of the trees, times
    their share: the other models, and launch curves, do not read plans.

    Args:
        horizon: the furthest period ahead that it will be asked for.
        random_state: seed of the learned model.
        n_threads: threads; results do not depend on it.
        progress: show progress bars while fitting.

    Attributes:
        models_: the fitted models, by name.
        notes_: what was left out and why, and how the combination did beside its best member.
        judged_: RMSSE of each model and of the combination over the last horizon of history,
            forecast without it, weights included, but for the number of trees and for the
            ceiling on their bulk orders; None where history is too short.

    >>> days = pd.DataFrame({"item_id": "tea", "date": pd.date_range("2026-01-05", periods=70),
    ...                      "units": [1, 2, 3, 4, 5, 6, 0] * 10})
    >>> model = AutoForecaster(horizon=7).fit(Panel.from_frame(days))
    >>> model.mean(7).round().tolist()
    [[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 0.0]]
    """

    models_: dict[str, Forecaster]
    notes_: list[str]
    judged_: pd.DataFrame | None
    past_: PastForecasts | None
    combination_: Combination
    known_: Known
    spread_: LevelSpread
    launches_: LaunchCurve

    def __init__(
        self,
        horizon: int = 28,
        *,
        random_state: int = 0,
        n_threads: int | None = None,
        progress: bool = True,
    ) -> None:
        self.horizon = horizon
        self.random_state = random_state
        self.n_threads = n_threads
        self.progress = progress

    def fit(self, panel: Panel) -> Self:
        """Learn from all that the panel knows.

        Raises:
            DataError: the horizon is shorter than one period.
        """
        if self.horizon < 1:
            raise DataError(
                f"a horizon of {self.horizon} periods was asked for",
                next_step="Ask for 1 or more.",
            )
        super().fit(panel)
        panel = recover_demand(panel)
        self.notes_ = []
        self.known_ = Known.of(panel, panel.demand())
        self.models_ = self._fitted(panel)
        self.launches_ = LaunchCurve().fit(panel)
        self.judged_, self.past_, self.spread_ = None, None, LevelSpread()
        origins = past_origins(panel, self.horizon)
        if len(origins):
            self._weigh(panel, origins)
        else:
            self._without_weights(panel)
        return self

    def update(self, panel: Panel) -> Self:
        """Start from newer days from now on, every member included, without a new fit."""
        super().update(panel)
        recovered = recover_demand(panel)
        for model in (*self.models_.values(), self.launches_):
            model.update(recovered)
        return self

    @property
    def trees(self) -> LightGBMForecaster | None:
        """The global model among the members, to explain and to look into; None if left out."""
        self._fitted_panel()
        model = self.models_.get(LEARNED)
        if isinstance(model, DirectAndRecursive):
            return model.models_[0]
        return model if isinstance(model, LightGBMForecaster) else None

    def _start(
        self, horizon: int, panel: Panel | None, price: Plan | None, promo: Plan | None
    ) -> Panel:
        panel = super()._start(horizon, panel, price, promo)
        if (price is not None or promo is not None) and (
            self.trees is None or self.combination_.share == 0
        ):
            raise DataError(
                "another plan would not move this forecast: of its models only the trees read "
                "prices and promotions, and they are left out or have no weight",
                next_step="Read notes_ and fit on more history, or ask without price and promo.",
            )
        return panel

    def _fitted(self, panel: Panel) -> dict[str, Forecaster]:
        models: dict[str, Forecaster] = {
            name: model.fit(panel) for name, model in self._shown(_pool(panel), "fit")
        }
        learned = self._trees(panel.periods.freq)
        try:
            models[LEARNED] = learned.fit(panel)
        except DataError as refusal:
            self.notes_.append(f"{LEARNED} is left out: {refusal.problem}")
        return models

    def _shown(self, models: dict[str, Forecaster], what: str) -> Iterable[tuple[str, Forecaster]]:
        from tqdm import tqdm

        return tqdm(models.items(), desc=what, leave=False, disable=not self.progress)

    def _trees(self, freq: str) -> LightGBMForecaster | DirectAndRecursive:
        """On days recursion costs much and wins nothing; every series is looked back on."""
        seed, threads = self.random_state, self.n_threads
        if freq != "D":
            return DirectAndRecursive(self.horizon, random_state=seed, n_threads=threads)
        return LightGBMForecaster(self.horizon, n_donors=None, random_state=seed, n_threads=threads)

    def _without_weights(self, panel: Panel) -> None:
        self.models_.pop(LEARNED, None)
        self.combination_ = Combination.equal(len(self.models_), panel.n_series)
        self.notes_.append(
            f"all models weigh the same: history of {panel.cut} periods is too short to judge "
            f"forecasts {self.horizon} periods ahead"
        )

    def _weigh(self, panel: Panel, origins: np.ndarray) -> None:
        """Weights by what the models would have said at the origins."""
        past = self._past_forecasts(panel, origins)
        self.combination_ = Combination.judged_by(past)
        everyone = np.arange(panel.n_series)
        combined = self.combination_.combine(past.pool, past.learned, everyone)
        self.past_ = PastForecasts.beside(combined, panel, origins)
        self.spread_ = level_spread(self.past_, panel)
        self._judge(past)

    def _judge(self, past: Past) -> None:
        """How the models did at the last origin, by weights made of what ended before it."""
        before = past.origins + self.horizon <= past.origins[-1]
        if not before.any():
            self.notes_.append(
                "how the combination does beside its members is not known: history holds no two "
                f"horizons of {self.horizon} periods to compare it on"
            )
            return
        weights = Combination.judged_by(past.only(before))
        last = past.only(np.arange(len(past.origins)) == len(past.origins) - 1)
        everyone = np.arange(past.actual.shape[0])
        combined = weights.combine(last.pool, last.learned, everyone)
        self.judged_ = losses(last, combined, list(self.models_))
        self.notes_.append(verdict(self.judged_, self.horizon))

    def _past_forecasts(self, panel: Panel, origins: np.ndarray) -> Past:
        """The pool as fitted before the first origin; the learned model kept its own."""
        early = panel.until(int(origins[0]))
        means = []
        for name, model in self._shown(self.models_, "look back"):
            if name != LEARNED:
                fitted = model.clone().fit(early)
                views = (panel.until(int(origin)) for origin in origins)
                means.append([fitted.mean(self.horizon, panel=view) for view in views])
        pool = np.stack([np.stack(mean, axis=1) for mean in means])
        actual = PastForecasts.beside(pool, panel, origins).actual
        return Past(pool, self._learned_past(), actual, origins, _scale(early))

    def _learned_past(self) -> np.ndarray | None:
        model = self.models_.get(LEARNED)
        if not isinstance(model, LightGBMForecaster | DirectAndRecursive):
            return None
        if model.past_ is None:
            del self.models_[LEARNED]
            self.notes_.append(f"{LEARNED} is left out: history is too short to judge it")
            return None
        return model.past_.forecast.mean(axis=0)

    def _mean(self, panel: Panel, horizon: int) -> np.ndarray:
        return self._expected(recover_demand(panel), horizon)

    def _expected(self, panel: Panel, horizon: int) -> np.ndarray:
        """(series, horizon) expected demand after the cut of a panel of recovered demand."""
        if horizon > self.horizon:
            raise DataError(
                f"{horizon} periods were asked of a model fitted for {self.horizon}",
                next_step=f"Fit AutoForecaster(horizon={horizon}).",
            )
        means = {name: model.mean(horizon, panel=panel) for name, model in self.models_.items()}
        learned = means.pop(LEARNED, None)
        pool = np.stack(list(means.values()))
        mean = self.combination_.combine(pool, learned, self.known_.indexer(panel))
        new = young(panel)
        if new.any():
            mean[new] = self.launches_.mean(horizon, panel=panel.select(new))
        return mean

    def _paths(
        self, panel: Panel, horizon: int, n_paths: int, rng: np.random.Generator
    ) -> np.ndarray:
        past = None if self.past_ is None else self.past_.up_to(horizon)
        known = recover_demand(panel)
        mean = self._expected(known, horizon)
        paths = paths_around_mean(mean, past, known, n_paths, rng, self.spread_)
        new = young(known)
        if new.any():
            paths[new] = self.launches_._paths(known.select(new), horizon, n_paths, rng)
        return rounded_like(panel, paths, rng)


def _pool(panel: Panel) -> dict[str, Forecaster]:
    """One of each kind that looks at one series at a time, by name."""
    models = {
        "moving-average": MovingAverage(),
        "long-moving-average": MovingAverage(_LONG_WINDOWS[panel.periods.freq]),
        "exponential-smoothing": AutoExponentialSmoothing(),
        "theta": OptimizedTheta(),
        "imapa": IMAPA(),
        "negative-binomial": NegativeBinomialSmoothing(),
    }
    return {name: SeasonallyAdjusted(model) for name, model in models.items()}


def _scale(panel: Panel) -> np.ndarray:
    """(series,) root mean squared difference of neighbouring periods; NaN where demand is flat."""
    steps = np.diff(panel.demand().astype(np.float64)) ** 2
    known = ~np.isnan(steps)
    total, count = np.where(known, steps, 0.0).sum(axis=1), known.sum(axis=1)
    return np.sqrt(np.divide(total, count, out=np.full(len(total), np.nan), where=total > 0))
