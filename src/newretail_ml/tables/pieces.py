"""Reads the tables of a source piece by piece, so that none has to fit into memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pandas as pd

from newretail_ml.errors import DataError, MissingExtraError
from newretail_ml.tables.databases import open_engine, require_sqlite_file
from newretail_ml.tables.files import (
    CSV_DAMAGE,
    SUFFIXES,
    check_cells,
    check_last_line,
    find_files,
    no_orders,
    read_file,
    unreadable,
)
from newretail_ml.tables.mapping import SourceMapping
from newretail_ml.tables.schemas import ORDERS, SCHEMAS

PIECE = 250_000
_VECTOR = 2048

Pieces = Callable[[], Iterator[pd.DataFrame]]


@dataclass(frozen=True)
class Opened:
    """A source whose tables can be read.

    Args:
        pieces: for each table, by the library's name, what gives its rows a piece at a time, as
            they are; the index is the number of the row.
        stamp: changes when the source does; None where that cannot be told without reading it.
    """

    pieces: Mapping[str, Pieces]
    stamp: str | None = None

    def whole(self, table: str) -> pd.DataFrame:
        """All rows of a small table."""
        return pd.concat(list(self.pieces[table]()), ignore_index=True)


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
    files = _files_of(path, mapping)
    facts = [(name, str(file.absolute()), file.stat()) for name, file in sorted(files.items())]
    stamp = repr([(name, file, stat.st_size, stat.st_mtime_ns) for name, file, stat in facts])
    pieces = {name: _pieces_of(file, name, mapping, rows) for name, file in files.items()}
    return Opened(pieces, stamp)


def _files_of(path: Path, mapping: SourceMapping) -> dict[str, Path]:
    kinds = "a folder of .parquet or .csv tables, one such file of orders, a .duckdb file, or a URL"
    if not path.exists():
        raise DataError(f"there is no {path}", next_step=f"Give {kinds}.")
    if not path.is_dir():
        if path.suffix.lower() in SUFFIXES:
            return {ORDERS: path}
        raise DataError(f"{path} is of no kind that can be read", next_step=f"Give {kinds}.")
    files = find_files(path, mapping)
    if ORDERS not in files:
        present = sorted(file.name for file in path.iterdir() if file.suffix in SUFFIXES)
        raise no_orders(str(path), present, "orders.parquet or orders.csv")
    return files


def _pieces_of(file: Path, table: str, mapping: SourceMapping, rows: int) -> Pieces:
    """Tables of one row an id are small, and read whole: types of columns show only then."""
    if file.stat().st_size == 0:
        raise DataError(f"{file} is empty", next_step="Export the table again.")
    if is_small(table):
        return lambda: iter([read_file(file, table, mapping)])
    if file.suffix.lower() == ".parquet":
        return lambda: _parquet(file, rows)
    return lambda: _csv(file, rows)


def is_small(table: str) -> bool:
    """Whether a table has one row for each id or event, and not for each day of it as well."""
    return len(SCHEMAS[table].key) <= 1 and table != ORDERS


def _parquet(file: Path, rows: int) -> Iterator[pd.DataFrame]:
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        with ParquetFile(file) as opened_file:
            batches = opened_file.iter_batches(rows)
            yield from _numbered(batch.to_pandas() for batch in batches)
    except (ArrowException, OSError, ValueError) as error:
        raise unreadable(file, error) from error


def _csv(file: Path, rows: int) -> Iterator[pd.DataFrame]:
    """All columns as text, because one piece may look like numbers and the next one not."""
    try:
        with pd.read_csv(
            file, dtype=str, keep_default_na=False, na_values=[""], chunksize=rows
        ) as pieces:
            for number, piece in enumerate(pieces):
                if number == 0:
                    check_last_line(file, len(piece.columns))
                check_cells(piece, file)
                yield piece
    except CSV_DAMAGE as error:
        raise unreadable(file, error) from error


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
            yield Opened({name: _lazily(chunks, there) for name, there in names.items()})
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
            yield Opened({name: _lazily(chunks, there) for name, there in names.items()})
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


def _lazily(chunks: Callable[[str], Iterator[pd.DataFrame]], name: str) -> Pieces:
    return lambda: _numbered(chunks(name))


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
