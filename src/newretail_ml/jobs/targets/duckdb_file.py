"""Results in a table of a DuckDB file."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from newretail_ml import columns as c
from newretail_ml.errors import DataError, MissingExtraError
from newretail_ml.jobs.targets.files import check_file
from newretail_ml.jobs.targets.kinds import kind_of, refuse_other_columns
from newretail_ml.jobs.targets.places import told
from newretail_ml.jobs.targets.rows import Rows
from newretail_ml.tables.whole_folder import hidden_beside

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_BATCH_VIEW = "rows_of_the_result"


def check_duckdb(path: Path) -> None:
    """Raise a DataError if a DuckDB file is damaged, locked, or cannot be written."""
    check_file(path)
    with _connected(path) if path.exists() else _installed():
        pass


def write_duckdb(path: Path, table: str, rows: Rows) -> None:
    """Write a result into a table, in one transaction; earlier rows of the run are replaced.

    Raises:
        DataError: it cannot be written, or the table has other columns; the file is then as it was.
    """
    check_file(path)
    if path.exists():
        with _connected(path) as connection:
            _replace(connection, path, table, rows)
        return
    with told(path), hidden_beside(path) as aside:
        made = aside / path.name
        with _connected(made) as connection:
            _replace(connection, path, table, rows)
        shutil.move(made, path)


def _replace(connection: DuckDBPyConnection, path: Path, table: str, rows: Rows) -> None:
    schema, _, _ = table.rpartition(".")
    name = ".".join(f'"{part}"' for part in table.split("."))
    connection.begin()
    if schema:
        connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
    empty = rows.schema.empty_table()
    connection.register(_BATCH_VIEW, empty)
    connection.execute(f"CREATE TABLE IF NOT EXISTS {name} AS FROM {_BATCH_VIEW}")
    connection.unregister(_BATCH_VIEW)
    columns = connection.table(table).limit(0).to_arrow_table().schema
    there = {field.name: kind_of(field.type) for field in columns}
    refuse_other_columns(f"the table {table} of {path}", there, rows)
    connection.execute(f"DELETE FROM {name} WHERE {c.RUN} = ?", [rows.run_id])  # noqa: S608
    for batch in rows.batches():
        connection.register(_BATCH_VIEW, batch)
        connection.execute(f"INSERT INTO {name} BY NAME FROM {_BATCH_VIEW}")
        connection.unregister(_BATCH_VIEW)
    connection.commit()


@contextmanager
def _installed() -> Iterator[None]:
    if find_spec("duckdb") is None:
        raise MissingExtraError("duckdb", extra="duckdb")
    yield


@contextmanager
def _connected(path: Path) -> Iterator[DuckDBPyConnection]:
    """A connection; what was begun and not committed is forgotten when it closes."""
    with _installed():
        import duckdb

        try:
            with duckdb.connect(str(path)) as connection:
                yield connection
        except duckdb.Error as error:
            raise DataError(
                f"{path} cannot be written ({str(error).splitlines()[0]})",
                next_step="Close other programs that hold it open, or name another file.",
            ) from error
