"""From a retail chain's own tables to decisions.

A model turns what is known until day t into a `Forecast`; a policy turns the shop's state and a
`Forecast` into a decision; the world turns a decision and real demand into money.
"""

from newretail_ml import (
    features,
    forecasting,
    plots,
    pricing,
    recommendation,
    replenishment,
    tracking,
    world,
)
from newretail_ml.errors import DataError, InfeasibleError, NewRetailError, NotFittedError
from newretail_ml.forecast import Forecast
from newretail_ml.interactions import Interactions
from newretail_ml.panel import Panel
from newretail_ml.tables import RetailTables

__all__ = [
    "DataError",
    "Forecast",
    "InfeasibleError",
    "Interactions",
    "NewRetailError",
    "NotFittedError",
    "Panel",
    "RetailTables",
    "features",
    "forecasting",
    "plots",
    "pricing",
    "recommendation",
    "replenishment",
    "tracking",
    "world",
]
