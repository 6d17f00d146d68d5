"""Interactions from a chain's tables or from a long frame."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import need_columns, refuse_repeated, refuse_values
from newretail_ml.errors import DataError
from newretail_ml.interactions.interactions import Interactions
from newretail_ml.interactions.item_prices import ItemPrices
from newretail_ml.interactions.making import UNKNOWN, Lines, make_events, usual_price
from newretail_ml.interactions.shelf import Shelf
from newretail_ml.tables.parsing import parsed, to_text
from newretail_ml.tables.schemas import Kind

if TYPE_CHECKING:
    from newretail_ml.tables import RetailTables

_FRAME = "interactions"
_OTHER_NAMES = {"user_id": c.CUSTOMER, "timestamp": c.TIME, c.DATE: c.TIME}
_IDS = (c.CUSTOMER, c.ITEM, c.ORDER, c.CHANNEL, c.LOCATION)
_NUMBERS = (c.UNITS, c.UNIT_PRICE, c.REGULAR_PRICE)
_DATES = {c.CUSTOMER: (c.JOINED,), c.ITEM: (c.LAUNCH_DATE, c.DELISTING_DATE)}


def from_tables(tables: RetailTables) -> Interactions:
    """See `Interactions.from_tables`."""
    orders = tables.orders
    lines = _with_customer(orders, "orders")
    if tables.prices is not None and c.REGULAR_PRICE in tables.prices:
        lines = _with_regular_price(lines, tables.prices)
    last = tables.extent.last_order
    made = _interactions(lines, tables.customers, tables.items, last)
    items = pd.Index(made.items[c.ITEM])
    shelf = prices = None
    if tables.stock is not None:
        shelf = Shelf.from_stock(tables.stock, items, made.locations)
    if tables.prices is not None:
        prices = ItemPrices.from_prices(tables.prices, items)
    return replace(made, shelf=shelf, prices=prices)


def from_frame(
    frame: pd.DataFrame, customers: pd.DataFrame | None, items: pd.DataFrame | None
) -> Interactions:
    """See `Interactions.from_frame`."""
    lines = _with_customer(_read(frame), _FRAME)
    tables = (_attributes(customers, "customers", c.CUSTOMER), _attributes(items, "items", c.ITEM))
    return _interactions(lines, *tables, lines[c.TIME].max())


def _read(frame: pd.DataFrame) -> pd.DataFrame:
    """The lines with ids as text, times as times and numbers as numbers."""
    if not isinstance(frame, pd.DataFrame):
        what = f"a {type(frame).__name__} is not a frame"
        raise DataError(what, table=_FRAME, next_step="Pass a pandas DataFrame.")
    names = {old: new for old, new in _OTHER_NAMES.items() if old in frame and new not in frame}
    lines = frame.rename(columns=names)
    need_columns(lines, _FRAME, [c.CUSTOMER, c.ITEM, c.TIME])
    _refuse_twins(lines)
    read = {name: _ids(lines[name]) for name in _IDS if name in lines}
    read[c.TIME] = _times(lines[c.TIME])
    read |= {name: _numbers(lines[name]) for name in _NUMBERS if name in lines}
    missing = read[c.ITEM].isna()
    refuse_values(lines[c.ITEM], missing.to_numpy(), _FRAME, "are missing", "Name the item.")
    return pd.DataFrame(read)


def _refuse_twins(lines: pd.DataFrame) -> None:
    twin = lines.columns[lines.columns.duplicated()].intersection([*_IDS, c.TIME, *_NUMBERS])
    if len(twin):
        raise DataError(
            "there are several columns of this name",
            table=_FRAME,
            column=str(twin[0]),
            next_step="Keep one of them.",
        )


def _ids(values: pd.Series) -> pd.Series:
    try:
        return to_text(values)
    except TypeError:
        raise DataError(
            f"values are not ids, the first is {values.iloc[0]!r}",
            table=_FRAME,
            column=str(values.name),
            next_step="Make them text or whole numbers.",
        ) from None


def _times(values: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(values.dtype):
        raise DataError(
            "times are numbers",
            table=_FRAME,
            column=c.TIME,
            next_step='Seconds since 1970 become times by pd.to_datetime(values, unit="s").',
        )
    times, problems = parsed(values, Kind.TIME)
    what, next_step = "are missing or not times", "Write them as 2026-05-31 14:30."
    zoned = any("zone" in problem.what for problem in problems)
    if zoned or isinstance(values.dtype, pd.DatetimeTZDtype):
        what = "have a time zone"
        next_step = 'Turn them into shop time: times.dt.tz_convert("Europe/London")'
        next_step += ".dt.tz_localize(None)."
    refuse_values(values, times.isna().to_numpy(), _FRAME, what, next_step)
    return times


def _numbers(values: pd.Series) -> pd.Series:
    """Prices may be missing, units may not, and nothing is infinite."""
    numbers, _ = parsed(values, Kind.NUMBER)
    wrong = np.isinf(numbers.to_numpy(float))
    wrong |= (numbers.isna() & (values.notna() | (values.name == c.UNITS))).to_numpy(bool)
    refuse_values(values, wrong, _FRAME, "are not finite numbers")
    return numbers


def _with_customer(lines: pd.DataFrame, table: str) -> pd.DataFrame:
    known = lines[lines[c.CUSTOMER].notna()]
    if not (known[c.UNITS] > 0).any() if c.UNITS in known else known.empty:
        raise DataError(
            "no line is a purchase by a known customer",
            table=table,
            column=c.CUSTOMER,
            next_step="Bring order lines with a customer and units above zero.",
        )
    return known


def _attributes(table: pd.DataFrame | None, name: str, key: str) -> pd.DataFrame | None:
    if table is None:
        return None
    need_columns(table, name, [key])
    read = table.assign(**{key: to_text(table[key])})
    missing = read[key].isna().to_numpy()
    refuse_values(table[key], missing, name, "are missing", "Name each row.")
    refuse_repeated(read, name, [key])
    dates = [date for date in _DATES[key] if date in read]
    return read.assign(**{date: _days(read[date], name) for date in dates})


def _days(values: pd.Series, table: str) -> pd.Series:
    if pd.api.types.is_numeric_dtype(values.dtype) and values.notna().any():
        raise DataError(
            "dates are numbers",
            table=table,
            column=str(values.name),
            next_step="Write them as 2026-05-31.",
        )
    days, _ = parsed(values, Kind.DAY)
    wrong = (days.isna() & values.notna()).to_numpy()
    what = "are not dates without a zone"
    refuse_values(values, wrong, table, what, "Write them as 2026-05-31.")
    return days


def _with_regular_price(lines: pd.DataFrame, prices: pd.DataFrame) -> pd.DataFrame:
    """The regular price of the day, where the price table has one."""
    on = [name for name in (c.ITEM, c.LOCATION, c.CHANNEL) if name in prices]
    keyed = lines.assign(**{c.DATE: lines[c.TIME].dt.normalize()})
    planned = prices[[c.DATE, *on, c.REGULAR_PRICE]]
    return keyed.merge(planned, how="left", on=[c.DATE, *on]).drop(columns=c.DATE)


def _interactions(
    lines: pd.DataFrame,
    customers: pd.DataFrame | None,
    items: pd.DataFrame | None,
    last: pd.Timestamp,
) -> Interactions:
    coded = _coded(lines, customers, items)
    events, returns, customer_ids, item_ids = make_events(coded)
    return Interactions(
        customers=_table(customer_ids, c.CUSTOMER, customers),
        items=_table(item_ids, c.ITEM, items),
        events=events,
        returns=returns,
        channels=coded.channels,
        locations=coded.locations,
        cut=(last.normalize() + pd.Timedelta(days=1)).to_datetime64().astype("datetime64[s]"),
    )


def _coded(
    lines: pd.DataFrame, customers: pd.DataFrame | None, items: pd.DataFrame | None
) -> Lines:
    customer, customer_ids = _codes(lines[c.CUSTOMER], _named(customers, c.CUSTOMER))
    item, item_ids = _codes(lines[c.ITEM], _named(items, c.ITEM))
    channel, channels = _codes(_or_none(lines, c.CHANNEL), _named(customers, c.FAVOURITE_CHANNEL))
    location, locations = _codes(_or_none(lines, c.LOCATION), _named(customers, c.HOME_LOCATION))
    time = lines[c.TIME].to_numpy("datetime64[s]")
    price = _column(lines, c.UNIT_PRICE, np.nan)
    price = np.where(price >= 0, price, np.nan)
    usual = _column(lines, c.REGULAR_PRICE, np.nan)
    if np.isnan(usual).any() and not np.isnan(price).all():
        usual = np.where(np.isfinite(usual), usual, usual_price(item, time, price))
    return Lines(
        customers=customer_ids,
        items=item_ids,
        channels=channels,
        locations=locations,
        customer=customer,
        item=item,
        channel=channel,
        location=location,
        order=_orders(lines, customer, time),
        time=time,
        units=_column(lines, c.UNITS, 1.0),
        price=price,
        usual=np.where(usual > 0, usual, np.nan),
    )


def _codes(values: pd.Series, more: pd.Series | None) -> tuple[np.ndarray, pd.Index]:
    """Position of each value among sorted labels, more ones included; -1 where missing."""
    codes, labels = pd.factorize(values)
    found = pd.Index(labels)
    every = found if more is None else found.union(pd.Index(more.dropna().unique()))
    every = every.sort_values()
    place = np.append(every.get_indexer(found), UNKNOWN)
    return place[codes], every


def _or_none(lines: pd.DataFrame, name: str) -> pd.Series:
    return lines.get(name, pd.Series(None, index=lines.index, dtype=object))


def _named(table: pd.DataFrame | None, name: str) -> pd.Series | None:
    """The ids that a table names in a column, as text."""
    return to_text(table[name]) if table is not None and name in table else None


def _column(lines: pd.DataFrame, name: str, default: float) -> np.ndarray:
    return lines[name].to_numpy(float) if name in lines else np.full(len(lines), default)


def _orders(lines: pd.DataFrame, customer: np.ndarray, time: np.ndarray) -> np.ndarray:
    """(n,) number of each line's order; without order ids, what is bought at one time is one.

    An order ends with its day: numbers begin anew, and no order may reach beyond a cut.
    """
    at = np.unique(time, return_inverse=True)[1].astype(np.int64)
    if c.ORDER in lines:
        code = pd.factorize(lines[c.ORDER], sort=True)[0].astype(np.int64)
        day = time.astype("datetime64[D]").astype(np.int64)
        of_day = np.unique(code * (np.ptp(day) + 1) + day - day.min(), return_inverse=True)[1]
        at = np.where(code >= 0, of_day, of_day.max(initial=0) + 1 + at)
    pair = customer * (at.max(initial=0) + 1) + at
    return np.asarray(np.unique(pair, return_inverse=True)[1])


def _table(ids: pd.Index, key: str, table: pd.DataFrame | None) -> pd.DataFrame:
    frame = pd.DataFrame({key: ids})
    return frame if table is None else frame.merge(table, how="left", on=key)
