"""What periods have in common: weekdays, weeks and single days, as factors on demand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Shapes of the gamma distributions by which factors are drawn towards 1: their coefficient of
# variation is one over the root.
_DAYS, _WEEKDAYS, _WEEKS = 10.0, 10.0, 60.0
_WEEK = 7


@dataclass(frozen=True, eq=False)
class _Factor:
    """One set of factors: a number by group of series and by group of periods."""

    series: np.ndarray
    periods: np.ndarray
    shape: float


class SharedDays:
    """Log factors of periods, (series, periods), learned by turns with everything else.

    Args:
        groups, kinds: (series,) numbers, -1 for series that share no days.
        n_periods: length of the history.
        daily: whether a period is a day, so that weekdays count.
    """

    def __init__(
        self, groups: np.ndarray, kinds: np.ndarray, n_periods: int, *, daily: bool
    ) -> None:
        day = np.arange(n_periods)
        step = _WEEK if daily else 4
        self._factors = [
            _Factor(kinds, day, _DAYS),
            _Factor(groups, day // step, _WEEKS),
        ]
        if daily:
            every = np.maximum(kinds, 0)
            known = np.where(groups >= 0, groups + every.max(initial=0) + 1, every)
            self._factors.insert(1, _Factor(known, day % _WEEK, _WEEKDAYS))
        self.log = np.zeros((len(groups), n_periods))
        self.weekdays = (day[:, None] % _WEEK == np.arange(1, _WEEK if daily else 1)).astype(float)

    def update(self, observed: np.ndarray, expected: np.ndarray) -> None:
        """Move each factor to observed over expected, one after another.

        Args:
            observed: (series, periods) weighted units, zero where nothing is known.
            expected: the same, under the factors as they are.
        """
        for factor in self._factors:
            change = _change(factor, observed, expected)
            self.log += change
            expected = expected * np.exp(change)

    def together(self, cause: np.ndarray, weight: np.ndarray) -> np.ndarray:
        """(series, periods) mean of a cause over all series that share days, zero for the others.

        What a series does on the same days as all cannot be told from the day itself.

        Args:
            cause: (series, periods).
            weight: (series, periods) information of each period.
        """
        kinds = self._factors[0].series
        made = np.zeros_like(cause)
        for kind in range(kinds.max(initial=-1) + 1):
            mine = kinds == kind
            total = np.maximum(weight[mine].sum(axis=0), 1e-12)
            made[mine] = (weight[mine] * cause[mine]).sum(axis=0) / total
        return made

    def usual(self, recent: int, season: int) -> np.ndarray:
        """(series, season) log factors of coming periods: recent ones by place in the season."""
        width = self.log.shape[1]
        last = self.log[:, max(width - recent, 0) :]
        place = (np.arange(width)[-last.shape[1] :]) % season
        made = np.repeat(np.median(last, axis=1, keepdims=True), season, axis=1)
        for position in np.unique(place):
            made[:, position] = np.median(last[:, place == position], axis=1)
        return made


def _change(factor: _Factor, observed: np.ndarray, expected: np.ndarray) -> np.ndarray:
    n, periods = factor.series.max(initial=-1) + 1, factor.periods.max(initial=-1) + 1
    if n == 0:
        return np.zeros_like(observed)
    some = factor.series >= 0
    cell = (factor.series[some, None] * periods + factor.periods).ravel()
    above = np.bincount(cell, observed[some].ravel(), n * periods) + factor.shape
    below = np.bincount(cell, expected[some].ravel(), n * periods) + factor.shape
    change = np.zeros_like(observed)
    change[some] = np.log(above / below).reshape(n, periods)[factor.series[some]][:, factor.periods]
    return change
