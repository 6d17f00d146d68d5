"""The state a policy decides on: stock, orders on their way, and how supply works."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import need_columns, refuse_repeated, refuse_values
from newretail_ml.errors import DataError
from newretail_ml.tables.parsing import to_text

if TYPE_CHECKING:
    from newretail_ml.tables import RetailTables

STATE = "state"
_OF_ITEMS = (c.PACK_SIZE, c.UNIT_COST, c.SHELF_LIFE, c.LAUNCH_DATE, c.DELISTING_DATE)
_FRESH_DAYS = 7
_DEFAULTS = {c.ON_ORDER: 0.0, c.PACK_SIZE: 1.0}
_SMALLEST = {c.ON_HAND: 0, c.ON_ORDER: 0, c.LEAD_TIME: 0, c.REVIEW_PERIOD: 1, c.PACK_SIZE: 1}


def state_from_tables(
    tables: RetailTables,
    *,
    lead_time: int,
    review_period: int,
    holding_rate: float | None = None,
    until: str | pd.Timestamp | None = None,
) -> pd.DataFrame:
    """Stock on hand as it was last counted, one row an item and location, and what items are.

    What the table of items says of pack size, unit cost, shelf life, launch and delisting comes
    along, so that the table is all that `plan_orders` needs. A place that was closed on the last
    day of the stock table keeps its count of the days before, for a week at most.

    Args:
        tables: the chain's tables; stock is needed.
        lead_time: days from order to delivery.
        review_period: days between two orders.
        holding_rate: cost of holding, as a share of unit cost a year. With it, and with unit
            costs and prices in the tables, unit_price (the last one paid), shortage_cost (the
            margin) and holding_cost (a unit and day) are filled in.
        until: last day that is known; by default the last day of the stock table.

    Raises:
        DataError: there is no stock table, or none until that day, or costs are asked for and not
            known.
    """
    if tables.stock is None:
        raise DataError(
            "there is no stock table, so what is on hand is unknown",
            table="stock",
            next_step="Add one (date, location_id, item_id, on_hand), or pass a state of your own.",
        )
    lines, stock = tables.demand_lines(), tables.stock
    places, last = tables.extent.places, tables.extent.last_stock
    if until is not None:
        end = _day_after(until)
        lines, stock = lines[lines[c.TIME] < end], stock[stock[c.DATE] < end]
        if stock.empty:
            raise DataError(
                f"nothing was counted until {until}",
                table="stock",
                column=c.DATE,
                next_step=f"Choose a day from {tables.stock[c.DATE].min():%Y-%m-%d} on.",
            )
        places, last = lines, stock[c.DATE].max()
    recent = stock[stock[c.DATE] > last - pd.Timedelta(days=_FRESH_DAYS)]
    latest = recent.sort_values(c.DATE).drop_duplicates([c.ITEM, c.LOCATION], keep="last")
    state = latest[[c.ITEM, c.LOCATION, c.ON_HAND]].sort_values([c.ITEM, c.LOCATION])
    state = state[state[c.LOCATION].isin(places[c.LOCATION].unique())]
    state = state.assign(**{c.LEAD_TIME: lead_time, c.REVIEW_PERIOD: review_period})
    items = tables.items
    if items is not None:
        known = [name for name in _OF_ITEMS if name in items]
        state = state.merge(items[[c.ITEM, *known]], on=c.ITEM, how="left")
    if holding_rate is not None:
        state = _with_costs(state, lines, holding_rate / 365)
    return state.reset_index(drop=True)


def checked_state(state: pd.DataFrame) -> pd.DataFrame:
    """The state with defaults filled in.

    Raises:
        DataError: a column is missing, a number is missing or too small, or a key repeats.
    """
    if not isinstance(state, pd.DataFrame):
        raise DataError(
            f"a {type(state).__name__} is not a table",
            table=STATE,
            next_step="Pass a DataFrame with one row a series.",
        )
    state = state.reset_index(drop=True)
    ids = [name for name in c.SERIES_KEYS if name in state]
    state = state.assign(**{name: to_text(state[name]) for name in ids})
    need_columns(state, STATE, [c.ITEM, *(name for name in _SMALLEST if name not in _DEFAULTS)])
    for column, value in _DEFAULTS.items():
        state[column] = state[column].fillna(value) if column in state else value
    for column, smallest in _SMALLEST.items():
        _check_numbers(state, column, smallest)
    for column in (c.SHORTAGE_COST, c.HOLDING_COST):
        if column in state:
            _check_numbers(state, column, 0)
    for column in (c.LEAD_TIME, c.REVIEW_PERIOD):
        _check_whole(state, column)
    keys = [name for name in c.SERIES_KEYS if name in state]
    refuse_repeated(state, STATE, keys)
    return state


def _check_numbers(state: pd.DataFrame, column: str, smallest: int) -> None:
    numbers = pd.to_numeric(state[column], errors="coerce").to_numpy(float)
    bad = ~(np.isfinite(numbers) & (numbers >= smallest))
    refuse_values(state[column], bad, STATE, f"are not numbers of at least {smallest}")
    state[column] = numbers


def _check_whole(state: pd.DataFrame, column: str) -> None:
    part = (state[column] % 1 > 0).to_numpy()
    next_step = "Round them up, or forecast by shorter periods."
    refuse_values(state[column], part, STATE, "are not whole periods", next_step)


def _day_after(day: str | pd.Timestamp) -> pd.Timestamp:
    try:
        return pd.Timestamp(day).normalize() + pd.Timedelta(days=1)
    except ValueError:
        raise DataError(f"{day!r} is not a date", next_step="Write it as YYYY-MM-DD.") from None


def _with_costs(state: pd.DataFrame, lines: pd.DataFrame, holding_share: float) -> pd.DataFrame:
    """Shortage costs the margin that is lost, holding its share of the unit cost a day."""
    if c.UNIT_COST not in state:
        raise DataError(
            "unit costs are not known, so shortage and holding cannot be priced",
            table="items",
            column=c.UNIT_COST,
            next_step="Add the column, or order by service level.",
        )
    prices = lines.sort_values(c.TIME).groupby(c.ITEM)[c.UNIT_PRICE].last()
    price = state[c.ITEM].map(prices)
    costs = {
        c.UNIT_PRICE: price,
        c.SHORTAGE_COST: (price - state[c.UNIT_COST]).clip(lower=0),
        c.HOLDING_COST: holding_share * state[c.UNIT_COST],
    }
    return state.assign(**costs)
