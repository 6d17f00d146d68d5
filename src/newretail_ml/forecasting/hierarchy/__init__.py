"""Forecasts that add up over items, places and the whole chain."""

from newretail_ml.forecasting.hierarchy.hierarchy import Hierarchy
from newretail_ml.forecasting.hierarchy.reconciliation import reconcile
from newretail_ml.forecasting.hierarchy.residuals import past_errors
from newretail_ml.forecasting.hierarchy.score import rmsse_by_level, wrmsse

__all__ = ["Hierarchy", "past_errors", "reconcile", "rmsse_by_level", "wrmsse"]
