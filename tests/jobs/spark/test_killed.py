"""Whoever is killed, a job on Spark is complete in the end, and nothing is lost or doubled."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

from newretail_ml.cli.main import newretail
from tests.jobs.processes import COMMAND, FINISHED, alive, below, stopped, until

pytestmark = [
    pytest.mark.usefixtures("on_spark"),
    pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks for workers in /proc"),
]
KEYS = ["item_id", "location_id", "date"]
PARTITIONS = 8


def words(chain: Path, engine: str, out: str = "out.parquet") -> list[str]:
    """The words of a job that goes on for a while after its first partition."""
    asked = ["forecast", chain, "--out", out, "--model", "moving-average", "--horizon", 7]
    shared = ["--partitions", PARTITIONS, "--engine", engine, "--work", "work"]
    return [*map(str, [*asked, *shared]), "--tracking", "none"]


def whole(words: list[str], out: str) -> pd.DataFrame:
    done = CliRunner().invoke(newretail, words)
    assert done.exit_code == 0, done.output
    return pd.read_parquet(out).sort_values(KEYS, ignore_index=True)


@pytest.fixture(scope="module")
def expected(last_months, tmp_path_factory) -> pd.DataFrame:
    """What the job gives where nobody is killed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("whole"))
        return whole(words(last_months, "local"), "out.parquet")


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)


def python_workers(driver: int) -> list[int]:
    """The processes that work for Spark: children of a daemon, that is a child of the JVM."""
    return [pid for pid in below(driver) if "pyspark.daemon" in _command(pid)][1:]


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


def test_a_worker_is_killed_and_the_job_ends_as_if_it_had_not(last_months, on_spark, expected):
    request = words(last_months, on_spark)
    process = subprocess.Popen([*COMMAND, *request], stderr=subprocess.PIPE, text=True)
    until(lambda: any(Path().glob(FINISHED)))
    killed = [pid for pid in python_workers(process.pid) if alive(pid)]
    assert killed
    for pid in killed:
        os.kill(pid, signal.SIGKILL)
    _, told = process.communicate(timeout=300)
    assert process.returncode == 0, told
    manifest = json.loads(Path("out.parquet.manifest.json").read_text())
    assert manifest["failed"] == []
    found = pd.read_parquet("out.parquet").sort_values(KEYS, ignore_index=True)
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
    assert not found.duplicated(KEYS).any()
    assert len(found) == manifest["rows_out"]


def test_the_driver_is_killed_and_the_next_run_goes_on(last_months, on_spark, expected):
    request = words(last_months, on_spark)
    assert stopped(signal.SIGKILL, request) == -signal.SIGKILL
    assert not Path("out.parquet").exists()
    kept = {path: path.stat().st_mtime_ns for path in Path().glob(FINISHED)}
    assert kept
    found = whole(request, "out.parquet")
    assert all(path.stat().st_mtime_ns == then for path, then in kept.items())
    manifest = json.loads(Path("out.parquet.manifest.json").read_text())
    assert sum(one["reused"] for one in manifest["partitions"]) == len(kept) < PARTITIONS
    assert not found.duplicated(KEYS).any()
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
