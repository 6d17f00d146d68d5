"""Checks a parsed table with pandera and words what fails."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.quiet import ignore_pandas_on_spark
from newretail_ml.tables.problems import CORRECT_ROWS, Problem, examples
from newretail_ml.tables.schemas import Field, Kind, TableSchema

# Pandera loads it where it is installed.
ignore_pandas_on_spark()

_DTYPES = {
    Kind.NUMBER: "float64",
    Kind.FLAG: "float64",
    Kind.TIME: "datetime64[us]",
    Kind.DAY: "datetime64[us]",
}
_LARGEST = 1e12
_FARTHEST = pd.Timedelta(days=20 * 365)
_NULL_CHECK = "not_nullable"
_KEY_CHECK = "multiple_fields_uniqueness"


def check(frame: pd.DataFrame, schema: TableSchema, ids: Mapping[str, pd.Series]) -> list[Problem]:
    """All problems of a parsed table, in the order of its columns.

    Args:
        frame: the table, its values parsed.
        schema: what it should hold.
        ids: the ids of the tables that it may refer to, by table.
    """
    from pandera.errors import SchemaErrors

    numbered = frame.reset_index(drop=True)
    try:
        _pandera_schema(numbered, schema, ids).validate(numbered, lazy=True)
    except SchemaErrors as errors:
        problems = _problems(errors.failure_cases, numbered, schema)
        return sorted(problems, key=lambda one: _rank(one, schema))
    return []


def _rank(problem: Problem, schema: TableSchema) -> int:
    """Problems of single columns in their order, those of the key after them."""
    columns = schema.columns
    return columns.index(problem.column) if problem.column in columns else len(columns)


def _pandera_schema(frame: pd.DataFrame, schema: TableSchema, ids: Mapping[str, pd.Series]) -> Any:
    from pandera.pandas import Column, DataFrameSchema

    columns = {
        field.name: Column(
            _DTYPES.get(field.kind), checks=_value_checks(field, ids), nullable=field.nullable
        )
        for field in schema.fields
        if field.name in frame
    }
    key = [name for name in schema.key if name in frame]
    return DataFrameSchema(columns, unique=key or None)


def _value_checks(field: Field, ids: Mapping[str, pd.Series]) -> list[Any]:
    from pandera.pandas import Check

    checks = []
    if field.kind is Kind.NUMBER:
        checks.append(Check(lambda numbers: ~np.isinf(numbers), error="infinite"))
        checks.append(Check(_conceivable, error="beyond any quantity"))
    if field.name in (c.TIME, c.DATE):
        checks.append(Check(_near_the_others, error="more than 20 years from the others"))
    if field.kind is Kind.FLAG:
        checks.append(Check.isin((0.0, 1.0), error="neither 0 nor 1"))
    if field.least is not None:
        checks.append(Check.ge(field.least, error=f"below {field.least:g}"))
    if field.above is not None:
        checks.append(Check.gt(field.above, error=f"not above {field.above:g}"))
    if field.choices:
        checks.append(Check.isin(field.choices, error=f"not one of {', '.join(field.choices)}"))
    if field.refers is not None and field.refers in ids:
        known = ids[field.refers]
        error = f"not in the {field.refers} table"
        checks.append(Check(lambda values: values.isin(known), error=error))
    return checks


def _conceivable(numbers: pd.Series) -> pd.Series:
    return (numbers.abs() <= _LARGEST) | np.isinf(numbers)


def _near_the_others(times: pd.Series) -> pd.Series:
    """A mistyped year would stretch the calendar, and bury the chain in empty days."""
    return (times - times.median()).abs() <= _FARTHEST


def _problems(failures: pd.DataFrame, frame: pd.DataFrame, schema: TableSchema) -> list[Problem]:
    problems = []
    repeated = failures["check"].eq(_KEY_CHECK)
    if repeated.any():
        problems.append(_repeated_key(failures.loc[repeated, "index"], frame, schema))
    for (column, what), rows in failures[~repeated].groupby(["column", "check"], sort=False):
        positions = np.unique(rows["index"].to_numpy(dtype="int64"))
        words = "missing values" if what == _NULL_CHECK else what
        shown = examples(frame[column], positions)
        problems.append(Problem(column, words, positions, shown, _next_step(words)))
    return problems


def _next_step(what: str) -> str:
    if what.startswith("not in the"):
        table = what.split()[3]
        return f"Add these ids to {table}, or leave the rows out"
    return CORRECT_ROWS


def _repeated_key(rows: pd.Series, frame: pd.DataFrame, schema: TableSchema) -> Problem:
    key = [name for name in schema.key if name in frame]
    positions = np.unique(rows.to_numpy(dtype="int64"))
    keys = frame[key].iloc[positions].astype(str).agg(" ".join, axis="columns")
    shown = examples(keys, np.arange(len(keys)))
    return Problem(", ".join(key), "the same key more than once", positions, shown)
