"""Assortments: what to list, at which prices, in which store."""

from newretail_ml.pricing.assortment.best import Assortment, best_assortment, best_list
from newretail_ml.pricing.assortment.markets import MarketAssortments, assortments_by_market
from newretail_ml.pricing.assortment.rules import AssortmentRules
from newretail_ml.pricing.assortment.stock import StockCost

__all__ = [
    "Assortment",
    "AssortmentRules",
    "MarketAssortments",
    "StockCost",
    "assortments_by_market",
    "best_assortment",
    "best_list",
]
