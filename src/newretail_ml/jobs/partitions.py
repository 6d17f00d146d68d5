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
from newretail_ml.jobs.admission import (
    Admission,
    Place,
    extent_of,
    places_of,
    raise_first,
    raw_tables,
    together,
)
from newretail_ml.jobs.engines import Engine, local
from newretail_ml.jobs.manifest import digest_of
from newretail_ml.jobs.splitting import Keys, Spread, Spreading, left_out
from newretail_ml.jobs.trials import all_answers
from newretail_ml.jobs.work import remove_folder, remove_others
from newretail_ml.tables import SourceMapping
from newretail_ml.tables.extent import EXTENT_FILE
from newretail_ml.tables.parts import Part
from newretail_ml.tables.pieces import Opened, opened
from newretail_ml.tables.portions import CsvPortion, ParquetPortion, Portion, WholeTable
from newretail_ml.tables.retail_tables import AnyMapping

_SPLIT = "split"
_FACTS = "split.json"
_RAW, _CLEAN = "raw", "clean"


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

    def write(self, folder: Path, stamp: str | None) -> str:
        """Write it beside its partitions; the digest of all that it says of them."""
        parts = [{**asdict(part), "folder": part.folder.name} for part in self.partitions]
        content = {**asdict(self), "partitions": parts, "stamp": stamp}
        (folder / _FACTS).write_text(json.dumps(content, indent=1, default=str))
        return digest_of(content)

    @classmethod
    def read(cls, folder: Path, stamp: str | None) -> Self | None:
        """What an earlier run wrote, if it is whole, and of the same source in the same way."""
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
        there = {place.name for place in folder.iterdir()}
        return cls(parts, **content) if all(part.folder.name in there for part in parts) else None


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

    The engine reads the source portion by portion, and checks partition by partition: a worker
    holds a piece of the source, or one partition. A database is read by this process. Where the
    files of the source are as they were, what an earlier run made is taken. The folder of a split
    is named after what is in it, so that a worker of an earlier run, which may still be at work,
    finds what it was sent to, or nothing.

    Args:
        source: as `RetailTables.read` takes it.
        folder: where partitions are kept, and found by the next run.
        key: item_id, category (of an item; the item where it has none) or customer_id. Rows of
            one value of it stay together; tables without it are shared by all partitions.
        partitions: how many; those that nothing falls into are left out.
        mapping: how the source calls its tables and columns, and how to clean them.
        engine: who works; its workers see the files and folders under the same paths.
        leave_out: tables that the job does not use.

    Raises:
        DataError: the source cannot be read or used.
        WorkerLostError: a worker died twice over the same portion or partition.
    """
    check_whole("partitions", partitions, at_least=1)
    chosen, folder = SourceMapping.of(mapping), folder.absolute()
    for unfinished in folder.glob(f".{_SPLIT}-*"):
        shutil.rmtree(unfinished, ignore_errors=True)
    with opened(source, chosen) as tables:
        asked = (version("newretail-ml"), repr(chosen), key, partitions, leave_out)
        stamp = None if tables.stamp is None else digest_of(tables.stamp, *asked)
        earlier = _found(folder, stamp)
        if earlier is not None:
            return earlier
        aside = folder / f".{_SPLIT}-{uuid4().hex}"
        (aside / _RAW).mkdir(parents=True)
        keys = Keys.of(key, partitions, chosen, tables, aside / _RAW)
        spreads = _spread(tables, Spreading(keys, aside / _RAW), engine, leave_out)
    reasons = left_out(spreads, keys)
    items = any(one.table == "items" for one in spreads)
    admission = Admission(aside / _RAW, raw_tables(spreads), aside / _CLEAN, chosen, items)
    made = _admitted(admission, places_of(spreads), aside, engine, reasons)
    # With what workers left that were killed, or did what others had done.
    for rest in (_RAW, _CLEAN):
        shutil.rmtree(aside / rest, ignore_errors=True)
    return _in_place(made, aside, stamp)


def _found(folder: Path, stamp: str | None) -> Split | None:
    for place in sorted(folder.glob(f"{_SPLIT}-*")):
        earlier = Split.read(place, stamp)
        if earlier is not None:
            remove_others(place, f"{_SPLIT}-*")
            return earlier
    return None


def _in_place(made: Split, aside: Path, stamp: str | None) -> Split:
    """The split where the next run finds it; those that it found before are no more."""
    place = aside.with_name(f"{_SPLIT}-{made.write(aside, stamp)}")
    remove_folder(place)
    aside.rename(place)
    remove_others(place, f"{_SPLIT}-*")
    parts = [replace(part, folder=place / part.folder.name) for part in made.partitions]
    return replace(made, partitions=parts)


def _spread(
    tables: Opened, spreading: Spreading, engine: Engine, leave_out: tuple[str, ...]
) -> list[Spread]:
    portions = [
        portion
        for table, portions_of_it in tables.portions.items()
        if table not in leave_out
        for portion in portions_of_it()
    ]
    reader = engine if tables.travels else local
    return all_answers(reader, spreading, list(enumerate(portions)), _portion_lost)


def _portion_lost(numbered: tuple[int, Portion], reason: str) -> str:
    """What engines advise is for partitions, and how many there are does not matter here."""
    portion = numbered[1]
    told = reason.replace("more partitions", "smaller files")
    return f"{portion.table} could not be split, at {_files_of(portion)}: {told}"


def _files_of(portion: Portion) -> str:
    parts: Sequence[Part] = ()
    if isinstance(portion, ParquetPortion):
        parts = [one.part for one in portion.groups]
    elif isinstance(portion, CsvPortion):
        parts = portion.parts
    elif isinstance(portion, WholeTable):
        parts = portion.files.parts
    names = list(dict.fromkeys(str(part.file) for part in parts)) or ["all its rows"]
    return names[0] if len(names) == 1 else f"the files from {names[0]} to {names[-1]}"


def _place_lost(place: Place, reason: str) -> str:
    return f"the tables of partition {place.number} could not be checked for the split: {reason}"


def _admitted(
    admission: Admission,
    places: Sequence[Place],
    folder: Path,
    engine: Engine,
    left_out: Mapping[str, int],
) -> Split:
    """Checks all partitions, and tells each how far all of them reach."""
    done = all_answers(engine, admission, places, _place_lost)
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
        place = folder / str(one.number)
        (admission.clean / str(one.folder)).rename(place)
        (place / EXTENT_FILE).write_text(extent)
        parts.append(Partition(one.number, place, digest_of(one.digest, extent), one.read))
    cleaned = sum(one.read for one in done if one.digest is None)
    reasons = {**left_out, "nothing of their partition is left after cleaning": cleaned}
    return Split(parts, {why: rows for why, rows in reasons.items() if rows}, together(kept))
