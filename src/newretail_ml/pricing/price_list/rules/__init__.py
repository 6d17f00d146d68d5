"""Rules of price lists, each with a name, so that the cost of each can be told."""

from newretail_ml.pricing.price_list.rules.base import Rule
from newretail_ml.pricing.price_list.rules.by_product import (
    CompetitorIndex,
    MarginFloor,
    MaxChange,
    NeverBelowCost,
    PriceBounds,
    SmallestChange,
)
from newretail_ml.pricing.price_list.rules.category import AveragePrice, MostChanges, RevenueHeld
from newretail_ml.pricing.price_list.rules.links import PriceLink, SamePrice, SizeLinks
from newretail_ml.pricing.price_list.rules.staying import ChangeCost, Keep, KeepUnidentified

__all__ = [
    "AveragePrice",
    "ChangeCost",
    "CompetitorIndex",
    "Keep",
    "KeepUnidentified",
    "MarginFloor",
    "MaxChange",
    "MostChanges",
    "NeverBelowCost",
    "PriceBounds",
    "PriceLink",
    "RevenueHeld",
    "Rule",
    "SamePrice",
    "SizeLinks",
    "SmallestChange",
]
