"""How much of a difference between two models may be chance."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from newretail_ml.forecasting.judging.over_time import FEWEST_FOLDS, cosine_test
from newretail_ml.recommendation.judging.doubt import Estimate, clustered_mean, t_test

FEWEST_DRAWS = 3
LUCK = 0.05


class Paired(NamedTuple):
    """A mean difference over folds, its standard error, and a two-sided p-value (NaN: unknown)."""

    mean: float
    error: float
    p_value: float


def mean_over_folds(values: np.ndarray) -> Estimate:
    """Mean and standard error of the values of folds; with one fold the error is not known.

    >>> mean_over_folds(np.array([1.0, 3.0])).error
    1.0
    """
    return clustered_mean(values, np.arange(len(values)))


def paired_over_folds(difference: np.ndarray, *, in_time: bool) -> Paired:
    """Is the difference of two models on the same folds more than chance?

    Folds in time take a test that lets luck last from one to the next, and four of them
    (`newretail_ml.forecasting.judging.over_time`). Independent draws take Student's t, and three.

    Args:
        difference: (folds,) of one model less the other, in the order of the folds.
        in_time: folds are cuts in time.

    >>> paired_over_folds(np.array([1.0, 2.0, 1.5]), in_time=True).p_value
    nan
    >>> round(paired_over_folds(np.array([1.0, 2.0, 1.5]), in_time=False).p_value, 3)
    0.035
    """
    estimate = mean_over_folds(difference)
    if len(difference) < fewest_folds(in_time):
        p_value = float("nan")
    else:
        p_value = cosine_test(difference) if in_time else t_test(estimate)
    return Paired(estimate.mean, estimate.error, p_value)


def fewest_folds(in_time: bool) -> int:
    """How many folds a test over folds takes."""
    return FEWEST_FOLDS if in_time else FEWEST_DRAWS


def shown(p_value: float) -> str:
    """A p-value in words.

    >>> shown(0.0002), shown(0.034)
    ('p < 0.001', 'p = 0.034')
    """
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"
