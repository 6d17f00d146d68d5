"""Problems found in a table, collected first and raised as one error."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml.errors import DataError

CORRECT_ROWS = "Correct these rows in the source or leave them out"


@dataclass(frozen=True)
class Problem:
    """One kind of problem in one column.

    Args:
        column: the column it is in; several joined by a comma for a key.
        what: what is wrong with the values, such as "not a number".
        positions: the rows, counted from 0.
        examples: some of the distinct values in these rows.
        next_step: what to do about it, without a full stop.
    """

    column: str
    what: str
    positions: np.ndarray
    examples: tuple[object, ...]
    next_step: str = CORRECT_ROWS


def problem_where(
    wrong: pd.Series, values: pd.Series, what: str, next_step: str = CORRECT_ROWS
) -> list[Problem]:
    """The problem with the values where `wrong` holds, or none."""
    positions = np.flatnonzero(wrong.to_numpy())
    if not positions.size:
        return []
    return [Problem(str(values.name), what, positions, examples(values, positions), next_step)]


def examples(values: pd.Series, positions: np.ndarray, most: int = 5) -> tuple[object, ...]:
    """The first few distinct values in these rows; missing values show nothing."""
    return tuple(values.iloc[positions].dropna().drop_duplicates().iloc[:most])


def raise_first(problems: list[Problem], table: str, frame: pd.DataFrame) -> None:
    """Raise a DataError for the first problem that names the others, if there are any."""
    if not problems:
        return
    first, *others = problems
    raise DataError(
        f"{first.what}{_shown(first.examples)}",
        table=table,
        column=first.column,
        rows=frame.index[first.positions],
        next_step=f"{first.next_step}{_also(others)}.",
    )


def _shown(values: tuple[object, ...]) -> str:
    return f": {', '.join(map(_quoted, values))}" if values else ""


def _quoted(value: object) -> str:
    return repr(value) if isinstance(value, str) else str(value)


def _also(others: list[Problem]) -> str:
    if not others:
        return ""
    listed = ", ".join(f"{one.column} ({one.what}: {len(one.positions):,})" for one in others)
    return f"; {len(others)} more found: {listed}"
