"""Gives a foreign table the library's column names and says what is missing or unused."""

from dataclasses import dataclass

import pandas as pd

from newretail_ml.errors import DataError
from newretail_ml.tables.mapping import TableMapping
from newretail_ml.tables.schemas import TableSchema


@dataclass(frozen=True)
class Shaped:
    """A table in the library's column names, its values as they came.

    Args:
        frame: the table; its extra columns come last.
        unused: foreign columns that a column of the same name has replaced.
    """

    frame: pd.DataFrame
    unused: tuple[object, ...] = ()


def shape(raw: pd.DataFrame, schema: TableSchema, mapping: TableMapping) -> Shaped:
    """The table in the library's names: mapped columns, constants, then extra ones.

    Raises:
        DataError: a column is missing, or two have the same name.
    """
    _require_frame(raw, schema)
    _require_mapped(raw, schema, mapping)
    raw = raw if raw.index.is_unique else raw.reset_index(drop=True)
    named = {target: raw[foreign] for target, foreign in mapping.columns.items()}
    rest = raw.drop(columns=list(mapping.columns.values()))
    replaced = [name for name in rest.columns if name in named or name in mapping.constants]
    rest = rest.drop(columns=replaced)
    frame = pd.DataFrame(named, index=raw.index).assign(**mapping.constants).join(rest)
    require_columns(frame, schema, schema.required, found=raw)
    _require_single_values(frame, schema)
    return Shaped(in_order(frame, schema), tuple(replaced))


def in_order(frame: pd.DataFrame, schema: TableSchema) -> pd.DataFrame:
    """The schema's columns in its order, then the extra ones."""
    known = [name for name in schema.columns if name in frame]
    return frame[known + extra_columns(frame, schema)]


def extra_columns(frame: pd.DataFrame, schema: TableSchema) -> list[object]:
    """The columns that the schema does not know."""
    return [name for name in frame.columns if name not in schema.columns]


def require_columns(
    frame: pd.DataFrame,
    schema: TableSchema,
    required: tuple[str, ...],
    found: pd.DataFrame,
) -> None:
    """Raise a DataError that lists the missing columns and those that were found."""
    missing = [name for name in required if name not in frame]
    if missing:
        raise DataError(
            f"missing columns: {', '.join(missing)}; found: {_listed(found)}",
            table=schema.name,
            next_step=f"Add them, or say in a mapping how they are called: [{schema.name}.columns] "
            f'{missing[0]} = "<name in your table>".',
        )


def _require_frame(raw: pd.DataFrame, schema: TableSchema) -> None:
    if not isinstance(raw, pd.DataFrame):
        raise DataError(
            f"a {type(raw).__name__} is not a pandas DataFrame",
            table=schema.name,
            next_step="Turn it into one first, often with .to_pandas().",
        )
    repeated = raw.columns[raw.columns.duplicated()]
    if len(repeated):
        raise DataError(
            f"several columns have the same name: {', '.join(map(str, repeated.unique()))}",
            table=schema.name,
            next_step="Rename or remove all but one of them.",
        )


def _require_single_values(frame: pd.DataFrame, schema: TableSchema) -> None:
    for name, column in frame.items():
        if not pd.api.types.is_object_dtype(column):
            continue
        first = column.dropna().iloc[:1]
        if len(first) and pd.api.types.is_list_like(first.iloc[0]):
            raise DataError(
                f"a cell holds a {type(first.iloc[0]).__name__}, not a single value",
                table=schema.name,
                column=str(name),
                rows=first.index,
                next_step="Spread it over several rows or columns, or leave the column out.",
            )


def _require_mapped(raw: pd.DataFrame, schema: TableSchema, mapping: TableMapping) -> None:
    for target, foreign in mapping.columns.items():
        if foreign not in raw.columns:
            raise DataError(
                f"the mapping reads it from column {foreign!r}, which is not there; "
                f"found: {_listed(raw)}",
                table=schema.name,
                column=target,
                next_step=f"Correct [{schema.name}.columns] in the mapping.",
            )


def _listed(frame: pd.DataFrame) -> str:
    return ", ".join(map(str, frame.columns)) or "none"
