"""Learning prices while selling, and judging what another policy would have earned."""

from newretail_ml.pricing.learning.beliefs import BernoulliBeliefs, PoissonBeliefs
from newretail_ml.pricing.learning.best import chance_best, chance_mixed
from newretail_ml.pricing.learning.log import check_log
from newretail_ml.pricing.learning.mix import PriceMix, price_mix, resource_mix
from newretail_ml.pricing.learning.off_policy import PolicyValue, charging, off_policy_value
from newretail_ml.pricing.learning.stock import (
    StockLearning,
    simulate_stock_learning,
    thompson_price,
)

__all__ = [
    "BernoulliBeliefs",
    "PoissonBeliefs",
    "PolicyValue",
    "PriceMix",
    "StockLearning",
    "chance_best",
    "chance_mixed",
    "charging",
    "check_log",
    "off_policy_value",
    "price_mix",
    "resource_mix",
    "simulate_stock_learning",
    "thompson_price",
]
