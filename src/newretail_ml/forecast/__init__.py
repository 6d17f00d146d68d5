"""The forecast: joint sample paths."""

from newretail_ml.forecast.forecast import DECILES, Forecast, quantile_column

__all__ = ["DECILES", "Forecast", "quantile_column"]
