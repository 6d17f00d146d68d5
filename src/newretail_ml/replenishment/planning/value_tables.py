"""Expected profit of every number of packs of every line, for rules over many lines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.forecast import Forecast
from newretail_ml.replenishment.planning.deciding import Decisions, Priced, priced
from newretail_ml.replenishment.planning.expected_cost import Hinge
from newretail_ml.replenishment.planning.lines import Lines

_MOST_LOTS = 256


@dataclass(frozen=True)
class ValueTables:
    """Profit by lots; a lot is one step (pack or pallet), or several where a line is large.

    Attributes:
        rows: (tabled,) which lines.
        lot: (tabled,) steps in a lot.
        value: (tabled, lots + 1) expected profit of 0, 1, ... lots relative to none, without
            the cost of placing the order; rows end at `most` and repeat their last value.
        fewest, most, minimum: (tabled,) lots.
    """

    rows: np.ndarray
    lot: np.ndarray
    value: np.ndarray
    fewest: np.ndarray
    most: np.ndarray
    minimum: np.ndarray


def value_tables(
    lines: Lines, made: Decisions, rows: np.ndarray, forecast: Forecast, *, backorders: bool
) -> ValueTables:
    """Tables of some open lines.

    Args:
        lines: all lines.
        made: their orders without rules over many lines.
        rows: the lines to table.
        forecast: the paths.
        backorders: whether demand waits.
    """
    most = _furthest(lines, made)[rows]
    minimum = made.minimum[rows]
    closed = minimum > made.most[rows]
    fewest = np.where(closed, 0, made.fewest[rows])
    lot = np.where(fewest > 0, 1, np.maximum(-(-most // _MOST_LOTS), 1))
    least = -(-minimum // lot)
    lots = np.where(closed | (least * lot > made.most[rows]), 0, np.maximum(most // lot, least))
    value = np.zeros((len(rows), int(lots.max(initial=0)) + 1))
    part_lines = lines.take(rows)
    size, reach = lot * part_lines.step, lots * lot * part_lines.step
    for part in priced(part_lines, forecast, backorders=backorders, reach=reach):
        profit = _profits(part, size[part.rows], int(lots[part.rows].max()))
        last = np.minimum(np.arange(value.shape[1]), lots[part.rows, None])
        value[part.rows] = np.take_along_axis(profit, last, axis=1)
    return ValueTables(rows, lot, value, fewest, lots, least)


def _furthest(lines: Lines, made: Decisions) -> np.ndarray:
    """(lines,) steps beyond which more is not worth a thought.

    That is what the largest path needs, and two more cycles in case that a supplier's minimum or
    a truck asks for them.
    """
    wanted = np.ceil((made.peak + 2 * np.nan_to_num(made.cycle)) / lines.step).astype(int)
    wanted = np.maximum.reduce([wanted, made.steps + 2, made.fewest, made.minimum])
    return np.minimum(wanted, made.most)


def _profits(part: Priced, size: np.ndarray, most: int) -> np.ndarray:
    """(lines, most + 1) expected profit of 0, 1, ... lots of the size."""
    units = np.arange(most + 1) * size[:, None]
    cost = np.zeros(units.shape)
    for hinge in part.cost.hinges:
        if hinge.above.any() or hinge.below.any():
            above = _mean_above(hinge, size, units)
            below = above - units + hinge.at.mean(axis=1)[:, None]
            cost += hinge.above[:, None] * above + hinge.below[:, None] * below
    return cost[:, :1] - cost


def _mean_above(hinge: Hinge, size: np.ndarray, units: np.ndarray) -> np.ndarray:
    """(lines, lots + 1) mean over paths of units above the hinge, from a histogram of it."""
    n_lines, n_lots = units.shape
    n_paths = hinge.at.shape[1]
    first = np.ceil(hinge.at / size[:, None] - 1e-9)
    cell = np.clip(first, 0, n_lots).astype(np.intp) + np.arange(n_lines)[:, None] * (n_lots + 1)
    shape, cells = (n_lines, n_lots + 1), n_lines * (n_lots + 1)
    count = np.bincount(cell.ravel(), minlength=cells).reshape(shape).cumsum(axis=1)
    total = np.bincount(cell.ravel(), hinge.at.ravel(), cells).reshape(shape).cumsum(axis=1)
    return (units * count[:, :-1] - total[:, :-1]) / n_paths
