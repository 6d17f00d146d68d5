"""Which series add up to which: the levels of a chain and their sparse summing matrix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import sparse

from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.forecasting.hierarchy.aggregate import aggregated
from newretail_ml.forecasting.hierarchy.levels import (
    LEVEL,
    checked_levels,
    labels_of,
    level_name,
    node_table,
    summing_matrix,
    usual_levels,
)
from newretail_ml.panel import Panel

# Sums are made in float64, of so many columns at once.
_COLUMNS = 512


@dataclass(frozen=True, eq=False, repr=False)
class Hierarchy:
    """The nodes of a chain: sums of its series, level by level, and last the series themselves.

    A level is a tuple of key or static columns. Its nodes are the labels that occur together,
    and each series belongs to one node of each level. Levels need not nest: categories and
    locations may cross.

    Attributes:
        keys: one row a node: level, then labels as text; "all" where the node adds up over
            different ones, "unknown" where a series has none.
        series: keys of the series.
        summing: (nodes, series) sparse, one where a series belongs to a node.

    >>> series = pd.DataFrame({"item_id": ["tea", "tea", "cup"], "location_id": ["A", "B", "A"]})
    >>> hierarchy = Hierarchy.of_keys(series, levels=[(), ("item_id",)])
    >>> hierarchy
    Hierarchy(6 nodes: 1 total, 2 item_id, 3 item_id x location_id)
    >>> hierarchy.keys.head(3).values.tolist()
    [['total', 'all', 'all'], ['item_id', 'cup', 'all'], ['item_id', 'tea', 'all']]
    >>> hierarchy.summing.toarray().astype(int)[:3].tolist()
    [[1, 1, 1], [0, 0, 1], [1, 1, 0]]
    """

    keys: pd.DataFrame
    series: pd.DataFrame
    summing: sparse.csr_array

    @classmethod
    def of(cls, panel: Panel, levels: Sequence[str | Sequence[str]] | None = None) -> Hierarchy:
        """The hierarchy of a panel's series, by its keys and static columns.

        Args:
            panel: the series.
            levels: each a column or several; () is the total. The series themselves are always
                the last level. By default the total, and each of region, location, channel,
                category and item that tells some series apart.

        Raises:
            DataError: a level names a column that is neither a key nor a static one.
        """
        return cls.of_keys(panel.keys, panel.statics, levels)

    @classmethod
    def of_keys(
        cls,
        keys: pd.DataFrame,
        statics: pd.DataFrame | None = None,
        levels: Sequence[str | Sequence[str]] | None = None,
    ) -> Hierarchy:
        """As `of`, from one row of keys (and of static columns) a series."""
        labels = labels_of(keys, statics)
        chosen = usual_levels(labels) if levels is None else checked_levels(levels, labels)
        bottom = tuple(keys.columns)
        above = [level for level in dict.fromkeys(chosen) if set(level) != set(bottom)]
        table = node_table(labels, bottom, above)
        return cls(table, keys.reset_index(drop=True), summing_matrix(labels, above))

    @property
    def n_series(self) -> int:
        """How many series there are: the nodes of the last level."""
        return len(self.series)

    @property
    def n_above(self) -> int:
        """How many nodes add something up: all but the series, which come after them."""
        return len(self.keys) - len(self.series)

    @cached_property
    def levels(self) -> tuple[str, ...]:
        """Names of the levels, the series last."""
        return tuple(self.keys[LEVEL].unique())

    def rows(self, level: str | Sequence[str]) -> np.ndarray:
        """Positions of a level's nodes, by its name or its columns.

        Raises:
            DataError: there is no such level.
        """
        name = level if isinstance(level, str) else level_name(tuple(level))
        if name not in self.levels:
            raise DataError(
                f"there is no level {name}",
                table="hierarchy",
                next_step=f"Use one of {', '.join(self.levels)}.",
            )
        return np.flatnonzero(self.keys[LEVEL].to_numpy() == name)

    def aggregate(self, panel: Panel, *, tolerance: float = 0.05) -> Panel:
        """The panel of all nodes, for models to be fitted on.

        A series that is not on sale (not yet, or no longer) adds nothing. Where series that ran
        out of stock, or whose sales are unknown, usually sell more than a share ``tolerance``
        of a node's units, the node is censored, or unknown as well. Below it the loss is taken:
        with no tolerance, the total of a large chain would never be known.

        Plans are means over the series of a node, and a static column keeps a value that all
        series of a node share. A node's launch is known where that of all its series is.

        Args:
            panel: the series of this hierarchy, in their order.
            tolerance: from 0 (one series out of stock censors all nodes above it) to 1.

        Raises:
            DataError: the panel holds other series.
        """
        self._check(panel.keys, self.series, "panel")
        return aggregated(panel, self.keys, self.summing, tolerance)

    def sum(self, forecast: Forecast) -> Forecast:
        """The forecast of all nodes: that of the series, added up path by path.

        Raises:
            DataError: the forecast is of other series.
        """
        self._check(forecast.keys, self.series, "forecast")
        paths = np.empty((len(self.keys), *forecast.paths.shape[1:]), dtype=np.float32)
        paths[self.n_above :] = forecast.paths
        self.fill_above(paths)
        return replace(forecast, keys=self.keys, paths=paths)

    def bottom(self, nodes: Forecast) -> Forecast:
        """The forecast of the series alone, with their own keys.

        Raises:
            DataError: the forecast is not of this hierarchy's nodes.
        """
        self.check_nodes(nodes)
        return replace(nodes, keys=self.series, paths=nodes.paths[self.n_above :])

    def combine(self, forecasts: Sequence[Forecast]) -> Forecast:
        """One forecast of all nodes from forecasts of its levels, in whatever order.

        Each level may come from its own model, fitted on ``panel.select(hierarchy.rows(level))``
        of the aggregated panel.

        Raises:
            DataError: a node is missing, or calendars or numbers of paths differ.
        """
        if len({(f.periods.first, f.horizon, f.n_paths) for f in forecasts}) != 1:
            raise DataError(
                "the forecasts differ in periods or in number of paths, or there are none",
                table="forecast",
                next_step="Forecast all levels from one cut, with one horizon and n_paths.",
            )
        keys = pd.concat([forecast.keys for forecast in forecasts], ignore_index=True)
        if set(keys) != set(self.keys):
            self.check_nodes(forecasts[0])
        place = pd.MultiIndex.from_frame(keys[list(self.keys)])
        order = pd.MultiIndex.from_frame(self.keys)
        if not place.is_unique or len(place) != len(order) or not place.isin(order).all():
            raise _mismatch("forecast", len(keys), len(self.keys))
        paths = np.concatenate([forecast.paths for forecast in forecasts])
        return replace(forecasts[0], keys=self.keys, paths=paths[place.get_indexer(order)])

    def fill_above(self, paths: np.ndarray) -> None:
        """Write the sums of the series, the last rows of (nodes, ...), into the rows above."""
        above = self.summing[: self.n_above]
        flat = paths.reshape(len(paths), -1)
        for start in range(0, flat.shape[1], _COLUMNS):
            part = slice(start, start + _COLUMNS)
            flat[: self.n_above, part] = above @ flat[self.n_above :, part].astype(np.float64)

    def check_nodes(self, nodes: Forecast) -> None:
        """Raise a DataError unless a forecast is of this hierarchy's nodes, in their order."""
        self._check(nodes.keys, self.keys, "forecast")

    def _check(self, keys: pd.DataFrame, expected: pd.DataFrame, table: str) -> None:
        same = list(keys) == list(expected) and len(keys) == len(expected)
        if not (same and (keys.to_numpy(object) == expected.to_numpy(object)).all()):
            raise _mismatch(table, len(keys), len(expected))

    def __repr__(self) -> str:
        counts = self.keys[LEVEL].value_counts(sort=False)
        shown = ", ".join(f"{counts[level]:,} {level}" for level in self.levels)
        return f"Hierarchy({len(self.keys):,} nodes: {shown})"


def _mismatch(table: str, n_given: int, n_expected: int) -> DataError:
    return DataError(
        f"its {n_given:,} series are not the {n_expected:,} of the hierarchy, or in another order",
        table=table,
        next_step="Make the hierarchy from the panel that is added up, and keep its order.",
    )
