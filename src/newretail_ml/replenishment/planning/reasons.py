"""Why a line is ordered, or not, in words and numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.replenishment.planning.deciding import Decisions
from newretail_ml.replenishment.planning.lines import DELISTING, LAUNCH, OPEN, Lines

NO_FORECAST = "no forecast, so no order was made"
NO_STOCK_RECORD = "no stock record, so no order was made"
_RAISED_OR_CUT = {
    c.PALLET_SIZE: "whole pallets only",
    c.PRESENTATION_MINIMUM: "the presentation minimum asks for more",
    c.SHELF_CAPACITY: "the shelf holds no more",
    c.MINIMUM_UNITS: "the minimum order in units asks for more",
    c.MINIMUM_VALUE: "the minimum order value asks for more",
}
_LEFT_OUT = {
    c.PALLET_SIZE: "a whole pallet is too much",
    c.MINIMUM_UNITS: "the minimum order in units is too much",
    c.MINIMUM_VALUE: "the minimum order value is too much",
    c.ORDER_COST: "it would earn less than placing it costs",
}


def reasons(
    lines: Lines, made: Decisions, table: pd.DataFrame, dates: pd.DatetimeIndex
) -> np.ndarray:
    """(lines,) a sentence each.

    Args:
        lines: all lines with a forecast.
        made: what was decided.
        table: their terms, for the dates of launch and delisting.
        dates: first days of the forecast's periods and of those that follow.
    """
    days = dates.strftime("%Y-%m-%d").to_numpy()
    arrival = days[np.minimum(lines.arrival, len(days) - 1)]
    why = np.empty(len(lines), object)
    is_open = lines.status == OPEN
    rows = zip(
        np.flatnonzero(is_open).tolist(),
        (made.demand - made.cycle)[is_open].tolist(),
        made.cycle[is_open].tolist(),
        made.stock[is_open].tolist(),
        arrival[is_open].tolist(),
        _through(lines, dates)[is_open].tolist(),
        (made.steps * lines.step)[is_open].tolist(),
        lines.pack[is_open].tolist(),
        made.rule[is_open].tolist(),
        made.rule_cost[is_open].tolist(),
        strict=True,
    )
    for row, before, cycle, stock, day, through, units, pack, rule, price in rows:
        need = (
            f"{cycle:,.1f} expected to sell from {day}, when this order arrives, through {through};"
            f" {before:,.1f} before that; {max(stock, 0.0):,.1f} left of stock and open orders by "
            "then"
        )
        why[row] = f"{need}; {_order(units, pack, rule)}{_price(units, rule, price)}"
    for row in np.flatnonzero(~is_open).tolist():
        why[row] = _closed(lines, row, table, days)
    return why


def _through(lines: Lines, dates: pd.DatetimeIndex) -> np.ndarray:
    """(lines,) last day that each order has to cover, and what ends it, or the order, sooner."""
    eves = (dates - pd.Timedelta(days=1)).strftime("%Y-%m-%d").to_numpy(object)
    last = np.minimum(lines.following, lines.delisting)
    through = eves[np.clip(last, 0, len(eves) - 1)]
    through[lines.delisting < lines.following] += ", the end of its sale"
    goes_off = lines.arrival + lines.shelf_life
    sooner = goes_off < last
    kept = eves[goes_off[sooner]]
    through[sooner] += " (this order keeps through " + kept + " only)"
    return through


def _order(units: float, pack: float, rule: str) -> str:
    if units:
        return f"{units / pack:,.0f} x pack of {pack:g}" if pack != 1 else f"{units:,.0f} ordered"
    return "no order" if rule else "enough, so no order"


def _price(units: float, rule: str, price: float) -> str:
    if not rule:
        return ""
    words = _RAISED_OR_CUT.get(rule, f"{rule} decides")
    words = words if units else _LEFT_OUT.get(rule, words)
    return f"; {words}, which costs {price:,.2f} of expected profit"


def _closed(lines: Lines, row: int, table: pd.DataFrame, days: np.ndarray) -> str:
    def day(period: int) -> str:
        return str(days[min(period, len(days) - 1)])

    status = lines.status[row]
    if status == DELISTING:
        ends = table[c.DELISTING_DATE].iloc[row].date()
        return f"no order: it would arrive on {day(lines.arrival[row])}, and sale ends on {ends}"
    if status == LAUNCH:
        starts = table[c.LAUNCH_DATE].iloc[row].date()
        return f"no order yet: sale starts on {starts}, and a later order arrives early enough"
    return f"no order: today is no order day; the next is {day(lines.next_order[row])}"
