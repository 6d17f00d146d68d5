"""Regressions of demand on prices with effects absorbed, pooled, and tested by their controls."""

from newretail_ml.pricing.demand.regression.controls import ControlComparison, compare_controls
from newretail_ml.pricing.demand.regression.model import PriceRegression

__all__ = ["ControlComparison", "PriceRegression", "compare_controls"]
