"""Regressions on long frames: effects absorbed, zeros kept, instruments, honest errors."""

from newretail_ml.pricing.estimation.bootstrap import Bootstrap, block_bootstrap
from newretail_ml.pricing.estimation.linear import InstrumentTests
from newretail_ml.pricing.estimation.regression import Family, estimate
from newretail_ml.pricing.estimation.result import Estimate
from newretail_ml.pricing.estimation.within import absorb

__all__ = [
    "Bootstrap",
    "Estimate",
    "Family",
    "InstrumentTests",
    "absorb",
    "block_bootstrap",
    "estimate",
]
