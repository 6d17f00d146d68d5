"""Reads tables from CSV and Parquet files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from newretail_ml.errors import DataError
from newretail_ml.tables.common import (
    CSV_DAMAGE,
    common_columns,
    common_schema,
    footers,
    read_rows,
    unreadable,
)
from newretail_ml.tables.csv_format import CsvFormat
from newretail_ml.tables.exact import EXACT
from newretail_ml.tables.mapping import SourceMapping
from newretail_ml.tables.parts import TableFiles
from newretail_ml.tables.schemas import SCHEMAS, Kind
from newretail_ml.tables.types import id_columns, with_exact_ids, with_zones

_PIECE = 1_000_000
_TAIL = 65_536


def read_table(files: TableFiles, mapping: SourceMapping) -> pd.DataFrame:
    """One table, whole.

    Args:
        files: its file, or its parts; ids and dates are read as text from CSV.
        mapping: how the files call them.

    Raises:
        DataError: a file is damaged or of another kind, or parts have other columns than others.
    """
    first = files.parts[0]
    if len(files.parts) == 1 and not first.keys:
        return _read_one(first.file, files, mapping)
    if files.is_parquet:
        return _read_parts(files, id_columns(files.table, mapping))
    return _read_csv_parts(files, mapping)


def _read_one(file: Path, files: TableFiles, mapping: SourceMapping) -> pd.DataFrame:
    if files.is_parquet:
        return _read_parquet(file, id_columns(files.table, mapping))
    return _read_csv(file, files.table, mapping)


def _read_parquet(path: Path, ids: Sequence[str]) -> pd.DataFrame:
    from pyarrow import ArrowException

    def read() -> pd.DataFrame:
        return with_zones(with_exact_ids(pd.read_parquet(path), path, ids), path)

    return _read(path, read, (ArrowException, OSError, ValueError))


def _read_parts(files: TableFiles, ids: Sequence[str]) -> pd.DataFrame:
    import pyarrow as pa

    schema = common_schema(files, footers(files), ids)
    pieces = [
        piece for part in files.parts for piece in read_rows(files.table, part, schema, _PIECE)
    ]
    return pa.concat_tables([schema.empty_table(), *pieces]).to_pandas()


def _read_csv_parts(files: TableFiles, mapping: SourceMapping) -> pd.DataFrame:
    """A column that looks like numbers in one part alone is text in all, as in a single file."""
    columns = common_columns(files, mapping.csv)
    frames = [_read_csv(part.file, files.table, mapping) for part in files.parts]
    mixed = [name for name in columns if len({_looks(frame, name) for frame in frames} - {""}) > 1]
    if mixed:
        frames = [_read_csv(part.file, files.table, mapping, mixed) for part in files.parts]
    keyed = [
        frame.assign(**{name: value for name, value in part.keys if name not in frame})
        for frame, part in zip(frames, files.parts, strict=True)
    ]
    return pd.concat(keyed, ignore_index=True)[columns]


def _looks(frame: pd.DataFrame, name: str) -> str:
    """What the values of a column look like; nothing where there are none."""
    if name not in frame or frame[name].isna().all():
        return ""
    types = pd.api.types
    if types.is_bool_dtype(frame[name].dtype):
        return "flags"
    return "numbers" if types.is_numeric_dtype(frame[name].dtype) else "text"


def _read_csv(
    path: Path, table: str, mapping: SourceMapping, text_too: Sequence[str] = ()
) -> pd.DataFrame:
    """A CSV file, where only an empty cell is missing: 'NA' may be a region."""
    text = [*mapping.table(table).text_columns(SCHEMAS[table]), *text_too]
    if mapping.csv.decimal != ".":
        text += mapping.table(table).columns_of(SCHEMAS[table], Kind.NUMBER)
    signs = {"sep": mapping.csv.separator, "decimal": mapping.csv.decimal}

    def read() -> pd.DataFrame:
        types = dict.fromkeys(text, str)
        return pd.read_csv(
            path,
            dtype=types,
            keep_default_na=False,
            na_values=[""],
            low_memory=False,
            **signs,
            **EXACT,
        )

    mapping.csv.check_header(path)
    frame = _read(path, read, CSV_DAMAGE)
    check_cells(frame, path)
    check_last_line(path, len(frame.columns), mapping.csv)
    return as_usual(frame, table, mapping, path)


def as_usual(frame: pd.DataFrame, table: str, mapping: SourceMapping, path: Path) -> pd.DataFrame:
    """Text of a CSV file with decimal points and with dates as 2025-12-31.

    Raises:
        DataError: a number is not written as the mapping says.
    """
    columns, schema = mapping.table(table).columns_of, SCHEMAS[table]
    numbers, dates = columns(schema, Kind.NUMBER), columns(schema, Kind.DAY, Kind.TIME)
    return mapping.csv.usual(frame, numbers, dates, path)


def check_cells(frame: pd.DataFrame, path: Path) -> None:
    """Raise a DataError for rows that are wider than the header."""
    if not isinstance(frame.index, pd.RangeIndex):
        raise DataError(
            f"{path} has rows with more cells than the header",
            next_step="Give each column a name, and quote cells that hold the separator.",
        )


def check_last_line(path: Path, columns: int, written: CsvFormat) -> None:
    """Raise a DataError for a CSV file that was cut off."""
    if _ends_within_a_line(path, columns, written.separator):
        raise DataError(
            f"{path} ends in the middle of a line: it was cut off",
            next_step="Export or copy the file again.",
        )


def _read(
    path: Path, read: Callable[[], pd.DataFrame], damage: tuple[type[Exception], ...]
) -> pd.DataFrame:
    try:
        return read()
    except damage as error:
        raise unreadable(path, error) from error


def _ends_within_a_line(path: Path, columns: int, separator: str) -> bool:
    """Whether the last line has fewer cells than the header; quoted cells are not judged."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL))
        last = file.read().rstrip(b"\r\n").rsplit(b"\n", 1)[-1]
    return b'"' not in last and last.count(separator.encode()) + 1 < columns
