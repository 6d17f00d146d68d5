"""What is believed of demand at each price, one price independent of the others."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Self

import numpy as np

from newretail_ml.checks import as_numbers
from newretail_ml.errors import DataError


@dataclass(frozen=True, eq=False)
class PointBeliefs(ABC):
    """Beliefs of mean demand a period at each candidate price, (..., candidates).

    Attributes:
        first, second: (..., candidates) the two parameters of each belief, above zero.
    """

    first: np.ndarray
    second: np.ndarray

    def __post_init__(self) -> None:
        for values in (self.first, self.second):
            array = as_numbers("parameters of beliefs", values)
            if not (np.isfinite(array) & (array > 0)).all():
                raise DataError(
                    "parameters of beliefs must be finite and above zero",
                    next_step="Begin with 1 and 1 where nothing is known.",
                )

    @classmethod
    def flat(cls, shape: tuple[int, ...], first: float = 1.0, second: float = 1.0) -> Self:
        """The same belief everywhere."""
        return cls(np.full(shape, float(first)), np.full(shape, float(second)))

    @property
    @abstractmethod
    def mean(self) -> np.ndarray:
        """(..., candidates) expected demand a period."""

    @abstractmethod
    def sample(self, rng: np.random.Generator, n: int | None = None) -> np.ndarray:
        """(n, ..., candidates) demand that is as likely as what is believed; one without n."""

    @abstractmethod
    def observed(self, tried: np.ndarray, units: np.ndarray) -> Self:
        """Beliefs after sales.

        Args:
            tried: (..., candidates) periods at each price.
            units: (..., candidates) units wanted in these periods.
        """

    def _shape(self, n: int | None) -> tuple[int, ...]:
        return np.shape(self.first) if n is None else (n, *np.shape(self.first))


class BernoulliBeliefs(PointBeliefs):
    """Beta beliefs of the chance that the customer of a period buys.

    >>> beliefs = BernoulliBeliefs.flat((2,)).observed(np.array([4, 0]), np.array([3, 0]))
    >>> beliefs.mean.round(4).tolist()
    [0.6667, 0.5]
    """

    @property
    def mean(self) -> np.ndarray:
        """(..., candidates) expected chance of a sale."""
        return self.first / (self.first + self.second)

    def sample(self, rng: np.random.Generator, n: int | None = None) -> np.ndarray:
        """(n, ..., candidates) chances of a sale that are as likely as what is believed."""
        return rng.beta(self.first, self.second, self._shape(n))

    def observed(self, tried: np.ndarray, units: np.ndarray) -> Self:
        """Beliefs after periods with a sale or none."""
        if (np.asarray(units) > np.asarray(tried)).any():
            raise DataError(
                "more units than periods: the customer of a period buys one unit or none",
                next_step="Use PoissonBeliefs for counts.",
            )
        return type(self)(self.first + units, self.second + tried - units)


class PoissonBeliefs(PointBeliefs):
    """Gamma beliefs, of a shape and a rate, of the mean of Poisson demand.

    >>> beliefs = PoissonBeliefs.flat((2,)).observed(np.array([3, 0]), np.array([7, 0]))
    >>> beliefs.mean.tolist()
    [2.0, 1.0]
    """

    @property
    def mean(self) -> np.ndarray:
        """(..., candidates) expected units a period."""
        return self.first / self.second

    def sample(self, rng: np.random.Generator, n: int | None = None) -> np.ndarray:
        """(n, ..., candidates) mean demand that is as likely as what is believed."""
        return rng.gamma(self.first, 1 / self.second, self._shape(n))

    def observed(self, tried: np.ndarray, units: np.ndarray) -> Self:
        """Beliefs after periods and the units wanted in them."""
        return type(self)(self.first + units, self.second + tried)
