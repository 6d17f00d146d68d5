"""Regression with ARIMA errors, one series at a time."""

from newretail_ml.forecasting.regression.harmonic import HarmonicRegression

__all__ = ["HarmonicRegression"]
