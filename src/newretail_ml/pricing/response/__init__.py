"""Demand as a function of prices: one interface, and the curves of textbooks."""

from newretail_ml.pricing.response.base import DemandResponse, checked_prices, numbered
from newretail_ml.pricing.response.curves import ConstantElasticity, Curve, Linear, SemiLog
from newretail_ml.pricing.response.evidence import Evidence
from newretail_ml.pricing.response.merge import merged, part_of

__all__ = [
    "ConstantElasticity",
    "Curve",
    "DemandResponse",
    "Evidence",
    "Linear",
    "SemiLog",
    "checked_prices",
    "merged",
    "numbered",
    "part_of",
]
