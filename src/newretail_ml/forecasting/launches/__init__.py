"""Demand of items with little history of their own, or none yet."""

from newretail_ml.forecasting.launches.model import LaunchCurve, young

__all__ = ["LaunchCurve", "young"]
