"""One LightGBM model over all series and all horizons."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Self

import numpy as np
import pandas as pd

from newretail_ml.errors import DataError, NotFittedError
from newretail_ml.features import Recipe
from newretail_ml.forecasting.base import Forecaster, mean_sales
from newretail_ml.forecasting.boosting import Boosting
from newretail_ml.forecasting.paths import PastForecasts, past_origins, paths_around_mean
from newretail_ml.forecasting.quantile_paths import paths_from_quantiles
from newretail_ml.forecasting.recipes import default_recipe, level_features
from newretail_ml.panel import Panel

_LEAST_ROWS = 100


class LightGBMForecaster(Forecaster):
    """One gradient-boosted model over all series, direct, with the horizon as a feature.

    Demand and every feature in units are divided by the series' own recent level, so that
    series of any size teach one another. The last weeks of history are held out twice over:
    to stop early, and to see how far forecasts went astray, which is what the sample paths are
    made of. Then the model is fitted once more on everything.

    Args:
        horizon: the furthest period ahead that it will be asked for.
        objective: "tweedie" or "poisson" for the mean, "quantile" for seven quantiles.
        recipe: the features; by default what the panel offers (`default_recipe`).
        num_leaves: leaves a tree.
        learning_rate: shrinkage of each tree.
        max_rounds: most trees; early stopping usually ends sooner.
        rows_per_period: horizons drawn for each series and target period.
        max_rows: training rows at most; older target periods are left out beyond it.
        random_state: seed of LightGBM's sampling.
        n_threads: threads; results do not depend on it.
    """

    def __init__(
        self,
        horizon: int = 28,
        *,
        objective: str = "tweedie",
        recipe: Recipe | None = None,
        num_leaves: int = 31,
        learning_rate: float = 0.05,
        max_rounds: int = 500,
        rows_per_period: int = 2,
        max_rows: int = 4_000_000,
        random_state: int = 0,
        n_threads: int | None = None,
    ) -> None:
        self.horizon = horizon
        self.objective = objective
        self.recipe = recipe
        self.num_leaves = num_leaves
        self.learning_rate = learning_rate
        self.max_rounds = max_rounds
        self.rows_per_period = rows_per_period
        self.max_rows = max_rows
        self.random_state = random_state
        self.n_threads = n_threads

    def fit(self, panel: Panel) -> Self:
        """Learn from all that the panel knows.

        Raises:
            DataError: the objective is not known, or history is too short to learn from.
        """
        self._check_horizon(panel)
        self.recipe_ = (self.recipe or default_recipe(panel)).fixed(panel)
        boosting = self._boosting()
        targets, horizons = self._training_pairs(panel)
        features, level = self._matrix(panel, targets, horizons)
        demand = panel.demand()[:, targets].ravel()
        usable = np.isfinite(demand) & (level > 0)
        self._check_enough(int(usable.sum()) if (demand[usable] > 0).any() else 0)
        relative = np.divide(demand, level, out=np.zeros_like(level), where=usable)
        origins = past_origins(panel, self.horizon)
        split = int(origins[0]) if len(origins) else panel.cut
        early = np.tile(targets < split, panel.n_series) & usable
        late = usable & ~early
        self.past_: PastForecasts | None = None
        rounds = None
        if min(early.sum(), late.sum()) >= _LEAST_ROWS and relative[early].any():
            held_out = features[late], relative[late]
            boosters = boosting.stopped_early((features[early], relative[early]), held_out)
            self.past_ = PastForecasts.of(self._predictor(boosters), panel, self.horizon, origins)
            rounds = [booster.best_iteration for booster in boosters]
        self.boosters_ = boosting.boosted((features[usable], relative[usable]), rounds)
        return super().fit(panel)

    def _mean(self, panel: Panel, horizon: int) -> np.ndarray:
        return self._predicted(panel, horizon).mean(axis=0)

    def _predicted(self, panel: Panel, horizon: int) -> np.ndarray:
        """(boosters, series, horizon) units."""
        if horizon > self.horizon:
            raise DataError(
                f"{horizon} periods were asked of a model fitted for {self.horizon}",
                next_step=f"Fit LightGBMForecaster(horizon={horizon}).",
            )
        return self._predictor(self.boosters_)(panel, horizon)

    def _paths(
        self, panel: Panel, horizon: int, n_paths: int, rng: np.random.Generator
    ) -> np.ndarray:
        predicted = self._predicted(panel, horizon)
        past = None if self.past_ is None else self.past_.up_to(horizon)
        if self.objective == "quantile" and past is not None and past.enough:
            return paths_from_quantiles(predicted, past, panel, n_paths, rng)
        if past is not None:
            past = replace(past, forecast=past.forecast.mean(axis=0))
        return paths_around_mean(predicted.mean(axis=0), past, panel, n_paths, rng)

    def feature_importance(self) -> pd.DataFrame:
        """Share of the total gain by feature, largest first; columns feature, share."""
        if not hasattr(self, "boosters_"):
            raise NotFittedError(self)
        gain = sum(booster.feature_importance("gain") for booster in self.boosters_)
        table = pd.DataFrame({"feature": self.recipe_.names, "share": gain / max(gain.sum(), 1e-9)})
        return table.sort_values("share", ascending=False, ignore_index=True)

    def _training_pairs(self, panel: Panel) -> tuple[np.ndarray, np.ndarray]:
        """Target periods and horizons; each horizon comes up equally often."""
        per_period = min(self.rows_per_period, self.horizon)
        most_targets = max(self.max_rows // max(panel.n_series * per_period, 1), 1)
        targets = np.arange(max(panel.cut - most_targets, 1), panel.cut)
        stride = self.horizon / per_period
        first = np.arange(len(targets))[:, None] % max(int(stride), 1)
        horizons = 1 + (first + stride * np.arange(per_period)).astype(int) % self.horizon
        pairs = np.repeat(targets, per_period), horizons.ravel()
        possible = pairs[0] >= pairs[1]
        self._check_enough(int(possible.sum()) * panel.n_series)
        return pairs[0][possible], pairs[1][possible]

    def _check_horizon(self, panel: Panel) -> None:
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

    def _boosting(self) -> Boosting:
        return Boosting(
            self.objective,
            self.max_rounds,
            {
                "num_leaves": self.num_leaves,
                "learning_rate": self.learning_rate,
                "seed": self.random_state,
                "num_threads": self.n_threads or 0,
            },
            [at for at, feature in enumerate(self.recipe_.features) if feature.categorical],
        )

    def _check_enough(self, n_rows: int) -> None:
        if n_rows < _LEAST_ROWS:
            raise DataError(
                f"history holds {n_rows} rows to learn from at a horizon of {self.horizon}",
                table="panel",
                next_step="Bring more history, shorten the horizon, or use MovingAverage.",
            )

    def _matrix(
        self, panel: Panel, targets: np.ndarray, horizons: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Scaled features (rows, features) and the level (rows,) they are scaled by.

        The level leans on recent demand, with a tenth of the long run so that it stays above
        zero through a quiet time.
        """
        levels = Recipe(level_features(panel.periods.freq))
        recent, long_run = levels.cube(panel, targets, horizons, n_threads=self.n_threads)
        level = 0.9 * np.where(np.isnan(recent), long_run, recent) + 0.1 * long_run
        level = np.nan_to_num(level)
        cube = self.recipe_.cube(panel, targets, horizons, n_threads=self.n_threads)
        scale = np.where(level > 0, level, 1.0)
        for position, feature in enumerate(self.recipe_.features):
            if feature.in_units:
                cube[position] /= scale
        return cube.reshape(len(cube), -1).T, level.ravel()

    def _predictor(self, boosters: list[Any]) -> Callable[[Panel, int], np.ndarray]:
        def predict(panel: Panel, horizon: int) -> np.ndarray:
            """(boosters, series, horizon) units."""
            steps = np.arange(1, horizon + 1)
            features, level = self._matrix(panel, panel.cut - 1 + steps, steps)
            shape = (panel.n_series, horizon)
            threads = self.n_threads or 0
            unseen = np.repeat(mean_sales(panel), horizon)
            predicted = [
                np.maximum(booster.predict(features, num_threads=threads), 0.0) * level
                for booster in boosters
            ]
            return np.stack([np.where(level > 0, p, unseen).reshape(shape) for p in predicted])

        return predict
