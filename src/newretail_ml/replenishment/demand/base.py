"""What every demand distribution answers."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from newretail_ml.checks import check_number
from newretail_ml.errors import DataError

TAIL = 1e-13
MOST_STEPS = 5_000_000


class Demand(ABC):
    """Demand of one period as a distribution: chances, quantiles and expected shortage.

    Attributes:
        mean: units a period.
        sd: standard deviation, units a period.
        discrete: whether stock is counted in whole units.
    """

    mean: float
    sd: float
    discrete: bool

    @abstractmethod
    def cdf(self, units: float | np.ndarray) -> np.ndarray:
        """Chance that demand does not exceed the units."""

    @abstractmethod
    def expected_short(self, stock: float | np.ndarray) -> np.ndarray:
        """Expected units short, E[(D - stock)+]: the first-order loss function."""

    @abstractmethod
    def over(self, periods: float) -> Demand:
        """Demand added up over independent periods."""

    @abstractmethod
    def _inner_quantile(self, probability: float) -> float:
        """Quantile of a probability above 0 and below 1."""

    @abstractmethod
    def _bounds(self) -> tuple[float, float]:
        """Smallest and largest possible demand."""

    def expected_left(self, stock: float | np.ndarray) -> np.ndarray:
        """Expected units left over, E[(stock - D)+]."""
        stock = np.asarray(stock, float)
        # Far to the left the difference of large numbers could turn out just below zero.
        return np.maximum(stock - self.mean + self.expected_short(stock), 0.0)

    def expected_cost(
        self, stock: float | np.ndarray, shortage_cost: float, holding_cost: float
    ) -> np.ndarray:
        """Expected cost of units left over and units short."""
        return holding_cost * self.expected_left(stock) + shortage_cost * self.expected_short(stock)

    def quantile(self, probability: float) -> float:
        """Smallest units that demand does not exceed with at least the probability.

        Raises:
            DataError: the probability is not between 0 and 1, or only endless units reach it.
        """
        check_number("probability", probability, at_most=1.0)
        lowest, highest = self._bounds()
        if lowest == highest or probability == 0:
            return _finite(lowest, probability)
        if probability == 1:
            return _finite(highest, probability)
        return self._inner_quantile(float(probability))

    def probabilities(self, step: float = 1.0) -> np.ndarray:
        """Chances of 0, 1, 2, ... steps of demand, rounded to the nearest step.

        The far tail (less than 1e-13) counts as the last number of steps; what a distribution
        has below zero counts as zero.
        """
        check_number("step", step, above=0.0)
        most = max(self.quantile(1 - TAIL), 0.0) / step
        if most > MOST_STEPS:
            raise DataError(
                f"demand may reach {most:,.0f} steps, too many to look at one by one",
                next_step="Measure in a larger unit, or pass a larger step.",
            )
        steps = np.arange(int(np.ceil(most)) + 1)
        chances = np.diff(self.cdf((steps + 0.5) * step), prepend=0.0)
        chances[-1] += 1.0 - chances.sum()
        return chances


def _finite(units: float, probability: float) -> float:
    if np.isfinite(units):
        return float(units)
    raise DataError(
        f"no finite stock meets all demand with a probability of exactly {probability:g}",
        next_step="Choose a probability above 0 and below 1; with costs, none of them zero.",
    )
