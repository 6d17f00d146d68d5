"""Many tridiagonal systems at once: the algebra of levels that wander from period to period."""

from __future__ import annotations

import numpy as np


def smoothed(weight: np.ndarray, persistence: float, spread: float, b: np.ndarray) -> np.ndarray:
    """Solve (diag(weight) + Q) z = b for each series, Q the precision of a wandering level.

    Q is that of a first-order autoregression with the given persistence and long-run standard
    deviation, which is tridiagonal; all series are eliminated together, period by period.

    Args:
        weight: (series, periods) information of each period, zero where nothing is known.
        persistence: what remains next period of this period's level, 0 to 1.
        spread: standard deviation of the level over a long time.
        b: (series, periods, columns) right-hand sides.

    >>> smoothed(np.ones((1, 2)), 0.0, 1.0, np.array([[[2.0], [4.0]]]))[0, :, 0]
    array([1., 2.])
    """
    periods = weight.shape[1]
    diagonal, beside = _precision(periods, persistence, spread)
    time_first = np.ascontiguousarray(np.moveaxis(weight, 1, 0)) + diagonal[:, None]
    z = np.array(np.moveaxis(b, 1, 0), order="C")
    carried = np.empty_like(time_first)
    pivot = time_first[0]
    for t in range(periods):
        if t:
            pivot = time_first[t] - beside * carried[t - 1]
            z[t] -= beside * z[t - 1]
        carried[t] = beside / pivot
        z[t] /= pivot[:, None]
    for t in range(periods - 2, -1, -1):
        z[t] -= carried[t][:, None] * z[t + 1]
    return np.moveaxis(z, 0, 1)


def _precision(periods: int, persistence: float, spread: float) -> tuple[np.ndarray, float]:
    """Diagonal, and the element beside it, of the level's precision matrix."""
    scale = 1.0 / (spread**2 * (1.0 - persistence**2))
    diagonal = np.full(periods, scale * (1.0 + persistence**2))
    diagonal[[0, -1]] = scale
    if periods == 1:
        diagonal[0] = 1.0 / spread**2
    return diagonal, -scale * persistence
