"""Demand models, backtests and metrics."""

from newretail_ml.forecasting.base import Forecaster, PointForecaster
from newretail_ml.forecasting.censoring import RecoveredDemand, recover_demand
from newretail_ml.forecasting.combination import AutoForecaster
from newretail_ml.forecasting.hierarchy import (
    Hierarchy,
    past_errors,
    reconcile,
    rmsse_by_level,
    wrmsse,
)
from newretail_ml.forecasting.intermittent import (
    ADIDA,
    IMAPA,
    SBA,
    TSB,
    Croston,
    NegativeBinomialSmoothing,
)
from newretail_ml.forecasting.judging import (
    Backtest,
    Comparison,
    StockCosts,
    backtest,
    compare_models,
    segments,
)
from newretail_ml.forecasting.launches import LaunchCurve, young
from newretail_ml.forecasting.naive import MovingAverage, SeasonalAverage, SeasonalNaive
from newretail_ml.forecasting.pools import Pooled
from newretail_ml.forecasting.regression import HarmonicRegression
from newretail_ml.forecasting.seasonality import SeasonallyAdjusted
from newretail_ml.forecasting.smoothing import (
    AutoExponentialSmoothing,
    ExponentialSmoothing,
    OptimizedTheta,
)
from newretail_ml.forecasting.standard import standard_models
from newretail_ml.forecasting.trees import (
    DirectAndRecursive,
    LightGBMForecaster,
    explain_all,
    explain_one,
)

__all__ = [
    "ADIDA",
    "IMAPA",
    "SBA",
    "TSB",
    "AutoExponentialSmoothing",
    "AutoForecaster",
    "Backtest",
    "Comparison",
    "Croston",
    "DirectAndRecursive",
    "ExponentialSmoothing",
    "Forecaster",
    "HarmonicRegression",
    "Hierarchy",
    "LaunchCurve",
    "LightGBMForecaster",
    "MovingAverage",
    "NegativeBinomialSmoothing",
    "OptimizedTheta",
    "PointForecaster",
    "Pooled",
    "RecoveredDemand",
    "SeasonalAverage",
    "SeasonalNaive",
    "SeasonallyAdjusted",
    "StockCosts",
    "backtest",
    "compare_models",
    "explain_all",
    "explain_one",
    "past_errors",
    "reconcile",
    "recover_demand",
    "rmsse_by_level",
    "segments",
    "standard_models",
    "wrmsse",
    "young",
]
