"""Reads the tables of a source piece by piece, so that none has to fit into memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

from newretail_ml.errors import DataError, MissingExtraError
from newretail_ml.tables.cutting import portions_of
from newretail_ml.tables.databases import open_engine, require_sqlite_file
from newretail_ml.tables.mapping import SourceMapping
from newretail_ml.tables.parts import find_files, no_orders
from newretail_ml.tables.portions import Frames, Portion
from newretail_ml.tables.schemas import ORDERS, SCHEMAS
from newretail_ml.tables.sources import KINDS
from newretail_ml.tables.types import id_columns, require_exact

PIECE = 250_000
_VECTOR = 2048

Portions = Callable[[], Sequence[Portion]]


@dataclass(frozen=True)
class Opened:
    """A source whose tables can be read.

    Args:
        portions: for each table, by the library's name, what gives its portions, in the order of
            its rows.
        stamp: changes when the source does; None where that cannot be told without reading it.
        travels: whether another process can read a portion.
    """

    portions: Mapping[str, Portions]
    stamp: str | None = None
    travels: bool = False

    def pieces(self, table: str) -> Iterator[pd.DataFrame]:
        """The rows of a table as they are, a piece at a time; the index is the row's number."""
        return _numbered(
            piece.to_pandas() for portion in self.portions[table]() for piece in portion.read()
        )

    def whole(self, table: str) -> pd.DataFrame:
        """All rows of a small table."""
        return pd.concat(list(self.pieces(table)), ignore_index=True)


@contextmanager
def opened(source: str | Path, mapping: SourceMapping, rows: int = PIECE) -> Iterator[Opened]:
    """The tables of a source, to be read piece by piece.

    Args:
        source: as `RetailTables.read` takes it, but for an engine.
        mapping: how tables are called.
        rows: of a piece, about.

    Raises:
        DataError: there is no such source, it cannot be read, or it holds no orders.
        MissingExtraError: the package that reads it is not installed.
    """
    if isinstance(source, str) and "://" in source:
        with _sql(source, mapping, rows) as made:
            yield made
    elif Path(source).suffix.lower() == ".duckdb" and Path(source).is_file():
        with _duckdb(Path(source), mapping, rows) as made:
            yield made
    else:
        yield _files(Path(source), mapping, rows)


def _files(path: Path, mapping: SourceMapping, rows: int) -> Opened:
    files = find_files(path, mapping, KINDS)
    stamp = repr([(name, one.stamp()) for name, one in sorted(files.items())])
    portions = {name: partial(portions_of, one, mapping, rows) for name, one in files.items()}
    return Opened(portions, stamp, travels=True)


def _numbered(pieces: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    first = 0
    for piece in pieces:
        end = first + len(piece)
        yield piece.set_axis(pd.RangeIndex(first, end))
        first = end


@contextmanager
def _duckdb(path: Path, mapping: SourceMapping, rows: int) -> Iterator[Opened]:
    if find_spec("duckdb") is None:
        raise MissingExtraError("duckdb", extra="duckdb")
    import duckdb

    def chunks(name: str) -> Iterator[pd.DataFrame]:
        rows_of = connection.cursor().execute(f"SELECT * FROM {_quoted(name)}")  # noqa: S608
        piece = rows_of.fetch_df_chunk(rows // _VECTOR + 1)
        while True:
            yield piece
            piece = rows_of.fetch_df_chunk(rows // _VECTOR + 1)
            if piece.empty:
                return

    try:
        with duckdb.connect(str(path), read_only=True) as connection:
            listed = connection.execute(
                "SELECT table_name FROM information_schema.tables "
                "WHERE table_schema = current_schema()"
            ).fetchall()
            names = _names(str(path), [str(row[0]) for row in listed], mapping)
            yield Opened(
                {
                    name: _in_one(name, mapping, partial(chunks, there))
                    for name, there in names.items()
                }
            )
    except duckdb.Error as error:
        raise DataError(
            f"{path} cannot be read ({str(error).splitlines()[0]})",
            next_step="Check the tables that the mapping names, close other programs that hold "
            "the file open, or copy it again.",
        ) from error


@contextmanager
def _sql(url: str, mapping: SourceMapping, rows: int) -> Iterator[Opened]:
    engine = open_engine(url)
    require_sqlite_file(engine)
    from sqlalchemy import inspect
    from sqlalchemy.exc import SQLAlchemyError

    place = engine.url.render_as_string(hide_password=True)

    def chunks(name: str) -> Iterator[pd.DataFrame]:
        schema, _, table = name.rpartition(".")
        yield from pd.read_sql_table(table, connection, schema=schema or None, chunksize=rows)

    try:
        with engine.connect().execution_options(stream_results=True) as connection:
            inspector = inspect(connection)
            present = [*inspector.get_table_names(), *inspector.get_view_names()]
            names = _names(place, present, mapping)
            yield Opened(
                {
                    name: _in_one(name, mapping, partial(chunks, there))
                    for name, there in names.items()
                }
            )
    except (SQLAlchemyError, ValueError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(
            f"{place} cannot be read ({str(error).splitlines()[0]})",
            next_step="Check that the database is up, whole, and open to this user, and holds the "
            "tables that the mapping names.",
        ) from error
    finally:
        engine.dispose()


def _in_one(
    table: str, mapping: SourceMapping, pieces: Callable[[], Iterator[pd.DataFrame]]
) -> Portions:
    ids = id_columns(table, mapping)

    def exact() -> Iterator[pd.DataFrame]:
        return (require_exact(piece, table, ids) for piece in pieces())

    return lambda: [Frames(table, exact, ids)]


def _names(place: str, present: list[str], mapping: SourceMapping) -> dict[str, str]:
    """What each table is called there; those that neither are there nor are named are left out."""
    sources = {name: mapping.table(name).source for name in SCHEMAS}
    if sources[ORDERS] is None and ORDERS not in present:
        raise no_orders(place, present, "table orders")
    return {
        name: source or name
        for name, source in sources.items()
        if source is not None or name in present
    }


def _quoted(name: str) -> str:
    return ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))
