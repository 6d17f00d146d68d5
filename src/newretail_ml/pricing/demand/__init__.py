"""Demand models in which prices are causes.

`LocalLevelRegression` finds the elasticities of a chain's items from daily sales that wander and
sell out; `PriceCombination` predicts what sells under a plan of prices; `PriceRegression`, in the
textbook's forms, tests whether its answer moves with the controls; `DoubleML` lets trees hold what
moves price and demand together. `backtest_prices` says which predicts better.
"""

from newretail_ml.pricing.demand.base import PriceModel
from newretail_ml.pricing.demand.combination import PriceCombination
from newretail_ml.pricing.demand.double_ml import DoubleML
from newretail_ml.pricing.demand.judging import PriceBacktest, backtest_prices
from newretail_ml.pricing.demand.local_level import LocalLevelRegression
from newretail_ml.pricing.demand.pooling import PooledEstimates, pool_estimates
from newretail_ml.pricing.demand.regression import (
    ControlComparison,
    PriceRegression,
    compare_controls,
)
from newretail_ml.pricing.demand.shrunken import ShrunkenLogLog
from newretail_ml.pricing.demand.trees import MonotoneTrees

__all__ = [
    "ControlComparison",
    "DoubleML",
    "LocalLevelRegression",
    "MonotoneTrees",
    "PooledEstimates",
    "PriceBacktest",
    "PriceCombination",
    "PriceModel",
    "PriceRegression",
    "ShrunkenLogLog",
    "backtest_prices",
    "compare_controls",
    "pool_estimates",
]
