"""A job that is killed in the middle, run again: complete, no duplicates, nothing lost."""

import json
import signal
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from click.testing import CliRunner

from newretail_ml.cli.main import newretail
from newretail_ml.jobs import Batch
from newretail_ml.jobs.demand import Demand
from newretail_ml.jobs.forecast import ForecastTask
from newretail_ml.jobs.models import SavedModel
from newretail_ml.jobs.series import SeriesOf
from tests.jobs.processes import FINISHED, stopped

KEYS = ("item_id", "location_id")


def request(chain: Path, model: Path, target: str, engine: str = "pool") -> list[str]:
    words = ["forecast", chain, "--out", target, "--model", model, "--horizon", 7]
    shared = ["--partitions", 5, "--workers", 2, "--engine", engine, "--work", "work"]
    return [*map(str, [*words, *shared]), "--tracking", "none"]


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="looks for workers in /proc")
def test_stop_the_job_and_kill_it_and_run_it_again(chain, saved, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number, code in ((signal.SIGTERM, 143), (signal.SIGKILL, -signal.SIGKILL)):
        assert stopped(number, request(chain, saved, "out.duckdb")) == code
        assert not Path("out.duckdb").exists()
    kept = {path.parent.name for path in Path().glob(FINISHED)}
    times = {path: path.stat().st_mtime_ns for path in Path().glob(FINISHED)}

    done = CliRunner().invoke(newretail, request(chain, saved, "out.duckdb", "local"))
    assert done.exit_code == 0, done.output
    assert all(path.stat().st_mtime_ns == then for path, then in times.items())
    receipts = {path.parent.name for path in Path().glob(FINISHED)}
    assert kept < receipts
    with duckdb.connect("out.duckdb") as connection:
        found = connection.table("forecast").df()
    task = ForecastTask(Demand(SeriesOf(KEYS, "D", None, 16), SavedModel.of(saved), 7, seed=0))
    Batch(chain, "whole.parquet", partitions=1).run(task, task.prepared)
    whole = pd.read_parquet("whole.parquet").drop(columns="run_id")
    keys = [*KEYS, "date"]
    assert not found.duplicated(keys).any()
    pd.testing.assert_frame_equal(
        found.drop(columns="run_id").sort_values(keys, ignore_index=True),
        whole.sort_values(keys, ignore_index=True),
        check_dtype=False,
        check_exact=True,
    )
    manifest = json.loads(Path("out.duckdb.manifest.json").read_text())
    assert manifest["rows_out"] == len(found)
    assert set(found["run_id"]) == {manifest["run_id"]}
    assert manifest["rows_in"] == manifest["data"]["order_lines"]
