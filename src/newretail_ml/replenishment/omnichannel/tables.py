"""Checks of the tables of this package at the door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from newretail_ml.errors import DataError
from newretail_ml.tables.parsing import to_text


def checked(
    frame: pd.DataFrame,
    table: str,
    *,
    ids: Sequence[str],
    key: Sequence[str],
    numbers: Mapping[str, float] = {},
    whole: Sequence[str] = (),
    optional: Mapping[str, float] = {},
) -> pd.DataFrame:
    """The table with ids as text, numbers as floats and a fresh index.

    Args:
        frame: the table as it came.
        table: its name in messages.
        ids: columns of ids, none of them missing.
        key: columns that name a row.
        numbers: columns that must be there, and the smallest value of each.
        whole: columns among the numbers that count units.
        optional: columns that may be absent, and the smallest value of each.

    Raises:
        DataError: a column is missing, a number is wrong or missing, or a key repeats.
    """
    needed = [name for name in (*ids, *numbers) if name not in frame]
    if needed:
        raise DataError(
            f"the column is missing (there are {', '.join(map(str, frame.columns))})",
            table=table,
            column=needed[0],
            next_step="Add it.",
        )
    read = frame.reset_index(drop=True)
    read = read.assign(**{name: to_text(read[name]) for name in ids})
    for name in ids:
        _refuse(read, table, name, read[name].isna().to_numpy(), "ids are missing")
    for name, smallest in {**numbers, **optional}.items():
        if name in read:
            read[name] = _numbers(read, table, name, smallest)
    for name in whole:
        part = (read[name] != np.rint(read[name])).to_numpy()
        _refuse(read, table, name, part, "values are not whole units")
    repeated = read.duplicated(list(key), keep=False).to_numpy()
    _refuse(read, table, None, repeated, f"rows share {' and '.join(key)}", "Add them up.")
    return read


def check_known(frame: pd.DataFrame, table: str, column: str, known: pd.Series, where: str) -> None:
    """Raise for ids that the other table does not have."""
    unknown = ~frame[column].isin(known).to_numpy()
    next_step = f"Add them to the table of {where}, or leave the rows out."
    _refuse(frame, table, column, unknown, f"ids are not among the {where}", next_step)


def _numbers(frame: pd.DataFrame, table: str, column: str, smallest: float) -> np.ndarray:
    numbers = pd.to_numeric(frame[column], errors="coerce").to_numpy(float)
    bad = ~(np.isfinite(numbers) & (numbers >= smallest))
    limit = f" of at least {smallest:g}" if np.isfinite(smallest) else ""
    _refuse(frame, table, column, bad, f"values are not finite numbers{limit}")
    return numbers


def _refuse(
    frame: pd.DataFrame,
    table: str,
    column: str | None,
    bad: np.ndarray,
    what: str,
    next_step: str = "Correct them.",
) -> None:
    if bad.any():
        raise DataError(
            f"{bad.sum():,} {what}",
            table=table,
            column=column,
            rows=frame.index[bad],
            next_step=next_step,
        )
