"""The models that come with the library, by the name that the command line uses."""

from __future__ import annotations

from newretail_ml.forecasting.base import Forecaster
from newretail_ml.forecasting.combination.auto import AutoForecaster
from newretail_ml.forecasting.naive import MovingAverage, SeasonalAverage, SeasonalNaive
from newretail_ml.forecasting.seasonality import SeasonallyAdjusted
from newretail_ml.forecasting.smoothing import AutoExponentialSmoothing
from newretail_ml.forecasting.trees.lightgbm_model import LightGBMForecaster

AUTO = "auto"


def standard_models(
    horizon: int, random_state: int = 0, *, progress: bool = True
) -> dict[str, Forecaster]:
    """One of each model; "auto", the first, combines them and is the default."""
    return {
        AUTO: AutoForecaster(horizon, random_state=random_state, progress=progress),
        "lightgbm": LightGBMForecaster(horizon, random_state=random_state),
        "smoothing": SeasonallyAdjusted(AutoExponentialSmoothing()),
        "moving-average": MovingAverage(),
        "seasonal-average": SeasonalAverage(),
        "seasonal-naive": SeasonalNaive(),
    }
