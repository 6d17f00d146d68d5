"""How far means over customers may be off, and whether two models differ.

A customer who is judged at several cuts is one customer: errors are clustered by customer.

Sources: Cameron and Miller (2015), "A practitioner's guide to cluster-robust inference", Journal
of Human Resources 50, 317-372; paired tests of rankings from Smucker, Allan and Carterette (2007),
"A comparison of statistical significance tests for information retrieval evaluation", CIKM;
Holm (1979), "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
Statistics 6, 65-70.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_FLIPS_AT_ONCE = 4_000_000
_ROUNDING = 1e-9


class Estimate(NamedTuple):
    """A mean, its standard error and how many clusters it is over."""

    mean: float
    error: float
    clusters: int


def clustered_mean(values: np.ndarray, cluster: np.ndarray) -> Estimate:
    """Mean of the values that are known, with a standard error over whole clusters.

    With one value a cluster this is the deviation over the root of their number. With one cluster
    the error is not known.

    Args:
        values: (n,) NaN where not known.
        cluster: (n,) codes from 0 on.

    >>> clustered_mean(np.array([1.0, 3.0]), np.array([0, 1]))
    Estimate(mean=2.0, error=1.0, clusters=2)
    """
    known = np.isfinite(values)
    if not known.any():
        return Estimate(np.nan, np.nan, 0)
    values, code = values[known], np.unique(cluster[known], return_inverse=True)[1]
    mean = float(values.mean())
    total = np.bincount(code, values - mean)
    n = len(total)
    if n < 2:
        return Estimate(mean, np.nan, n)
    return Estimate(mean, float(np.sqrt(n / (n - 1) * (total**2).sum()) / len(values)), n)


def t_test(estimate: Estimate) -> float:
    """Two-sided p-value of a mean of zero, by Student's t with clusters less one."""
    from scipy.special import stdtr

    if estimate.mean == 0:
        return 1.0
    if not np.isfinite(estimate.error):
        return float("nan")
    with np.errstate(divide="ignore"):
        ratio = np.float64(abs(estimate.mean)) / estimate.error
    return float(2 * stdtr(estimate.clusters - 1, -ratio))


def t_interval(estimate: Estimate, confidence: float) -> tuple[float, float]:
    """Interval of the mean by Student's t; not known with one cluster."""
    from scipy.special import stdtrit

    if estimate.clusters < 2:
        return float("nan"), float("nan")
    reach = float(stdtrit(estimate.clusters - 1, (1 + confidence) / 2)) * estimate.error
    return estimate.mean - reach, estimate.mean + reach


def randomisation_test(total: np.ndarray, n_draws: int, random_state: int) -> float:
    """Two-sided p-value of no difference: the names of the models are swapped by chance.

    Args:
        total: (clusters,) difference of each customer, summed over cuts.
        n_draws: how often names are swapped.
        random_state: seed of the swaps.

    >>> randomisation_test(np.zeros(5), 99, 0)
    1.0
    """
    total = total[total != 0]
    if not len(total):
        return 1.0
    rng = np.random.default_rng(random_state)
    found, seen = abs(total.sum()), 0
    limit = found - _ROUNDING * np.abs(total).sum()
    at_once = max(_FLIPS_AT_ONCE // len(total), 1)
    for start in range(0, n_draws, at_once):
        flips = rng.integers(0, 2, (min(at_once, n_draws - start), len(total)), dtype=np.int8)
        seen += int((np.abs((2.0 * flips - 1.0) @ total) >= limit).sum())
    return (seen + 1) / (n_draws + 1)


def holm(p_values: np.ndarray) -> np.ndarray:
    """p-values for several comparisons at once, each at least as large as it was.

    >>> holm(np.array([0.01, 0.04, 0.03])).round(3).tolist()
    [0.03, 0.06, 0.06]
    """
    adjusted = np.full(len(p_values), np.nan)
    known = np.flatnonzero(np.isfinite(p_values))
    order = known[np.argsort(p_values[known], kind="stable")]
    factor = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(factor * p_values[order]), 1.0)
    return adjusted
