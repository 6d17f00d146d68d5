"""Checks of the tables of this package at the door."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from newretail_ml.checks import need_columns, refuse_repeated, refuse_values
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
    need_columns(frame, table, (*ids, *numbers))
    read = frame.reset_index(drop=True)
    read = read.assign(**{name: to_text(read[name]) for name in ids})
    for name in ids:
        refuse_values(read[name], read[name].isna().to_numpy(), table, "are missing")
    for name, smallest in {**numbers, **optional}.items():
        if name in read:
            read[name] = _numbers(read, table, name, smallest)
    for name in whole:
        part = (read[name] != np.rint(read[name])).to_numpy()
        refuse_values(read[name], part, table, "are not whole units")
    refuse_repeated(read, table, key, "Add them up.")
    return read


def check_known(frame: pd.DataFrame, table: str, column: str, known: pd.Series, where: str) -> None:
    """Raise for ids that the other table does not have."""
    unknown = ~frame[column].isin(known).to_numpy()
    next_step = f"Add them to the table of {where}, or leave the rows out."
    refuse_values(frame[column], unknown, table, f"are not among the {where}", next_step)


def _numbers(frame: pd.DataFrame, table: str, column: str, smallest: float) -> np.ndarray:
    numbers = pd.to_numeric(frame[column], errors="coerce").to_numpy(float)
    bad = ~(np.isfinite(numbers) & (numbers >= smallest))
    limit = f" of at least {smallest:g}" if np.isfinite(smallest) else ""
    refuse_values(frame[column], bad, table, f"are not finite numbers{limit}")
    return numbers
