"""Streams a chain's tables into folders of whole series, a piece of the source at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.jobs.blocks import owner_of, partition_of
from newretail_ml.tables import SourceMapping
from newretail_ml.tables.parsing import to_text
from newretail_ml.tables.pieces import Opened
from newretail_ml.tables.schemas import ORDERS, SCHEMAS
from newretail_ml.tables.shaping import shape

SHARED = "shared"
_ROW = "row number"


@dataclass(frozen=True)
class Keys:
    """Says which partition each row belongs to.

    Args:
        key: column whose values stay together: item_id, category or customer_id.
        partitions: how many.
        mapping: how the source calls its columns.
        category: category of each item, where the key is that.
    """

    key: str
    partitions: int
    mapping: SourceMapping
    category: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, key: str, partitions: int, mapping: SourceMapping, tables: Opened) -> Keys:
        """With the categories of the source's items, if they are the key."""
        plain = cls(key, partitions, mapping)
        if key != c.CATEGORY or "items" not in tables.pieces:
            return plain
        items = tables.whole("items")
        item, category = (plain._column(items, "items", name) for name in (c.ITEM, c.CATEGORY))
        if item is None or category is None:
            return plain
        known = pd.Series(to_text(category).to_numpy(), index=to_text(item)).dropna()
        return cls(key, partitions, mapping, known[~known.index.duplicated()].to_dict())

    def partition(self, frame: pd.DataFrame, table: str) -> np.ndarray | None:
        """(rows,) partition of each row; -1 for none, None for a table that is shared by all."""
        if self.key != c.CATEGORY:
            ids = self._column(frame, table, self.key)
            if ids is None:
                return None
            places = partition_of(to_text(ids), self.partitions)
            return np.where(to_text(ids).isna(), -1, places) if self.key == c.CUSTOMER else places
        items = self._column(frame, table, c.ITEM)
        if items is None:
            return None
        text = to_text(items)
        known = text.map(self.category).astype(object)
        return partition_of(known.where(known.notna(), text), self.partitions)

    def _column(self, frame: pd.DataFrame, table: str, name: str) -> pd.Series | None:
        foreign = self.mapping.table(table).foreign_name(name)
        return frame.get(foreign)


def stream(tables: Opened, keys: Keys, folder: Path, leave_out: tuple[str, ...]) -> dict[str, int]:
    """Write every table into one folder for each partition, and one that is shared by all.

    Args:
        tables: the source.
        keys: where each row belongs.
        folder: empty; gets a folder for each partition, by its number, and "shared".
        leave_out: tables that the job does not use.

    Returns:
        How many order lines were left out, by reason: where customers are the key, not every line
        names one.

    Raises:
        DataError: the source cannot be read, or order lines do not hold the key.
    """
    left_out, lines = 0, 0
    for table, pieces in tables.pieces.items():
        if table in leave_out:
            continue
        with _writers(folder, table) as write:
            for piece in pieces():
                places = keys.partition(piece, table)
                if places is not None:
                    kept = places >= 0
                    if table == ORDERS:
                        left_out, lines = left_out + int((~kept).sum()), lines + len(piece)
                    write(piece[kept], places[kept], None)
                elif table == ORDERS:
                    raise _no_key(piece, keys)
                else:
                    write(piece, np.zeros(len(piece), dtype=np.int64), SHARED)
    if 0 < lines == left_out:
        raise DataError(
            f"none of the {lines:,} order lines names a {keys.key}",
            table=ORDERS,
            column=keys.key,
            next_step="Bring lines that do.",
        )
    return {f"they name no {keys.key}": left_out}


def gather(folder: Path) -> list[int]:
    """Move tables of partitions without an order line to those of the nearest one that has any.

    An item that is yet to be launched may have a partition to itself, and no table of orders.

    Args:
        folder: as `stream` filled it.

    Returns:
        The partitions that are left.

    Raises:
        DataError: there is no order line.
    """
    numbers = sorted(int(one.name) for one in folder.iterdir() if one.name != SHARED)
    present = [number for number in numbers if any((folder / str(number)).glob(f"{ORDERS}.*"))]
    if not present:
        raise DataError(
            "the table has no rows",
            table=ORDERS,
            next_step="Check the source; one order line is the least that is needed.",
        )
    for number in set(numbers) - set(present):
        owner = int(owner_of(np.array([number]), present)[0])
        for file in (folder / str(number)).iterdir():
            file.rename(folder / str(owner) / f"{file.stem}.{number}{file.suffix}")
        (folder / str(number)).rmdir()
    return present


def _no_key(orders: pd.DataFrame, keys: Keys) -> DataError:
    shape(orders, SCHEMAS[ORDERS], keys.mapping.table(ORDERS))
    return DataError(
        f"there is no column {keys.key}, which the job is split by",
        table=ORDERS,
        next_step=f"Add it, or say in a mapping how it is called: [orders.columns] {keys.key}.",
    )


@contextmanager
def _writers(folder: Path, table: str) -> Iterator[Any]:
    """Writes rows to the partitions' files of one table.

    Pieces may differ in the types of their columns, as where one of them has no customers at all:
    each kind gets a file of its own.
    """
    import pyarrow as pa
    from pyarrow.parquet import ParquetWriter

    writers: dict[tuple[str, str], ParquetWriter] = {}
    kinds: dict[str, int] = {}

    def write(piece: pd.DataFrame, places: np.ndarray, name: str | None) -> None:
        order = np.argsort(places, kind="stable")
        rows = _arrow(piece.iloc[order])
        kind = repr(rows.schema.remove_metadata())
        number = kinds.setdefault(kind, len(kinds))
        found, first = np.unique(places[order], return_index=True)
        ends = [*first, len(order)][1:]
        for place, begin, end in zip(found, first, ends, strict=True):
            there = name or str(place)
            if (there, kind) not in writers:
                (folder / there).mkdir(exist_ok=True)
                file = folder / there / f"{table}.{number}.parquet"
                writers[there, kind] = ParquetWriter(file, rows.schema)
            writers[there, kind].write_table(rows.slice(begin, end - begin))

    def _arrow(piece: pd.DataFrame) -> pa.Table:
        piece = piece.rename_axis(index=_ROW)
        try:
            return pa.Table.from_pandas(piece, preserve_index=True)
        except pa.ArrowException:
            mixed = [name for name in piece if piece[name].dtype == object]
            text = piece.assign(**{name: to_text(piece[name]) for name in mixed})
            return pa.Table.from_pandas(text, preserve_index=True)

    try:
        yield write
    finally:
        for writer in writers.values():
            writer.close()
