"""Takes the raw tables of a partition through the door, and writes them checked and clean."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.jobs.splitting import SHARED
from newretail_ml.tables import RetailTables, SourceMapping
from newretail_ml.tables.door import NothingLeftError
from newretail_ml.tables.extent import Extent
from newretail_ml.tables.schemas import ORDERS


@dataclass(frozen=True)
class Admitted:
    """A partition whose tables were checked.

    Args:
        number: of the partition.
        read: order lines before cleaning.
        digest: of its tables; None where no order line is left, or the tables cannot be used.
        extent: how far it reaches, as JSON.
        actions: what was dropped, repaired or assumed, as the data report tells it.
        error: what a DataError would say, where the tables cannot be used.
    """

    number: int
    read: int
    digest: str | None = None
    extent: str | None = None
    actions: Sequence[dict[str, Any]] = ()
    error: dict[str, Any] | None = None


@dataclass(frozen=True)
class Admission:
    """Checks one partition.

    Args:
        raw: folder of the partitions as they came.
        clean: folder of the partitions as they are read by tasks.
        mapping: how the source calls its columns, and how to clean them.
        has_items: whether the source has a table of items.
    """

    raw: Path
    clean: Path
    mapping: SourceMapping
    has_items: bool

    def __call__(self, number: int) -> Admitted:
        """Write the clean tables of a partition."""
        shared, own = (_frames(self.raw / name) for name in (SHARED, str(number)))
        frames = {**shared, **own}
        read = len(frames[ORDERS])
        try:
            self._check_items(frames)
            tables = RetailTables.from_frames(**frames, mapping=self.mapping)
        except NothingLeftError:
            return Admitted(number, read)
        except DataError as error:
            return Admitted(number, read, error=_told(error))
        folder = self.clean / str(number)
        tables.write(folder)
        shutil.rmtree(self.raw / str(number))
        actions = tables.report.actions
        actions["shared"] = actions["table"].isin(list(shared))
        facts = actions.to_dict("records")
        return Admitted(number, read, _digest(folder), tables.extent.to_json(), facts)

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


def _frames(folder: Path) -> dict[str, pd.DataFrame]:
    """The raw tables of a folder; rows stand as in the source, and are numbered as there."""
    frames: dict[str, list[pd.DataFrame]] = {}
    for file in sorted(folder.glob("*.parquet")):
        frames.setdefault(file.name.partition(".")[0], []).append(pd.read_parquet(file))
    return {
        name: pd.concat(parts).sort_index().rename_axis(index=None)
        if len(parts) > 1
        else parts[0].rename_axis(index=None)
        for name, parts in frames.items()
    }


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
