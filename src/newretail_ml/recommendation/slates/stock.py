"""What can be offered on the day of the slates, by place and channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import as_dates, check_whole, need_columns, refuse_values
from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.lists.availability import for_sale
from newretail_ml.tables import RetailTables
from newretail_ml.tables.parsing import row_of, to_text

_KEYS = [c.ITEM, c.LOCATION]
_ON_ORDER = "on_order"


def available_items(
    known: RetailTables | Interactions,
    *,
    days_ahead: int = 1,
    forecast: Forecast | None = None,
    on_order: pd.DataFrame | None = None,
    channels: Mapping[str, Sequence[str]] | None = None,
    leave_out: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """Units that can be expected on the day of the slates: the table that `recommend` takes.

    Expected stock is E[max(on hand + on order - demand, 0)] over the paths of the forecast, so
    that a likely stock-out counts by its chance. Delisted items are out, as are those launched
    after the day. Both channels of a shop share its stock: its units stand in the rows of each.

    Args:
        known: tables or interactions; the last day of their stock is today.
        days_ahead: days from today to the day of the slates.
        forecast: demand from tomorrow on by item_id and location_id (channels are added up);
            None: nothing is sold until then. Series that it does not have sell nothing.
        on_order: item_id, location_id, units, and date where it is known when they arrive; what
            arrives after the day before the slates does not count.
        channels: the locations that serve each channel; None: no column of channels.
        leave_out: what may not be sold where: item_id, location_id, channel, or some of these.

    Returns:
        item_id, location_id, channel if asked for, and units. Items alone where no stock is
        known.

    Raises:
        DataError: an argument cannot be used.

    >>> orders = pd.DataFrame({"order_id": [1], "time": ["2026-05-01 09:00"], "item_id": ["tea"],
    ...                        "location_id": ["s1"], "units": [1], "unit_price": [2.0]})
    >>> stock = pd.DataFrame({"date": ["2026-05-01"], "location_id": ["s1"], "item_id": ["tea"],
    ...                       "on_hand": [8]})
    >>> tables = RetailTables.from_frames(orders, stock=stock)
    >>> available_items(tables, channels={"app": ["s1"]}).values.tolist()
    [['tea', 's1', 'app', 8.0]]
    """
    check_whole("days_ahead", days_ahead)
    items, on_hand, today = _known(known)
    day = today + np.timedelta64(days_ahead, "D")
    sold = items[c.ITEM].to_numpy(object)[for_sale(items, day)]
    if on_hand is None:
        return pd.DataFrame({c.ITEM: sold})
    table = _with_on_order(on_hand, on_order, day)
    table = table[table[c.ITEM].isin(set(sold))].reset_index(drop=True)
    units = table[c.UNITS].to_numpy(float)
    if forecast is not None:
        units = _left(table, units, forecast, today, day)
    table = table.assign(**{c.UNITS: units})
    if channels is not None:
        table = _by_channel(table, channels)
    return _without(table, leave_out)


def _known(
    known: RetailTables | Interactions,
) -> tuple[pd.DataFrame, pd.DataFrame | None, np.datetime64]:
    """Items, stock on hand by item and location, and today."""
    if isinstance(known, Interactions):
        today = known.cut.astype("datetime64[D]") - np.timedelta64(1, "D")
        if known.shelf is None:
            return known.items, None, today
        today = known.shelf.first.astype("datetime64[D]") + (len(known.shelf.on_hand) - 1)
        item, place = np.nonzero(np.isfinite(known.shelf.last()))
        ids = known.items[c.ITEM].to_numpy(object)[item]
        units = known.shelf.last()[item, place].astype(float)
        where = known.locations.to_numpy(object)[place]
        return known.items, pd.DataFrame({c.ITEM: ids, c.LOCATION: where, c.UNITS: units}), today
    if not isinstance(known, RetailTables):
        raise DataError(
            f"a {type(known).__name__} is not tables",
            next_step="Pass RetailTables or Interactions.",
        )
    items, stock = known.items, known.stock
    if items is None:
        items = pd.DataFrame({c.ITEM: known.orders[c.ITEM].unique()})
    if stock is None:
        return items, None, known.orders[c.TIME].max().to_datetime64().astype("datetime64[D]")
    last = stock[c.DATE].max()
    now = stock[stock[c.DATE] == last].rename(columns={c.ON_HAND: c.UNITS})
    return items, now[[*_KEYS, c.UNITS]], last.to_datetime64().astype("datetime64[D]")


def _with_on_order(
    on_hand: pd.DataFrame, on_order: pd.DataFrame | None, day: np.datetime64
) -> pd.DataFrame:
    if on_order is None:
        return on_hand.reset_index(drop=True)
    need_columns(on_order, _ON_ORDER, [*_KEYS, c.UNITS])
    units = pd.to_numeric(on_order[c.UNITS], errors="coerce").astype(float)
    bad = ~(np.isfinite(units.to_numpy(float)) & (units >= 0).to_numpy())
    refuse_values(on_order[c.UNITS], bad, _ON_ORDER, "are not units of at least zero")
    coming = on_order.assign(**{name: to_text(on_order[name]) for name in _KEYS}, units=units)
    if c.DATE in coming:
        coming = coming[(as_dates(coming[c.DATE], _ON_ORDER) < pd.Timestamp(day)).to_numpy()]
    both = pd.concat([on_hand, coming[[*_KEYS, c.UNITS]]], ignore_index=True)
    both = both.astype(dict.fromkeys(_KEYS, object))
    return both.groupby(_KEYS, sort=True)[c.UNITS].sum().reset_index()


def _left(
    table: pd.DataFrame,
    units: np.ndarray,
    forecast: Forecast,
    today: np.datetime64,
    day: np.datetime64,
) -> np.ndarray:
    """(rows,) expected units left when demand of the days between is served."""
    need_columns(forecast.keys, "forecast", _KEYS)
    weight = _days_between(forecast, today, day)
    summed = forecast.sum_by(_KEYS)
    row = row_of(table[_KEYS].astype(object), summed.keys[_KEYS].astype(object), _KEYS)
    left = units.copy()
    found = np.flatnonzero(row >= 0)
    demand = summed.paths[row[found]].astype(float) @ weight
    left[found] = np.maximum(units[found][:, None] - demand, 0.0).mean(axis=1)
    return left


def _days_between(forecast: Forecast, today: np.datetime64, day: np.datetime64) -> np.ndarray:
    """(horizon,) share of each period that lies after today and before the day of the slates."""
    starts = forecast.periods.dates.to_numpy("datetime64[D]")
    ends = np.append(starts[1:], forecast.periods.last_day.to_datetime64().astype("datetime64[D]"))
    ends[-1] += 1
    first = max(today + np.timedelta64(1, "D"), starts[0])
    if starts[0] > today + np.timedelta64(1, "D") or ends[-1] < day:
        raise DataError(
            f"the forecast from {starts[0]} to {ends[-1] - 1} does not cover the days after "
            f"{today} and before {day}",
            table="forecast",
            next_step="Forecast from the day after the last stock on, as far as the slates.",
        )
    overlap = (np.minimum(ends, day) - np.maximum(starts, first)).astype(float)
    return np.maximum(overlap, 0.0) / (ends - starts).astype(float)


def _by_channel(table: pd.DataFrame, channels: Mapping[str, Sequence[str]]) -> pd.DataFrame:
    rows = []
    for channel, locations in channels.items():
        if isinstance(locations, str):
            raise DataError(
                f"the locations of {channel} are one text",
                next_step=f"Pass a list: [{locations!r}].",
            )
        served = table[table[c.LOCATION].isin(set(locations))]
        rows.append(served.assign(**{c.CHANNEL: channel}))
    made = pd.concat([*rows, table.iloc[:0].assign(**{c.CHANNEL: ""})], ignore_index=True)
    return made[[*_KEYS, c.CHANNEL, c.UNITS]]


def _without(table: pd.DataFrame, leave_out: pd.DataFrame | None) -> pd.DataFrame:
    if leave_out is None:
        return table.reset_index(drop=True)
    keys = [name for name in (*_KEYS, c.CHANNEL) if name in leave_out]
    if not keys:
        need_columns(leave_out, "leave_out", [c.ITEM])
    need_columns(table, "available", keys)
    named = leave_out[keys].apply(to_text).astype(object).drop_duplicates()
    gone = row_of(table[keys].astype(object), named, keys) >= 0
    return table[~gone].reset_index(drop=True)
