"""Checks of the planner's tables, and one wide table of terms out of many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import (
    COLUMN_NAMES,
    as_dates,
    need_columns,
    refuse_repeated,
    refuse_unknown,
    refuse_values,
)
from newretail_ml.errors import DataError
from newretail_ml.tables.parsing import row_of, to_text


@dataclass(frozen=True)
class _Bounds:
    at_least: float = 0.0
    above: bool = False
    whole: bool = False
    at_most: float = np.inf


_NUMBERS = {
    c.ON_HAND: _Bounds(),
    c.ON_ORDER: _Bounds(),
    c.UNITS: _Bounds(),
    c.LEAD_TIME: _Bounds(whole=True),
    c.REVIEW_PERIOD: _Bounds(1, whole=True),
    c.PACK_SIZE: _Bounds(above=True),
    c.PALLET_SIZE: _Bounds(above=True),
    c.MINIMUM_UNITS: _Bounds(),
    c.MINIMUM_VALUE: _Bounds(),
    c.SHELF_CAPACITY: _Bounds(),
    c.PRESENTATION_MINIMUM: _Bounds(),
    c.VOLUME: _Bounds(),
    c.SHELF_LIFE: _Bounds(1, whole=True),
    c.UNIT_COST: _Bounds(),
    c.UNIT_PRICE: _Bounds(),
    c.HOLDING_COST: _Bounds(),
    c.SHORTAGE_COST: _Bounds(),
    c.SALVAGE_VALUE: _Bounds(-np.inf),
    c.ORDER_COST: _Bounds(),
    c.LEFT_OVER_COST: _Bounds(),
    c.TRANSPORT_COST: _Bounds(),
    "truck_volume": _Bounds(above=True),
    "truck_cost": _Bounds(),
    "truck_smallest_fill": _Bounds(at_most=1.0),
    "share": _Bounds(at_most=1.0),
}
_DATES = (c.DATE, c.LAUNCH_DATE, c.DELISTING_DATE)
_TEXTS = (*c.SERIES_KEYS, c.SUPPLIER, "substitute_id")
# A state may carry columns for other uses; a word too many in the rules is a rule lost.
STATE = "state"
_KNOWN = COLUMN_NAMES | {*_NUMBERS, *_TEXTS, "order_days", "delivery_days"}
_MAY_BE_EMPTY = frozenset({*_NUMBERS, c.LAUNCH_DATE, c.DELISTING_DATE, c.SUPPLIER})


def checked_columns(frame: pd.DataFrame, table: str, required: Sequence[str] = ()) -> pd.DataFrame:
    """The frame with ids as text, numbers as floats and dates as dates.

    Args:
        frame: any of the planner's tables.
        table: its name, for messages.
        required: columns that must be there, without empty values.

    Raises:
        DataError: a required column or value is missing, or a value is out of its range.

    >>> checked_columns(pd.DataFrame({"item_id": [7], "pack_size": [6]}), "supply").values.tolist()
    [['7', 6.0]]
    """
    if not isinstance(frame, pd.DataFrame):
        raise DataError(
            f"it is a {type(frame).__name__}", table=table, next_step="Pass a DataFrame."
        )
    frame = frame.reset_index(drop=True)
    if table != STATE:
        refuse_unknown(frame, table, _KNOWN)
    need_columns(frame, table, required)
    made = {name: to_text(frame[name]) for name in _TEXTS if name in frame}
    for name in frame.columns.intersection(list(_NUMBERS)):
        made[name] = _numbers(frame[name], table)
    for name in frame.columns.intersection(list(_DATES)):
        made[name] = as_dates(frame[name], table)
    checked = frame.assign(**made)
    for name in checked.columns.intersection([*made]):
        if name in required or name not in _MAY_BE_EMPTY:
            refuse_values(checked[name], checked[name].isna().to_numpy(), table, "are missing")
    return checked


def checked_keys(
    frame: pd.DataFrame, table: str, keys: Sequence[str] | None = None
) -> pd.DataFrame:
    """The frame, if its keys (by default those of a series) do not repeat.

    Raises:
        DataError: a key repeats.
    """
    keys = [name for name in c.SERIES_KEYS if name in frame] if keys is None else keys
    refuse_repeated(frame, table, keys)
    return frame


def supplier_keys(frame: pd.DataFrame) -> list[str]:
    """Key columns of a table of suppliers: with a location_id, one row a delivery place."""
    return [name for name in (c.SUPPLIER, c.LOCATION) if name in frame]


def joined(lines: pd.DataFrame, terms: pd.DataFrame, keys: Sequence[str]) -> pd.DataFrame:
    """The lines with the terms' columns; where those are empty, the lines' own values remain."""
    found = row_of(lines, terms, keys)
    added = {}
    for name in terms.columns.difference(list(keys), sort=False):
        values = (
            terms[name].take(np.maximum(found, 0)) if len(terms) else terms[name].reindex(found)
        )
        values = values.set_axis(lines.index).where(found >= 0)
        added[name] = values.fillna(lines[name]) if name in lines else values
    return lines.assign(**added)


def _numbers(values: pd.Series, table: str) -> pd.Series:
    bounds = _NUMBERS[str(values.name)]
    numbers = pd.to_numeric(values, errors="coerce").astype(float)
    unread = (numbers.isna() & values.notna()).to_numpy()
    low = numbers <= bounds.at_least if bounds.above else numbers < bounds.at_least
    outside = (low | (numbers > bounds.at_most) | np.isinf(numbers)).to_numpy()
    word = "above" if bounds.above else "of at least"
    limits = f" {word} {bounds.at_least:g}" if np.isfinite(bounds.at_least) else ""
    limits += f" and at most {bounds.at_most:g}" if np.isfinite(bounds.at_most) else ""
    refuse_values(values, unread | outside, table, f"are not numbers{limits}")
    if bounds.whole:
        refuse_values(values, (numbers % 1 > 0).to_numpy(), table, "are not whole periods")
    return numbers
