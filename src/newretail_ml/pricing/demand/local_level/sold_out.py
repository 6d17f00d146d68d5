"""What was wanted on a day that ended without stock: at least what was sold."""

from __future__ import annotations

import numpy as np
from scipy.special import betainc


def wanted_when_sold_out(
    sold: np.ndarray, mean: np.ndarray, dispersion: float
) -> tuple[np.ndarray, np.ndarray]:
    """Mean of demand known to be at least what was sold, and the share of information left.

    Demand is negative binomial with variance mean + mean^2 / dispersion; the sum over its tail
    follows from u f(u; r) = mean f(u - 1; r + 1). The share is one less the variance that
    remains over the variance before (Louis 1982, equation 3.2).

    Args:
        sold: units sold.
        mean: expected demand before anything was seen.
        dispersion: above zero.

    >>> mean, left = wanted_when_sold_out(np.array([0.0, 3.0]), np.array([2.0, 2.0]), 1e6)
    >>> mean.round(2).tolist(), left.round(2).tolist()
    ([2.0, 3.67], [0.0, 0.56])
    """
    fail = mean / (mean + dispersion)
    tail = _at_least(sold, dispersion, fail)
    safe = np.maximum(tail, 1e-300)
    first = mean * _at_least(sold - 1, dispersion + 1, fail) / safe
    pairs = mean**2 * (1 + 1 / dispersion) * _at_least(sold - 2, dispersion + 2, fail) / safe
    known = tail > 1e-12
    wanted = np.where(known, np.maximum(first, sold), sold)
    variance = np.where(known, np.maximum(pairs + first - first**2, 0.0), 0.0)
    left = 1.0 - variance / (mean + mean**2 / dispersion)
    return wanted, np.clip(left, 0.0, 1.0)


def _at_least(units: np.ndarray, size: float, fail: np.ndarray) -> np.ndarray:
    """Probability that a negative binomial number is at least so many units."""
    asked = np.maximum(units, 0.0)
    return np.where(asked > 0, betainc(np.maximum(asked, 1e-12), size, fail), 1.0)
