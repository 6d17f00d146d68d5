"""Demand models in which prices are causes.

`LocalLevelRegression` finds the elasticities of a chain's items from daily sales that wander and
sell out; `PriceCombination` predicts what sells under a plan of prices; `DoubleML` and the other
models are for comparison and for questions of their own. `backtest_prices` says which is better.
"""

from newretail_ml.pricing.demand.base import PriceModel
from newretail_ml.pricing.demand.combination import PriceCombination
from newretail_ml.pricing.demand.double_ml import DoubleML
from newretail_ml.pricing.demand.judging import PriceBacktest, backtest_prices
from newretail_ml.pricing.demand.local_level import LocalLevelRegression
from newretail_ml.pricing.demand.shrunken import ShrunkenLogLog
from newretail_ml.pricing.demand.trees import MonotoneTrees

__all__ = [
    "DoubleML",
    "LocalLevelRegression",
    "MonotoneTrees",
    "PriceBacktest",
    "PriceCombination",
    "PriceModel",
    "ShrunkenLogLog",
    "backtest_prices",
]
