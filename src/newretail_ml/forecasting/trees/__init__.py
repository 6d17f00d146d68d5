"""Gradient-boosted trees over all series: fit, forecast, explain."""

from newretail_ml.forecasting.trees.explain import explain_all, explain_one
from newretail_ml.forecasting.trees.lightgbm_model import LightGBMForecaster
from newretail_ml.forecasting.trees.two_strategies import DirectAndRecursive

__all__ = ["DirectAndRecursive", "LightGBMForecaster", "explain_all", "explain_one"]
