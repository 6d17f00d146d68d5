"""Reads tables from CSV and Parquet files."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from newretail_ml.errors import DataError
from newretail_ml.tables.mapping import SourceMapping
from newretail_ml.tables.schemas import ORDERS, SCHEMAS

SUFFIXES = (".parquet", ".csv")
CSV_DAMAGE = (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError)
_TAIL = 65_536


def read_file(path: Path, table: str, mapping: SourceMapping) -> pd.DataFrame:
    """One table from one file.

    Args:
        path: a .parquet or .csv file.
        table: the library's name of the table; its ids and dates are read as text from CSV.
        mapping: how the file calls them.

    Raises:
        DataError: the file is empty, damaged or of another kind.
    """
    if path.stat().st_size == 0:
        raise DataError(f"{path} is empty", next_step="Export the table again.")
    if path.suffix.lower() == ".parquet":
        return _read_parquet(path)
    text_columns = mapping.table(table).text_columns(SCHEMAS[table])
    return _read_csv(path, text_columns)


def find_files(folder: Path, mapping: SourceMapping) -> dict[str, Path]:
    """The file of each table that a folder holds, by the library's table names.

    Raises:
        DataError: a table has two files, or a file that the mapping names is not there.
    """
    found = {name: _find(folder, name, mapping) for name in SCHEMAS}
    return {name: path for name, path in found.items() if path is not None}


def _find(folder: Path, table: str, mapping: SourceMapping) -> Path | None:
    source = mapping.table(table).source
    stem = source or table
    names = [stem] if Path(stem).suffix in SUFFIXES else [stem + suffix for suffix in SUFFIXES]
    paths = [folder / name for name in names if (folder / name).is_file()]
    if len(paths) > 1:
        raise DataError(
            f"{folder} holds {' and '.join(path.name for path in paths)}",
            table=table,
            next_step="Remove one of them, or name the right one as source in the mapping.",
        )
    if source and not paths:
        raise DataError(
            f"{folder} holds no {' or '.join(names)}, which the mapping names",
            table=table,
            next_step=f"Correct source in [{table}] of the mapping.",
        )
    return paths[0] if paths else None


def read_folder(folder: Path, mapping: SourceMapping) -> dict[str, pd.DataFrame]:
    """All tables of a folder, by the library's table names."""
    files = find_files(folder, mapping)
    if ORDERS not in files:
        present = sorted(path.name for path in folder.iterdir() if path.suffix in SUFFIXES)
        raise no_orders(str(folder), present, "orders.parquet or orders.csv")
    return {table: read_file(path, table, mapping) for table, path in files.items()}


def no_orders(place: str, present: list[str], wanted: str) -> DataError:
    """The error for a source without order lines; it lists what was found instead."""
    found = ", ".join(present) or "no tables"
    return DataError(
        f"{place} holds no {wanted}; found: {found}",
        table=ORDERS,
        next_step=f'Add {wanted}, or name the table in a mapping: [orders] source = "...".',
    )


def _read_parquet(path: Path) -> pd.DataFrame:
    from pyarrow import ArrowException

    return _read(path, lambda: pd.read_parquet(path), (ArrowException, OSError, ValueError))


def _read_csv(path: Path, text_columns: list[str]) -> pd.DataFrame:
    """A CSV file, where only an empty cell is missing: 'NA' may be a region."""

    def read() -> pd.DataFrame:
        types = dict.fromkeys(text_columns, str)
        return pd.read_csv(
            path, dtype=types, keep_default_na=False, na_values=[""], low_memory=False
        )

    frame = _read(path, read, CSV_DAMAGE)
    check_cells(frame, path)
    check_last_line(path, len(frame.columns))
    return frame


def check_cells(frame: pd.DataFrame, path: Path) -> None:
    """Raise a DataError for rows that are wider than the header."""
    if not isinstance(frame.index, pd.RangeIndex):
        raise DataError(
            f"{path} has rows with more cells than the header",
            next_step="Give each column a name, and quote cells that hold a comma.",
        )


def check_last_line(path: Path, columns: int) -> None:
    """Raise a DataError for a CSV file that was cut off."""
    if _ends_within_a_line(path, columns):
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


def unreadable(path: Path, error: Exception) -> DataError:
    """The error for a file that is damaged, or of another kind than its name says."""
    return DataError(
        f"{path} cannot be read ({str(error).splitlines()[0]})",
        next_step="It may be cut off or of another format: export or copy it again.",
    )


def _ends_within_a_line(path: Path, columns: int) -> bool:
    """Whether the last line has fewer cells than the header; quoted cells are not judged."""
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - _TAIL))
        last = file.read().rstrip(b"\r\n").rsplit(b"\n", 1)[-1]
    return b'"' not in last and last.count(b",") + 1 < columns
