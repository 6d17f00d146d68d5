"""Where demand falls among the quantiles of a forecast, where sales may only bound it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c


@dataclass(frozen=True, eq=False)
class Levels:
    """The quantiles of some rows.

    Attributes:
        columns: names of their columns, by rising level.
        level: (levels,) between 0 and 1.
        values: (rows, levels) units.
        mean: (rows,) units.
        edges: levels of the interval whose coverage is told.
    """

    columns: list[str]
    level: np.ndarray
    values: np.ndarray
    mean: np.ndarray
    edges: tuple[float, float]

    @classmethod
    def of(cls, table: pd.DataFrame, edges: tuple[float, float] | None = None) -> Levels:
        """The columns q0.1, q0.5, ... of a forecast; the outermost are the edges by default."""
        named = {_level(name): str(name) for name in table if _level(name) is not None}
        levels = sorted(level for level in named if level is not None)
        columns = [named[level] for level in levels]
        values = np.sort(table[columns].to_numpy(float), axis=1)
        outermost = (levels[0], levels[-1]) if levels else (np.nan, np.nan)
        mean = table[c.MEAN].to_numpy(float)
        return cls(columns, np.array(levels, float), values, mean, edges or outermost)

    @property
    def promised(self) -> float:
        """Probability between the edges."""
        return self.edges[1] - self.edges[0]

    def demand(self, units: pd.Series, sold_out: pd.Series) -> np.ndarray:
        """(rows,) units; where sold out, what the forecast expects given at least as many.

        The upper part of a distribution has the mean (mean - integral of the quantiles below) /
        (1 - probability below). Quantiles are straight lines between the known levels, counts
        are cut halfway between them, and above the highest level demand exceeds what was sold by
        as much as it exceeds that level. Without quantiles, it is the mean at least.

        >>> table = pd.DataFrame({"mean": [5.0], "q0": [0.0], "q1": [10.1]})
        >>> Levels.of(table).demand(pd.Series([4.0]), pd.Series([True])).round(1).tolist()
        [7.0]
        """
        sold, out = units.to_numpy(float), sold_out.to_numpy(bool)
        expected = np.maximum(sold, self.mean)
        if len(self.columns) > 1 and out.any():
            upper = _upper_mean(self.level, self.values[out], self.mean[out], sold[out])
            expected[out] = np.maximum(sold[out], upper)
        return np.where(out, expected, sold)

    def inside(self, units: pd.Series, sold_out: pd.Series) -> np.ndarray:
        """(rows,) share of the ranks that demand may have which lie between the edges.

        Demand between two quantiles has a rank between their levels; demand that equals several
        (counts often do) may have any of theirs; demand that is only bounded, any above.
        """
        if not self.columns:
            return np.full(len(self.mean), np.nan)
        sold = units.to_numpy(float)[:, None]
        bounds = np.concatenate([[0.0], self.level, [1.0]])
        low = bounds[(self.values < sold).sum(axis=1)]
        high = bounds[1 + (self.values <= sold).sum(axis=1)]
        high = np.where(sold_out.to_numpy(bool), 1.0, high)
        shared = np.minimum(high, self.edges[1]) - np.maximum(low, self.edges[0])
        return np.clip(shared, 0.0, None) / np.maximum(high - low, 1e-12)


def _upper_mean(
    level: np.ndarray, values: np.ndarray, mean: np.ndarray, sold: np.ndarray
) -> np.ndarray:
    """(rows,) mean of demand that is at least what was sold; values are (rows, levels)."""
    whole = (values == np.round(values)).all(axis=1) & (sold == np.round(sold))
    rows, number = np.arange(len(sold)), (values < sold[:, None]).sum(axis=1)
    first, step = values[:, 0], values[:, 1] - values[:, 0]
    lowest = np.maximum(first - step, first / 2)
    # The part below the lowest level is a straight line with that mean.
    start = np.maximum(2 * lowest - first, 0.0)
    known = np.column_stack([start, values])
    levels = np.concatenate([[0.0], level])
    between = np.diff(levels) * (known[:, 1:] + known[:, :-1]) / 2
    area = np.column_stack([np.zeros(len(rows)), between.cumsum(axis=1)])
    below, above = known[rows, number], known[rows, np.minimum(number + 1, len(level))]
    cut = np.where(whole, np.maximum(sold - 0.5, 0.0), sold)
    part = np.clip((cut - below) / np.maximum(above - below, 1e-12), 0.0, 1.0)
    width = levels[np.minimum(number + 1, len(level))] - levels[number]
    rank = levels[number] + part * width
    area_below = area[rows, number] + part * width * (below + np.where(whole, below, cut)) / 2
    upper = (mean - area_below) / np.maximum(1 - rank, 1e-12)
    beyond = number == len(level)
    return np.where(beyond & (level[-1] < 1), sold + np.maximum(upper - known[:, -1], 0.0), upper)


def _level(name: object) -> float | None:
    text = str(name)
    if not (text.startswith("q") and text[1:].replace(".", "", 1).isdigit()):
        return None
    level = float(text[1:])
    return level if 0 <= level <= 1 else None
