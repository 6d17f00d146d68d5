"""A few series over some periods: the piece of the panel that features are computed on."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
import pandas as pd
from scipy import sparse

from newretail_ml.errors import DataError
from newretail_ml.panel import Panel

T = TypeVar("T")


@dataclass(frozen=True)
class Rows:
    """What the rows of a matrix are about.

    Attributes:
        targets: (rows,) target periods.
        horizons: (rows,) periods between each target and the origin of its forecast.
    """

    targets: np.ndarray
    horizons: np.ndarray

    def __len__(self) -> int:
        return len(self.targets)

    @property
    def origins(self) -> np.ndarray:
        """(rows,) the last period that each row may look at."""
        return self.targets - self.horizons


class Block:
    """Demand of some series over the known periods from ``first`` on.

    Blocks are small enough to stay in the processor's cache, and share the window totals that
    several features are made of.
    """

    def __init__(self, demand: np.ndarray, first: int, source: Source, series: slice) -> None:
        self.demand = demand
        self.first = first
        self.source = source
        self.series = series

    @property
    def panel(self) -> Panel:
        """The whole panel that the block was cut from."""
        return self.source.panel

    @cached_property
    def known(self) -> np.ndarray:
        """(series, periods) bool: where demand is known."""
        return ~np.isnan(self.demand)

    @cached_property
    def all_known(self) -> bool:
        """Whether demand is known everywhere, which saves the counting."""
        return bool(self.known.all())

    @cached_property
    def filled(self) -> np.ndarray:
        """(series, periods) float32 demand with zero where it is not known."""
        return self.demand if self.all_known else np.where(self.known, self.demand, 0.0)

    @cached_property
    def precise(self) -> np.ndarray:
        """The same in float64, for squares that are subtracted and sums over all periods."""
        return self.filled.astype(np.float64)

    @cached_property
    def weight(self) -> np.ndarray:
        """1 where demand is known, else 0: (series, periods), or (1, periods) if all is known."""
        known = np.ones((1, self.demand.shape[1])) if self.all_known else self.known
        return known.astype(np.float32)

    @cached_property
    def totals(self) -> WindowTotals:
        """Window totals of demand."""
        return WindowTotals(self.filled)

    @cached_property
    def squares(self) -> WindowTotals:
        """Window totals of squared demand, in float64."""
        return WindowTotals(self.precise**2)

    @cached_property
    def precise_totals(self) -> WindowTotals:
        """Window totals of demand, in float64."""
        return WindowTotals(self.precise)

    @cached_property
    def sold(self) -> WindowTotals:
        """Window totals of periods with a sale."""
        return WindowTotals((self.filled > 0).astype(np.float32))

    @cached_property
    def _counts(self) -> WindowTotals:
        return WindowTotals(self.weight)

    def count(self, window: int) -> np.ndarray:
        """Known periods among the last ``window``; (series, periods) or (1, periods)."""
        return self._counts.over(window)


class WindowTotals:
    """Totals over the last ``w`` columns for any ``w``, from totals over powers of two.

    A window of 28 is one of 4, one of 8 and one of 16 side by side. Each total depends on the
    values in its window alone and on nothing that came before, unlike a difference of two
    cumulative sums: training and prediction agree to the bit wherever their arrays begin. Sums
    of sums lose so little that float32 is enough for what ends in a float32 matrix.

    >>> WindowTotals(np.array([[1.0, 2.0, 3.0, 4.0]])).over(3).tolist()
    [[1.0, 3.0, 6.0, 9.0]]
    """

    def __init__(self, values: np.ndarray) -> None:
        self._levels = [values]

    def over(self, window: int) -> np.ndarray:
        """(series, periods) total over the last ``window`` periods, fewer at the beginning."""
        powers = [level for level in range(window.bit_length()) if window >> level & 1]
        total, width = self._level(powers[0]), 1 << powers[0]
        for level in powers[1:]:
            total = combined(np.add, total, self._level(level), width)
            width += 1 << level
        return total

    def _level(self, level: int) -> np.ndarray:
        while len(self._levels) <= level:
            widest, width = self._levels[-1], 1 << (len(self._levels) - 1)
            self._levels.append(combined(np.add, widest, widest, width))
        return self._levels[level]


def window_extreme(values: np.ndarray, window: int, ufunc: np.ufunc) -> np.ndarray:
    """Minimum (``np.fmin``) or maximum (``np.fmax``) over the last ``window`` columns.

    Two overlapping windows of a power of two cover any window; NaN is passed over.

    >>> window_extreme(np.array([[3.0, np.nan, 2.0, 5.0]]), 3, np.fmin).tolist()
    [[3.0, 3.0, 2.0, 2.0]]
    """
    width = 1
    while width * 2 <= window:
        values = combined(ufunc, values, values, width)
        width *= 2
    return combined(ufunc, values, values, window - width) if width < window else values


def combined(ufunc: np.ufunc, newer: np.ndarray, older: np.ndarray, by: int) -> np.ndarray:
    """Each column of ``newer`` with the one ``by`` before it in ``older``, where there is one.

    >>> combined(np.add, np.array([[1.0, 2.0, 3.0]]), np.array([[10.0, 20.0, 30.0]]), 2).tolist()
    [[1.0, 2.0, 13.0]]
    """
    result = np.empty(newer.shape, newer.dtype)
    # All series as one long row is several times faster than row by row. The first columns, which
    # then meet the end of the series above, are put right afterwards.
    last = max(newer.size - by, 0)
    ufunc(newer.ravel()[by:], older.ravel()[:last], out=result.ravel()[by:])
    result[:, :by] = newer[:, :by]
    return result


class Source:
    """One panel while one matrix is made from it: hands out blocks, remembers what they share."""

    def __init__(self, panel: Panel) -> None:
        self.panel = panel
        self._groups: dict[tuple[str, int, int], Block] = {}
        self._codes: dict[str, np.ndarray] = {}
        self._shared: dict[Hashable, Any] = {}

    def block(self, series: slice, first: int, end: int) -> Block:
        """The block of some series over known periods ``first`` to ``end``, exclusive."""
        return Block(self.panel.demand(series, slice(first, end)), first, self, series)

    def shared(self, key: Hashable, compute: Callable[[], T]) -> T:
        """What is the same for all blocks, computed for the first one that asks."""
        if key not in self._shared:
            self._shared[key] = compute()
        return self._shared[key]

    def prepare_groups(self, by: str, first: int, end: int) -> None:
        """Compute the group means once, before blocks are worked on side by side."""
        if (by, first, end) not in self._groups:
            demand = self._group_mean(by, first, end).astype(np.float32)
            self._groups[by, first, end] = Block(demand, first, self, slice(0, len(demand)))

    def groups(self, by: str, first: int, end: int) -> Block:
        """A block whose rows are groups: mean known demand of their series."""
        return self._groups[by, first, end]

    def codes(self, by: str) -> np.ndarray:
        """(series,) number of the group of each series; missing values are a group too."""
        if by not in self._codes:
            self._codes[by] = group_codes(attribute(self.panel, by))
        return self._codes[by]

    def _group_mean(self, by: str, first: int, end: int) -> np.ndarray:
        if by in self.panel.group_demand:
            return _told(self.panel, by)[:, _known_periods(self.panel, by, first, end)]
        codes = self.codes(by)
        n_groups, n_series = int(codes.max(initial=-1)) + 1, len(codes)
        member = sparse.csr_array(
            (np.ones(n_series), (codes, np.arange(n_series))), shape=(n_groups, n_series)
        )
        demand = self.panel.demand(slice(None), slice(first, end))
        known = ~np.isnan(demand)
        total = member @ np.where(known, demand, 0.0)
        count = member @ known.astype(float)
        return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)


CHAIN = "chain"


def group_labels(panel: Panel, by: str) -> pd.Series:
    """The group of each series in words, "" where its attribute is missing."""
    return attribute(panel, by).astype("str").where(attribute(panel, by).notna(), "")


def _told(panel: Panel, by: str) -> np.ndarray:
    """(groups, periods) mean demand of the panel's groups, as the panel was told it."""
    labels = group_labels(panel, by)
    first = pd.Series(labels.to_numpy(), index=group_codes(attribute(panel, by)))
    names = first[~first.index.duplicated()].sort_index()
    return panel.group_demand[by].reindex(names.to_numpy()).to_numpy(float)


def _known_periods(panel: Panel, by: str, first: int, end: int) -> np.ndarray:
    """The periods; what lies beyond the last one told goes on as in the season before."""
    told, season = panel.group_demand[by].shape[1], panel.periods.season
    periods = np.arange(first, end)
    back = -(-np.maximum(periods - told + 1, 0) // season) * season
    return np.maximum(periods - back, 0)


def attribute(panel: Panel, name: str) -> pd.Series:
    """A key or static column of the panel, one value a series; CHAIN puts all in one group."""
    if name == CHAIN:
        return pd.Series(CHAIN, index=panel.keys.index)
    for frame in (panel.keys, panel.statics):
        if name in frame:
            return frame[name]
    there = [*panel.keys.columns, *panel.statics.columns]
    raise DataError(
        f"there is no attribute {name!r} (there are {', '.join(there)})",
        table="panel",
        next_step="Choose one of them, or add it to the items or locations table.",
    )


def group_codes(column: pd.Series) -> np.ndarray:
    """Number of each value's group, in sorted order; missing values are the last group.

    >>> group_codes(pd.Series(["tea", None, "cup"])).tolist()
    [1, 2, 0]
    """
    codes = pd.factorize(column, sort=True)[0].astype(np.int64)
    return np.where(codes < 0, codes.max(initial=-1) + 1, codes)
