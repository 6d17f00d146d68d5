"""Whether a table that is there already can take the rows of a result."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from newretail_ml.errors import DataError
from newretail_ml.jobs.targets.rows import Rows

TEXT, WHOLE, NUMBER, FLAG = "text", "whole numbers", "numbers", "yes or no"
DAY, TIME, OTHER = "days", "times", "something else"

# What each kind of column takes besides its own kind.
_TAKES = {NUMBER: {WHOLE}, TIME: {DAY}}
_TESTS = (
    (TEXT, (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)),
    (FLAG, (pa.types.is_boolean,)),
    (WHOLE, (pa.types.is_integer,)),
    (NUMBER, (pa.types.is_floating, pa.types.is_decimal)),
    (DAY, (pa.types.is_date,)),
    (TIME, (pa.types.is_timestamp,)),
)


def kind_of(type_: pa.DataType) -> str:
    """What a column holds, in words.

    >>> kind_of(pa.int64()), kind_of(pa.timestamp("us"))
    ('whole numbers', 'times')
    """
    return next((kind for kind, tests in _TESTS if any(test(type_) for test in tests)), OTHER)


def refuse_other_columns(place: str, there: Mapping[str, str], rows: Rows) -> None:
    """Raise a DataError if a table has other columns than a result, or other kinds of them.

    Args:
        place: the table, in words.
        there: the kind of each of its columns.
        rows: the result.
    """
    here = {field.name: kind_of(field.type) for field in rows.schema}
    problems = [
        *_listed("it lacks", [name for name in here if name not in there]),
        *_listed("the result lacks", [name for name in there if name not in here]),
        *(
            f"{name} holds {there[name]} there and {kind} in the result"
            for name, kind in here.items()
            if name not in rows.blank and name in there and not _takes(there[name], kind)
        ),
    ]
    if problems:
        raise DataError(
            f"{place} is there already with other columns: {'; '.join(problems)}",
            next_step="Name another table, or move that one away.",
        )


def _takes(there: str, here: str) -> bool:
    return here == there or here in _TAKES.get(there, ())


def _listed(words: str, names: list[str]) -> list[str]:
    return [f"{words} {', '.join(names)}"] if names else []
