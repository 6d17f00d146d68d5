"""Finds out what kind of source it is, and reads its tables."""

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from newretail_ml.errors import DataError
from newretail_ml.tables.databases import is_engine, read_duckdb, read_sql
from newretail_ml.tables.files import SUFFIXES, read_file, read_folder
from newretail_ml.tables.mapping import SourceMapping
from newretail_ml.tables.schemas import ORDERS

if TYPE_CHECKING:
    from sqlalchemy import Engine

_KINDS = (
    "a folder of .parquet or .csv tables, one .parquet or .csv file of orders, a .duckdb file, "
    "or a database URL such as sqlite:///chain.db"
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
            next_step=f"Give {_KINDS}; for DataFrames use RetailTables.from_frames.",
        )
    return _read_path(Path(source), mapping)


def _read_path(path: Path, mapping: SourceMapping) -> dict[str, pd.DataFrame]:
    if not path.exists():
        raise DataError(f"there is no {path}", next_step=f"Give {_KINDS}.")
    if path.is_dir():
        return read_folder(path, mapping)
    if path.suffix.lower() in SUFFIXES:
        return {ORDERS: read_file(path, ORDERS, mapping)}
    if path.suffix.lower() == ".duckdb":
        return read_duckdb(path, mapping)
    raise DataError(f"{path} is of no kind that can be read", next_step=f"Give {_KINDS}.")
