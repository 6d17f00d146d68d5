"""Learning prices while selling, and judging what another policy would have earned."""

from newretail_ml.pricing.learning.beliefs import BernoulliBeliefs, PoissonBeliefs
from newretail_ml.pricing.learning.best import chance_best, chance_mixed
from newretail_ml.pricing.learning.decisions import with_outcomes
from newretail_ml.pricing.learning.guards import GuardRails
from newretail_ml.pricing.learning.learner import PriceLearner
from newretail_ml.pricing.learning.log import charging, check_log
from newretail_ml.pricing.learning.mix import PriceMix, price_mix, resource_mix
from newretail_ml.pricing.learning.off_policy import PolicyValue, off_policy_value
from newretail_ml.pricing.learning.prior import prior_from_response
from newretail_ml.pricing.learning.stock import (
    StockLearning,
    simulate_stock_learning,
    thompson_price,
)

__all__ = [
    "BernoulliBeliefs",
    "GuardRails",
    "PoissonBeliefs",
    "PolicyValue",
    "PriceLearner",
    "PriceMix",
    "StockLearning",
    "chance_best",
    "chance_mixed",
    "charging",
    "check_log",
    "off_policy_value",
    "price_mix",
    "prior_from_response",
    "resource_mix",
    "simulate_stock_learning",
    "thompson_price",
    "with_outcomes",
]
