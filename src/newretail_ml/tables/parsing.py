"""Reads the values of a column as ids, numbers or times, and finds rows by their ids."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from numbers import Integral

import numpy as np
import pandas as pd

from newretail_ml.tables.exact import to_exact_numbers
from newretail_ml.tables.problems import Problem, problem_where
from newretail_ml.tables.schemas import Kind

_MISSING_WORDS = ("", "NA", "N/A", "NaN", "nan", "NULL", "null", "None", "NaT")
_ZONED = r"\d[T ]\d{2}.*(?:Z|[+-]\d{2}(?::?\d{2})?)$"
_TOO_FEW_OR_MANY_DIGITS = r"^\d{0,7}$|^\d{9,}$"
_WRITE_ISO = (
    "Write dates as 2024-05-31 and times as 2024-05-31 14:30; for files with 31.05.2024 say in the "
    "mapping: [csv] day_first = true"
)
_SET_TIMEZONE = (
    "Set the wall clock of the chain in the mapping: [cleaning] timezone = "
    '"Europe/London", or turn them into times without a zone'
)


def parsed(
    values: pd.Series, kind: Kind, timezone: str | None = None
) -> tuple[pd.Series, list[Problem]]:
    """The values in the library's form, and what could not be read.

    Args:
        values: one column as it came.
        kind: how to read it.
        timezone: the wall clock to which times with a zone are turned.

    Returns:
        A column of text, float64 or datetime64[us]; missing where it could not be read.
    """
    if kind in (Kind.ID, Kind.TEXT):
        return to_text(values), []
    if kind in (Kind.NUMBER, Kind.FLAG):
        return _to_numbers(values)
    times, problems = _to_times(values, timezone)
    return (times.dt.normalize() if kind is Kind.DAY else times), problems


def to_text(values: pd.Series) -> pd.Series:
    """Ids as text: 17850 and 17850.0 become '17850', '00123' stays, '' is missing.

    Text such as '17850.0' loses its decimal where the whole column looks so: that is how
    numbers with gaps are written to CSV.
    """
    codes, distinct = pd.factorize(values)
    texts = [_text(value) for value in distinct]
    known = [text for text in texts if text]
    if known and all(text.endswith(".0") and text[:-2].isdigit() for text in known):
        texts = [text[:-2] for text in texts]
    forms = pd.Series([text or np.nan for text in texts], dtype=_text_dtype())
    return _spread(forms, codes, values)


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, Integral):
        return str(value)
    if isinstance(value, (float, np.floating, Decimal)) and value == value // 1:
        return str(int(value))
    return str(value)


def _text_dtype() -> object:
    """The dtype that this pandas gives to text: `str` from pandas 3 on, else `object`."""
    return pd.Series(["text"]).dtype


def _spread(forms: pd.Series, codes: np.ndarray, values: pd.Series) -> pd.Series:
    """One form for each distinct value, spread over all rows again."""
    spread = forms.reindex(codes)
    return spread.set_axis(values.index).rename(values.name)


def _is_missing(values: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(values.dtype):
        return values.isna()
    return values.isna() | values.isin(_MISSING_WORDS)


def _to_numbers(values: pd.Series) -> tuple[pd.Series, list[Problem]]:
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        numbers = pd.Series(np.nan, index=values.index, name=values.name)
    else:
        numbers = to_exact_numbers(values)
    wrong = numbers.isna() & ~_is_missing(values)
    return numbers, problem_where(wrong, values, "not a number")


def _to_times(values: pd.Series, timezone: str | None) -> tuple[pd.Series, list[Problem]]:
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        return _to_wall_clock(values, values, timezone)
    if pd.api.types.is_datetime64_dtype(values.dtype):
        return values.dt.as_unit("us"), []
    codes, distinct = pd.factorize(values)
    text = pd.Series([_time_text(value) for value in distinct], dtype="object", name=values.name)
    times, problems = _read_times(text.where(~_is_missing(text)), timezone)
    everywhere = [
        replace(problem, positions=np.flatnonzero(np.isin(codes, problem.positions)))
        for problem in problems
    ]
    return _spread(times, codes, values), everywhere


def _time_text(value: object) -> str:
    return str(value.isoformat()) if hasattr(value, "isoformat") else _text(value)


def _read_times(text: pd.Series, timezone: str | None) -> tuple[pd.Series, list[Problem]]:
    zoned = text.str.contains(_ZONED, regex=True).eq(True)
    naive = text.notna() & ~zoned
    if zoned.any() and naive.any():
        what = "times without a time zone among times with one"
        return _no_times(text), problem_where(naive, text, what, "Write all times with a zone")
    times = _from_iso(text, utc=bool(zoned.any()))
    problems = problem_where(times.isna() & text.notna(), text, "not a date", _WRITE_ISO)
    if zoned.any():
        times, unplaced = _to_wall_clock(times, text, timezone)
        problems = unplaced + problems
    return times, problems


def _from_iso(text: pd.Series, *, utc: bool) -> pd.Series:
    readable = text.where(~text.str.contains(_TOO_FEW_OR_MANY_DIGITS, regex=True).eq(True))
    times = pd.to_datetime(readable, format="ISO8601", errors="coerce", utc=utc)
    return times.dt.as_unit("us")


def _to_wall_clock(
    times: pd.Series, values: pd.Series, timezone: str | None
) -> tuple[pd.Series, list[Problem]]:
    if timezone is None:
        what = "times carry a time zone"
        return _no_times(values), problem_where(times.notna(), values, what, _SET_TIMEZONE)
    return times.dt.tz_convert(timezone).dt.tz_localize(None).dt.as_unit("us"), []


def _no_times(values: pd.Series) -> pd.Series:
    return pd.Series(pd.NaT, index=values.index, name=values.name, dtype="datetime64[us]")


def row_of(lines: pd.DataFrame, terms: pd.DataFrame, keys: Sequence[str]) -> np.ndarray:
    """(lines,) the row of the terms that each line's keys name, -1 where there is none."""
    if not keys:
        return np.zeros(len(lines), np.intp) if len(terms) else np.full(len(lines), -1)
    if len(keys) == 1:
        return pd.Index(terms[keys[0]]).get_indexer(pd.Index(lines[keys[0]]))
    index = pd.MultiIndex.from_frame(terms[list(keys)])
    return index.get_indexer(pd.MultiIndex.from_frame(lines[list(keys)]))
