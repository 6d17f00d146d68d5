"""Cuts the files of a table into portions: not too small, and not too many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from newretail_ml.tables.common import Footer, common_columns, common_schema, footers
from newretail_ml.tables.mapping import SourceMapping
from newretail_ml.tables.parts import TableFiles
from newretail_ml.tables.portions import (
    CsvPortion,
    Groups,
    ParquetPortion,
    Portion,
    WholeTable,
)
from newretail_ml.tables.schemas import ORDERS, SCHEMAS
from newretail_ml.tables.types import id_columns

_MOST_PORTIONS = 512
_BYTES_A_ROW = 64

_One = TypeVar("_One")


def portions_of(files: TableFiles, mapping: SourceMapping, rows: int) -> Sequence[Portion]:
    """The portions of a table, in the order of its rows: four pieces or more, and not too many.

    A CSV file is never cut: where a row begins is known only from the file's beginning.

    Args:
        files: of the table.
        mapping: how they call its columns.
        rows: of a piece, about.

    Raises:
        DataError: a file cannot be read, or the parts do not agree.
    """
    parts = tuple(replace(part, file=part.file.absolute()) for part in files.parts)
    files = replace(files, path=files.path.absolute(), parts=parts)
    if is_small(files.table):
        return [WholeTable(files, mapping)]
    return (
        _parquet_portions(files, mapping, rows)
        if files.is_parquet
        else _csv_portions(files, mapping, rows)
    )


def is_small(table: str) -> bool:
    """Whether a table has one row for each id or event, and not for each day of it as well."""
    return len(SCHEMAS[table].key) <= 1 and table != ORDERS


def _parquet_portions(files: TableFiles, mapping: SourceMapping, rows: int) -> list[Portion]:
    known = footers(files)
    schema = common_schema(files, known, id_columns(files.table, mapping))
    least = max(4 * rows, sum(map(_rows, known)) // _MOST_PORTIONS)
    singles = [
        (count, Groups(part, group, group + 1))
        for part, footer in zip(files.parts, known, strict=True)
        for group, count in enumerate(footer.group_rows)
    ]
    return [
        ParquetPortion(files.table, tuple(_joined(groups)), schema, rows)
        for groups in _gathered(singles, least)
    ]


def _rows(footer: Footer) -> int:
    return sum(footer.group_rows)


def _joined(groups: Iterable[Groups]) -> Iterator[Groups]:
    """Neighbours of one file as one."""
    last: Groups | None = None
    for one in groups:
        if last is not None and last.part == one.part:
            last = replace(last, end=one.end)
            continue
        if last is not None:
            yield last
        last = one
    if last is not None:
        yield last


def _csv_portions(files: TableFiles, mapping: SourceMapping, rows: int) -> list[Portion]:
    columns = tuple(common_columns(files, mapping.csv))
    sizes = [part.file.stat().st_size // _BYTES_A_ROW for part in files.parts]
    least = max(4 * rows, sum(sizes) // _MOST_PORTIONS)
    gathered = _gathered(list(zip(sizes, files.parts, strict=True)), least)
    return [CsvPortion(files.table, tuple(parts), columns, rows, mapping) for parts in gathered]


def _gathered(singles: Sequence[tuple[int, _One]], least: int) -> Iterator[list[_One]]:
    """Neighbours together, until there are enough rows."""
    together: list[_One] = []
    rows = 0
    for count, one in singles:
        together.append(one)
        rows += count
        if rows >= least:
            yield together
            together, rows = [], 0
    if together:
        yield together
