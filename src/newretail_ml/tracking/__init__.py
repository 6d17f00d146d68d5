"""Tracked runs: the only place of the library that knows MLflow, which is imported when used."""

from newretail_ml.tracking.opening import run
from newretail_ml.tracking.runs import Run
from newretail_ml.tracking.served import ServedForecast

__all__ = ["Run", "ServedForecast", "run"]
