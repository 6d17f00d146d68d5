"""What uncertain demand costs: thin products are dear to stock."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.checks import check_number
from newretail_ml.errors import DataError


@dataclass(frozen=True)
class StockCost:
    """Cost of stock that is bought before demand is known, once a period (newsvendor).

    Demand of a product with m expected units is taken as normal with standard deviation
    scale * m ** power. The best stock leaves (price - salvage) * density(z) * deviation less
    than the margin of expected units, with z the normal quantile of (price - cost) / (price -
    salvage). Van Ryzin and Mahajan (1999), Management Science 45.

    Attributes:
        salvage_value: what a unit left over brings, below its cost.
        scale: standard deviation at one expected unit; 1 with power 0.5 is that of a Poisson.
        power: at least 0 and below 1: larger sales are relatively less uncertain.

    >>> float(StockCost().money(np.array([100.0]), np.array([10.0]), np.array([5.0])).round(2)[0])
    39.89
    """

    salvage_value: float = 0.0
    scale: float = 1.0
    power: float = 0.5

    def check(self, prices: np.ndarray, cost: np.ndarray) -> None:
        """Raise unless salvage < cost < price for every price, (n, points)."""
        check_number("salvage_value", self.salvage_value, at_least=None)
        check_number("scale", self.scale)
        check_number("power", self.power, at_most=1.0)
        wrong = (prices <= cost[:, None]).any(axis=1) | (cost <= self.salvage_value)
        if wrong.any():
            raise DataError(
                f"{wrong.sum():,} products do not cost more than their salvage value and less "
                "than their price",
                rows=np.flatnonzero(wrong),
                next_step="Correct costs, or leave these products out.",
            )

    def money(self, units: np.ndarray, prices: np.ndarray, cost: np.ndarray) -> np.ndarray:
        """(...) money that uncertainty takes from the margin of expected units."""
        from scipy.special import ndtri

        over = prices - self.salvage_value
        z = ndtri((prices - cost) / over)
        density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
        return over * density * self.scale * units**self.power
