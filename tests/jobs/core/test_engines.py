"""Engines give what is done, and tell of workers that died."""

import os
import signal
from pathlib import Path

import pytest

from newretail_ml.errors import DataError
from newretail_ml.jobs import WorkerLostError, local, pool


def threads(_: int) -> str | None:
    return os.environ.get("OMP_NUM_THREADS")


class DiesAt:
    """Kills its own process at a number: always, or the first time only."""

    def __init__(self, mark: Path | None) -> None:
        self.mark = mark

    def __call__(self, number: int) -> int:
        if number == 3 and (self.mark is None or not self.mark.exists()):
            if self.mark is not None:
                self.mark.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return 10 * number


def test_one_after_another_in_this_process():
    seen = []
    assert list(local(seen.append, [1, 2])) == [None, None]
    assert seen == [1, 2]


def test_workers_that_die_are_told_and_others_go_on(tmp_path, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    engine = pool(2)
    assert set(engine(threads, [1, 2, 3])) == {"1"}
    assert "OMP_NUM_THREADS" not in os.environ
    once = list(engine(DiesAt(tmp_path / "died"), range(6)))
    assert sorted(once) == [0, 10, 20, 30, 40, 50]
    always = list(engine(DiesAt(None), range(5)))
    lost = [one for one in always if isinstance(one, WorkerLostError)]
    assert [one.part for one in lost] == [3]
    assert "Use more partitions" in str(lost[0])
    assert sorted(one for one in always if not isinstance(one, WorkerLostError)) == [0, 10, 20, 40]


def test_no_workers():
    with pytest.raises(DataError, match="workers is 0"):
        pool(0)
