"""Reads tables from a DuckDB file or from any database that SQLAlchemy reaches."""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from newretail_ml.errors import DataError, MissingExtraError
from newretail_ml.tables.mapping import SourceMapping
from newretail_ml.tables.parts import no_orders
from newretail_ml.tables.schemas import ORDERS, SCHEMAS
from newretail_ml.tables.types import id_columns, require_exact

if TYPE_CHECKING:
    from sqlalchemy import Engine

_CONNECT_SECONDS = 10
_DUCKDB_TABLES = (
    "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
)


def read_duckdb(path: Path, mapping: SourceMapping) -> dict[str, pd.DataFrame]:
    """All tables of a DuckDB file, by the library's table names.

    Raises:
        DataError: the file is damaged, locked by another process, or holds no orders.
        MissingExtraError: duckdb is not installed.
    """
    if find_spec("duckdb") is None:
        raise MissingExtraError("duckdb", extra="duckdb")
    import duckdb

    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            present = [str(row[0]) for row in connection.execute(_DUCKDB_TABLES).fetchall()]
            return _tables(str(path), present, mapping, lambda name: connection.table(name).df())
    except duckdb.CatalogException as error:
        raise _no_table(str(path), str(error).splitlines()[0]) from error
    except duckdb.Error as error:
        raise DataError(
            f"{path} cannot be read ({str(error).splitlines()[0]})",
            next_step="Close other programs that hold it open, or copy the file again.",
        ) from error


def is_engine(source: object) -> bool:
    """Whether this is a SQLAlchemy engine; told without importing SQLAlchemy."""
    return hasattr(source, "connect") and hasattr(source, "dialect")


def read_sql(source: "str | Engine", mapping: SourceMapping) -> dict[str, pd.DataFrame]:
    """All tables of a database, by the library's table names.

    Args:
        source: a SQLAlchemy URL or engine; an engine made here is closed again.
        mapping: which tables to read, where they are called otherwise.

    Raises:
        DataError: the database cannot be reached or read, or holds no orders.
        MissingExtraError: SQLAlchemy is not installed.
    """
    if not isinstance(source, str):
        return _read_engine(source, mapping)
    engine = open_engine(source)
    try:
        require_sqlite_file(engine)
        return _read_engine(engine, mapping)
    finally:
        engine.dispose()


def open_engine(url: str) -> "Engine":
    """An engine for the URL. No message repeats the URL: it may hold a password.

    Raises:
        DataError: it is no URL, or its driver is not installed.
        MissingExtraError: SQLAlchemy is not installed.
    """
    if find_spec("sqlalchemy") is None:
        raise MissingExtraError("sqlalchemy", extra="sql")
    from sqlalchemy import create_engine, make_url
    from sqlalchemy.exc import ArgumentError

    try:
        # PostgreSQL's own client would wait for minutes where nobody answers.
        waits = make_url(url).get_driver_name().startswith("psycopg")
        limits = {"connect_timeout": _CONNECT_SECONDS} if waits else {}
        return create_engine(url, connect_args=limits)
    except ArgumentError as error:
        raise DataError(
            f"this database URL means nothing to SQLAlchemy ({type(error).__name__})",
            next_step="Write it as sqlite:///chain.db or postgresql://user@host/database.",
        ) from None
    except ModuleNotFoundError as error:
        if error.name == "psycopg":
            raise MissingExtraError("psycopg", extra="postgresql") from error
        raise DataError(
            f"the database driver {error.name} is not installed",
            next_step=f"Install it with: pip install {error.name}",
        ) from error


def require_sqlite_file(engine: "Engine") -> None:
    """Raise a DataError for a missing file, which SQLite would make and call empty."""
    database = engine.url.database
    if engine.dialect.name != "sqlite" or not database or database.startswith("file:"):
        return
    if not Path(database).is_file():
        raise DataError(f"there is no file {database}", next_step="Correct the path in the URL.")


def _read_engine(engine: "Engine", mapping: SourceMapping) -> dict[str, pd.DataFrame]:
    from sqlalchemy import inspect
    from sqlalchemy.exc import SQLAlchemyError

    place = engine.url.render_as_string(hide_password=True)
    try:
        with engine.connect() as connection:
            inspector: Any = inspect(connection)
            present = [*inspector.get_table_names(), *inspector.get_view_names()]

            def load(name: str) -> pd.DataFrame:
                schema, _, table = name.rpartition(".")
                if not inspector.has_table(table, schema=schema or None):
                    raise _no_table(place, name)
                return pd.read_sql_table(table, connection, schema=schema or None)

            tables = _tables(place, present, mapping, load)
            return {
                name: require_exact(table, name, id_columns(name, mapping))
                for name, table in tables.items()
            }
    except SQLAlchemyError as error:
        raise DataError(
            f"{place} cannot be read ({str(error).splitlines()[0]})",
            next_step="Check that the database is up, whole, and open to this user.",
        ) from error


def _no_table(place: str, what: str) -> DataError:
    return DataError(
        f"{place} does not hold a table that the mapping names ({what})",
        next_step="Correct source in the mapping: table, or schema.table.",
    )


def _tables(
    place: str,
    present: list[str],
    mapping: SourceMapping,
    load: Callable[[str], pd.DataFrame],
) -> dict[str, pd.DataFrame]:
    """The tables that are present, or that the mapping names as `table` or `schema.table`."""
    sources = {name: mapping.table(name).source for name in SCHEMAS}
    if sources[ORDERS] is None and ORDERS not in present:
        raise no_orders(place, present, "table orders")
    return {
        name: load(source or name)
        for name, source in sources.items()
        if source is not None or name in present
    }
