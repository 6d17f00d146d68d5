"""What members would buy if they were shown slates."""

from newretail_ml.world.slates.best import best_slate, expected_purchases
from newretail_ml.world.slates.gap import RevenueGap, revenue_gap
from newretail_ml.world.slates.replay import replay_slates

__all__ = ["RevenueGap", "best_slate", "expected_purchases", "replay_slates", "revenue_gap"]
