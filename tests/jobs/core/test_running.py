"""A job goes on where it was stopped."""

import os
import signal
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pytest

from newretail_ml.errors import DataError
from newretail_ml.jobs import (
    Answer,
    Partition,
    PartitionsFailedError,
    pool,
    run_partitions,
)
from newretail_ml.jobs.work import held


@dataclass(frozen=True)
class Double:
    """Twice the number of the folder; leaves a mark of each call, and fails where told to."""

    marks: Path
    factor: int = 2
    fails_at: int = -1
    fails: int = 0

    name = "double"
    key = "item_id"

    def facts(self):
        return {"factor": self.factor}

    def __call__(self, folder: Path) -> Answer:
        number = int(folder.name)
        calls = self.marks / folder.name
        calls.write_text(calls.read_text() + "x" if calls.exists() else "x")
        if number == self.fails_at and len(calls.read_text()) <= self.fails:
            raise DataError("it is odd", next_step="Make it even.")
        refused = pd.DataFrame({"item_id": ["a", "b"], "reason": "too small"})
        return Answer(pd.DataFrame({"n": [self.factor * number]}), refused.head(number), 5)


@pytest.fixture
def parts(tmp_path: Path) -> list[Partition]:
    return [Partition(number, tmp_path / str(number), f"digest {number}", 5) for number in range(3)]


def numbers(manifest) -> list[int]:
    return [int(pd.read_parquet(path)["n"].item()) for path in manifest.results]


def calls(tmp_path: Path) -> list[int]:
    return [len((tmp_path / str(number)).read_text()) for number in range(3)]


def test_what_is_finished_is_not_made_again(parts, tmp_path):
    told, counts = [], []

    def tell(receipt, done, of):
        told.append(receipt)
        counts.append((done, of))

    first = run_partitions(Double(tmp_path), parts, tmp_path / "work", progress=tell)
    assert numbers(first) == [0, 2, 4]
    again = run_partitions(Double(tmp_path), parts, tmp_path / "work", progress=tell)
    assert counts == [(1, 3), (2, 3), (3, 3)] * 2
    assert (numbers(again), calls(tmp_path)) == ([0, 2, 4], [1, 1, 1])
    assert [receipt.reused for receipt in told] == [False] * 3 + [True] * 3
    assert first.run_id == again.run_id
    assert first.run_id.startswith("double-")


def test_other_arguments_or_other_tables_are_other_work(parts, tmp_path):
    first = run_partitions(Double(tmp_path), parts, tmp_path / "work")
    other = run_partitions(Double(tmp_path, factor=3), parts, tmp_path / "work")
    assert (numbers(other), calls(tmp_path)) == ([0, 3, 6], [2, 2, 2])
    parts[1] = Partition(1, parts[1].folder, "newer digest", 5)
    newer = run_partitions(Double(tmp_path), parts, tmp_path / "work")
    assert calls(tmp_path) == [2, 3, 2]
    assert len({first.run_id, other.run_id, newer.run_id}) == 3


def test_a_partition_that_fails_is_tried_once_more(parts, tmp_path):
    told = []
    manifest = run_partitions(
        Double(tmp_path, fails_at=1, fails=1),
        parts,
        tmp_path / "work",
        progress=lambda receipt, done, of: told.append((receipt.partition, receipt.problem, done)),
    )
    assert (numbers(manifest), calls(tmp_path)) == ([0, 2, 4], [1, 2, 1])
    assert [receipt.trials for receipt in manifest.receipts] == [1, 2, 1]
    assert told == [(0, None, 1), (1, "it is odd. Make it even.", 1), (2, None, 2), (1, None, 3)]


def test_a_partition_that_fails_twice_is_named(parts, tmp_path):
    task = Double(tmp_path, fails_at=1, fails=2)
    with pytest.raises(
        PartitionsFailedError, match=r"1 of 3 .*\(1\); the first: it is odd"
    ) as told:
        run_partitions(task, parts, tmp_path / "work")
    assert [receipt.partition for receipt in told.value.manifest.failed] == [1]
    assert numbers(run_partitions(task, parts, tmp_path / "work")) == [0, 2, 4]
    assert calls(tmp_path) == [1, 3, 1]


class DiesAtTwo(Double):
    """Kills its worker at the folder 2: always, or the first time where ``fails`` is 1."""

    def __call__(self, folder: Path) -> Answer:
        mark = self.marks / "died"
        if folder.name == "2" and not (self.fails == 1 and mark.exists()):
            mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return super().__call__(folder)


def test_a_worker_that_was_killed_is_told_of(parts, tmp_path):
    task = DiesAtTwo(tmp_path, fails=1)
    manifest = run_partitions(task, parts, tmp_path / "work", engine=pool(1))
    assert numbers(manifest) == [0, 2, 4]
    assert [receipt.trials for receipt in manifest.receipts] == [1, 1, 2]
    assert "1 of them begun more than once" in manifest.words()
    assert manifest.metrics()["partitions_begun_again"] == 1


def test_a_worker_that_is_lost_is_a_failure(parts, tmp_path):
    with pytest.raises(PartitionsFailedError, match=r"\(2\); the first: its worker .* killed"):
        run_partitions(DiesAtTwo(tmp_path), parts, tmp_path / "work", engine=pool(2))


def test_a_manifest_says_what_was_refused_and_why(parts, tmp_path):
    manifest = run_partitions(Double(tmp_path), parts, tmp_path / "work")
    content = manifest.to_dict()
    assert (content["rows_in"], content["rows_out"], content["refused"]) == (
        15,
        3,
        {"too small": 3},
    )
    assert content["partitions"][2]["examples"] == {"too small": ["a", "b"]}
    assert manifest.words() == (
        "15 order lines in, 3 rows out, 3 partitions. 3 refused: too small."
    )


def test_what_was_half_written_counts_for_nothing(parts, tmp_path):
    manifest = run_partitions(Double(tmp_path), parts, tmp_path / "work")
    (manifest.results[0].with_name("receipt.json")).unlink()
    manifest.results[0].write_text("half")
    again = run_partitions(Double(tmp_path), parts, tmp_path / "work")
    assert (numbers(again), calls(tmp_path)) == ([0, 2, 4], [2, 1, 1])


def test_two_jobs_in_one_folder(tmp_path):
    work = tmp_path / "work"
    with held(work), pytest.raises(DataError, match="another job is at work"), held(work):
        pass
    with held(work):
        assert work.is_dir()


def test_a_work_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="cannot be read or written"), held(tmp_path / "file"):
        pass
    full = OSError(28, "No space left on device", "part")
    words = r"part cannot be .*No space left.*Name another --work"
    with pytest.raises(DataError, match=words), held(tmp_path / "work"):
        raise full
