"""Fitted models as a batch engine calls them: rows in, rows out, each row by itself.

Nothing here imports MLflow; MLflow knows this package by name and calls `_load_pyfunc`.
"""

from newretail_ml.tracking.served.forecasts import ServedForecast
from newretail_ml.tracking.served.making import load_served, params_of, save_served, served_of
from newretail_ml.tracking.served.making import load_served as _load_pyfunc
from newretail_ml.tracking.served.order_policy import OrderPolicy
from newretail_ml.tracking.served.orders import ServedOrders
from newretail_ml.tracking.served.prices import ServedPrices
from newretail_ml.tracking.served.recommendations import ServedRecommender
from newretail_ml.tracking.served.rows import Served

__all__ = [
    "OrderPolicy",
    "Served",
    "ServedForecast",
    "ServedOrders",
    "ServedPrices",
    "ServedRecommender",
    "_load_pyfunc",
    "load_served",
    "params_of",
    "save_served",
    "served_of",
]
