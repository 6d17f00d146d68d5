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
from newretail_ml.forecasting.trees.enough import check_enough, check_history
from newretail_ml.forecasting.trees.prediction import DirectPredictor, RecursivePredictor
from newretail_ml.forecasting.trees.recipes import recipe_of
from newretail_ml.forecasting.trees.rows import ScaledRecipe, training_pairs
from newretail_ml.forecasting.trees.training import Binned, TrainingRows, drawn_donors
from newretail_ml.panel import Panel

STRATEGIES = {"direct": DirectPredictor, "recursive": RecursivePredictor}
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
        data = self._binned(self.training_rows(panel, self.recipe_, panel.n_series))
        self._learn(data, self._donors(panel), panel.n_series)
        return super().fit(panel)

    def training_rows(self, panel: Panel, recipe: Recipe, n_series: int) -> TrainingRows:
        """The rows that a panel, or a part of one, gives to learn from.

        Args:
            panel: history.
            recipe: with the category labels of all series (see `Recipe.fixed`).
            n_series: of all parts, which share ``max_rows``.
        """
        horizon = 1 if self.strategy == "recursive" else self.horizon
        pairs = training_pairs(
            panel.cut,
            n_series,
            horizon,
            season=panel.periods.season,
            per_period=self.rows_per_period,
            max_rows=self.max_rows,
        )
        check_enough(len(pairs[0]) * n_series, self.horizon)
        return TrainingRows.of(ScaledRecipe(recipe, self.n_threads), panel, pairs, self.weights)

    def fit_rows(self, rows: TrainingRows, recipe: Recipe, donors: Panel, n_series: int) -> Self:
        """Learn from rows that were made before, part by part, and may lie in files.

        The fit is that of `fit` on a panel whose series stand in the order of the rows.

        Args:
            rows: of all parts, from `training_rows`.
            recipe: as they were made by.
            donors: the series of `drawn_donors`, which the model starts from unless it is asked
                for other series.
            n_series: of all parts.

        Raises:
            DataError: an argument is not known, or history is too short to learn from.
        """
        self._check(donors)
        self.recipe_ = recipe
        self._learn(self._binned(rows), donors, n_series)
        return super().fit(donors)

    def _binned(self, rows: TrainingRows) -> Binned:
        sold = (rows.relative > 0).any()
        check_enough(int(rows.usable.sum()) if sold else 0, self.horizon)
        return rows.binned(self._boosting())

    def _learn(self, rows: Binned, donors: Panel, n_series: int) -> None:
        boosting = self._boosting()
        origins = past_origins(donors, self.horizon, n_series=n_series)
        early, late = rows.split(int(origins[0]) if len(origins) else donors.cut)
        self.past_: PastForecasts | None = None
        self.dispersion_: Dispersion | None = None
        rounds = None
        if min(early.sum(), late.sum()) >= _LEAST_ROWS_APART and rows.teaches(early):
            boosters = boosting.stopped_early(rows.data, early, late)
            self._look_back(self._predictor(boosters), donors, origins)
            rounds = boosting.rounds_on_all(boosters, rows.usable.sum() / early.sum())
        self.boosters_ = boosting.boosted(rows.data, rows.usable, rounds)

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
        drawn = drawn_donors(panel.n_series, self.n_donors, self.random_state)
        return panel if len(drawn) == panel.n_series else panel.select(drawn)

    def _look_back(self, predictor: DirectPredictor, panel: Panel, origins: np.ndarray) -> None:
        """What a model that has not seen them says of the last weeks, beside what happened."""
        self.past_ = PastForecasts.of(predictor, panel, self.horizon, origins)
        if self.objective == "negative_binomial" and self.past_ is not None:
            self.dispersion_ = Dispersion.fitted(
                predictor, self.past_, panel, origins, self._settings()
            )

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
        check_history(panel, self.horizon)
