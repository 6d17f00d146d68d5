"""When today's order arrives, and when the next one does: by periods, or by a supplier's days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.panel import Periods
from newretail_ml.replenishment.planning.supply import DELIVERY_DAYS, ORDER_DAYS, Supply

_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LOOK_AHEAD = 60


@dataclass(frozen=True)
class Timing:
    """Periods are counted from the first of the forecast, which is 0.

    Attributes:
        arrival: (lines,) period in which an order of today arrives.
        following: (lines,) period in which the next order arrives.
        next_order: (lines,) period of the next order.
        review: (lines,) periods between two orders.
        open_today: (lines,) whether an order can be placed today.
    """

    arrival: np.ndarray
    following: np.ndarray
    next_order: np.ndarray
    review: np.ndarray
    open_today: np.ndarray


def timing_of(
    lines: pd.DataFrame, supplier: np.ndarray, supply: Supply | None, periods: Periods
) -> Timing:
    """The timing of every line.

    Args:
        lines: supplier_id (if known), lead_time and review_period of each line.
        supplier: (lines,) row of each line's supplier, -1 without.
        supply: suppliers and closed days.
        periods: the forecast's calendar.

    Raises:
        DataError: a lead time or a review period is missing, or days are named where the
            forecast is not daily.
    """
    suppliers = None if supply is None else supply.suppliers
    closed = None if supply is None else supply.closed
    has_days = suppliers is not None and {ORDER_DAYS, DELIVERY_DAYS} & set(suppliers.columns)
    lead_time = _needed(lines, c.LEAD_TIME, np.ones(len(lines), bool))
    by_days = _given(suppliers, ORDER_DAYS)[supplier] if len(supplier) else np.zeros(0, bool)
    review = _needed(lines, c.REVIEW_PERIOD, ~by_days)
    if not has_days and closed is None:
        always = np.ones(len(lines), bool)
        return Timing(lead_time, lead_time + review, review, review, always)
    if periods.freq != "D":
        raise DataError(
            "order days, delivery days and closed days need a daily forecast",
            table="suppliers",
            next_step="Forecast days, or give lead_time and review_period in periods instead.",
        )
    ids = lines[c.SUPPLIER] if c.SUPPLIER in lines else pd.Series(None, lines.index, dtype=object)
    kinds = pd.DataFrame({"id": ids, "row": supplier, "lead": lead_time, "review": review})
    grouped = kinds.groupby(list(kinds.columns), dropna=False, sort=False)
    answers = np.empty((grouped.ngroups, 5), int)
    for number, (kind, _) in enumerate(grouped):
        answers[number] = _Calendar.of(kind[0], kind[1], suppliers, closed, periods).dates(
            int(kind[2]), int(kind[3])
        )
    arrival, following, next_order, length, open_today = answers[grouped.ngroup().to_numpy()].T
    return Timing(arrival, following, next_order, length, open_today.astype(bool))


@dataclass(frozen=True)
class _Calendar:
    """Days on which a supplier takes orders and delivers, today first."""

    supplier: object
    fixed_days: bool
    orders: np.ndarray
    deliveries: np.ndarray

    @classmethod
    def of(
        cls,
        supplier: object,
        row: int,
        suppliers: pd.DataFrame | None,
        closed: pd.DataFrame | None,
        periods: Periods,
    ) -> _Calendar:
        days = periods.resized(len(periods) + _LOOK_AHEAD).dates
        is_open = ~days.isin(_closed_days(closed, supplier))
        orders, deliveries = (
            _weekdays(suppliers, row, name) for name in (ORDER_DAYS, DELIVERY_DAYS)
        )
        return cls(
            supplier,
            orders is not None,
            is_open & _on(days, orders),
            is_open & _on(days, deliveries),
        )

    def dates(self, lead_time: int, review: int) -> tuple[int, int, int, int, int]:
        arrival = self._delivery(lead_time)
        next_order = self._order(1 if self.fixed_days else review)
        later, following = next_order, self._delivery(next_order + lead_time)
        while following == arrival:
            later = self._order(later + 1)
            following = self._delivery(later + lead_time)
        return arrival, following, next_order, later, int(self.orders[0])

    def _order(self, earliest: int) -> int:
        return self._first(self.orders, earliest, "order")

    def _delivery(self, earliest: int) -> int:
        return self._first(self.deliveries, earliest, "delivery")

    def _first(self, is_open: np.ndarray, earliest: int, what: str) -> int:
        found = np.flatnonzero(is_open[earliest:])
        if not found.size:
            raise DataError(
                f"supplier {self.supplier} has no open {what} day from day {earliest} on",
                table="suppliers",
                next_step=f"Correct its {what} days, its lead time or the closed days.",
            )
        return earliest + int(found[0])


def _on(days: pd.DatetimeIndex, weekdays: list[int] | None) -> np.ndarray:
    return np.ones(len(days), bool) if weekdays is None else np.isin(days.day_of_week, weekdays)


def _closed_days(closed: pd.DataFrame | None, supplier: object) -> pd.Series:
    if closed is None:
        return pd.Series([], dtype="datetime64[ns]")
    if c.SUPPLIER in closed:
        closed = closed[closed[c.SUPPLIER].isna() | (closed[c.SUPPLIER] == supplier)]
    return closed[c.DATE].dt.normalize()


def _weekdays(suppliers: pd.DataFrame | None, row: int, column: str) -> list[int] | None:
    if suppliers is None or row < 0 or not _given(suppliers, column)[row]:
        return None
    words = str(suppliers[column].iloc[row]).lower().replace(",", " ").split()
    unknown = [word for word in words if word[:3] not in _WEEKDAYS]
    if unknown or not words:
        raise DataError(
            f"{' '.join(unknown) or 'an empty text'} names no day of the week",
            table="suppliers",
            column=column,
            rows=[row],
            next_step="Write days as in 'mon thu'.",
        )
    return [_WEEKDAYS.index(word[:3]) for word in words]


def _given(suppliers: pd.DataFrame | None, column: str) -> np.ndarray:
    """(suppliers + 1,) whether each tells the column; the last stands for no supplier."""
    if suppliers is None or column not in suppliers:
        return np.zeros(1 if suppliers is None else len(suppliers) + 1, bool)
    return np.append(suppliers[column].notna().to_numpy(), False)


def _needed(lines: pd.DataFrame, column: str, rows: np.ndarray) -> np.ndarray:
    values = lines[column] if column in lines else pd.Series(np.nan, lines.index)
    missing = values.isna().to_numpy() & rows
    if missing.any():
        raise DataError(
            f"{missing.sum():,} lines have none",
            table="supply",
            column=column,
            rows=lines.index[missing],
            next_step="Give it in periods of the forecast, in supply, suppliers or the state.",
        )
    return values.fillna(1).to_numpy(int)
