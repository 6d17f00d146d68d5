"""Checks of numbers and of the columns of tables: what is wrong is named before it does harm."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from difflib import get_close_matches

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError

# Every column name of the library.
COLUMN_NAMES = frozenset(
    value for name, value in vars(c).items() if name.isupper() and isinstance(value, str)
)


def check_number(
    name: str,
    value: float,
    *,
    at_least: float | None = 0.0,
    above: float | None = None,
    at_most: float | None = None,
) -> None:
    """Raise unless the value is a finite number within the bounds.

    >>> check_number("holding_cost", -1.0)
    Traceback (most recent call last):
    newretail_ml.errors.DataError: holding_cost is -1.0, not a number of at least 0. Correct it.
    """
    if above is not None:
        at_least = None
    good = isinstance(value, int | float | np.number) and math.isfinite(value)
    good = good and (at_least is None or value >= at_least)
    good = good and (above is None or value > above) and (at_most is None or value <= at_most)
    if not good:
        bounds = [("of at least", at_least), ("above", above), ("of at most", at_most)]
        limits = " and ".join(f"{word} {bound:g}" for word, bound in bounds if bound is not None)
        raise DataError(
            f"{name} is {value!r}, not a {'' if limits else 'finite '}number{' ' * bool(limits)}"
            f"{limits}",
            next_step="Correct it.",
        )


def as_numbers(name: str, values: object) -> np.ndarray:
    """The values as an array of floats of any shape.

    >>> as_numbers("chances", ["many"])
    Traceback (most recent call last):
    newretail_ml.errors.DataError: chances are not numbers. Correct them.
    """
    try:
        return np.asarray(values, float)
    except (TypeError, ValueError):
        raise DataError(f"{name} are not numbers", next_step="Correct them.") from None


def check_numbers(
    name: str, values: object, *, at_least: float | None = 0.0, above: float | None = None
) -> np.ndarray:
    """One-dimensional array of the values, each checked as a number.

    >>> check_numbers("demand", [3, 4])
    array([3., 4.])
    """
    array = as_numbers(name, values)
    bad = ~np.isfinite(array)
    if at_least is not None and above is None:
        bad |= array < at_least
    if above is not None:
        bad |= array <= above
    if array.ndim != 1 or not array.size or bad.any():
        limit = f" above {above:g}" if above is not None else ""
        limit = f" of at least {at_least:g}" if not limit and at_least is not None else limit
        raise DataError(
            f"{name} must be a list of finite numbers{limit}, at least one long",
            rows=np.flatnonzero(bad) if array.ndim == 1 else (),
            next_step="Correct them.",
        )
    return array


def check_whole(name: str, value: float, *, at_least: int = 0) -> int:
    """The value as an int.

    >>> check_whole("lead_time", 2.0)
    2
    """
    check_number(name, value, at_least=at_least)
    if value != int(value):
        raise DataError(
            f"{name} is {value!r}, not a whole number",
            next_step="Measure time and units so that it is one.",
        )
    return int(value)


def need_columns(frame: pd.DataFrame, table: str, names: Sequence[str]) -> None:
    """Raise unless the table is one, and has all of the columns."""
    if not isinstance(frame, pd.DataFrame):
        raise DataError(
            f"a {type(frame).__name__} is not a table", table=table, next_step="Pass a data frame."
        )
    missing = [name for name in names if name not in frame]
    if missing:
        raise DataError(
            f"the column is missing (there are {', '.join(map(str, frame.columns))})",
            table=table,
            column=str(missing[0]),
            next_step="Add it.",
        )


def refuse_unknown(frame: pd.DataFrame, table: str, known: Collection[str]) -> None:
    """Raise if the table has a column that is not known: a typing error would lose a rule."""
    unknown = [str(name) for name in frame.columns if name not in known]
    if unknown:
        close = get_close_matches(unknown[0], known, 1)
        raise DataError(
            "no such column is known",
            table=table,
            column=unknown[0],
            next_step=f"Did you mean {close[0]}?" if close else "Leave it out.",
        )


def as_dates(values: pd.Series, table: str) -> pd.Series:
    """The values as dates; text only as ISO 8601, for 02.06.2026 is two different days.

    >>> as_dates(pd.Series(["2026-06-02"]), "due").dt.month.tolist()
    [6]
    """
    try:
        dates = pd.to_datetime(values, format="ISO8601", errors="coerce")
    except ValueError:
        dates = pd.Series(pd.NaT, values.index, dtype="datetime64[ns]")
    unread = (dates.isna() & values.notna()).to_numpy()
    refuse_values(values, unread, table, "are not dates", "Write them as YYYY-MM-DD.")
    return dates.dt.tz_localize(None) if dates.dt.tz is not None else dates


def refuse_values(
    values: pd.Series, bad: np.ndarray, table: str, what: str, next_step: str = "Correct them."
) -> None:
    """Raise if some values of a column are bad, with the first of them."""
    if bad.any():
        raise DataError(
            f"{bad.sum():,} values {what}, the first is {values[bad].iloc[0]}",
            table=table,
            column=str(values.name),
            rows=values.index[bad],
            next_step=next_step,
        )


def refuse_repeated(
    frame: pd.DataFrame, table: str, keys: Sequence[str], next_step: str = "Keep one row for each."
) -> None:
    """Raise if rows of the table share the keys; without keys, if there are several rows."""
    keys = list(keys)
    alone = np.full(len(frame), len(frame) > 1)
    repeated = frame.duplicated(keys, keep=False).to_numpy() if keys else alone
    if repeated.any():
        raise DataError(
            f"{repeated.sum():,} rows share {' and '.join(keys) or 'no key at all'}",
            table=table,
            rows=frame.index[repeated],
            next_step=next_step,
        )
