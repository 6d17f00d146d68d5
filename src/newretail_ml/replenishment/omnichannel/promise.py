"""Available to promise: what can still be sold for delivery in each period.

Source: Vollmann, Berry, Whybark and Jacobs (2005), Manufacturing Planning and Control for Supply
Chain Management, 5th edition, chapter 6 (discrete and cumulative available-to-promise, with
look-ahead).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import as_dates, as_numbers, check_number, refuse_values
from newretail_ml.errors import DataError
from newretail_ml.panel.periods import Periods
from newretail_ml.replenishment.omnichannel.names import PROTECTED
from newretail_ml.replenishment.omnichannel.tables import checked

DUE = "due"
PROMISED = "promised"
PROJECTED = "projected"
DISCRETE = "discrete"
CUMULATIVE = "cumulative"
KEPT_BACK = "kept_back"
OVERPROMISED = "overpromised"


@dataclass(frozen=True, eq=False)
class Promises:
    """What can still be promised, all (series, periods) units.

    Attributes:
        projected: on hand at the end of each period if nothing more is promised; below zero
            where orders are promised that nothing covers.
        cumulative: most units that can be promised in all for delivery until the end of each
            period, without breaking a promise of any period.
        discrete: the part of it that each period adds.
    """

    projected: np.ndarray
    cumulative: np.ndarray
    discrete: np.ndarray


def promises(on_hand: np.ndarray, due: np.ndarray, promised: np.ndarray) -> Promises:
    """Discrete and cumulative available-to-promise with look-ahead.

    A unit promised for period t is missing in every later period, so the most that can be
    promised until t is the smallest projected stock from t on. That is the textbook's rule: what
    a delivery leaves after the orders until the next one, where a later delivery that does not
    cover its own orders takes from those before it.

    Args:
        on_hand: (series,) units now.
        due: (series, periods) units that arrive at the start of each period.
        promised: (series, periods) units of orders accepted for each period.

    Raises:
        DataError: shapes differ, or a number is negative or not finite.

    >>> due = np.array([[0, 0, 70, 0, 70, 0, 70, 70]])  # Stevenson (2018), master schedule of pumps
    >>> orders = np.array([[33, 20, 10, 4, 2, 0, 0, 0]])
    >>> promises(np.array([64]), due, orders).discrete.tolist()
    [[11.0, 0.0, 56.0, 0.0, 68.0, 0.0, 70.0, 70.0]]
    """
    stock, coming, owed = (
        as_numbers(name, values)
        for name, values in (("on_hand", on_hand), ("due", due), ("promised", promised))
    )
    if coming.ndim != 2 or coming.shape != owed.shape or stock.shape != coming.shape[:1]:
        raise DataError(
            f"on_hand, due and promised have shapes {stock.shape}, {coming.shape} and {owed.shape}",
            next_step="Pass (series,) on hand, and (series, periods) of the other two.",
        )
    if not all((np.isfinite(part) & (part >= 0)).all() for part in (stock, coming, owed)):
        raise DataError(
            "on_hand, due and promised must be finite and at least 0", next_step="Correct them."
        )
    projected = stock[:, None] + (coming - owed).cumsum(axis=1)
    ahead = np.minimum.accumulate(projected[:, ::-1], axis=1)[:, ::-1]
    cumulative = np.maximum(ahead, 0.0)
    return Promises(projected, cumulative, np.diff(cumulative, axis=1, prepend=0.0))


def available_to_promise(
    stock: pd.DataFrame,
    due: pd.DataFrame,
    promised: pd.DataFrame,
    periods: Periods,
    *,
    counter_share: float = 0.0,
) -> pd.DataFrame:
    """Units that can still be promised online, by item, location and period.

    Orders promised for days before the calendar are still owed, so they count in the first
    period. Deliveries and promises after its end are looked ahead to.

    Args:
        stock: item_id, location_id, on_hand, and, if known, protected: units kept for the
            counter.
        due: item_id, location_id, date, units of deliveries on their way; rows may repeat.
        promised: item_id, location_id, date, units of orders already accepted; rows may repeat.
        periods: the calendar of the answer.
        counter_share: share of what can be promised that is kept for the counter, 0 to below 1;
            the larger of share and protected units holds.

    Returns:
        One row a row of stock and period: keys, date, due, promised, projected, discrete,
        cumulative, kept_back, units (cumulative less kept_back: what may be offered),
        overpromised (units promised until then that nothing covers).

    Raises:
        DataError: a column is missing, a number is negative or missing, an item and location
            has no stock row, or a delivery is overdue.

    >>> keys = {"item_id": ["tea"], "location_id": ["shop"]}
    >>> stock = pd.DataFrame({**keys, "on_hand": [10], "protected": [2]})
    >>> due = pd.DataFrame({**keys, "date": ["2026-01-03"], "units": [8]})
    >>> promised = pd.DataFrame({**keys, "date": ["2026-01-02"], "units": [7]})
    >>> periods = Periods.spanning("2026-01-01", "2026-01-03", "D")
    >>> available_to_promise(stock, due, promised, periods)["units"].tolist()
    [1.0, 1.0, 9.0]
    """
    check_number("counter_share", counter_share, at_most=np.nextafter(1.0, 0.0))
    keys = [c.ITEM, c.LOCATION]
    stock = checked(
        stock, "stock", ids=keys, key=keys, numbers={c.ON_HAND: 0}, optional={PROTECTED: 0}
    )
    coming = _by_period(stock, due, DUE, periods)
    owed = _by_period(stock, promised, PROMISED, periods)
    width = max(coming.shape[1], owed.shape[1])
    coming, owed = (_widened(units, width) for units in (coming, owed))
    found = promises(stock[c.ON_HAND].to_numpy(), coming, owed)
    protected = stock[PROTECTED].to_numpy() if PROTECTED in stock else np.zeros(len(stock))
    kept = np.maximum(protected[:, None], counter_share * found.cumulative)
    kept = np.minimum(kept, found.cumulative)
    frame = stock.loc[stock.index.repeat(len(periods)), keys].reset_index(drop=True)
    frame[c.DATE] = np.tile(periods.dates, len(stock))
    columns = {
        DUE: coming,
        PROMISED: owed,
        PROJECTED: found.projected,
        DISCRETE: found.discrete,
        CUMULATIVE: found.cumulative,
        KEPT_BACK: kept,
        c.UNITS: found.cumulative - kept,
        OVERPROMISED: np.maximum(-found.projected, 0.0),
    }
    return frame.assign(
        **{name: values[:, : len(periods)].ravel() for name, values in columns.items()}
    )


def _by_period(
    stock: pd.DataFrame, lines: pd.DataFrame, table: str, periods: Periods
) -> np.ndarray:
    """(series, periods) units, as many periods as the lines reach, at least the calendar's."""
    keys = [c.ITEM, c.LOCATION]
    lines = lines.assign(row=np.arange(len(lines)))
    if c.DATE not in lines:
        raise DataError(
            "the column is missing", table=table, column=c.DATE, next_step="Add the day of each."
        )
    lines = checked(lines, table, ids=keys, key=["row"], numbers={c.UNITS: 0})
    series = pd.MultiIndex.from_frame(stock[keys]).get_indexer(
        pd.MultiIndex.from_frame(lines[keys])
    )
    if (series < 0).any():
        raise DataError(
            f"{(series < 0).sum():,} lines have no stock row",
            table=table,
            rows=lines.index[series < 0],
            next_step="Add the item and location to the stock; 0 on hand is an answer.",
        )
    period = _positions(lines, table, periods)
    width = max(len(periods), int(period.max(initial=0)) + 1)
    units = np.zeros((len(stock), width))
    np.add.at(units, (series, np.maximum(period, 0)), lines[c.UNITS].to_numpy())
    return units


def _positions(lines: pd.DataFrame, table: str, periods: Periods) -> np.ndarray:
    """(lines,) number of the period; below zero only for orders already overdue."""
    dates = as_dates(lines[c.DATE], table)
    refuse_values(lines[c.DATE], dates.isna().to_numpy(), table, "are missing")
    period = periods.position(dates)
    if table == DUE and (period < 0).any():
        raise DataError(
            f"{(period < 0).sum():,} deliveries are overdue",
            table=table,
            column=c.DATE,
            rows=lines.index[period < 0],
            next_step="Give each the day it is now expected, or leave it out.",
        )
    return period


def _widened(units: np.ndarray, width: int) -> np.ndarray:
    return np.pad(units, ((0, 0), (0, width - units.shape[1])))
