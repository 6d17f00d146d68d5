"""What every served model has in common: rows in, rows out, and what comes out of each row."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final, Self

import numpy as np
import pandas as pd

from newretail_ml.checks import as_dates, need_columns, refuse_values
from newretail_ml.errors import DataError
from newretail_ml.tables.parsing import row_of

UNKNOWN: Final = "unknown"
RAISE: Final = "raise"
MISSING: Final = "missing"
ROWS: Final = "model input"
EXAMPLE_ROWS: Final = 3


@dataclass(frozen=True)
class Column:
    """A column of a model's rows.

    Attributes:
        name: of the column.
        type: in MLflow's words: string, long, double, boolean or datetime.
        required: whether rows must have it.
    """

    name: str
    type: str = "double"
    required: bool = True


class Served(ABC):
    """A fitted model that answers rows.

    What comes out of a row depends on that row alone, so rows may come in any batches, repeated
    and in any order.
    """

    kind: ClassVar[str]
    """Of the model, as `newretail_ml.tracking.local_model` calls it."""
    unknowns: ClassVar[tuple[str, ...]] = (RAISE, MISSING)
    """What can be asked for where a row is not known."""

    @property
    @abstractmethod
    def asked(self) -> tuple[Column, ...]:
        """The columns of the rows."""

    @property
    @abstractmethod
    def answered(self) -> tuple[Column, ...]:
        """The columns of the answer."""

    @property
    def choices(self) -> Mapping[str, Any]:
        """What `predict` takes as params, with defaults."""
        return {UNKNOWN: RAISE}

    @property
    @abstractmethod
    def example(self) -> pd.DataFrame:
        """A few rows that the model can answer."""

    @abstractmethod
    def write(self, folder: Path) -> None:
        """Save it into a folder that is there."""

    @classmethod
    @abstractmethod
    def read(cls, folder: Path) -> Self:
        """The model that `write` saved."""

    @abstractmethod
    def _unknown(self, rows: pd.DataFrame) -> list[tuple[np.ndarray, str, str]]:
        """Flags of rows that the model knows nothing of, their column, and why, in words."""

    @abstractmethod
    def _answer(
        self, rows: pd.DataFrame, known: np.ndarray, choices: Mapping[str, Any]
    ) -> pd.DataFrame:
        """The answer, with empty values for rows that are not known."""

    def predict(
        self, model_input: pd.DataFrame, params: Mapping[str, Any] | None = None
    ) -> pd.DataFrame:
        """The answer to each row.

        Args:
            model_input: rows with the columns of `asked`; others are left aside.
            params: of `choices`. ``{"unknown": "missing"}`` leaves rows that the model knows
                nothing of empty; otherwise they are an error.

        Raises:
            DataError: a column is missing, a value cannot be used, or a row is not known.
        """
        rows = self.prepared(model_input)
        choices = self._chosen(params or {})
        known = np.ones(len(rows), dtype=bool)
        for wrong, column, what in self._unknown(rows):
            if wrong.any() and choices[UNKNOWN] == RAISE:
                raise DataError(
                    f"{wrong.sum():,} rows {what}",
                    table=ROWS,
                    column=column,
                    rows=rows.index[wrong],
                    next_step=f"Leave them out, or pass {self._way_out}.",
                )
            known &= ~wrong
        return self._answer(rows, known, choices)

    def prepared(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The rows with the model's own columns and types.

        MLflow refuses numbers where a signature says text, and text where it says dates; pass
        such rows through this first: ``model.predict(model.get_raw_model().prepared(frame))``.

        Raises:
            DataError: a column is missing, or its values are of another type.
        """
        need_columns(frame, ROWS, [one.name for one in self.asked if one.required])
        there = [one for one in self.asked if one.name in frame]
        rows = frame[[one.name for one in there]]
        return rows.assign(**{one.name: _typed(rows[one.name], one.type) for one in there})

    def get_raw_model(self) -> Self:
        """This object, for `PyFuncModel.get_raw_model`."""
        return self

    @property
    def _way_out(self) -> str:
        return 'params={"unknown": "missing"} to get empty values'

    def _chosen(self, params: Mapping[str, Any]) -> Mapping[str, Any]:
        foreign = [name for name in params if name not in self.choices]
        if foreign:
            raise DataError(
                f"there is no parameter {foreign[0]!r}",
                next_step=f"Choose from {', '.join(self.choices)}.",
            )
        chosen = {**self.choices, **params}
        if chosen[UNKNOWN] not in self.unknowns:
            raise DataError(
                f"unknown is {chosen[UNKNOWN]!r}",
                next_step=f"Choose from {', '.join(self.unknowns)}.",
            )
        return chosen


def key_type(keys: pd.Series) -> str:
    """The type of a key column: whole numbers stay numbers."""
    return "long" if pd.api.types.is_integer_dtype(keys) else "string"


def _typed(values: pd.Series, kind: str) -> pd.Series:
    if kind == "datetime":
        return as_dates(values, ROWS)
    if kind == "string":
        return as_ids(values) if pd.api.types.is_numeric_dtype(values) else values
    if kind != "double":
        return values
    numbers = pd.to_numeric(values, errors="coerce").astype(float)
    refuse_values(values, (numbers.isna() & values.notna()).to_numpy(), ROWS, "are not numbers")
    return numbers


def as_ids(values: pd.Series) -> pd.Series:
    """Ids of any type as text, each by itself: 7 and 7.0 become "7", "" is missing."""
    codes, distinct = pd.factorize(values)
    texts = np.array([*map(_id, distinct), None], dtype=object)
    return pd.Series(texts[codes], values.index, name=values.name)


def positions(rows: pd.DataFrame, table: pd.DataFrame, keys: Sequence[str]) -> np.ndarray:
    """(rows,) the row of a table that each row's keys name, -1 where there is none.

    >>> table = pd.DataFrame({"item_id": ["7", "12"]})
    >>> positions(pd.DataFrame({"item_id": [12, None, 7]}), table, ["item_id"]).tolist()
    [1, -1, 0]
    """
    names = list(keys)
    asked = rows[names].apply(as_ids)
    found = row_of(asked, table[names].apply(as_ids), names)
    return np.where(asked.notna().all(axis=1), found, -1)


def _id(value: object) -> str | None:
    whole = isinstance(value, float | np.floating) and value == value // 1
    return str(int(value) if whole else value) or None  # type: ignore[call-overload]
