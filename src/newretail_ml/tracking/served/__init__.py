"""Fitted models as a batch engine calls them: rows in, rows out, each row by itself.

Nothing here imports MLflow; MLflow knows this package by name and calls `_load_pyfunc`.
"""

from newretail_ml.tracking.served.forecasts import ServedForecast, _load_pyfunc, save_served

__all__ = ["ServedForecast", "_load_pyfunc", "save_served"]
