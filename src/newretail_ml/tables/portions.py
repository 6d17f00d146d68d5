"""Portions of a table, each of which any process can read by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pandas as pd

from newretail_ml.tables.common import CSV_DAMAGE, read_rows, unreadable
from newretail_ml.tables.files import as_usual, check_cells, check_last_line, read_table
from newretail_ml.tables.mapping import SourceMapping
from newretail_ml.tables.parsing import to_text
from newretail_ml.tables.parts import Part, TableFiles

if TYPE_CHECKING:
    import pyarrow as pa


class Portion(Protocol):
    """Some rows of a table, one after another."""

    @property
    def table(self) -> str:
        """The library's name of the table."""
        ...

    def read(self) -> Iterator[pa.Table]:
        """The rows, a piece at a time.

        Raises:
            DataError: they cannot be read.
        """
        ...


@dataclass(frozen=True)
class WholeTable:
    """A small table, read whole: which columns are numbers shows only then.

    Args:
        files: of the table.
        mapping: how they call its columns.
    """

    files: TableFiles
    mapping: SourceMapping

    @property
    def table(self) -> str:
        """The library's name of the table."""
        return self.files.table

    def read(self) -> Iterator[pa.Table]:
        """All rows at once."""
        yield to_arrow(read_table(self.files, self.mapping))


@dataclass(frozen=True)
class Groups:
    """Row groups of a Parquet file.

    Args:
        part: the file.
        first: number of the first.
        end: number of the one after the last.
    """

    part: Part
    first: int
    end: int


@dataclass(frozen=True)
class ParquetPortion:
    """Row groups of one Parquet file or of several.

    Args:
        table: the library's name of the table.
        groups: in the order of their rows.
        schema: of all parts of the table.
        rows: of a piece, about.
    """

    table: str
    groups: tuple[Groups, ...]
    schema: pa.Schema
    rows: int

    def read(self) -> Iterator[pa.Table]:
        """The rows, a piece at a time."""
        return _in_pieces(self._batches(), self.rows)

    def _batches(self) -> Iterator[pa.Table]:
        for one in self.groups:
            numbers = range(one.first, one.end)
            yield from read_rows(self.table, one.part, self.schema, self.rows, numbers)


@dataclass(frozen=True)
class CsvPortion:
    """One CSV file or several.

    What is in them stays text, because one piece may look like numbers and the next one not.

    Args:
        table: the library's name of the table.
        parts: in the order of their rows.
        columns: of all parts of the table.
        rows: of a piece, about.
        mapping: how they are written.
    """

    table: str
    parts: tuple[Part, ...]
    columns: tuple[str, ...]
    rows: int
    mapping: SourceMapping

    def read(self) -> Iterator[pa.Table]:
        """The rows, a piece at a time."""
        return _in_pieces((piece for part in self.parts for piece in self._of(part)), self.rows)

    def _of(self, part: Part) -> Iterator[pa.Table]:
        import pyarrow as pa

        schema = pa.schema([(name, pa.large_string()) for name in self.columns])
        for frame in _csv(part.file, self.table, self.rows, self.mapping):
            keys = {name: value for name, value in part.keys if name not in frame}
            whole = frame.assign(**keys)[list(self.columns)]
            yield pa.Table.from_pandas(whole, schema, preserve_index=False)


@dataclass(frozen=True)
class Frames:
    """A table of a database: only the process that holds the connection can read it.

    Args:
        table: the library's name of the table.
        pieces: gives its rows a piece at a time.
        ids: columns whose values are names; numbers there become text, because they look otherwise
            in a piece where one is missing.
    """

    table: str
    pieces: Callable[[], Iterator[pd.DataFrame]]
    ids: Sequence[str] = ()

    def read(self) -> Iterator[pa.Table]:
        """The rows, a piece at a time."""
        for piece in self.pieces():
            ids = [name for name in self.ids if name in piece]
            numbers = [name for name in ids if pd.api.types.is_numeric_dtype(piece[name].dtype)]
            yield to_arrow(piece.assign(**{name: to_text(piece[name]) for name in numbers}))


def to_arrow(frame: pd.DataFrame) -> pa.Table:
    """A frame without its index; columns of mixed values become text."""
    import pyarrow as pa

    try:
        rows = pa.Table.from_pandas(frame, preserve_index=False)
    except pa.ArrowException:
        mixed = [name for name in frame if frame[name].dtype == object]
        text = frame.assign(**{name: to_text(frame[name]) for name in mixed})
        rows = pa.Table.from_pandas(text, preserve_index=False)
    return rows.replace_schema_metadata(None)


def _in_pieces(tables: Iterable[pa.Table], rows: int) -> Iterator[pa.Table]:
    """Small tables together, as far as they make no more than a piece."""
    import pyarrow as pa

    waiting: list[pa.Table] = []
    for table in tables:
        if waiting and sum(map(len, waiting)) + len(table) > rows:
            yield pa.concat_tables(waiting)
            waiting = []
        waiting.append(table)
    if waiting:
        yield pa.concat_tables(waiting)


def _csv(file: Path, table: str, rows: int, mapping: SourceMapping) -> Iterator[pd.DataFrame]:
    options = {"sep": mapping.csv.separator, "keep_default_na": False, "na_values": [""]}
    try:
        with pd.read_csv(file, dtype=str, chunksize=rows, **options) as pieces:
            for number, piece in enumerate(pieces):
                if number == 0:
                    check_last_line(file, len(piece.columns), mapping.csv)
                check_cells(piece, file)
                yield as_usual(piece, table, mapping, file)
    except CSV_DAMAGE as error:
        raise unreadable(file, error) from error
