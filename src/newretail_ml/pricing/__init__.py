"""From sales and prices to a price list: what to charge, how sure we are, what each rule costs.

A demand model (`demand`, `choice`) learns a `DemandResponse`: units as a function of prices, with
its doubts and with what the data cannot tell. Decisions take any response: `plan_prices` under
rules, `plan_markdowns` while stock runs out of time, `plan_promotions` by week and depth,
`plan_price_and_stock` before a season, `best_assortment` and `assortments_by_market` for what to
list, `learning` for prices that experiment within guard rails. `estimation` holds the regressions
on long frames.
"""

from newretail_ml.pricing import (
    assortment,
    choice,
    demand,
    estimation,
    learning,
    markdown,
    price_list,
    promotions,
    response,
)
from newretail_ml.pricing.assortment import (
    AssortmentRules,
    StockCost,
    assortments_by_market,
    best_assortment,
    best_list,
)
from newretail_ml.pricing.choice import (
    LatentClassLogit,
    LogitDemand,
    MultinomialLogit,
    NestedLogit,
    estimate_latent_classes,
    estimate_logit,
    optimal_prices,
)
from newretail_ml.pricing.demand import (
    DoubleML,
    LocalLevelRegression,
    MonotoneTrees,
    PriceCombination,
    PriceModel,
    ShrunkenLogLog,
    backtest_prices,
)
from newretail_ml.pricing.estimation import estimate
from newretail_ml.pricing.learning import GuardRails, PriceLearner, off_policy_value
from newretail_ml.pricing.markdown import MarkdownRules, plan_markdowns
from newretail_ml.pricing.price_and_stock import plan_price_and_stock, price_and_order
from newretail_ml.pricing.price_list import (
    AveragePrice,
    ChangeCost,
    CompetitorIndex,
    Keep,
    MarginFloor,
    MaxChange,
    MostChanges,
    PriceBounds,
    PriceLink,
    PriceList,
    RevenueHeld,
    SamePrice,
    SizeLinks,
    SmallestChange,
    best_price,
    category_prices,
    plan_prices,
    price_points,
    what_if,
)
from newretail_ml.pricing.promotions import PromotionRules, plan_promotions
from newretail_ml.pricing.response import (
    ConstantElasticity,
    DemandResponse,
    Evidence,
    Linear,
    SemiLog,
    merged,
)

__all__ = [
    "AssortmentRules",
    "AveragePrice",
    "ChangeCost",
    "CompetitorIndex",
    "ConstantElasticity",
    "DemandResponse",
    "DoubleML",
    "Evidence",
    "GuardRails",
    "Keep",
    "LatentClassLogit",
    "Linear",
    "LocalLevelRegression",
    "LogitDemand",
    "MarginFloor",
    "MarkdownRules",
    "MaxChange",
    "MonotoneTrees",
    "MostChanges",
    "MultinomialLogit",
    "NestedLogit",
    "PriceBounds",
    "PriceCombination",
    "PriceLearner",
    "PriceLink",
    "PriceList",
    "PriceModel",
    "PromotionRules",
    "RevenueHeld",
    "SamePrice",
    "SemiLog",
    "ShrunkenLogLog",
    "SizeLinks",
    "SmallestChange",
    "StockCost",
    "assortment",
    "assortments_by_market",
    "backtest_prices",
    "best_assortment",
    "best_list",
    "best_price",
    "category_prices",
    "choice",
    "demand",
    "estimate",
    "estimate_latent_classes",
    "estimate_logit",
    "estimation",
    "learning",
    "markdown",
    "merged",
    "off_policy_value",
    "optimal_prices",
    "plan_markdowns",
    "plan_price_and_stock",
    "plan_prices",
    "plan_promotions",
    "price_and_order",
    "price_list",
    "price_points",
    "promotions",
    "response",
    "what_if",
]
