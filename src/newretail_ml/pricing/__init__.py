"""From sales and prices to a price list: what to charge, how sure we are, what each rule costs."""

from newretail_ml.pricing.response import (
    ConstantElasticity,
    DemandResponse,
    Evidence,
    Linear,
    SemiLog,
)

__all__ = [
    "ConstantElasticity",
    "DemandResponse",
    "Evidence",
    "Linear",
    "SemiLog",
]
