"""Discrete demand: Poisson, negative binomial, and any list of chances.

Source of the loss functions: Snyder and Shen (2019), Fundamentals of Supply Chain Theory, 2nd
edition, appendix C.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from scipy import special

from newretail_ml.checks import as_numbers, check_number
from newretail_ml.errors import DataError
from newretail_ml.replenishment.demand.base import Demand


class _Counts(Demand):
    """Demand of whole units without an upper bound."""

    discrete = True

    @abstractmethod
    def _at_least(self, units: np.ndarray, shift: int = 0) -> np.ndarray:
        """P(D >= units), or, with a shift of one, E[D; D >= units + 1] / mean."""

    def cdf(self, units: float | np.ndarray) -> np.ndarray:
        """Chance that demand does not exceed the units."""
        return 1.0 - self._at_least(np.floor(np.asarray(units, float)) + 1)

    def expected_short(self, stock: float | np.ndarray) -> np.ndarray:
        """Expected units short, E[(D - stock)+]."""
        stock = np.asarray(stock, float)
        below = np.floor(stock)
        sold = self.mean * self._at_least(below, shift=1)
        return np.maximum(sold - stock * self._at_least(below + 1), 0.0)

    def _inner_quantile(self, probability: float) -> float:
        below, enough = -1, max(int(self.mean + self.sd), 1)
        # Only the chance of exceeding keeps its digits near one.
        exceed = 1.0 - probability

        def reached(units: int) -> bool:
            return float(self._at_least(np.array(units + 1))) <= exceed * (1 + 1e-12)

        while not reached(enough):
            below, enough = enough, 2 * enough
        while enough - below > 1:
            middle = (below + enough) // 2
            below, enough = (below, middle) if reached(middle) else (middle, enough)
        return float(enough)

    def _bounds(self) -> tuple[float, float]:
        return 0.0, math.inf if self.mean > 0 else 0.0


@dataclass(frozen=True)
class PoissonDemand(_Counts):
    """Poisson demand: many customers, each seldom.

    >>> PoissonDemand(6).quantile(0.8)
    8.0
    """

    mean: float
    sd: float = field(init=False)

    def __post_init__(self) -> None:
        check_number("mean", self.mean)
        object.__setattr__(self, "sd", math.sqrt(self.mean))

    def over(self, periods: float) -> PoissonDemand:
        """Demand added up over independent periods; a part of a period is fine."""
        check_number("periods", periods)
        return PoissonDemand(self.mean * periods)

    def _at_least(self, units: np.ndarray, shift: int = 0) -> np.ndarray:  # noqa: ARG002
        # E[D; D >= k + 1] = mean * P(D >= k): the same chance serves both.
        return np.where(units > 0, special.gammainc(np.maximum(units, 1.0), self.mean), 1.0)


@dataclass(frozen=True)
class NegativeBinomialDemand(_Counts):
    """Negative binomial demand: whole units with more spread than Poisson.

    >>> NegativeBinomialDemand(6, 4).quantile(0.8)
    9.0
    """

    mean: float
    sd: float

    def __post_init__(self) -> None:
        check_number("mean", self.mean, above=0.0)
        check_number("sd", self.sd, above=0.0)
        if self.sd**2 <= self.mean:
            raise DataError(
                f"a negative binomial with mean {self.mean:g} needs a standard deviation above "
                f"{math.sqrt(self.mean):g}, not {self.sd:g}",
                next_step="Use PoissonDemand where variance equals the mean, else DiscreteDemand.",
            )

    def over(self, periods: float) -> NegativeBinomialDemand:
        """Demand added up over independent periods."""
        check_number("periods", periods, above=0.0)
        return NegativeBinomialDemand(self.mean * periods, self.sd * math.sqrt(periods))

    def _at_least(self, units: np.ndarray, shift: int = 0) -> np.ndarray:
        successes = self.mean**2 / (self.sd**2 - self.mean) + shift
        more = 1.0 - self.mean / self.sd**2
        return np.where(units > 0, special.betainc(np.maximum(units, 1.0), successes, more), 1.0)


@dataclass(frozen=True, eq=False)
class DiscreteDemand(Demand):
    """Demand that takes each of some values with a chance.

    Args:
        values: units, in any order, each once.
        chances: of each value; they add up to one.

    >>> DiscreteDemand([1, 2, 3], [0.2, 0.5, 0.3]).quantile(0.7)
    2.0
    """

    values: np.ndarray
    chances: np.ndarray
    mean: float = field(init=False)
    sd: float = field(init=False)
    discrete = True

    def __post_init__(self) -> None:
        values, chances = as_numbers("values", self.values), as_numbers("chances", self.chances)
        _check_chances(values, chances)
        order = np.argsort(values)
        values, chances = values[order], chances[order] / chances.sum()
        mean = float(values @ chances)
        object.__setattr__(self, "values", values)
        object.__setattr__(self, "chances", chances)
        object.__setattr__(self, "mean", mean)
        object.__setattr__(self, "sd", math.sqrt(float((values - mean) ** 2 @ chances)))

    @classmethod
    def of(cls, chances: Mapping[float, float]) -> DiscreteDemand:
        """From a mapping of units to chances.

        >>> DiscreteDemand.of({0: 0.5, 4: 0.5}).mean
        2.0
        """
        return cls(
            as_numbers("values", list(chances)), as_numbers("chances", list(chances.values()))
        )

    @classmethod
    def from_samples(cls, samples: np.ndarray | Sequence[float] | float) -> DiscreteDemand:
        """From equally likely samples.

        >>> DiscreteDemand.from_samples([3, 1, 3, 5]).cdf(3).item()
        0.75
        """
        values, counts = np.unique(as_numbers("samples", samples), return_counts=True)
        return cls(values, counts / max(counts.sum(), 1))

    def cdf(self, units: float | np.ndarray) -> np.ndarray:
        """Chance that demand does not exceed the units."""
        reached = np.concatenate([[0.0], np.cumsum(self.chances)])
        return reached[np.searchsorted(self.values, np.asarray(units, float), side="right")]

    def expected_short(self, stock: float | np.ndarray) -> np.ndarray:
        """Expected units short, E[(D - stock)+]."""
        short = np.maximum(self.values - np.asarray(stock, float)[..., None], 0.0)
        return short @ self.chances

    def over(self, periods: float) -> DiscreteDemand:
        """Demand added up over independent periods, a whole number of them."""
        check_number("periods", periods)
        if periods != int(periods):
            raise DataError(
                f"{periods:g} is not a whole number of periods",
                next_step="Give the chances for a shorter period, or use PoissonDemand.",
            )
        total, chances = np.ones(1), self.probabilities()
        for _ in range(int(periods)):
            total = np.convolve(total, chances)
        return DiscreteDemand(np.arange(len(total)), total)

    def probabilities(self, step: float = 1.0) -> np.ndarray:
        """Chances of 0, 1, 2, ... steps of demand.

        Raises:
            DataError: a value is negative or no whole number of steps.
        """
        check_number("step", step, above=0.0)
        steps = np.rint(self.values / step)
        if steps[0] < 0 or not np.allclose(steps * step, self.values, rtol=1e-9, atol=1e-9):
            raise DataError(
                f"not all values are whole multiples of {step:g} that are at least zero",
                next_step="Measure demand in a smaller unit (pieces, not boxes), or pass a step.",
            )
        return np.bincount(steps.astype(int), weights=self.chances)

    def _inner_quantile(self, probability: float) -> float:
        place = int(np.searchsorted(np.cumsum(self.chances), probability - 1e-12))
        return float(self.values[min(place, len(self.values) - 1)])

    def _bounds(self) -> tuple[float, float]:
        possible = self.values[self.chances > 0]
        return float(possible[0]), float(possible[-1])


def as_demand(demand: Demand | np.ndarray | Sequence[float] | float) -> Demand:
    """The demand itself, or that of equally likely samples; one number is certain demand.

    Raises:
        DataError: it is no demand and no list of finite numbers.

    >>> as_demand([1, 3]).mean
    2.0
    """
    return demand if isinstance(demand, Demand) else DiscreteDemand.from_samples(demand)


def _check_chances(values: np.ndarray, chances: np.ndarray) -> None:
    if values.ndim != 1 or values.shape != chances.shape or not values.size:
        problem = "values and chances must be two lists of the same length, at least one long"
    elif not np.isfinite(values).all() or len(np.unique(values)) < len(values):
        problem = "values must be finite numbers, each once"
    elif not (chances >= 0).all():
        problem = "chances must be numbers of at least zero"
    elif not abs(chances.sum() - 1) <= 1e-6:
        problem = f"chances add up to {chances.sum():.6g}, not to one"
    else:
        return
    raise DataError(problem, next_step="Correct them, or count samples with from_samples.")
