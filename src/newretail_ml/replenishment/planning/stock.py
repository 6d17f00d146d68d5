"""What arrives when, and what may be sold until when: open orders and batches as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.panel import Periods
from newretail_ml.replenishment.planning.supply import State
from newretail_ml.replenishment.planning.terms import row_of

_KEEPS = np.iinfo(np.int32).max


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
        DataError: batches do not add up to what is on hand.
    """
    horizon = len(periods)
    on_hand = lines[c.ON_HAND].to_numpy(float)
    if state.due is None:
        on_order = lines[c.ON_ORDER] if c.ON_ORDER in lines else pd.Series(0.0, lines.index)
        due = np.zeros((len(lines), horizon))
        due[:, :1] = on_order.fillna(0.0).to_numpy()[:, None]
        total = on_order.fillna(0.0).to_numpy()
    else:
        arriving = _by_period(state.due, lines, keys, periods)
        due, total = arriving[:, 1:-1], arriving.sum(axis=1)
        _check_on_order(lines, total)
        due[:, :1] += arriving[:, :1]
    if state.batches is None:
        none = np.zeros((len(lines), horizon + 1))
        return Stock(on_hand, total, due, none, np.zeros(len(lines), bool))
    batches = _by_period(state.batches, lines, keys, periods)
    dated = np.zeros(len(lines), bool)
    named = row_of(state.batches, lines, keys)
    dated[named[named >= 0]] = True
    _check_batches(lines, batches.sum(axis=1), on_hand, dated)
    return Stock(on_hand, total, due, batches[:, :-1], dated)


def _check_on_order(lines: pd.DataFrame, total: np.ndarray) -> None:
    told = lines.get(c.ON_ORDER, pd.Series(0.0, lines.index)).fillna(0.0).to_numpy()
    wrong = (told > 0) & ~np.isclose(told, total, atol=1e-6)
    if wrong.any():
        first = np.flatnonzero(wrong)[0]
        raise DataError(
            f"open orders of {wrong.sum():,} lines do not add up to {c.ON_ORDER}: the first has "
            f"{total[first]:g} units by date and {told[first]:g} on order",
            table="due",
            column=c.UNITS,
            rows=lines.index[wrong],
            next_step=f"Correct one of the two, or leave {c.ON_ORDER} out.",
        )


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


def _check_batches(
    lines: pd.DataFrame, total: np.ndarray, on_hand: np.ndarray, dated: np.ndarray
) -> None:
    wrong = dated & ~np.isclose(total, on_hand, atol=1e-6)
    if wrong.any():
        first = np.flatnonzero(wrong)[0]
        raise DataError(
            f"batches of {wrong.sum():,} lines do not add up to {c.ON_HAND}: the first has "
            f"{total[first]:g} units in batches and {on_hand[first]:g} on hand",
            table="batches",
            column=c.UNITS,
            rows=lines.index[wrong],
            next_step="Count both at the same moment, or leave the item out of the batches.",
        )
