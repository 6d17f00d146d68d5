"""The test of equal accuracy over time.

Sources: Diebold and Mariano (1995), "Comparing predictive accuracy", Journal of Business and
Economic Statistics 13, 253-263; Harvey, Leybourne and Newbold (1997), "Testing the equality of
prediction mean squared errors", International Journal of Forecasting 13, 281-291.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np


class DieboldMariano(NamedTuple):
    """The test of equal accuracy over time; NaN where it cannot be made."""

    statistic: float
    p_value: float


def diebold_mariano(difference: np.ndarray, lags: int = 0) -> DieboldMariano:
    """Are two forecasts equally good over time, given the difference of their losses?

    The mean over its standard error, with autocovariances up to ``lags`` and the small-sample
    correction of Harvey, Leybourne and Newbold, against Student's t. Errors of forecasts h steps
    ahead, one from each period, need ``lags = h - 1``. Where the sum of autocovariances is not
    positive, they get Bartlett's weights.

    Args:
        difference: (periods,) loss of one less loss of the other, in order of time.
        lags: how many periods one error is felt.

    >>> test = diebold_mariano(np.array([1.0, 2.0, 1.5, 0.5, 1.0]))
    >>> round(test.statistic, 3), round(test.p_value, 4)
    (4.707, 0.0093)
    """
    from scipy.special import stdtr

    n = len(difference)
    if n < lags + 2:
        return DieboldMariano(float("nan"), float("nan"))
    centred = difference - difference.mean()
    if not centred.any():
        sure = bool(difference.any())
        return DieboldMariano(float(np.sign(difference[0]) * np.inf) if sure else 0.0, 1.0 - sure)
    covariance = np.array([centred[lag:] @ centred[: n - lag] for lag in range(lags + 1)]) / n
    variance = covariance[0] + 2 * covariance[1:].sum()
    if variance <= 0:
        bartlett = 1 - np.arange(1, lags + 1) / (lags + 1)
        variance = covariance[0] + 2 * bartlett @ covariance[1:]
    steps = lags + 1
    correction = (n + 1 - 2 * steps + steps * (steps - 1) / n) / n
    statistic = difference.mean() * np.sqrt(correction * n / variance)
    return DieboldMariano(float(statistic), float(2 * stdtr(n - 1, -abs(statistic))))
