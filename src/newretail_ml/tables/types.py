"""The types of a Parquet table's columns: one that holds what all parts hold, and ids exactly.

Whole numbers beside missing values become fractions in pandas, which hold them up to 2^53: ids
beyond that would become one. Such ids are therefore read as text.

Spark writes a timestamp as INT96 unless told otherwise: an instant in UTC, without a word of that.
Read as a wall clock, an evening in New York would be the next day.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from newretail_ml.errors import DataError
from newretail_ml.tables.mapping import SourceMapping
from newretail_ml.tables.schemas import SCHEMAS, Kind

if TYPE_CHECKING:
    import pyarrow as pa
    from pyarrow.parquet import FileMetaData


def plain_type(type_: pa.DataType) -> pa.DataType:
    """One type for all ways to hold text, and times to the microsecond, as tables have them."""
    from pyarrow import string, timestamp, types

    if types.is_dictionary(type_):
        return plain_type(type_.value_type)
    if types.is_large_string(type_) or types.is_string_view(type_):
        return string()
    return timestamp("us", type_.tz) if types.is_timestamp(type_) else type_


def id_columns(table: str, mapping: SourceMapping) -> list[str]:
    """The columns whose values are names, as a source calls them."""
    return mapping.table(table).columns_of(SCHEMAS[table], Kind.ID, Kind.TEXT)


def columns_with_gaps(metadata: FileMetaData) -> frozenset[str]:
    """Columns of a Parquet file where values may be missing."""
    found = set()
    for group in map(metadata.row_group, range(metadata.num_row_groups)):
        for column in map(group.column, range(group.num_columns)):
            known = column.statistics if column.is_stats_set else None
            if known is None or not known.has_null_count or known.null_count:
                found.add(column.path_in_schema)
    return frozenset(found)


def instants(metadata: FileMetaData) -> frozenset[str]:
    """Columns of a Parquet file that are INT96."""
    columns = map(metadata.schema.column, range(len(metadata.schema)))
    return frozenset(column.path for column in columns if column.physical_type == "INT96")


def with_zones(frame: pd.DataFrame, file: Path) -> pd.DataFrame:
    """A frame of a Parquet file whose instants say that they are in UTC."""
    from pyarrow.parquet import read_metadata

    names = [name for name in instants(read_metadata(file)) if name in frame]
    return frame.assign(**{name: frame[name].dt.tz_localize("UTC") for name in names})


def as_text(schema: pa.Schema, columns: Iterable[str]) -> pa.Schema:
    """Large whole numbers of these columns as text; the others as they are."""
    import pyarrow as pa

    for name in columns:
        position = schema.get_field_index(name)
        if position >= 0 and _is_large(schema.field(position).type):
            field = schema.field(position).with_type(pa.string())
            schema = schema.set(position, field)
    return schema


def with_exact_ids(frame: pd.DataFrame, file: Path, ids: Sequence[str]) -> pd.DataFrame:
    """A frame of a Parquet file with the ids that pandas rounded, as text.

    Args:
        frame: all rows of the file.
        file: that it was read from.
        ids: columns whose values are names.
    """
    rounded = [name for name, type_ in frame.dtypes.items() if name in ids and type_ == "float64"]
    if not rounded:
        return frame
    from pyarrow.parquet import ParquetFile

    with ParquetFile(file) as parquet:
        schema = parquet.schema_arrow.remove_metadata()
        exact = as_text(schema, rounded)
        names = [name for name in rounded if schema.field(name) != exact.field(name)]
        rows = parquet.read(names).replace_schema_metadata(None)
    texts = {name: rows.column(name).cast("string").to_pandas() for name in names}
    return frame.assign(**{name: text.set_axis(frame.index) for name, text in texts.items()})


def require_exact(frame: pd.DataFrame, table: str, ids: Sequence[str]) -> pd.DataFrame:
    """The rows of a database's table, unless large ids were rounded on their way.

    Args:
        frame: the rows.
        table: the library's name of the table.
        ids: columns whose values are names.

    Raises:
        DataError: ids are fractions so large that several of them may have become one.
    """
    for name in ids:
        values = frame.get(name)
        if values is not None and values.dtype == "float64" and values.abs().ge(2**53).any():
            raise DataError(
                "whole numbers of 2^53 and more beside missing values would be rounded",
                table=table,
                column=name,
                next_step="Make a view where they are text, and name it as source in the mapping.",
            )
    return frame


def noted(schema: pa.Schema, parts: Sequence[tuple[Path, pa.Schema]]) -> pa.Schema:
    """The schema of all parts, which notes the first part of each type where these differ.

    Args:
        schema: of all parts.
        parts: file and schema of each.
    """
    for position, field in enumerate(schema):
        first: dict[str, str] = {}
        for file, own in parts:
            first.setdefault(str(own.field(field.name).type), str(file))
        if len(first) > 1:
            schema = schema.set(position, field.with_metadata(first))
    return schema


def lossy(file: Path, type_: pa.DataType, field: pa.Field, table: str) -> DataError:
    """The error for a part whose values the type of all parts does not hold.

    Args:
        file: the part.
        type_: of its column.
        field: of all parts; it notes the first part of each type.
        table: the library's name of the table.
    """
    first = {key.decode(): name.decode() for key, name in (field.metadata or {}).items()}
    others = {key: name for key, name in first.items() if key not in ("null", str(type_))}
    other = str(field.type) if str(field.type) in others else next(iter(others), str(field.type))
    return DataError(
        f"the parts {others.get(other, 'before')} and {file} do not agree: one holds {other}, "
        f"the other {type_} with values that {field.type} does not hold",
        table=table,
        column=field.name,
        next_step="Write all parts with the same types.",
    )


def _is_large(type_: pa.DataType) -> bool:
    from pyarrow import types

    return bool(types.is_int64(type_) or types.is_uint64(type_))
