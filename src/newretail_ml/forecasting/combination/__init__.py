"""Several models that become one."""

from newretail_ml.forecasting.combination.auto import AutoForecaster

__all__ = ["AutoForecaster"]
