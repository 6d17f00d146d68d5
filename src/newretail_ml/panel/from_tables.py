"""A panel from a chain's tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.panel.announced import announced
from newretail_ml.panel.from_frame import PLANS, plan_array, positions
from newretail_ml.panel.panel import Panel
from newretail_ml.panel.periods import Periods, check_frequency

if TYPE_CHECKING:
    from newretail_ml.tables import RetailTables

_PERIOD = "period"
_EMPTY = "empty"
_HALF = 0.5


def panel_from_tables(tables: RetailTables, by: tuple[str, ...], freq: str) -> Panel:
    """See `Panel.from_tables`."""
    check_frequency(freq)
    if c.ITEM not in by or not set(by) <= set(c.SERIES_KEYS):
        raise DataError(
            f"a panel cannot be made by {', '.join(by)}",
            next_step=f"Name item_id, and any of {', '.join(c.SERIES_KEYS[1:])}.",
        )
    by = tuple(name for name in c.SERIES_KEYS if name in by)
    lines = _sales(tables)
    periods, cut = _calendar(tables, freq)
    places = _places(tables, lines)
    keys = places[list(by)].drop_duplicates().sort_values(list(by), ignore_index=True)
    statics = _statics(tables, keys)
    shape = (len(keys), len(periods))
    return Panel(
        keys=keys,
        periods=periods,
        units=_units(lines, keys, periods, cut),
        censored=_censored(tables, places, keys, periods, cut),
        launch=positions(statics, c.LAUNCH_DATE, periods, missing=-1),
        delisting=positions(statics, c.DELISTING_DATE, periods, missing=Panel.NEVER),
        plans=_plans(tables, places, keys, periods, shape),
        statics=statics.drop(columns=[c.LAUNCH_DATE, c.DELISTING_DATE], errors="ignore"),
        **({} if tables.events is None else {"events": tables.events}),
    )


def _sales(tables: RetailTables) -> pd.DataFrame:
    lines = tables.demand_lines()
    if lines.empty:
        raise DataError(
            "no order line is a sale",
            table="orders",
            column=c.UNITS,
            next_step="Bring order lines of positive units.",
        )
    return lines


def _calendar(tables: RetailTables, freq: str) -> tuple[Periods, int]:
    """The calendar, plans included, and how many periods the orders fill."""
    first, last = tables.extent.first_order, tables.extent.last_order.normalize()
    known = Periods.spanning(first, last, freq)
    filled = len(known) if known.last_day <= last else len(known) - 1
    if filled < 1:
        raise DataError(
            "the orders do not fill one whole period",
            table="orders",
            column=c.TIME,
            next_step='Bring more orders, or use a shorter period such as freq="D".',
        )
    planned = tables.extent.last_price
    if planned is None:
        return known.resized(filled), filled
    return Periods.spanning(first, max(last, planned), freq), filled


def _places(tables: RetailTables, lines: pd.DataFrame) -> pd.DataFrame:
    """Item, location and channel of all that was sold, is in stock, or is announced."""
    full = list(c.SERIES_KEYS)
    places = lines[full].drop_duplicates()
    channels = tables.extent.places
    stocked = [] if tables.stock is None else [tables.stock[[c.ITEM, c.LOCATION]]]
    more = pd.concat([*stocked, announced(tables)]).drop_duplicates()
    return pd.concat([places, more.merge(channels, on=c.LOCATION)[full]]).drop_duplicates()


def _series_of(frame: pd.DataFrame, keys: pd.DataFrame) -> np.ndarray:
    on = list(keys.columns)
    numbered = keys.assign(series=np.arange(len(keys)))
    return frame[on].merge(numbered, how="left", on=on)["series"].to_numpy()


def _units(lines: pd.DataFrame, keys: pd.DataFrame, periods: Periods, cut: int) -> np.ndarray:
    period = periods.position(lines[c.TIME])
    inside = period < cut
    cell = _series_of(lines, keys)[inside] * cut + period[inside]
    units = np.bincount(cell, lines[c.UNITS].to_numpy(float)[inside], len(keys) * cut)
    return units.reshape(len(keys), cut).astype(np.float32)


def _censored(
    tables: RetailTables, places: pd.DataFrame, keys: pd.DataFrame, periods: Periods, cut: int
) -> np.ndarray:
    """A pooled series is censored as soon as one of its places ran out of stock.

    A week or month is if it ended without stock, or was without on half of its days. A shelf that
    was empty on some day before, and was filled again, cost sales of that day alone: to take the
    sales of the whole week for a bound puts demand up to a third too high. A first week or month
    that the orders begin in the middle of is censored as well.
    """
    censored = np.zeros((len(keys), cut), dtype=bool)
    censored[:, 0] = tables.extent.first_order.normalize() > periods.first
    if tables.stock is None:
        return censored
    empty = _ran_out(tables.stock, periods).merge(places, on=[c.ITEM, c.LOCATION])
    period = empty.pop(_PERIOD).to_numpy()
    inside = (period >= 0) & (period < cut)
    censored[_series_of(empty, keys)[inside], period[inside]] = True
    return censored


def _ran_out(stock: pd.DataFrame, periods: Periods) -> pd.DataFrame:
    """Item, location and period of each period in which stock ran out."""
    place = [c.ITEM, c.LOCATION, _PERIOD]
    days = stock.assign(**{_PERIOD: periods.position(stock[c.DATE])})
    days[_EMPTY] = days[c.ON_HAND] <= 0
    if periods.freq == "D":
        return days.loc[days[_EMPTY], place]
    ended = days.sort_values(c.DATE, kind="stable").groupby(place, observed=True)[_EMPTY]
    out = ended.last() | (ended.mean() >= _HALF)
    return out[out].reset_index()[place]


def _statics(tables: RetailTables, keys: pd.DataFrame) -> pd.DataFrame:
    statics = keys
    for key, table in ((c.ITEM, tables.items), (c.LOCATION, tables.locations)):
        if table is not None and key in keys:
            statics = statics.merge(table, how="left", on=key)
    return statics.drop(columns=list(keys.columns))


def _plans(
    tables: RetailTables,
    places: pd.DataFrame,
    keys: pd.DataFrame,
    periods: Periods,
    shape: tuple[int, int],
) -> dict[str, np.ndarray]:
    """Prices and promotions of each series: the mean over the places and days it pools."""
    if tables.prices is None:
        return {}
    prices = tables.prices
    on = [name for name in c.SERIES_KEYS if name in prices]
    if not set(keys.columns) <= set(on):
        prices = prices.merge(places[list(c.SERIES_KEYS)].drop_duplicates(), on=on)
    series = _series_of(prices, keys)
    period = periods.position(prices[c.DATE])
    inside = ~pd.isna(series) & (period >= 0)
    series, period = series[inside].astype(int), period[inside]
    return {
        name: plan_array(prices[name][inside], series, period, shape)
        for name in PLANS
        if name in prices
    }
