"""Demand of one period (or one interval) as a distribution, for the exact building blocks."""

from newretail_ml.replenishment.demand.base import Demand
from newretail_ml.replenishment.demand.continuous import (
    GammaDemand,
    LognormalDemand,
    NormalDemand,
    UniformDemand,
)
from newretail_ml.replenishment.demand.discrete import (
    DiscreteDemand,
    NegativeBinomialDemand,
    PoissonDemand,
    as_demand,
)

__all__ = [
    "Demand",
    "DiscreteDemand",
    "GammaDemand",
    "LognormalDemand",
    "NegativeBinomialDemand",
    "NormalDemand",
    "PoissonDemand",
    "UniformDemand",
    "as_demand",
]
