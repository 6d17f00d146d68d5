"""Finds out what kind of source it is, and reads its tables."""

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from newretail_ml.errors import DataError
from newretail_ml.tables.databases import is_engine, read_duckdb, read_sql
from newretail_ml.tables.files import read_table
from newretail_ml.tables.mapping import SourceMapping
from newretail_ml.tables.parts import find_files

if TYPE_CHECKING:
    from sqlalchemy import Engine

KINDS = (
    "a folder of .parquet or .csv tables, each a file or a folder of parts; one such table of "
    "orders; a .duckdb file; or a database URL such as sqlite:///chain.db"
)


def read_tables(source: "str | Path | Engine", mapping: SourceMapping) -> dict[str, pd.DataFrame]:
    """The tables of a source as they are, by the library's table names.

    Raises:
        DataError: there is no such source, it cannot be read, or it holds no orders.
        MissingExtraError: the package that reads it is not installed.
    """
    if is_engine(source) or (isinstance(source, str) and "://" in source):
        return read_sql(source, mapping)  # type: ignore[arg-type]
    if not isinstance(source, (str, Path)):
        raise DataError(
            f"a {type(source).__name__} is no source of tables",
            next_step=f"Give {KINDS}; for DataFrames use RetailTables.from_frames.",
        )
    return _read_path(Path(source), mapping)


def _read_path(path: Path, mapping: SourceMapping) -> dict[str, pd.DataFrame]:
    if path.suffix.lower() == ".duckdb" and path.is_file():
        return read_duckdb(path, mapping)
    files = find_files(path, mapping, KINDS)
    return {name: read_table(one, mapping) for name, one in files.items()}
