"""Who decides in the closed loop: a naive chain, the library's modules, and one that knows."""

from newretail_ml.world.loop.deciders.clairvoyant import clairvoyant_policies
from newretail_ml.world.loop.deciders.forecasts import ModelForecasts
from newretail_ml.world.loop.deciders.library import MODULES, library_policies
from newretail_ml.world.loop.deciders.naive import BestSellers, naive_policies
from newretail_ml.world.loop.deciders.orders import orders_by_mean, planned_orders
from newretail_ml.world.loop.deciders.prices import PlannedPrices
from newretail_ml.world.loop.deciders.slates import RankedSlates

__all__ = [
    "MODULES",
    "BestSellers",
    "ModelForecasts",
    "PlannedPrices",
    "RankedSlates",
    "clairvoyant_policies",
    "library_policies",
    "naive_policies",
    "orders_by_mean",
    "planned_orders",
]
