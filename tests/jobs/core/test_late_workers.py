"""Workers of a killed driver may still be at work while the next one splits and cleans up."""

import errno
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from newretail_ml import RetailTables
from newretail_ml.errors import DataError
from newretail_ml.forecasting import Forecaster
from newretail_ml.jobs import Answer, Batch, Split, WorkerLostError, split
from newretail_ml.jobs.groups import GroupDemand
from newretail_ml.jobs.models import SavedModel
from newretail_ml.jobs.running import Finish
from newretail_ml.jobs.work import held

FINISHED = "finished"
KILLED = "it was killed. Use more partitions."


class Killed(BaseException):
    """What stands for the end of the driver: nothing catches it."""


@dataclass(frozen=True)
class Lines:
    """The number of order lines of a partition."""

    gone: bool = False

    name = "lines"
    key = "item_id"

    def facts(self):
        return {}

    def __call__(self, folder: Path) -> Answer:
        lines = len(RetailTables.read(folder).orders)
        if self.gone:
            shutil.rmtree(folder)
        nothing = pd.DataFrame({"item_id": [], "reason": []})
        return Answer(pd.DataFrame({"item_id": ["all"], "lines": [lines]}), nothing, lines)


@pytest.fixture
def source(frames, tmp_path) -> Path:
    """A small chain."""
    folder = tmp_path / "chain"
    folder.mkdir()
    for name in ("orders", "items"):
        frames[name].head(1_500).to_parquet(folder / f"{name}.parquet")
    return folder


def folders(made: Split) -> set[Path]:
    return {part.folder for part in made.partitions}


def digests(made: Split) -> list[str]:
    return [part.digest for part in made.partitions]


def names(folder: Path) -> list[str]:
    """What is in a folder, but for what is hidden."""
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def splits(work: Path) -> list[str]:
    return [name for name in names(work) if name != FINISHED]


def killed_while_removing(monkeypatch, folder: Path) -> None:
    """From now on, a driver dies when it has removed part of a finished split."""
    remove = shutil.rmtree

    def half(path, *args, **kwargs):
        parts = [one.parent for one in Path(path).glob("*/orders.parquet")]
        if Path(path).parent != folder or not (Path(path) / "split.json").is_file() or not parts:
            return remove(path, *args, **kwargs)
        remove(parts[0])
        raise Killed

    monkeypatch.setattr(shutil, "rmtree", half)


def test_a_late_worker_finds_its_own_partition_or_none(source, tmp_path):
    work = tmp_path / "work"
    early = split(source, work, "item_id", 2)
    late = Finish(Lines(), work / FINISHED, "1")
    orders = pd.read_parquet(source / "orders.parquet")
    orders.head(1_000).to_parquet(source / "orders.parquet")
    made = split(source, work, "item_id", 2)
    assert [part.number for part in made.partitions] == [part.number for part in early.partitions]
    assert folders(made).isdisjoint(folders(early))
    for part in early.partitions:
        assert late(part).problem is not None
        assert late.found(part) is None
    assert len(splits(work)) == 1


def test_of_a_source_that_is_read_anew_the_split_has_the_same_place(source, tmp_path, monkeypatch):
    """As databases are: what cannot say whether it changed is split in every run."""
    monkeypatch.setattr(Split, "read", classmethod(lambda cls, folder, stamp: None))
    first = split(source, tmp_path / "work", "item_id", 2)
    first.partitions[0].folder.joinpath("orders.parquet").unlink()
    again = split(source, tmp_path / "work", "item_id", 2)
    assert again == first
    assert sum(len(RetailTables.read(one).orders) for one in folders(again)) == 1_500
    assert len(splits(tmp_path / "work")) == 1


def test_a_half_removed_split_is_never_taken(source, tmp_path, monkeypatch):
    work = tmp_path / "work"
    first = split(source, work, "item_id", 2)
    with monkeypatch.context() as patched, pytest.raises(Killed):
        killed_while_removing(patched, work)
        split(source, work, "item_id", 3)
    again = split(source, work, "item_id", 2)
    assert digests(again) == digests(first)
    assert sum(len(RetailTables.read(one).orders) for one in folders(again)) == 1_500
    assert len(splits(work)) == 1


def test_a_split_without_one_of_its_partitions_is_made_again(source, tmp_path):
    first = split(source, tmp_path, "item_id", 2)
    shutil.rmtree(first.partitions[1].folder)
    again = split(source, tmp_path, "item_id", 2)
    assert digests(again) == digests(first)
    assert all(one.is_dir() for one in folders(again))


def test_a_partition_that_went_while_it_was_read_has_no_result(source, tmp_path):
    part = split(source, tmp_path, "item_id", 2).partitions[0]
    late = Finish(Lines(gone=True), tmp_path / FINISHED, "1")
    assert "was removed by a later run" in late(part).problem
    assert late.found(part) is None


def test_models_and_groups_of_another_job_have_another_file(saved, tmp_path):
    work, other = tmp_path / "work", tmp_path / "other.pkl"
    work.mkdir()
    model = Forecaster.load(saved)
    model.horizon_note = "another model"
    model.save(other)
    one = SavedModel.of(saved).without_panels(work)
    two = SavedModel.of(other).without_panels(work)
    assert one.path != two.path
    assert not one.path.exists()
    assert two.load().horizon_note == "another model"
    assert SavedModel.of(other).without_panels(work) == two

    sums = pd.DataFrame({"by": "chain", "group": "", "period": [0, 1], "total": 6.0, "count": 2.0})
    sums.to_parquet(tmp_path / "one.parquet")
    sums.assign(total=8.0).to_parquet(tmp_path / "two.parquet")
    one, two = (GroupDemand.added_up([tmp_path / f"{n}.parquet"], work) for n in ("one", "two"))
    assert one.file != two.file
    assert two.read()["chain"].to_numpy().tolist() == [[4.0, 4.0]]
    with pytest.raises(FileNotFoundError):
        one.read()


def test_a_worker_that_writes_to_the_last_is_no_failure(source, tmp_path, monkeypatch):
    """The target is there; and the work folder is another job's only when it is removed."""
    remove, remove_empty, work = shutil.rmtree, os.rmdir, tmp_path / ".out.csv.work"
    removed = []

    def watched(path, *args, **kwargs):
        if Path(path) == work:
            with pytest.raises(DataError, match="another job is at work"), held(work):
                pass
            removed.append(path)
        remove(path, *args, **kwargs)

    def not_empty(path, **kwargs):
        if Path(path).name == work.name:
            raise OSError(errno.ENOTEMPTY, "Directory not empty", str(path))
        remove_empty(path, **kwargs)

    monkeypatch.setattr(shutil, "rmtree", watched)
    monkeypatch.setattr(os, "rmdir", not_empty)
    done = Batch(source, tmp_path / "out.csv", partitions=2).run(Lines())
    assert done.rows_in == pd.read_csv(tmp_path / "out.csv")["lines"].sum() == 1_500
    assert len(removed) == 1


@pytest.mark.parametrize("lost", ["result.parquet", "refused.parquet", "receipt.json"])
def test_a_result_that_is_gone_is_made_again(source, tmp_path, lost):
    part = split(source, tmp_path, "item_id", 1).partitions[0]
    finish = Finish(Lines(), tmp_path / FINISHED, "1")
    assert finish(part).problem is None
    assert finish.found(part) is not None
    place = tmp_path / FINISHED / finish.key(part)
    (place / lost).unlink()
    assert finish.found(part) is None
    assert finish(part).problem is None
    assert finish.found(part).rows_out == 1
    assert names(place) == ["receipt.json", "refused.parquet", "result.parquet"]
    assert names(tmp_path / FINISHED) == [place.name]


@pytest.mark.parametrize(
    ("stage", "words"),
    [
        (1, r"^items could not be split, at \S*items\.parquet: it was killed. Use smaller files"),
        (2, r"^the tables of partition 0 could not be checked .*: it was killed. Use more part"),
    ],
)
def test_a_worker_lost_in_the_split_is_named(source, tmp_path, stage, words):
    calls = []

    def engine(work, parts):
        calls.append(len(parts))
        for number, part in enumerate(parts):
            lost = number == 0 and len(calls) >= stage
            yield WorkerLostError(part, KILLED) if lost else work(part)

    with pytest.raises(WorkerLostError, match=words):
        split(source, tmp_path, "item_id", 2, engine=engine)
