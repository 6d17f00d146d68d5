"""Exponential smoothing of all series at once."""

from newretail_ml.forecasting.smoothing.models import (
    AutoExponentialSmoothing,
    ExponentialSmoothing,
    OptimizedTheta,
)

__all__ = ["AutoExponentialSmoothing", "ExponentialSmoothing", "OptimizedTheta"]
