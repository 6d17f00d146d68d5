"""How busy a period is: the chain's recent level, and the week of each group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml.panel import Panel, Periods

_WINDOWS = {"D": 28, "W": 13, "M": 12}
# A group's week counts by half once it has sold so many units.
_ENOUGH_UNITS = 500.0


@dataclass(frozen=True)
class Market:
    """How busy each period was, 1 at the end of history and on an average day of the week.

    Attributes:
        periods: the calendar of the levels.
        level: (periods,) mean demand of a series over the window that ends there, over the last.
        week: (groups + 1, phases) shape of the week, the chain's last; one phase unless days.
    """

    periods: Periods
    level: np.ndarray
    week: np.ndarray

    @classmethod
    def fit(cls, panel: Panel, demand: np.ndarray, group: np.ndarray, n_groups: int) -> Market:
        """Learn from (series, periods) demand; ``group`` (series,) is n_groups where unknown."""
        demand = _without_largest(demand)
        known = ~np.isnan(demand)
        count, total = known.sum(axis=0), np.nansum(demand, axis=0)
        window = _WINDOWS[panel.periods.freq]
        level = _trailing(total, window) / np.maximum(_trailing(count, window), 1)
        level = level / level[-1] if level[-1] > 0 else np.ones_like(level)
        phase, n_phases = _phases(panel.periods.resized(panel.cut))
        calm = np.divide(demand, level, out=np.full(demand.shape, np.nan), where=level > 0)
        week = _weeks(calm, phase, n_phases, group, n_groups)
        return cls(panel.periods.resized(panel.cut), level, week)

    def at(self, periods: Periods, group: np.ndarray, known: int) -> np.ndarray:
        """(series, periods) how busy; the level of the period before ``known`` goes on after it."""
        position = self.periods.position(periods.dates)
        position = np.minimum(position, position[known - 1])
        level = self.level[np.clip(position, 0, len(self.level) - 1)]
        phase, _ = _phases(periods)
        return self.week[group][:, phase] * level


def _without_largest(demand: np.ndarray) -> np.ndarray:
    """Each series' largest demand cut down to its second: one bulk order is no busy month."""
    if demand.shape[1] < 2:
        return demand
    return np.minimum(demand, np.partition(np.nan_to_num(demand), -2, axis=1)[:, -2:-1])


def _trailing(values: np.ndarray, window: int) -> np.ndarray:
    sums = np.concatenate([[0.0], np.cumsum(values)])
    last = np.arange(1, len(sums))
    return sums[last] - sums[np.maximum(last - window, 0)]


def _phases(periods: Periods) -> tuple[np.ndarray, int]:
    if periods.freq != "D":
        return np.zeros(len(periods), dtype=np.intp), 1
    return pd.DatetimeIndex(periods.dates).day_of_week.to_numpy(), 7


def _weeks(
    demand: np.ndarray, phase: np.ndarray, n_phases: int, group: np.ndarray, n_groups: int
) -> np.ndarray:
    total, count = np.zeros((n_groups + 1, n_phases)), np.zeros((n_groups + 1, n_phases))
    for one in range(n_phases):
        days = demand[:, phase == one]
        total[:, one] = np.bincount(group, np.nansum(days, axis=1), n_groups + 1)
        count[:, one] = np.bincount(group, (~np.isnan(days)).sum(axis=1), n_groups + 1)
    chain = _shape(total.sum(axis=0), count.sum(axis=0))
    trust = total.sum(axis=1) / (total.sum(axis=1) + _ENOUGH_UNITS)
    own = np.stack([_shape(*both) for both in zip(total, count, strict=True)])
    weeks = trust[:, None] * own + (1 - trust[:, None]) * chain
    weeks[-1] = chain
    return weeks


def _shape(total: np.ndarray, count: np.ndarray) -> np.ndarray:
    """Mean of each phase over their mean; flat until every phase was seen and something sold."""
    if (count == 0).any() or total.sum() <= 0:
        return np.ones(len(total))
    mean = total / count
    return mean / mean.mean()
