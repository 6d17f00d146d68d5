"""Any model, on recovered demand."""

from __future__ import annotations

from typing import Self

import numpy as np

from newretail_ml.forecasting.base import Forecaster
from newretail_ml.forecasting.censoring.recovery import recover_demand
from newretail_ml.forecasting.paths import rounded_like
from newretail_ml.panel import Panel


class RecoveredDemand(Forecaster):
    """A model that learns from, and forecasts from, what customers wanted.

    Periods in which stock ran out enter with their expected demand (see `recover_demand`). On a
    panel without such periods the model is as it is. Paths are in whole units where sales are.

    Args:
        model: the model, not fitted.

    >>> import pandas as pd
    >>> from newretail_ml.forecasting import MovingAverage
    >>> frame = pd.DataFrame({"item_id": "tea", "date": pd.date_range("2026-01-01", periods=6),
    ...                       "units": [6, 4, 5, 5, 4, 5], "censored": [0, 0, 0, 0, 0, 1]})
    >>> RecoveredDemand(MovingAverage()).fit(Panel.from_frame(frame)).mean(1).round(1).tolist()
    [[5.3]]
    """

    def __init__(self, model: Forecaster) -> None:
        self.model = model

    def fit(self, panel: Panel) -> Self:
        """Fit the model to recovered demand; errors are the model's."""
        self.model_ = self.model.clone().fit(recover_demand(panel))
        return super().fit(panel)

    def update(self, panel: Panel) -> Self:
        """Start from newer days from now on, without a new fit."""
        super().update(panel)
        self.model_.update(recover_demand(panel))
        return self

    def _paths(
        self, panel: Panel, horizon: int, n_paths: int, rng: np.random.Generator
    ) -> np.ndarray:
        paths = self.model_._paths(recover_demand(panel), horizon, n_paths, rng)
        return rounded_like(panel, paths, rng)

    def _mean(self, panel: Panel, horizon: int) -> np.ndarray:
        return self.model_._mean(recover_demand(panel), horizon)
