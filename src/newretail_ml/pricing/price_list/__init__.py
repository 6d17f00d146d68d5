"""Price lists: what to charge under rules, how sure the gain is, and what each rule costs."""

from newretail_ml.pricing.price_list.continuous import category_prices
from newretail_ml.pricing.price_list.plan import plan_prices
from newretail_ml.pricing.price_list.points import points_around, price_points
from newretail_ml.pricing.price_list.price_list import PriceList
from newretail_ml.pricing.price_list.rules import (
    AveragePrice,
    ChangeCost,
    CompetitorIndex,
    Keep,
    KeepUnidentified,
    MarginFloor,
    MaxChange,
    MostChanges,
    NeverBelowCost,
    PriceBounds,
    PriceLink,
    RevenueHeld,
    Rule,
    SamePrice,
    SizeLinks,
    SmallestChange,
)
from newretail_ml.pricing.price_list.single import best_price
from newretail_ml.pricing.price_list.what_if import what_if

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
    "PriceList",
    "RevenueHeld",
    "Rule",
    "SamePrice",
    "SizeLinks",
    "SmallestChange",
    "best_price",
    "category_prices",
    "plan_prices",
    "points_around",
    "price_points",
    "what_if",
]
