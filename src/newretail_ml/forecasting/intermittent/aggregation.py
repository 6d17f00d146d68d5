"""Forecasts of intermittent demand from its sums over several periods, in which zeros are fewer."""

from __future__ import annotations

import numpy as np

from newretail_ml.forecasting.base import PointForecaster
from newretail_ml.forecasting.smoothing.first_sale import demand_after_first_sale
from newretail_ml.panel import Panel

# Sums are smoothed with the alpha that would have forecast them best, within the customary bounds.
_ALPHAS = np.linspace(0.1, 0.3, 21)


class ADIDA(PointForecaster):
    """Simple exponential smoothing of sums over the mean interval between sales.

    Source: Nikolopoulos, Syntetos, Boylan, Petropoulos and Assimakopoulos (2011), "An
    aggregate-disaggregate intermittent demand approach (ADIDA) to forecasting", Journal of the
    Operational Research Society 62, 544-554.
    """

    def _mean(self, panel: Panel, horizon: int) -> np.ndarray:
        demand = demand_after_first_sale(panel)
        level = mean_interval(demand)
        rate = np.zeros(len(demand))
        for width in np.unique(level):
            same = level == width
            rate[same] = aggregate_rate(demand[same], int(width))
        return np.repeat(rate[:, None], horizon, axis=1)


class IMAPA(PointForecaster):
    """The mean of such forecasts for every width up to the mean interval between sales.

    Source: Petropoulos and Kourentzes (2015), "Forecast combinations for intermittent demand",
    Journal of the Operational Research Society 66, 914-924.
    """

    def _mean(self, panel: Panel, horizon: int) -> np.ndarray:
        demand = demand_after_first_sale(panel)
        level = mean_interval(demand)
        rate = np.zeros(len(demand))
        for width in range(1, int(level.max(initial=1)) + 1):
            reached = level >= width
            rate[reached] += aggregate_rate(demand[reached], width)
        return np.repeat((rate / level)[:, None], horizon, axis=1)


def mean_interval(demand: np.ndarray) -> np.ndarray:
    """(series,) mean number of known periods from sale to sale, in whole periods; at least 1.

    The first interval runs from the first known period.

    >>> mean_interval(np.array([[3.0, 0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0]])).tolist()
    [2, 1]
    """
    sold = demand > 0
    until_last = np.flip(np.maximum.accumulate(np.flip(sold, axis=1), axis=1), axis=1)
    periods = (until_last & ~np.isnan(demand)).sum(axis=1)
    return np.maximum(np.rint(periods / np.maximum(sold.sum(axis=1), 1)), 1).astype(int)


def aggregate_rate(demand: np.ndarray, width: int) -> np.ndarray:
    """(series,) expected demand a period, by smoothing means over ``width`` periods.

    The periods are counted back from the end; those left over at the beginning are not used
    unless history is shorter than one width.

    >>> aggregate_rate(np.array([[9.0, 2.0, 4.0, 2.0, 4.0]]), width=2).tolist()
    [3.0]
    """
    n_buckets = max(demand.shape[1] // width, 1)
    recent = demand[:, -n_buckets * width :].astype(np.float64)
    buckets = recent.reshape(len(demand), n_buckets, recent.shape[1] // n_buckets)
    known = ~np.isnan(buckets)
    count = known.sum(axis=2)
    total = np.where(known, buckets, 0.0).sum(axis=2)
    return _best_smoothed(np.divide(total, count, out=np.full_like(total, np.nan), where=count > 0))


def _best_smoothed(values: np.ndarray) -> np.ndarray:
    """(series,) last level with the alpha of the least squared one-step errors; 0 if unknown."""
    level = np.full((len(_ALPHAS), len(values)), np.nan)
    squares = np.zeros_like(level)
    for value in values.T:
        error = np.where(np.isnan(level) | np.isnan(value), 0.0, value - level)
        squares += error**2
        level = np.where(np.isnan(level), value, level + _ALPHAS[:, None] * error)
    best = squares.argmin(axis=0)
    return np.nan_to_num(level[best, np.arange(len(values))])
