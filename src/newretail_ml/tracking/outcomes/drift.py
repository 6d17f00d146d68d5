"""Is a forecast off beyond chance in some week, and does it drift?

Errors of one item go together, over days and over locations; whole items are the clusters whose
luck is measured. A week is flagged if its mean error is not zero by Student's t over items, and
Holm's adjustment keeps the chance of any false flag among all weeks of a decision at 5%. A drift
is a trend over the weeks: the mean of the slopes of the items, by the same t-test at 5%. Both
hold for items that err independently. What moves all items at once, such as the weather, is an
error of the forecast in that week, and is flagged as one.

Sources: Cameron and Miller (2015), "A practitioner's guide to cluster-robust inference", Journal
of Human Resources 50, 317-372; Holm (1979), "A simple sequentially rejective multiple test
procedure", Scandinavian Journal of Statistics 6, 65-70.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from newretail_ml.recommendation.judging.doubt import clustered_mean, holm, t_test

FEWEST_CLUSTERS = 5


class Tested(NamedTuple):
    """A sum over clusters, its standard error, and the p-value of no bias (NaN: unknown)."""

    total: float
    error: float
    p_value: float


def total_over_clusters(totals: np.ndarray) -> Tested:
    """Is the sum of the clusters' errors more than chance?

    Args:
        totals: (clusters,) sum of each cluster's errors.

    >>> total_over_clusters(np.array([1.0, 2.0, 1.0, 2.0, 1.5])).total
    7.5
    """
    n = len(totals)
    estimate = clustered_mean(totals, np.arange(n))
    p_value = t_test(estimate) if n >= FEWEST_CLUSTERS else np.nan
    return Tested(float(totals.sum()), n * estimate.error, p_value)


def slope_p_value(errors: pd.DataFrame) -> float:
    """Two-sided p-value of no trend of the errors over the weeks.

    Args:
        errors: one row a cluster, one column a week, in order; NaN where nothing is known.
    """
    whole = errors.dropna().to_numpy(float)
    n_weeks = errors.shape[1]
    if n_weeks < 2 or len(whole) < FEWEST_CLUSTERS:
        return float("nan")
    week = np.arange(n_weeks) - (n_weeks - 1) / 2
    return total_over_clusters(whole @ week / (week**2).sum()).p_value


def adjusted(p_values: pd.Series) -> np.ndarray:
    """p-values of several weeks, by Holm."""
    return holm(p_values.to_numpy(float))
