"""Noise of demand: a distribution or samples."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from newretail_ml.checks import check_numbers
from newretail_ml.errors import DataError
from newretail_ml.forecast.ranks import sample_rank


class Noise(ABC):
    """What is random in demand.

    Attributes:
        mean: its expected value.
    """

    mean: float

    @abstractmethod
    def quantile(self, probability: np.ndarray) -> np.ndarray:
        """Smallest value that is not exceeded with at least the probability."""

    @abstractmethod
    def expected_above(self, value: np.ndarray) -> np.ndarray:
        """Expected part above a value, E max(e - value, 0)."""


class Samples(Noise):
    """Equally likely values.

    >>> noise = Samples(np.array([4.0, 1.0, 3.0, 2.0]))
    >>> noise.quantile(np.array(0.75)).item(), noise.expected_above(np.array(3.0)).item()
    (3.0, 0.25)
    """

    def __init__(self, values: np.ndarray) -> None:
        self.values = np.sort(values)
        self.mean = float(values.mean())
        self._above = np.append(np.cumsum(self.values[::-1])[::-1], 0.0)

    def quantile(self, probability: np.ndarray) -> np.ndarray:
        """Smallest sample that at least the share of samples do not exceed."""
        return self.values[sample_rank(probability, len(self.values))]

    def expected_above(self, value: np.ndarray) -> np.ndarray:
        """Mean part of the samples above a value."""
        n = len(self.values)
        first = np.searchsorted(self.values, value, side="right")
        return (self._above[first] - value * (n - first)) / n


class Distribution(Noise):
    """A frozen distribution of `scipy.stats`."""

    def __init__(self, given: Any) -> None:
        self.given = given
        self.mean = float(given.mean())

    def quantile(self, probability: np.ndarray) -> np.ndarray:
        """Of the distribution; its lowest finite value where the probability is zero."""
        return np.asarray(self.given.ppf(np.maximum(probability, 1e-12)), float)

    def expected_above(self, value: np.ndarray) -> np.ndarray:
        """The integral of the survival function, over equal steps of chance.

        E max(e - z, 0) = integral of max(F^-1(u) - z, 0) over u from F(z) to 1; the substitution
        u = 1 - (1 - F(z)) s^2 spreads nodes towards the tail.
        """
        nodes, weights = _legendre()
        beyond = np.asarray(self.given.sf(value), float)
        share = beyond[..., None] * nodes**2
        above = np.asarray(self.given.isf(share), float) - np.asarray(value)[..., None]
        part = np.where(share > 0, np.maximum(above, 0.0), 0.0)
        return beyond * (part * 2 * nodes * weights).sum(axis=-1)


def noise_of(given: Any) -> Noise:
    """The noise, whichever way it was given.

    Raises:
        DataError: it is neither samples nor a distribution, or has no finite mean.
    """
    if not hasattr(given, "ppf"):
        return Samples(check_numbers("samples of noise", given, at_least=None))
    if hasattr(given, "pmf"):
        raise DataError(
            "the noise is a distribution of whole numbers",
            next_step="Pass samples of it: noise.rvs(10_000, random_state=0).",
        )
    made = Distribution(given)
    if not np.isfinite(made.mean):
        raise DataError(
            "the noise has no finite mean", next_step="Pass another distribution, or samples."
        )
    return made


def _legendre(n: int = 64) -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights of Gauss and Legendre on 0 to 1."""
    nodes, weights = np.polynomial.legendre.leggauss(n)
    return (nodes + 1) / 2, weights / 2
