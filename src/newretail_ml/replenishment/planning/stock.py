"""What arrives when, and what may be sold until when: open orders and batches as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.panel import Periods
from newretail_ml.replenishment.planning.line_terms import number
from newretail_ml.replenishment.planning.supply import State
from newretail_ml.tables.parsing import row_of

_DATED = {c.ON_ORDER: "due", c.ON_HAND: "batches"}


@dataclass(frozen=True)
class Stock:
    """Stock of each line.

    Attributes:
        on_hand: (lines,) units.
        on_order: (lines,) units on their way, whenever they arrive.
        due: (lines, periods) units that arrive in each period.
        expiring: (lines, periods + 1) units of batches on hand that are last sold in each
            period; the first column holds what is too old already.
        dated: (lines,) whether the ages of all units on hand are known.
    """

    on_hand: np.ndarray
    on_order: np.ndarray
    due: np.ndarray
    expiring: np.ndarray
    dated: np.ndarray


def stock_of(lines: pd.DataFrame, state: State, keys: list[str], periods: Periods) -> Stock:
    """The stock of each line.

    Raises:
        DataError: batches do not add up to what is on hand, or dated open orders to on_order.
    """
    horizon = len(periods)
    on_hand = lines[c.ON_HAND].to_numpy(float)
    told = number(lines, c.ON_ORDER, 0.0)
    if state.due is None:
        due, total = np.zeros((len(lines), horizon)), told
        due[:, :1] = told[:, None]
    else:
        arriving = _by_period(state.due, lines, keys, periods)
        due, total = arriving[:, 1:-1], arriving.sum(axis=1)
        _check_sum(lines, total, c.ON_ORDER, told, where=told > 0)
        due[:, :1] += arriving[:, :1]
    if state.batches is None:
        none = np.zeros((len(lines), horizon + 1))
        return Stock(on_hand, total, due, none, np.zeros(len(lines), bool))
    batches = _by_period(state.batches, lines, keys, periods)
    dated = np.zeros(len(lines), bool)
    named = row_of(state.batches, lines, keys)
    dated[named[named >= 0]] = True
    _check_sum(lines, batches.sum(axis=1), c.ON_HAND, on_hand, where=dated)
    return Stock(on_hand, total, due, batches[:, :-1], dated)


def _by_period(
    frame: pd.DataFrame, lines: pd.DataFrame, keys: list[str], periods: Periods
) -> np.ndarray:
    """(lines, periods + 2) units by period: before the first, each, and after the last."""
    missing = [name for name in keys if name not in frame]
    if missing:
        raise DataError(
            f"dated units need the keys of the forecast, {', '.join(keys)}",
            table="state",
            column=missing[0],
            next_step="Add the column.",
        )
    made = np.zeros((len(lines), len(periods) + 2))
    row = row_of(frame, lines, keys)
    known = row >= 0
    place = np.clip(periods.position(frame[c.DATE]), -1, len(periods)) + 1
    np.add.at(made, (row[known], place[known]), frame[c.UNITS].to_numpy()[known])
    return made


def _check_sum(
    lines: pd.DataFrame, total: np.ndarray, column: str, told: np.ndarray, where: np.ndarray
) -> None:
    """Raise unless dated units add up to what is told of the lines."""
    wrong = where & ~np.isclose(total, told, atol=1e-6)
    if wrong.any():
        first = np.flatnonzero(wrong)[0]
        raise DataError(
            f"they do not add up to {column} in {wrong.sum():,} lines: the first has "
            f"{total[first]:g} units by date and {told[first]:g} {column}",
            table=_DATED[column],
            column=c.UNITS,
            rows=lines.index[wrong],
            next_step="Count both at the same moment, or leave one of the two out.",
        )
