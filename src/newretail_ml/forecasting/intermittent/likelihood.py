"""The likelihood of the dynamic negative binomial model, and its maximum for all series."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, gammaln

_SMALLEST_MEAN = 1e-6
_ROUNDS = 16
# Coordinates of the search: logit(alpha / rho), log(1 - rho), log(long-run mean / mean),
# log(dispersion).
_GRID = (
    np.log([0.01, 0.05, 0.2, 0.6]),
    np.log([0.3, 0.05, 0.003]),
    np.array([0.0]),
    np.log([0.1, 1.0, 5.0, 25.0]),
)
_LOW = np.array([-7.0, np.log(1e-4), -4.0, np.log(0.01)])[:, None, None]
_HIGH = np.array([4.0, np.log(0.9), 4.0, np.log(1e4)])[:, None, None]


@dataclass(frozen=True)
class Counts:
    """Counts as the recursion reads them, one row a period.

    Attributes:
        values: (periods, series), zero where not known.
        known: (periods, series) bool; never where the factor is zero.
        factor: (periods, series) seasonal factor of the mean, 1 where not known.
    """

    values: np.ndarray
    known: np.ndarray
    factor: np.ndarray

    @classmethod
    def of(cls, demand: np.ndarray, factor: np.ndarray) -> Counts:
        """The counts of (series, periods) demand, NaN where not known, and its factors."""
        known = (~np.isnan(demand) & (factor > 0)).T
        values = np.where(known, demand.T, 0.0)
        return cls(values, known, np.where(known, factor.T, 1.0))

    def select(self, series: np.ndarray) -> Counts:
        """The counts of some series."""
        return Counts(self.values[:, series], self.known[:, series], self.factor[:, series])

    @property
    def mean(self) -> np.ndarray:
        """(series,) mean of what is known."""
        count = (self.known * self.factor).sum(axis=0)
        return self.values.sum(axis=0) / np.where(count > 0, count, 1.0)

    @property
    def never_varies(self) -> np.ndarray:
        """(series,) bool: the same count in at least two periods, and no other."""
        least = np.where(self.known, self.values, np.inf).min(axis=0)
        same = least == self.values.max(axis=0)
        return same & (self.known.sum(axis=0) > 1) & (self.factor == 1).all(axis=0)


@dataclass(frozen=True)
class CountFit:
    """What was estimated.

    Attributes:
        parameters: (4, series) alpha, rho, long-run mean, dispersion.
        mean: (series,) mean of the next period, before its factor.
        log_likelihood: (series,).
    """

    parameters: np.ndarray
    mean: np.ndarray
    log_likelihood: np.ndarray

    @classmethod
    def of(cls, parameters: np.ndarray, counts: Counts) -> CountFit:
        """What (4, series) parameters say of the counts."""
        value, mean = log_likelihood(parameters[:, None], counts)
        constant = (counts.known * gammaln(counts.values + 1)).sum(axis=0)
        return cls(parameters, mean[0], value[0] - constant)

    @property
    def scatter(self) -> np.ndarray:
        """(series,) variance of a count over its mean squared, at the mean of the long run."""
        _, _, long_run, dispersion = self.parameters
        return (1 + dispersion) / np.maximum(long_run, _SMALLEST_MEAN)

    def select(self, series: slice) -> CountFit:
        """The fit of some series."""
        return CountFit(self.parameters[:, series], self.mean[series], self.log_likelihood[series])


def fit_counts(counts: Counts) -> CountFit:
    """The most likely parameters of each series: a coarse grid, then a pattern search.

    Source of the search: Hooke and Jeeves (1961), "Direct search solution of numerical and
    statistical problems", Journal of the ACM 8, 212-229.
    """
    n_series = counts.values.shape[1]
    grid = np.stack(np.meshgrid(*_GRID, indexing="ij")).reshape(4, -1)
    tried = np.repeat(grid[:, :, None], n_series, axis=2)
    best, likelihood = _best(tried, counts)
    step = np.full(n_series, 0.8)
    moves = np.concatenate([np.eye(4), -np.eye(4)], axis=1)[:, :, None]
    for _ in range(_ROUNDS):
        tried = np.clip(best[:, None] + step * moves, _LOW, _HIGH)
        found, value = _best(tried, counts)
        better = value > likelihood
        best = np.where(better, found, best)
        likelihood = np.where(better, value, likelihood)
        step = np.where(better, step, step / 2)
    return CountFit.of(_natural(best[:, None], counts)[:, 0], counts)


def log_likelihood(parameters: np.ndarray, counts: Counts) -> tuple[np.ndarray, np.ndarray]:
    """(candidates, series) log-likelihood but for its constant, and mean of the next period.

    Args:
        parameters: (4, candidates, series) alpha, rho, long-run mean, dispersion.
        counts: of the same series.
    """
    alpha, rho, long_run, dispersion = parameters
    mean = long_run.copy()
    total = np.zeros_like(mean)
    none, some = -np.log1p(dispersion) / dispersion, np.log(dispersion / (1 + dispersion))
    pull, keep = (1 - rho) * long_run, rho - alpha
    for value, known, factor in zip(counts.values, counts.known, counts.factor, strict=True):
        expected = np.maximum(factor * mean, _SMALLEST_MEAN)
        total += known * (expected * none + value * some)
        sold = np.flatnonzero(value > 0)
        if len(sold):
            shape = expected[:, sold] / dispersion[:, sold]
            total[:, sold] += gammaln(value[sold] + shape) - gammaln(shape)
        seen = np.where(known, value / factor, mean)
        mean = pull + keep * mean + alpha * seen
    return total, mean


def _best(tried: np.ndarray, counts: Counts) -> tuple[np.ndarray, np.ndarray]:
    """(4, series) the most likely of the (4, candidates, series), and its likelihood."""
    values, _ = log_likelihood(_natural(tried, counts), counts)
    pick, series = values.argmax(axis=0), np.arange(values.shape[1])
    return tried[:, pick, series], values[pick, series]


def _natural(searched: np.ndarray, counts: Counts) -> np.ndarray:
    """Alpha, rho, long-run mean and dispersion at the coordinates of the search."""
    share, distance, level, dispersion = searched
    rho = 1 - np.exp(distance)
    long_run = np.maximum(counts.mean, _SMALLEST_MEAN) * np.exp(level)
    return np.stack([rho * expit(share), rho, long_run, np.exp(dispersion)])
