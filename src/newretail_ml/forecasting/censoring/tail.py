"""Demand of which only a lower bound is known, under a negative binomial distribution."""

from __future__ import annotations

import numpy as np
from scipy import special

# Below this the tail is only known to a few digits, and the ratio of neighbours takes over.
_SMALLEST_TAIL = 1e-200


def demand_at_least(
    bound: np.ndarray, mean: np.ndarray, excess: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of demand that is known to be at least ``bound``.

    With D negative binomial of mean m and variance m + e m**2, of size r = 1 / e, and with
    P_k(n) the chance that the same distribution of size r + k reaches n,

        E[D; D >= s] = m P_1(s - 1)   and   E[D (D - 1); D >= s] = (1 + e) m**2 P_2(s - 2).

    These are the moments of Conrad (1976), "Sales data and the estimation of demand",
    Operational Research Quarterly 27, 123-127, for Poisson demand; and the negative binomial of
    Agrawal and Smith (1996), "Estimating negative binomial demand for retail inventory
    management with unobservable lost sales", Naval Research Logistics 43, 839-861. A bound that
    is no whole number is rounded down, and the mean is never below it.

    Args:
        bound: units that were sold, any shape.
        mean: expected demand, before sales are known.
        excess: e, variance beyond Poisson over the squared mean, above zero.

    >>> mean, variance = demand_at_least(np.array([0.0, 9.0]), np.array([6.0, 6.0]),
    ...                                  np.array([0.2, 0.2]))
    >>> mean.round(2).tolist(), variance.round(2).tolist()
    ([6.0, 11.38], [13.2, 6.82])
    """
    size, whole = 1.0 / excess, np.floor(bound)
    odds = excess * mean
    chance = odds / (1.0 + odds)
    tail = _reaches(whole, size, chance)
    near = tail > _SMALLEST_TAIL
    safe = np.where(near, tail, 1.0)
    first = mean * _reaches(whole - 1, size + 1, chance) / safe
    pairs = (1.0 + excess) * mean**2 * _reaches(whole - 2, size + 2, chance) / safe
    step = np.minimum(chance * (whole + size) / (whole + 1.0), 0.99)
    expected = np.where(near, first, whole + step / (1.0 - step))
    variance = np.where(near, pairs + first - first**2, step / (1.0 - step) ** 2)
    return np.maximum(expected, bound), np.maximum(variance, 0.0)


def _reaches(units: np.ndarray, size: np.ndarray, chance: np.ndarray) -> np.ndarray:
    """P(D >= units), the regularized incomplete beta function I_chance(units, size)."""
    at_least_one = special.betainc(np.maximum(units, 1.0), size, chance)
    return np.where(units >= 1, at_least_one, 1.0)
