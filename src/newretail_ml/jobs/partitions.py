"""Splits a chain's tables into folders of whole series, and never holds the chain in memory."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self
from uuid import uuid4

from newretail_ml.checks import check_whole
from newretail_ml.errors import DataError
from newretail_ml.jobs.admission import Admission, Admitted, extent_of, raise_first, together
from newretail_ml.jobs.engines import Engine, WorkerLostError, local
from newretail_ml.jobs.manifest import digest_of
from newretail_ml.jobs.splitting import Keys, gather, stream
from newretail_ml.tables import SourceMapping
from newretail_ml.tables.extent import EXTENT_FILE
from newretail_ml.tables.pieces import Opened, opened
from newretail_ml.tables.retail_tables import AnyMapping

_SPLIT = "split"
_FACTS = "split.json"


@dataclass(frozen=True)
class Partition:
    """A folder of ordinary tables: all rows of some whole series, and the small tables whole.

    Args:
        number: from 0 on.
        folder: `RetailTables.read(folder)` reads it.
        digest: of its tables, 16 hex digits.
        rows: order lines in it, before cleaning.
    """

    number: int
    folder: Path
    digest: str
    rows: int


@dataclass(frozen=True)
class Split:
    """A chain in partitions.

    Args:
        partitions: those that hold any order line.
        left_out: order lines in none of them, by reason.
        actions: what was dropped, repaired or assumed in the tables, as the data report tells it.
    """

    partitions: Sequence[Partition]
    left_out: Mapping[str, int] = field(default_factory=dict)
    actions: Sequence[Mapping[str, Any]] = ()

    @property
    def digest(self) -> str:
        """Of all tables, 16 hex digits."""
        return digest_of([part.digest for part in self.partitions])

    @property
    def rows(self) -> int:
        """Order lines of the source."""
        return sum(part.rows for part in self.partitions) + sum(self.left_out.values())

    def write(self, folder: Path, stamp: str | None) -> None:
        """Write it beside its partitions."""
        parts = [{**asdict(part), "folder": part.folder.name} for part in self.partitions]
        content = {**asdict(self), "partitions": parts, "stamp": stamp}
        (folder / _FACTS).write_text(json.dumps(content, indent=1, default=str))

    @classmethod
    def read(cls, folder: Path, stamp: str | None) -> Self | None:
        """What an earlier run wrote, if it was made of the same source in the same way."""
        file = folder / _FACTS
        if stamp is None or not file.is_file():
            return None
        content: dict[str, Any] = json.loads(file.read_text())
        if content.pop("stamp") != stamp:
            return None
        parts = [
            Partition(**{**part, "folder": folder / part["folder"]})
            for part in content.pop("partitions")
        ]
        return cls(parts, **content)


def split(
    source: str | Path,
    folder: Path,
    key: str,
    partitions: int,
    mapping: AnyMapping = None,
    *,
    engine: Engine = local,
    leave_out: tuple[str, ...] = (),
) -> Split:
    """Partitions of whole series, each a folder of tables that were checked and cleaned.

    The source is streamed: what is in memory is a piece of it, or one partition. Where the files
    of the source are as they were, what an earlier run made is taken.

    Args:
        source: as `RetailTables.read` takes it.
        folder: where partitions are kept, and found by the next run.
        key: item_id, category (of an item; the item where it has none) or customer_id. Rows of
            one value of it stay together; tables without it are shared by all partitions.
        partitions: how many; those that nothing falls into are left out.
        mapping: how the source calls its tables and columns, and how to clean them.
        engine: who checks the partitions.
        leave_out: tables that the job does not use.

    Raises:
        DataError: the source cannot be read or used.
    """
    check_whole("partitions", partitions, at_least=1)
    chosen = SourceMapping.of(mapping)
    for unfinished in folder.glob(f".{_SPLIT}-*"):
        shutil.rmtree(unfinished)
    with opened(source, chosen) as tables:
        asked = (version("newretail-ml"), repr(chosen), key, partitions, leave_out)
        stamp = None if tables.stamp is None else digest_of(tables.stamp, *asked)
        earlier = Split.read(folder / _SPLIT, stamp)
        if earlier is not None:
            return earlier
        aside = folder / f".{_SPLIT}-{uuid4().hex}"
        (aside / "raw").mkdir(parents=True)
        keys = Keys.of(key, partitions, chosen, tables)
        left_out = stream(tables, keys, aside / "raw", leave_out)
        admission = Admission(aside / "raw", aside, chosen, _has_items(tables, leave_out))
    made = _admitted(admission, engine, left_out)
    made.write(aside, stamp)
    shutil.rmtree(aside / "raw")
    shutil.rmtree(folder / _SPLIT, ignore_errors=True)
    aside.rename(folder / _SPLIT)
    return replace(
        made,
        partitions=[
            replace(part, folder=folder / _SPLIT / part.folder.name) for part in made.partitions
        ],
    )


def _has_items(tables: Opened, leave_out: tuple[str, ...]) -> bool:
    return "items" in tables.pieces and "items" not in leave_out


def _admitted(admission: Admission, engine: Engine, left_out: Mapping[str, int]) -> Split:
    """Checks all partitions, and tells each how far all of them reach."""
    done: list[Admitted] = []
    for one in engine(admission, gather(admission.raw)):
        if isinstance(one, WorkerLostError):
            raise one
        done.append(one)
    done.sort(key=lambda one: one.number)
    raise_first(done)
    kept = [one for one in done if one.digest is not None]
    if not kept:
        raise DataError(
            "none of the rows is left after cleaning",
            table="orders",
            next_step="Check the source, and the rules in [cleaning] of the mapping.",
        )
    extent = extent_of(kept).to_json()
    parts = []
    for one in kept:
        folder = admission.clean / str(one.number)
        (folder / EXTENT_FILE).write_text(extent)
        parts.append(Partition(one.number, folder, digest_of(one.digest, extent), one.read))
    cleaned = sum(one.read for one in done if one.digest is None)
    reasons = {**left_out, "nothing of their partition is left after cleaning": cleaned}
    return Split(parts, {why: rows for why, rows in reasons.items() if rows}, together(kept))
