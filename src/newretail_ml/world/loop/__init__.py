"""The closed loop: forecast, orders, prices and slates meet customers together, day by day."""

from newretail_ml.world.loop.deciders import (
    MODULES,
    BestSellers,
    ModelForecasts,
    PlannedPrices,
    RankedSlates,
    clairvoyant_policies,
    library_policies,
    naive_policies,
    orders_by_mean,
    planned_orders,
)
from newretail_ml.world.loop.ledger import Ledger
from newretail_ml.world.loop.policies import Policies
from newretail_ml.world.loop.regret import Regret, regret
from newretail_ml.world.loop.run import LoopResult, run
from newretail_ml.world.loop.state import Habits
from newretail_ml.world.loop.view import View

__all__ = [
    "MODULES",
    "BestSellers",
    "Habits",
    "Ledger",
    "LoopResult",
    "ModelForecasts",
    "PlannedPrices",
    "Policies",
    "RankedSlates",
    "Regret",
    "View",
    "clairvoyant_policies",
    "library_policies",
    "naive_policies",
    "orders_by_mean",
    "planned_orders",
    "regret",
    "run",
]
