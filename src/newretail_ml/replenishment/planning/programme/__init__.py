"""The mixed-integer programme of lines that rules tie together: arrays in, packs out."""

from newretail_ml.replenishment.planning.programme.rules import (
    Limit,
    LineValues,
    Solution,
    SupplierMinimum,
    Trucks,
)
from newretail_ml.replenishment.planning.programme.solve import solve

__all__ = ["Limit", "LineValues", "Solution", "SupplierMinimum", "Trucks", "solve"]
