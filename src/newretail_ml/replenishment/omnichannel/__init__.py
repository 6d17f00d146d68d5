"""One stock for counter, pick-up and online orders: promises, protection and sourcing."""

from newretail_ml.replenishment.omnichannel.promise import (
    Promises,
    available_to_promise,
    promises,
)
from newretail_ml.replenishment.omnichannel.protection import (
    ProtectionPlan,
    emsr_b,
    littlewood,
    optimal_protection,
    paths_margin,
    protection_margin,
)
from newretail_ml.replenishment.omnichannel.protection_table import protection_levels
from newretail_ml.replenishment.omnichannel.ship_from_store import ship_from_store
from newretail_ml.replenishment.omnichannel.sourcing import Shipping, Sourcing, source_orders

__all__ = [
    "Promises",
    "ProtectionPlan",
    "Shipping",
    "Sourcing",
    "available_to_promise",
    "emsr_b",
    "littlewood",
    "optimal_protection",
    "paths_margin",
    "promises",
    "protection_levels",
    "protection_margin",
    "ship_from_store",
    "source_orders",
]
