"""The global model in both of its strategies."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from typing import Self

import numpy as np

from newretail_ml.errors import DataError
from newretail_ml.forecasting.base import Forecaster
from newretail_ml.forecasting.paths import PastForecasts, paths_around_mean
from newretail_ml.forecasting.trees.lightgbm_model import LightGBMForecaster
from newretail_ml.panel import Panel


class DirectAndRecursive(Forecaster):
    """The mean of a direct and a recursive `LightGBMForecaster`.

    A direct model knows how far ahead it looks; a recursive one follows its own trend, and learns
    from as many rows as there are periods. Their errors differ, so that their mean errs less:
    what the winners of the M5 competition did (Makridakis, Spiliotis and Assimakopoulos 2022,
    International Journal of Forecasting 38, 1346-1364). Where history is too short for the
    recursive model, which needs every feature one period ahead, the direct one stands alone.

    Args:
        horizon: the furthest period ahead that it will be asked for.
        random_state: seed of LightGBM's sampling.
        n_threads: threads; results do not depend on it.
    """

    models_: list[LightGBMForecaster]

    def __init__(
        self, horizon: int = 28, *, random_state: int = 0, n_threads: int | None = None
    ) -> None:
        self.horizon = horizon
        self.random_state = random_state
        self.n_threads = n_threads

    def fit(self, panel: Panel) -> Self:
        """Learn from all that the panel knows.

        Raises:
            DataError: history is too short even for the direct model.
        """
        direct, recursive = (self._model(strategy) for strategy in ("direct", "recursive"))
        self.models_ = [direct.fit(panel)]
        with suppress(DataError):
            recursive.fit(panel)
            if (recursive.past_ is None) == (direct.past_ is None):
                self.models_.append(recursive)
        return super().fit(panel)

    def update(self, panel: Panel) -> Self:
        """Start from newer days from now on, without a new fit."""
        for model in self.models_:
            model.update(panel)
        return super().update(panel)

    @property
    def past_(self) -> PastForecasts | None:
        """Forecasts from earlier origins, (1, series, origins, horizon); None without any."""
        pasts = [model.past_ for model in self.models_ if model.past_ is not None]
        if not pasts:
            return None
        return replace(pasts[0], forecast=np.mean([past.forecast for past in pasts], axis=0))

    def _model(self, strategy: str) -> LightGBMForecaster:
        return LightGBMForecaster(
            self.horizon,
            strategy=strategy,
            n_donors=None,
            random_state=self.random_state,
            n_threads=self.n_threads,
        )

    def _mean(self, panel: Panel, horizon: int) -> np.ndarray:
        return np.mean([model.mean(horizon, panel=panel) for model in self.models_], axis=0)

    def _paths(
        self, panel: Panel, horizon: int, n_paths: int, rng: np.random.Generator
    ) -> np.ndarray:
        past = self.past_
        if past is not None:
            past = replace(past, forecast=past.forecast[0]).up_to(horizon)
        return paths_around_mean(self._mean(panel, horizon), past, panel, n_paths, rng)
