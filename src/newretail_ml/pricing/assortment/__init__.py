"""Assortments: what to list, at which prices, in which store."""

from newretail_ml.pricing.assortment.best import Assortment, best_assortment, best_list
from newretail_ml.pricing.assortment.rules import AssortmentRules
from newretail_ml.pricing.assortment.stock import StockCost

__all__ = ["Assortment", "AssortmentRules", "StockCost", "best_assortment", "best_list"]
