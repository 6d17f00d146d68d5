"""Takes the raw tables of a partition through the door, and writes them checked and clean.

Nothing is removed, and nothing stands in the way of another trial: a worker may be killed at any
time, and two may do the same at once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import pandas as pd
import pyarrow as pa

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.jobs.raw import ROW, read_raw, to_frame
from newretail_ml.jobs.splitting import Spread
from newretail_ml.tables import RetailTables, SourceMapping
from newretail_ml.tables.door import NothingLeftError
from newretail_ml.tables.extent import Extent
from newretail_ml.tables.schemas import ORDERS

_BEYOND = 1 << 62


@dataclass(frozen=True)
class Place:
    """Whose rows a partition takes: its own, and those of its neighbours without order lines.

    An item that is yet to be launched may have a partition to itself, and no table of orders.

    Args:
        number: of the partition.
        first: of those whose rows it takes.
        end: the one after the last.
    """

    number: int
    first: int
    end: int


@dataclass(frozen=True)
class RawTable:
    """Where rows of a table lie.

    Args:
        table: the library's name of it.
        file: that a portion was written to.
        first_row: number of the portion's first row in the source.
        shared: whether all partitions need all rows.
    """

    table: str
    file: str
    first_row: int
    shared: bool


@dataclass(frozen=True)
class Admitted:
    """A partition whose tables were checked.

    Args:
        number: of the partition.
        read: order lines before cleaning.
        folder: name of the folder of its tables; None where no order line is left, or the tables
            cannot be used.
        digest: of its tables, where there are any.
        extent: how far it reaches, as JSON.
        actions: what was dropped, repaired or assumed, as the data report tells it.
        error: what a DataError would say, where the tables cannot be used.
    """

    number: int
    read: int
    folder: str | None = None
    digest: str | None = None
    extent: str | None = None
    actions: Sequence[dict[str, Any]] = ()
    error: dict[str, Any] | None = None


@dataclass(frozen=True)
class Admission:
    """Checks one partition.

    Args:
        raw: folder of the tables as they came.
        tables: what lies there.
        clean: folder of the partitions as they are read by tasks.
        mapping: how the source calls its columns, and how to clean them.
        has_items: whether the source has a table of items.
    """

    raw: Path
    tables: Sequence[RawTable]
    clean: Path
    mapping: SourceMapping
    has_items: bool

    def __call__(self, place: Place) -> Admitted:
        """Write the clean tables of a partition, into a folder that nobody else has."""
        frames = self._frames(place)
        read = len(frames[ORDERS])
        try:
            self._check_items(frames)
            tables = RetailTables.from_frames(**frames, mapping=self.mapping)
        except NothingLeftError:
            return Admitted(place.number, read)
        except DataError as error:
            return Admitted(place.number, read, error=_told(error))
        folder = self.clean / f"{place.number}-{uuid4().hex}"
        tables.write(folder)
        actions = tables.report.actions
        actions["shared"] = actions["table"].isin([one.table for one in self.tables if one.shared])
        return Admitted(
            place.number,
            read,
            folder.name,
            _digest(folder),
            tables.extent.to_json(),
            actions.to_dict("records"),
        )

    def _frames(self, place: Place) -> dict[str, pd.DataFrame]:
        """The raw tables; rows stand as in the source, and are numbered as there."""
        found: dict[str, list[pa.Table]] = {}
        for one in self.tables:
            found.setdefault(one.table, []).extend(self._rows(one, place))
        return {name: to_frame(tables) for name, tables in found.items() if tables}

    def _rows(self, one: RawTable, place: Place) -> Iterator[pa.Table]:
        first, end = (0, 1) if one.shared else (place.first, place.end)
        for rows in read_raw(self.raw / one.file, first, end):
            position = rows.schema.get_field_index(ROW)
            numbers = rows.column(position).to_numpy() + one.first_row
            yield rows.set_column(position, ROW, pa.array(numbers))

    def _check_items(self, frames: dict[str, pd.DataFrame]) -> None:
        """An empty table of items would count as not given, here alone."""
        if not self.has_items or len(frames.get("items", ())):
            return
        raise DataError(
            "values are not in the items table",
            table=ORDERS,
            column=c.ITEM,
            rows=frames[ORDERS].index,
            next_step="Add these ids to items, or leave the rows out.",
        )


def places_of(spreads: Sequence[Spread]) -> list[Place]:
    """The partitions that hold any order line; the nearest one below takes what the others hold.

    Raises:
        DataError: there is no order line.
    """
    present = sorted({one for each in spreads if each.table == ORDERS for one in each.places})
    if not present:
        raise DataError(
            "the table has no rows",
            table=ORDERS,
            next_step="Check the source; one order line is the least that is needed.",
        )
    bounds = pairwise([0, *present[1:], _BEYOND])
    return [Place(number, *bound) for number, bound in zip(present, bounds, strict=True)]


def raw_tables(spreads: Sequence[Spread]) -> list[RawTable]:
    """What was written of all portions, and the number of each one's first row."""
    found = []
    next_row: dict[str, int] = {}
    for one in sorted(spreads, key=lambda spread: spread.number):
        first = next_row.get(one.table, 0)
        found.append(RawTable(one.table, one.file, first, one.shared))
        next_row[one.table] = first + one.rows
    return found


def extent_of(admitted: Sequence[Admitted]) -> Extent:
    """How far all partitions together reach."""
    return Extent.together(
        [Extent.from_json(one.extent) for one in admitted if one.extent is not None]
    )


def together(admitted: Sequence[Admitted]) -> list[dict[str, Any]]:
    """What was done to the tables of all partitions; shared tables count once."""
    rows = pd.DataFrame([action for one in admitted for action in one.actions])
    if rows.empty:
        return []
    name = ["table", "what", "action"]
    rows = pd.concat([rows[~rows["shared"]], rows[rows["shared"]].drop_duplicates(name)])
    counted = rows.groupby(name, sort=False).agg({"rows": "sum", "units": "sum", "why": "first"})
    return counted.reset_index().to_dict("records")


def raise_first(admitted: Sequence[Admitted]) -> None:
    """Raise the DataError of the first partition that has one."""
    for one in admitted:
        if one.error is not None:
            raise DataError(one.error.pop("problem"), **one.error)


def _digest(folder: Path) -> str:
    digest = hashlib.blake2b(digest_size=8)
    for file in sorted(folder.iterdir()):
        digest.update(file.name.encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _told(error: DataError) -> dict[str, Any]:
    return {
        "problem": error.problem,
        "table": error.table,
        "column": error.column,
        "rows": error.rows,
        "next_step": error.next_step,
    }
