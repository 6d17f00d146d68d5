"""Promotions: which item, which week, which depth."""

from newretail_ml.pricing.promotions.path import (
    PromotionPaths,
    count_promotion_paths,
    promotion_paths,
)

__all__ = ["PromotionPaths", "count_promotion_paths", "promotion_paths"]
