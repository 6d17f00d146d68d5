"""One LightGBM model over all series and all horizons."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Self

import numpy as np
import pandas as pd

from newretail_ml.errors import DataError, NotFittedError
from newretail_ml.features import Recipe
from newretail_ml.forecasting.base import Forecaster
from newretail_ml.forecasting.paths import PastForecasts, past_origins, paths_around_mean
from newretail_ml.forecasting.paths.quantiles import paths_from_quantiles
from newretail_ml.forecasting.trees.boosting import Boosting
from newretail_ml.forecasting.trees.dispersion import Dispersion
from newretail_ml.forecasting.trees.prediction import DirectPredictor, RecursivePredictor
from newretail_ml.forecasting.trees.recipes import recipe_of
from newretail_ml.forecasting.trees.rows import ScaledRecipe, row_weights, training_pairs
from newretail_ml.panel import Panel

STRATEGIES = {"direct": DirectPredictor, "recursive": RecursivePredictor}
_LEAST_ROWS = 100
_LEAST_ROWS_APART = 50


class LightGBMForecaster(Forecaster):
    """One gradient-boosted model over all series.

    Demand and every feature in units are divided by the series' own recent level, so that
    series of any size teach one another. The last weeks of history are held out twice over:
    to stop early, and to see how far forecasts went astray, which is what the sample paths are
    made of. Then the model is fitted once more on everything.

    Args:
        horizon: the furthest period ahead that it will be asked for.
        objective: "tweedie" or "poisson" for the mean, "quantile" for seven quantiles,
            "negative_binomial" for the mean and, by a second booster, the dispersion.
        strategy: "direct" with the horizon as a feature, or "recursive": one period ahead, and
            on from there with the means in the place of sales.
        recipe: the features: "lean", "default" or "rich" (see
            `newretail_ml.forecasting.trees.recipes`), or a recipe of one's own.
        weights: "none", all rows alike; "scale", by the units a series sells; "revenue", by
            units times price.
        monotone_price: demand never falls when a price falls, a discount deepens or a promotion
            starts, everything else being equal. LightGBM cannot promise it of quantiles.
        num_leaves: leaves a tree.
        learning_rate: shrinkage of each tree.
        max_rounds: most trees; early stopping usually ends sooner.
        rows_per_period: horizons drawn for each series and target period.
        n_donors: series whose past forecasts are made and spread the paths of all, drawn at
            random where there are more; None for all.
        max_rows: training rows at most; beyond it, fewer target periods are learned from.
        random_state: seed of LightGBM's sampling.
        n_threads: threads; results do not depend on it.
    """

    def __init__(
        self,
        horizon: int = 28,
        *,
        objective: str = "tweedie",
        strategy: str = "direct",
        recipe: str | Recipe = "default",
        weights: str = "none",
        monotone_price: bool = True,
        num_leaves: int = 31,
        learning_rate: float = 0.05,
        max_rounds: int = 500,
        rows_per_period: int = 2,
        n_donors: int | None = 5_000,
        max_rows: int = 4_000_000,
        random_state: int = 0,
        n_threads: int | None = None,
    ) -> None:
        self.horizon = horizon
        self.objective = objective
        self.strategy = strategy
        self.recipe = recipe
        self.weights = weights
        self.monotone_price = monotone_price
        self.num_leaves = num_leaves
        self.learning_rate = learning_rate
        self.max_rounds = max_rounds
        self.rows_per_period = rows_per_period
        self.n_donors = n_donors
        self.max_rows = max_rows
        self.random_state = random_state
        self.n_threads = n_threads

    def fit(self, panel: Panel) -> Self:
        """Learn from all that the panel knows.

        Raises:
            DataError: an argument is not known, or history is too short to learn from.
        """
        self._check(panel)
        self.recipe_ = recipe_of(self.recipe, panel).fixed(panel)
        boosting = self._boosting()
        targets, data, usable = self._training_data(panel, boosting)
        origins = past_origins(panel, self.horizon)
        split = int(origins[0]) if len(origins) else panel.cut
        early = np.tile(targets < split, panel.n_series) & usable
        late = usable & ~early
        self.past_: PastForecasts | None = None
        self.dispersion_: Dispersion | None = None
        rounds = None
        if min(early.sum(), late.sum()) >= _LEAST_ROWS_APART and data.get_label()[early].any():
            boosters = boosting.stopped_early(data, early, late)
            self._look_back(self._predictor(boosters), self._donors(panel), origins)
            rounds = boosting.rounds_on_all(boosters, usable.sum() / early.sum())
        self.boosters_ = boosting.boosted(data, usable, rounds)
        return super().fit(panel)

    @property
    def predictor(self) -> DirectPredictor:
        """Features, level and units of any panel, by the model fitted on all rows."""
        if not hasattr(self, "boosters_"):
            raise NotFittedError(self)
        return self._predictor(self.boosters_)

    def feature_importance(self) -> pd.DataFrame:
        """Share of the total gain by feature, largest first; columns feature, share."""
        if not hasattr(self, "boosters_"):
            raise NotFittedError(self)
        gain = sum(booster.feature_importance("gain") for booster in self.boosters_)
        table = pd.DataFrame({"feature": self.recipe_.names, "share": gain / max(gain.sum(), 1e-9)})
        return table.sort_values("share", ascending=False, ignore_index=True)

    def _mean(self, panel: Panel, horizon: int) -> np.ndarray:
        return self._predicted(panel, horizon).mean(axis=0)

    def _predicted(self, panel: Panel, horizon: int) -> np.ndarray:
        """(boosters, series, horizon) units."""
        if horizon > self.horizon:
            raise DataError(
                f"{horizon} periods were asked of a model fitted for {self.horizon}",
                next_step=f"Fit LightGBMForecaster(horizon={horizon}).",
            )
        return self.predictor(panel, horizon)

    def _paths(
        self, panel: Panel, horizon: int, n_paths: int, rng: np.random.Generator
    ) -> np.ndarray:
        predicted = self._predicted(panel, horizon)
        mean = predicted.mean(axis=0)
        past = None if self.past_ is None else self.past_.up_to(horizon)
        if past is None or not past.enough:
            return paths_around_mean(mean, None, panel, n_paths, rng)
        if self.objective == "quantile":
            return paths_from_quantiles(predicted, past, panel, n_paths, rng)
        if self.dispersion_ is not None:
            levels = self.dispersion_.quantiles(panel, mean, self.predictor)
            past = self.dispersion_.of_past_forecasts(past)
            return paths_from_quantiles(levels, past, panel, n_paths, rng, mean=mean)
        past = replace(past, forecast=past.forecast.mean(axis=0))
        return paths_around_mean(mean, past, panel, n_paths, rng)

    def _donors(self, panel: Panel) -> Panel:
        """The series whose past forecasts are made."""
        if self.n_donors is None or panel.n_series <= self.n_donors:
            return panel
        drawn = np.random.default_rng(self.random_state).permutation(panel.n_series)
        return panel.select(np.sort(drawn[: self.n_donors]))

    def _look_back(self, predictor: DirectPredictor, panel: Panel, origins: np.ndarray) -> None:
        """What a model that has not seen them says of the last weeks, beside what happened."""
        self.past_ = PastForecasts.of(predictor, panel, self.horizon, origins)
        if self.objective == "negative_binomial" and self.past_ is not None:
            self.dispersion_ = Dispersion.fitted(
                predictor, self.past_, panel, origins, self._settings()
            )

    def _training_data(
        self, panel: Panel, boosting: Boosting
    ) -> tuple[np.ndarray, Any, np.ndarray]:
        """Target period of each pair, LightGBM's data of all rows, and (rows,) which to use."""
        targets, horizons = training_pairs(
            panel.cut,
            panel.n_series,
            1 if self.strategy == "recursive" else self.horizon,
            season=panel.periods.season,
            per_period=self.rows_per_period,
            max_rows=self.max_rows,
        )
        self._check_enough(len(targets) * panel.n_series)
        features, level = self._scaled().rows(panel, targets, horizons)
        demand = panel.demand()[:, targets]
        usable = np.isfinite(demand) & (level > 0)
        self._check_enough(int(usable.sum()) if (demand[usable] > 0).any() else 0)
        relative = np.divide(demand, level, out=np.zeros_like(level), where=usable).ravel()
        weight = row_weights(self.weights, panel, level)
        usable = usable.ravel()
        return targets, boosting.binned(features, relative, usable, weight), usable

    def _boosting(self) -> Boosting:
        scaled = self._scaled()
        settings: dict[str, Any] = {
            "num_leaves": self.num_leaves,
            "learning_rate": self.learning_rate,
            **self._settings(),
        }
        constrained = self.monotone_price and self.objective != "quantile"
        if constrained and any(scaled.price_response):
            settings["monotone_constraints"] = scaled.price_response
        return Boosting(self.objective, self.max_rounds, settings, scaled.categorical)

    def _settings(self) -> dict[str, int]:
        return {"seed": self.random_state, "num_threads": self.n_threads or 0}

    def _scaled(self) -> ScaledRecipe:
        return ScaledRecipe(self.recipe_, self.n_threads)

    def _predictor(self, boosters: list[Any]) -> DirectPredictor:
        return STRATEGIES[self.strategy](boosters, self._scaled(), self.n_threads)

    def _check(self, panel: Panel) -> None:
        if self.strategy not in STRATEGIES:
            raise DataError(
                f"the strategy {self.strategy!r} is not known",
                next_step=f"Use one of {', '.join(STRATEGIES)}.",
            )
        if self.horizon < 1:
            raise DataError(
                f"a horizon of {self.horizon} periods was asked for",
                next_step="Ask for 1 or more.",
            )
        if panel.cut < 2 * self.horizon:
            raise DataError(
                f"{panel.cut} periods of history are too short for a horizon of {self.horizon}",
                table="panel",
                next_step="Bring twice the horizon, shorten it, or use MovingAverage.",
            )

    def _check_enough(self, n_rows: int) -> None:
        if n_rows < _LEAST_ROWS:
            raise DataError(
                f"history holds {n_rows} rows to learn from at a horizon of {self.horizon}",
                table="panel",
                next_step="Bring more history, shorten the horizon, or use MovingAverage.",
            )
