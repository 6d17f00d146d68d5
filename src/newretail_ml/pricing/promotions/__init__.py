"""Promotions: which item, which week, which depth."""

from newretail_ml.pricing.promotions.calendar import PromotionCalendar
from newretail_ml.pricing.promotions.path import (
    PromotionPaths,
    count_promotion_paths,
    promotion_paths,
)
from newretail_ml.pricing.promotions.plan import plan_promotions
from newretail_ml.pricing.promotions.rules import PromotionRules

__all__ = [
    "PromotionCalendar",
    "PromotionPaths",
    "PromotionRules",
    "count_promotion_paths",
    "plan_promotions",
    "promotion_paths",
]
