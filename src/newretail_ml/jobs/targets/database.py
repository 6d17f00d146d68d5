"""Results in a table of any database that SQLAlchemy reaches."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.jobs.targets.files import check_file
from newretail_ml.jobs.targets.kinds import (
    DAY,
    FLAG,
    NUMBER,
    OTHER,
    TEXT,
    TIME,
    WHOLE,
    kind_of,
    refuse_other_columns,
)
from newretail_ml.jobs.targets.rows import Rows
from newretail_ml.tables.databases import open_engine
from newretail_ml.tables.whole_folder import hidden_beside

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, Table

_SQLITE = "sqlite"
_KINDS = {
    str: TEXT,
    int: WHOLE,
    float: NUMBER,
    Decimal: NUMBER,
    bool: FLAG,
    date: DAY,
    datetime: TIME,
}


def check_database(url: str) -> None:
    """Raise a DataError if a database cannot be reached, or the user is not let in."""
    engine = open_engine(url)
    file = _new_sqlite_file(engine)
    if file is not None:
        check_file(file)
        return
    with _closed_after(engine), engine.connect():
        pass


def write_database(url: str, table: str, rows: Rows) -> None:
    """Write a result into a table, in one transaction; earlier rows of the run are replaced.

    Raises:
        DataError: it cannot be written, or the table has other columns; nothing is changed then.
    """
    engine = open_engine(url)
    file = _new_sqlite_file(engine)
    if file is None:
        _write(engine, table, rows)
        return
    check_file(file)
    with hidden_beside(file) as aside:
        made = aside / file.name
        _write(open_engine(f"sqlite:///{made}"), table, rows)
        shutil.move(made, file)


def _write(engine: Engine, table: str, rows: Rows) -> None:
    with _closed_after(engine), engine.begin() as connection:
        if engine.dialect.name == _SQLITE:
            # Python's driver would begin the transaction only after the table is made.
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        target = _table(connection, table, rows)
        connection.execute(target.delete().where(target.c[c.RUN] == rows.run_id))
        for batch in rows.batches():
            if len(batch):
                connection.execute(target.insert(), batch.to_pylist())


def _table(connection: Connection, name: str, rows: Rows) -> Table:
    """The table, which is made where there is none."""
    from sqlalchemy import Column, MetaData, Table, inspect

    schema, _, table = name.rpartition(".")
    if inspect(connection).has_table(table, schema=schema or None):
        found = Table(table, MetaData(), autoload_with=connection, schema=schema or None)
        there = {str(column.name): _kind(column.type) for column in found.columns}
        refuse_other_columns(f"the table {name}", there, rows)
        return found
    columns = [Column(field.name, _type(field), index=field.name == c.RUN) for field in rows.schema]
    made = Table(table, MetaData(), *columns, schema=schema or None)
    made.create(connection)
    return made


def _kind(type_: Any) -> str:
    try:
        return _KINDS.get(type_.python_type, OTHER)
    except NotImplementedError:
        return OTHER


def _type(field: pa.Field) -> Any:
    import sqlalchemy as sql

    if pa.types.is_timestamp(field.type):
        return sql.DateTime(timezone=field.type.tz is not None)
    types = {
        TEXT: sql.Text,
        WHOLE: sql.BigInteger,
        NUMBER: sql.Double,
        FLAG: sql.Boolean,
        DAY: sql.Date,
    }
    kind = kind_of(field.type)
    if kind not in types:
        raise DataError(
            f"a database cannot hold the column {field.name} of {field.type}",
            next_step="Write this result to Parquet.",
        )
    return types[kind]()


def _new_sqlite_file(engine: Engine) -> Path | None:
    """The file that SQLite would have to make."""
    name = engine.url.database
    if engine.dialect.name != _SQLITE or not name or name.startswith((":", "file:")):
        return None
    return None if Path(name).exists() else Path(name)


@contextmanager
def _closed_after(engine: Engine) -> Iterator[None]:
    """Closes the engine; an error of the database becomes one without the password."""
    from sqlalchemy.exc import SQLAlchemyError

    place = engine.url.set(query={}).render_as_string(hide_password=True)
    try:
        yield
    except SQLAlchemyError as error:
        reason = str(error).splitlines()[0]
        if engine.url.password:
            reason = reason.replace(str(engine.url.password), "***")
        raise DataError(
            f"{place} cannot be written ({reason})",
            next_step="Check that the database is up, and that this user may write there.",
        ) from None
    finally:
        engine.dispose()
