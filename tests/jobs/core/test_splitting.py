"""A chain is split the same by any engine, in any number of portions, whoever dies in between."""

import os
import pickle
import signal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from newretail_ml import columns as c
from newretail_ml.jobs import Split, WorkerLostError, local, pool, split
from newretail_ml.jobs.raw import RawWriter, read_raw, to_frame
from newretail_ml.jobs.splitting import Keys
from newretail_ml.jobs.trials import all_answers
from newretail_ml.tables import RetailTables, SourceMapping, pieces

PARTITIONS = 2


@pytest.fixture(scope="module")
def few(frames) -> dict[str, pd.DataFrame]:
    """Three of the chain's tables, the large ones cut."""
    return {name: frames[name].head(1_500) for name in ("orders", "items", "stock")}


@pytest.fixture(scope="module")
def parts(few, tmp_path_factory) -> Path:
    """The tables as folders of parts, one of them without a row."""
    folder = tmp_path_factory.mktemp("chain in parts")
    for name, frame in few.items():
        (folder / name).mkdir()
        for number, rows in enumerate(np.array_split(np.arange(len(frame)), 3)):
            part = folder / name / f"part-{number:05}.parquet"
            frame.iloc[rows].to_parquet(part, row_group_size=200)
        frame.head(0).to_parquet(folder / name / "part-00001b.parquet")
    return folder


@pytest.fixture(scope="module")
def whole(few, tmp_path_factory) -> Split:
    """Split from single files, each read as one portion."""
    folder = tmp_path_factory.mktemp("whole")
    for name, frame in few.items():
        frame.to_parquet(folder / f"{name}.parquet")
    return split(folder, folder / "parts", c.ITEM, PARTITIONS)


@pytest.fixture
def small_pieces(monkeypatch):
    monkeypatch.setattr(pieces.opened.__wrapped__, "__defaults__", (100,))


def digests(made: Split) -> list[str]:
    return [part.digest for part in made.partitions]


def left_behind(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


class Forgetful:
    """Loses the first answer for every part: the work was done, and nobody was told."""

    def __init__(self, times: int = 1) -> None:
        self.times = times
        self.rounds = 0

    def __call__(self, work: Callable[[Any], Any], parts: Sequence[Any]) -> Iterator[Any]:
        self.rounds += 1
        lost = (self.rounds - 1) % 2 < self.times
        for part in reversed(parts):
            travelled, there = pickle.loads(pickle.dumps((work, part)))
            travelled(there)
            yield WorkerLostError(part, "it was lost.") if lost else travelled(there)


@dataclass(frozen=True)
class Deadly:
    """Kills its own process in the middle of the first file that it writes for some portions."""

    work: Callable[[Any], Any]
    marks: Path

    def __call__(self, numbered: tuple[int, Any]) -> Any:
        _, (portion_number, _) = numbered
        mark = self.marks / str(portion_number)
        if portion_number % 4 == 1 and not mark.exists():
            mark.touch()
            RawWriter.write = _dying
        return self.work(numbered)


def _dying(raw: RawWriter, *_: Any) -> None:
    raw._file.write(b"half")
    os.kill(os.getpid(), signal.SIGKILL)


def test_parts_and_portions_do_not_matter(parts, whole, tmp_path, small_pieces):
    with pieces.opened(parts, SourceMapping()) as tables:
        assert [len(tables.portions[name]()) for name in ("orders", "items", "stock")] == [4, 1, 4]
    assert digests(split(parts, tmp_path, c.ITEM, PARTITIONS)) == digests(whole)


def test_work_that_was_done_and_lost_and_done_twice_leaves_one_result(
    parts, whole, tmp_path, small_pieces
):
    engine = Forgetful()
    made = split(parts, tmp_path, c.ITEM, PARTITIONS, engine=engine)
    assert engine.rounds == 4
    assert digests(made) == digests(whole)
    (place,) = tmp_path.iterdir()
    numbers = {str(part.number) for part in made.partitions}
    assert left_behind(place) == {*numbers, "split.json"}


def test_workers_that_are_killed_while_they_write(parts, whole, tmp_path, small_pieces):
    engine, marks = pool(2), tmp_path / "marks"
    marks.mkdir()

    def deadly(work: Callable[[Any], Any], parts: Sequence[Any]) -> Iterator[Any]:
        portions = isinstance(parts[0][1], tuple)
        return engine(Deadly(work, marks) if portions else work, parts)

    made = split(parts, tmp_path / "work", c.ITEM, PARTITIONS, engine=deadly)
    assert left_behind(marks) == {"1", "5"}
    assert digests(made) == digests(whole)


def test_what_is_lost_twice_is_told_and_the_next_run_begins_anew(parts, whole, tmp_path):
    with pytest.raises(WorkerLostError, match="it was lost"):
        split(parts, tmp_path, c.ITEM, PARTITIONS, engine=Forgetful(2))
    assert not list(tmp_path.glob("split*"))
    made = split(parts, tmp_path, c.ITEM, PARTITIONS)
    assert digests(made) == digests(whole)
    assert left_behind(tmp_path) == {made.partitions[0].folder.parent.name}


def test_only_what_failed_is_tried_again():
    seen: list[int] = []

    def engine(work: Callable[[Any], Any], parts: Sequence[Any]) -> Iterator[Any]:
        for part in parts:
            seen.append(part[1])
            yield WorkerLostError(part, "lost.") if seen == [1, 2] else work(part)

    assert sorted(all_answers(engine, str, [1, 2, 3], "{} {}".format)) == ["1", "2", "3"]
    assert seen == [1, 2, 3, 2]


def test_an_id_is_in_the_same_partition_however_a_piece_looks():
    """Numbers become fractions in a piece where one is missing, and in CSV they look so."""
    keys = Keys(c.CUSTOMER, 64, SourceMapping())
    columns = [
        pa.array([17850, 12, 7]),
        pa.array([17850, 12, 7, None]),
        pa.array([17850.0, 12.0, 7.0, None]),
        pa.array(["17850.0", "12.0", "7.0"]),
        pa.array(["17850.0", "12.0", "7.0", "A1"]),
        pa.array(["17850", "12", "7", None]),
    ]
    places = [keys.partition(pa.table({c.CUSTOMER: column}), "orders") for column in columns]
    assert {tuple(found[:3]) for found in places} == {tuple(places[0])}
    assert len(set(places[0])) == 3
    assert places[1][3] == places[2][3] == places[5][3] == -1
    exact = pa.table({c.CUSTOMER: pa.array([2**53, 2**53 + 1, None])})
    assert keys.partition(exact, "orders")[0] != keys.partition(exact, "orders")[1]


@pytest.mark.parametrize("form", ["file", "parts"])
def test_large_ids_beside_a_missing_one_stay_apart(tmp_path, form):
    large = [2**53, 2**53 + 1, None, 2**53 + 1]
    columns = {
        c.ORDER: [1, 2, 3, 4],
        c.TIME: ["2026-05-01"] * 4,
        c.CUSTOMER: pa.array(large),
        c.ITEM: pa.array(large[1:2] * 3 + large[:1]),
        c.UNITS: [1, 2, 3, 4],
        c.UNIT_PRICE: [2.5] * 4,
    }
    lines = pa.table(columns)
    if form == "file":
        pq.write_table(lines, tmp_path / "orders.parquet")
    else:
        (tmp_path / "orders").mkdir()
        pq.write_table(lines[:2], tmp_path / "orders" / "a.parquet")
        pq.write_table(lines[2:], tmp_path / "orders" / "b.parquet")
    ids = [c.ORDER, c.CUSTOMER, c.ITEM]
    whole = RetailTables.read(tmp_path).orders[ids].fillna("").to_numpy().tolist()
    assert [customer for _, customer, _ in whole] == [str(one or "") for one in large]
    for partitions in (1, 3):
        made = split(tmp_path, tmp_path / f"work {partitions}", c.ITEM, partitions)
        orders = pd.concat(
            [pd.read_parquet(part.folder / "orders.parquet") for part in made.partitions]
        )
        assert sorted(orders[ids].fillna("").to_numpy().tolist()) == whole


def test_raw_rows_come_back_by_partition_in_the_order_of_the_source(tmp_path):
    rng = np.random.default_rng(3)
    places = rng.integers(-1, 5, 1_000)
    rows = pd.DataFrame({"units": np.arange(1_000), "item_id": rng.choice(["tea", "cup"], 1_000)})
    with RawWriter(tmp_path, "orders") as raw:
        for first in range(0, 1_000, 170):
            some = slice(first, first + 170)
            raw.write(pa.Table.from_pandas(rows[some], preserve_index=False), places[some])
    assert raw.rows == 1_000
    assert raw.places == [0, 1, 2, 3, 4]
    for first, end in ((0, 1), (1, 4), (4, 1 << 62)):
        found = to_frame(list(read_raw(tmp_path / raw.name, first, end)))
        wanted = rows[(places >= first) & (places < end)]
        pd.testing.assert_frame_equal(found, wanted, check_dtype=False)
    assert list(read_raw(tmp_path / raw.name, 7, 9)) == []


def test_parts_of_a_database_are_read_here_and_checked_by_the_engine(frames, tmp_path):
    import sqlalchemy as sql

    engine = sql.create_engine(f"sqlite:///{tmp_path / 'chain.db'}")
    frames["orders"].to_sql("orders", engine, index=False)
    engine.dispose()
    asked: list[int] = []

    def counting(work: Callable[[Any], Any], parts: Sequence[Any]) -> Iterator[Any]:
        asked.append(len(pickle.dumps((work, list(parts)))))
        return local(work, parts)

    made = split(
        f"sqlite:///{tmp_path / 'chain.db'}", tmp_path / "work", c.ITEM, 2, engine=counting
    )
    assert len(asked) == 1
    assert made.rows == len(frames["orders"])
    assert all(
        pq.read_metadata(part.folder / "orders.parquet").num_rows for part in made.partitions
    )
