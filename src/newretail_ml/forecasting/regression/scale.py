"""The scale on which demand is regressed, and the days on which a shop is closed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from newretail_ml.panel import Panel

# A weekday is a closing day if it hardly ever sold, having been seen often enough, in a series
# that sells on most other days.
_SEEN_OFTEN, _HARDLY_EVER, _MOST_DAYS = 4, 0.05, 0.5
# Zeros are closures where they are this rare, and the other days all sell this share of the median.
_RARE_ZEROS, _NEVER_SO_LITTLE = 0.1, 0.2
# Where zeros are demand, the logarithm is taken of demand and this share of its mean.
_SHIFT = 0.5


@dataclass(frozen=True)
class LogScale:
    """The logarithm of demand; of demand and a shift where there are days without any.

    Source: the two-parameter transformation of Box and Cox (1964), "An analysis of
    transformations", Journal of the Royal Statistical Society B 26, 211-252, at power zero.

    >>> LogScale(0.0).expected(np.array([1.0]), np.array([0.5])).round(4).tolist()
    [3.4903]
    """

    shift: float

    @classmethod
    def of(cls, demand: np.ndarray) -> LogScale:
        """That of one series of demand, NaN where it is not known."""
        known = demand[~np.isnan(demand)]
        return cls(_SHIFT * float(known.mean()) if (known <= 0).any() else 0.0)

    def forward(self, demand: np.ndarray) -> np.ndarray:
        """Demand to logarithms."""
        return np.log(demand + self.shift)

    def back(self, logarithm: np.ndarray) -> np.ndarray:
        """Logarithms to demand, never negative."""
        return np.maximum(np.exp(logarithm) - self.shift, 0.0)

    def expected(self, mean: np.ndarray, variance: np.ndarray) -> np.ndarray:
        """Expected demand where its logarithm is normal: the mean of `back`, cut off at zero."""
        whole = np.exp(mean + variance / 2)
        if self.shift == 0:
            return whole
        deviation = np.sqrt(np.maximum(variance, 1e-12))
        distance = (mean - np.log(self.shift)) / deviation
        return whole * ndtr(distance + deviation) - self.shift * ndtr(distance)


def closed_weekdays(panel: Panel) -> np.ndarray:
    """(series, 7) bool, Monday first: weekdays on which a series is not sold at all.

    >>> import pandas as pd
    >>> frame = pd.DataFrame({"item_id": "tea", "date": pd.date_range("2026-01-05", periods=42),
    ...                       "units": [1, 2, 3, 4, 5, 6, 0] * 6})
    >>> closed_weekdays(Panel.from_frame(frame)).nonzero()[1].tolist()
    [6]
    """
    closed = np.zeros((panel.n_series, 7), dtype=bool)
    if panel.periods.freq != "D":
        return closed
    demand, weekday = panel.demand(), panel.periods.resized(panel.cut).dates.day_of_week
    shares, counts = np.zeros(closed.shape), np.zeros(closed.shape)
    for day in range(7):
        of_day = demand[:, weekday == day]
        counts[:, day] = (~np.isnan(of_day)).sum(axis=1)
        shares[:, day] = (of_day > 0).sum(axis=1) / np.maximum(counts[:, day], 1)
    closed = (shares <= _HARDLY_EVER) & (counts >= _SEEN_OFTEN)
    others = np.where(closed, 0.0, shares).sum(axis=1) / np.maximum((~closed).sum(axis=1), 1)
    return closed & (others > _MOST_DAYS)[:, None]


def without_closures(demand: np.ndarray) -> np.ndarray:
    """Demand of one series with NaN on days without sales that can only be closures.

    Those are the few zeros of a series that sells far more than nothing on every other day.

    >>> without_closures(np.array([50.0] * 30 + [0.0])).tolist()[-2:]
    [50.0, nan]
    >>> without_closures(np.array([1.0, 9.0, 9.0] * 10 + [0.0])).tolist()[-2:]
    [9.0, 0.0]
    """
    zero = demand == 0
    sold = demand[demand > 0]
    if not zero.any() or len(sold) == 0 or zero.sum() > _RARE_ZEROS * (len(sold) + zero.sum()):
        return demand
    plentiful = sold.min() >= _NEVER_SO_LITTLE * np.median(sold)
    return np.where(zero & plentiful, np.nan, demand)
