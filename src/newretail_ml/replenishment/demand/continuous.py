"""Continuous demand: normal, lognormal, gamma, uniform.

Sources of the loss functions: Zipkin (2000), Foundations of Inventory Management, appendix C;
Snyder and Shen (2019), Fundamentals of Supply Chain Theory, 2nd edition, appendix C.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from dataclasses import dataclass, field

import numpy as np
from scipy import special

from newretail_ml.checks import check_number
from newretail_ml.errors import DataError
from newretail_ml.replenishment.demand.base import Demand


class ContinuousDemand(Demand):
    """Demand with a density: adds the second-order loss function."""

    discrete = False

    @abstractmethod
    def expected_short_above(self, stock: float | np.ndarray) -> np.ndarray:
        """Integral of the expected units short over all larger stocks, E[((D - stock)+)**2] / 2."""

    def over(self, periods: float) -> ContinuousDemand:
        """Not known in closed form; families that are closed under addition override it."""
        if periods == 1:
            return self
        raise DataError(
            f"the sum of {periods:g} periods of {type(self).__name__} has no closed form",
            next_step="Pass demand over the whole interval, or DiscreteDemand of its chances.",
        )


class PartialMoments(ContinuousDemand):
    """Demand whose loss functions follow from its partial moments."""

    @abstractmethod
    def _above(self, power: int, units: np.ndarray) -> np.ndarray:
        """E[D ** power; D > units]."""

    def cdf(self, units: float | np.ndarray) -> np.ndarray:
        """Chance that demand does not exceed the units."""
        return 1.0 - self._above(0, np.asarray(units, float))

    def expected_short(self, stock: float | np.ndarray) -> np.ndarray:
        """Expected units short, E[(D - stock)+]."""
        stock = np.asarray(stock, float)
        return np.maximum(self._above(1, stock) - stock * self._above(0, stock), 0.0)

    def expected_short_above(self, stock: float | np.ndarray) -> np.ndarray:
        """Integral of the expected units short over all larger stocks, E[((D - stock)+)**2] / 2."""
        x = np.asarray(stock, float)
        square = self._above(2, x) - 2 * x * self._above(1, x) + x**2 * self._above(0, x)
        return np.maximum(square, 0.0) / 2


@dataclass(frozen=True)
class NormalDemand(ContinuousDemand):
    """Normal demand; with a standard deviation of zero it is certain.

    Its loss functions are standardised: they lose fewer digits than partial moments.

    >>> round(NormalDemand(50, 8).quantile(0.7954545), 3)
    56.604
    """

    mean: float
    sd: float

    def __post_init__(self) -> None:
        check_number("mean", self.mean, at_least=None)
        check_number("sd", self.sd)

    def cdf(self, units: float | np.ndarray) -> np.ndarray:
        """Chance that demand does not exceed the units."""
        if self.sd == 0:
            return np.where(np.asarray(units, float) >= self.mean, 1.0, 0.0)
        return special.ndtr((np.asarray(units, float) - self.mean) / self.sd)

    def expected_short(self, stock: float | np.ndarray) -> np.ndarray:
        """Expected units short, E[(D - stock)+]."""
        gap = np.asarray(stock, float) - self.mean
        if self.sd == 0:
            return np.maximum(-gap, 0.0)
        z = gap / self.sd
        return np.maximum(self.sd * (_density(z) - z * special.ndtr(-z)), 0.0)

    def expected_short_above(self, stock: float | np.ndarray) -> np.ndarray:
        """Integral of the expected units short over all larger stocks."""
        gap = np.asarray(stock, float) - self.mean
        if self.sd == 0:
            return np.maximum(-gap, 0.0) ** 2 / 2
        z = gap / self.sd
        square = (z**2 + 1) * special.ndtr(-z) - z * _density(z)
        return self.sd**2 * np.maximum(square, 0.0) / 2

    def over(self, periods: float) -> NormalDemand:
        """Demand added up over independent periods."""
        check_number("periods", periods)
        return NormalDemand(self.mean * periods, self.sd * math.sqrt(periods))

    def _inner_quantile(self, probability: float) -> float:
        return self.mean + self.sd * float(special.ndtri(probability))

    def _bounds(self) -> tuple[float, float]:
        return (-math.inf, math.inf) if self.sd > 0 else (self.mean, self.mean)


@dataclass(frozen=True)
class LognormalDemand(PartialMoments):
    """Lognormal demand: its logarithm is normal.

    >>> round(LognormalDemand(6, 0.3).quantile(0.15), 2)
    295.62
    """

    log_mean: float
    log_sd: float
    mean: float = field(init=False)
    sd: float = field(init=False)

    def __post_init__(self) -> None:
        check_number("log_mean", self.log_mean, at_least=None)
        check_number("log_sd", self.log_sd, above=0.0)
        mean = math.exp(self.log_mean + self.log_sd**2 / 2)
        object.__setattr__(self, "mean", mean)
        object.__setattr__(self, "sd", mean * math.sqrt(math.expm1(self.log_sd**2)))

    def _above(self, power: int, units: np.ndarray) -> np.ndarray:
        log = np.log(np.maximum(units, np.finfo(float).tiny))
        z = (self.log_mean + power * self.log_sd**2 - log) / self.log_sd
        moment = math.exp(power * self.log_mean + (power * self.log_sd) ** 2 / 2)
        return moment * np.where(units > 0, special.ndtr(z), 1.0)

    def _inner_quantile(self, probability: float) -> float:
        return math.exp(self.log_mean + self.log_sd * float(special.ndtri(probability)))

    def _bounds(self) -> tuple[float, float]:
        return 0.0, math.inf


@dataclass(frozen=True)
class GammaDemand(PartialMoments):
    """Gamma demand, never negative.

    >>> round(float(GammaDemand(4, 2).cdf(4)), 4)
    0.5665
    """

    mean: float
    sd: float

    def __post_init__(self) -> None:
        check_number("mean", self.mean, above=0.0)
        check_number("sd", self.sd, above=0.0)

    def over(self, periods: float) -> GammaDemand:
        """Demand added up over independent periods."""
        check_number("periods", periods, above=0.0)
        return GammaDemand(self.mean * periods, self.sd * math.sqrt(periods))

    def _above(self, power: int, units: np.ndarray) -> np.ndarray:
        shape, scale = (self.mean / self.sd) ** 2, self.sd**2 / self.mean
        moment = scale**power * math.prod(shape + i for i in range(power))
        return moment * special.gammaincc(shape + power, np.maximum(units, 0.0) / scale)

    def _inner_quantile(self, probability: float) -> float:
        shape, scale = (self.mean / self.sd) ** 2, self.sd**2 / self.mean
        return scale * float(special.gammaincinv(shape, probability))

    def _bounds(self) -> tuple[float, float]:
        return 0.0, math.inf


@dataclass(frozen=True)
class UniformDemand(PartialMoments):
    """Demand anywhere between two numbers, each equally likely.

    >>> UniformDemand(1, 2).quantile(0.5)
    1.5
    """

    low: float
    high: float
    mean: float = field(init=False)
    sd: float = field(init=False)

    def __post_init__(self) -> None:
        check_number("low", self.low, at_least=None)
        check_number("high", self.high, above=self.low)
        object.__setattr__(self, "mean", (self.low + self.high) / 2)
        object.__setattr__(self, "sd", (self.high - self.low) / math.sqrt(12))

    def _above(self, power: int, units: np.ndarray) -> np.ndarray:
        n = power + 1
        start = np.clip(units, self.low, self.high)
        return (self.high**n - start**n) / (n * (self.high - self.low))

    def _inner_quantile(self, probability: float) -> float:
        return self.low + probability * (self.high - self.low)

    def _bounds(self) -> tuple[float, float]:
        return self.low, self.high


def _density(z: np.ndarray) -> np.ndarray:
    return np.exp(-(z**2) / 2) / math.sqrt(2 * math.pi)
