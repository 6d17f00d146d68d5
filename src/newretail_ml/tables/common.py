"""What the parts of a table have in common: their columns, and a type that holds all values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from newretail_ml.errors import DataError
from newretail_ml.tables.csv_format import CsvFormat
from newretail_ml.tables.parts import Part, TableFiles
from newretail_ml.tables.types import (
    as_text,
    columns_with_gaps,
    instants,
    lossy,
    noted,
    plain_type,
)

if TYPE_CHECKING:
    import pyarrow as pa

CSV_DAMAGE = (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError)


@dataclass(frozen=True)
class Footer:
    """What a Parquet file says of itself.

    Args:
        schema: its columns, and those that its folders name.
        group_rows: rows of each row group.
        gaps: columns where values may be missing.
    """

    schema: pa.Schema
    group_rows: tuple[int, ...]
    gaps: frozenset[str]


def footers(files: TableFiles) -> list[Footer]:
    """What each Parquet file of a table says of itself.

    Raises:
        DataError: a file is damaged, or of another kind.
    """
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    found = []
    for part in files.parts:
        try:
            with ParquetFile(part.file) as file:
                groups = range(file.metadata.num_row_groups)
                rows = tuple(file.metadata.row_group(group).num_rows for group in groups)
                gaps = columns_with_gaps(file.metadata)
                schema = _schema(file.schema_arrow, part, instants(file.metadata))
                found.append(Footer(schema, rows, gaps))
        except (ArrowException, OSError, ValueError) as error:
            raise unreadable(part.file, error) from error
    return found


def common_schema(files: TableFiles, known: Sequence[Footer], ids: Sequence[str]) -> pa.Schema:
    """The columns of all Parquet parts of a table, each with a type that holds what all hold.

    Args:
        files: of the table.
        known: what each part says of itself.
        ids: columns whose values are names.

    Raises:
        DataError: parts have other columns than others, or types that nothing holds together.
    """
    import pyarrow as pa

    common = known[0].schema
    for part, footer in zip(files.parts, known, strict=True):
        _require_names(files, part, common.names, footer.schema.names)
        try:
            common = pa.unify_schemas([common, footer.schema], promote_options="permissive")
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise _other_types(files, known, part, footer) from error
    gaps = frozenset().union(*(footer.gaps for footer in known))
    schemas = [(part.file, footer.schema) for part, footer in zip(files.parts, known, strict=True)]
    return noted(as_text(common, gaps.intersection(ids)), schemas)


def common_columns(files: TableFiles, written: CsvFormat) -> list[str]:
    """The columns of all CSV parts of a table, in the order of the first.

    Args:
        files: of the table.
        written: how.

    Raises:
        DataError: a part cannot be read, or has other columns.
    """
    first: list[str] = []
    for part in files.parts:
        try:
            written.check_header(part.file)
            header = pd.read_csv(part.file, dtype=str, nrows=0, sep=written.separator)
        except CSV_DAMAGE as error:
            raise unreadable(part.file, error) from error
        names = [*header, *(name for name, _ in part.keys if name not in header)]
        first = first or names
        _require_names(files, part, first, names)
    return first


def read_rows(
    table: str, part: Part, schema: pa.Schema, rows: int, groups: Sequence[int] | None = None
) -> Iterator[pa.Table]:
    """The rows of a Parquet part, some at a time, in the types of all parts.

    Args:
        table: the library's name of the table.
        part: to be read.
        schema: of all parts.
        rows: to be read at a time.
        groups: numbers of row groups; all where it is None.

    Raises:
        DataError: the file is damaged, or holds values that the type of all parts does not.
    """
    import pyarrow as pa
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(part.file) as file:
            there = [name for name in file.schema_arrow.names if name in schema.names]
            wanted = None if groups is None else list(groups)
            for batch in file.iter_batches(rows, row_groups=wanted, columns=there):
                yield _in_schema(table, pa.Table.from_batches([batch]), part, schema)
    except DataError:
        raise
    except (pa.ArrowException, OSError, ValueError) as error:
        raise unreadable(part.file, error) from error


def unreadable(path: Path, error: Exception) -> DataError:
    """The error for a file that is damaged, or of another kind than its name says."""
    return DataError(
        f"{path} cannot be read ({str(error).splitlines()[0]})",
        next_step="It may be cut off or of another format: export or copy it again.",
    )


def _schema(schema: pa.Schema, part: Part, in_utc: frozenset[str]) -> pa.Schema:
    """Without the index of a frame, which is no column, and with the keys of the folders."""
    import pyarrow as pa

    index = (schema.pandas_metadata or {}).get("index_columns", [])
    columns = {field.name: plain_type(field.type) for field in schema if field.name not in index}
    columns.update({name: pa.timestamp("us", "UTC") for name in in_utc if name in columns})
    keys = {name: pa.string() for name, _ in part.keys if name not in columns}
    return pa.schema([*columns.items(), *keys.items()])


def _in_schema(table: str, rows: pa.Table, part: Part, schema: pa.Schema) -> pa.Table:
    import pyarrow as pa

    keys = dict(part.keys)
    columns = []
    for field in schema:
        if field.name not in rows.column_names:
            columns.append(pa.repeat(pa.scalar(keys[field.name], field.type), len(rows)))
            continue
        column = rows.column(field.name)
        # Times lose what lies below the microsecond, as they do at the door; nothing else may.
        safe = not pa.types.is_timestamp(field.type)
        try:
            columns.append(column.cast(field.type, safe=safe))
        except pa.ArrowInvalid as error:
            raise lossy(part.file, plain_type(column.type), field, table) from error
    return pa.Table.from_arrays(columns, schema=schema)


def _require_names(files: TableFiles, part: Part, first: list[str], names: list[str]) -> None:
    if set(first) == set(names):
        return
    one, other = files.parts[0].file, part.file
    lacks = [
        (file, set(all_) - set(some))
        for file, all_, some in ((other, first, names), (one, names, first))
    ]
    words = " and ".join(f"{file} lacks {', '.join(sorted(some))}" for file, some in lacks if some)
    raise DataError(
        f"the parts {one} and {other} do not agree: {words}",
        table=files.table,
        next_step="Write all parts with the same columns.",
    )


def _other_types(
    files: TableFiles, known: Sequence[Footer], part: Part, footer: Footer
) -> DataError:
    """Names a column, and the first part that does not agree on it."""
    advice = "Write all parts with the same types."
    for earlier, there in zip(files.parts, known, strict=True):
        for name in there.schema.names:
            types = [one.schema.field(name).type for one in (there, footer)]
            if not _together(*types):
                return DataError(
                    f"the parts {earlier.file} and {part.file} do not agree: one holds "
                    f"{types[0]}, the other {types[1]}",
                    table=files.table,
                    column=name,
                    next_step=advice,
                )
    return DataError(
        f"the part {part.file} does not agree in its types with those before it",
        table=files.table,
        next_step=advice,
    )


def _together(one: pa.DataType, other: pa.DataType) -> bool:
    import pyarrow as pa

    schemas = [pa.schema([("column", type_)]) for type_ in (one, other)]
    try:
        pa.unify_schemas(schemas, promote_options="permissive")
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return False
    return True
