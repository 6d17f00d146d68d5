"""Demand models, backtests and metrics."""

from newretail_ml.forecasting.backtest import Backtest, backtest
from newretail_ml.forecasting.base import Forecaster, PointForecaster
from newretail_ml.forecasting.intermittent import (
    ADIDA,
    IMAPA,
    SBA,
    TSB,
    Croston,
    NegativeBinomialSmoothing,
)
from newretail_ml.forecasting.lightgbm_model import LightGBMForecaster
from newretail_ml.forecasting.naive import MovingAverage, SeasonalAverage, SeasonalNaive
from newretail_ml.forecasting.selection import Selection, select_model, standard_models
from newretail_ml.forecasting.smoothing import (
    AutoExponentialSmoothing,
    ExponentialSmoothing,
    OptimizedTheta,
)

__all__ = [
    "ADIDA",
    "IMAPA",
    "SBA",
    "TSB",
    "AutoExponentialSmoothing",
    "Backtest",
    "Croston",
    "ExponentialSmoothing",
    "Forecaster",
    "LightGBMForecaster",
    "MovingAverage",
    "NegativeBinomialSmoothing",
    "OptimizedTheta",
    "PointForecaster",
    "SeasonalAverage",
    "SeasonalNaive",
    "Selection",
    "backtest",
    "select_model",
    "standard_models",
]
