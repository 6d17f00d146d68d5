"""Runs in a local store, and runs without a tracker."""

import logging
import os
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from newretail_ml import tracking
from newretail_ml.errors import DataError, MissingExtraError, TrackingError
from newretail_ml.forecasting import Backtest, Forecaster, LightGBMForecaster, MovingAverage
from newretail_ml.panel import Panel
from newretail_ml.tracking import runs
from newretail_ml.tracking.store import PATIENTLY, asking, connect, store_uri


@pytest.fixture(autouse=True)
def _warnings_come_again() -> None:
    runs._warn_once.cache_clear()


def test_importing_tracking_does_not_import_mlflow() -> None:
    code = "import sys, newretail_ml.tracking; sys.exit('mlflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_no_other_file_of_the_library_imports_mlflow() -> None:
    source = Path(tracking.__file__).parents[1]
    others = [file for file in source.rglob("*.py") if "tracking" not in file.parts]
    assert others
    assert not [file.name for file in others if "import mlflow" in file.read_text()]
    assert not [file.name for file in others if "from mlflow" in file.read_text()]


def test_a_folder_is_a_sqlite_store(tmp_path: Path) -> None:
    assert store_uri(tmp_path) == f"sqlite:///{tmp_path}/mlflow.db"
    assert store_uri(str(tmp_path)) == store_uri(tmp_path)


def test_the_environment_names_the_store(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert store_uri(None) == f"sqlite:///{tmp_path}/mlflow.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://tracker:5000")
    assert store_uri(None) == "http://tracker:5000"
    assert store_uri("none") is None


def test_settings_of_the_user_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "7")
    monkeypatch.delenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", raising=False)
    with asking(PATIENTLY):
        assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "7"
        assert os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "3"
    assert os.environ["MLFLOW_HTTP_REQUEST_TIMEOUT"] == "7"
    assert "MLFLOW_HTTP_REQUEST_MAX_RETRIES" not in os.environ


def test_artifacts_lie_beside_the_database(
    store: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    monkeypatch.chdir(elsewhere)
    with tracking.run("需求 / demand", store=store) as run:
        run.log_table(pd.DataFrame({"units": [1.5]}), "tables/orders.csv")
    assert run.problem is None
    assert [file.read_text() for file in store.glob("mlruns/*/*/artifacts/tables/*")]
    assert not list(elsewhere.iterdir())


def test_runs_leave_mlflow_as_the_user_has_set_it(store: Path) -> None:
    import mlflow

    before = mlflow.get_tracking_uri(), dict(os.environ)
    with tracking.run(store=store) as run:
        assert mlflow.active_run() is None
        run.log_metrics({"profit": 3.0, "nothing": float("nan")})
    assert (mlflow.get_tracking_uri(), dict(os.environ)) == before


def test_an_error_closes_the_run_as_failed(store: Path) -> None:
    with pytest.raises(ZeroDivisionError), tracking.run(store=store) as run:
        run.log_params({"a": 1})
        raise ZeroDivisionError
    assert connect(str(store_uri(store))).get_run(run.run_id).info.status == "FAILED"


def test_more_names_than_one_request_takes(store: Path) -> None:
    with tracking.run(store=store) as run:
        run.log_params({f"p{number}": number for number in range(230)})
        run.log_metrics({f"m{number}": number for number in range(1700)})
    data = connect(str(store_uri(store))).get_run(run.run_id).data
    assert (len(data.params), len(data.metrics)) == (230, 1700)
    assert data.metrics["m1699"] == 1699


def test_item_numbers_stay_numbers_in_the_model(store: Path) -> None:
    import mlflow

    days = pd.date_range("2026-01-01", periods=40)
    frame = pd.concat([pd.DataFrame({"item_id": n, "date": days, "units": n}) for n in (7, 12)])
    model = MovingAverage().fit(Panel.from_frame(frame))
    with tracking.run(store=store, required=True) as run:
        uri = run.log_model(model, model.forecast(3, n_paths=5), levels=[0.5])
    client = connect(str(store_uri(store)))
    folder = client.get_logged_model(str(uri).removeprefix("models:/")).artifact_location
    answer = mlflow.pyfunc.load_model(folder).predict(
        pd.DataFrame({"item_id": [12, 7], "date": pd.to_datetime(["2026-02-11", "2026-02-10"])})
    )
    assert answer.columns.tolist() == ["item_id", "date", "mean", "q0.5"]
    assert answer["mean"].tolist() == [12.0, 7.0]


def test_tables_need_a_known_ending() -> None:
    with tracking.run(store=False) as run, pytest.raises(DataError, match=r"\.parquet"):
        run.log_table(pd.DataFrame(), "orders.xlsx")


def everything(
    run: tracking.Run,
    panel: Panel,
    result: Backtest,
    models: dict[str, Forecaster],
    fitted: LightGBMForecaster,
) -> None:
    run.log_params({"horizon": 7})
    run.log_tags({"command": "test"})
    run.log_metrics({"profit": 1.0})
    run.log_data(panel)
    run.log_backtest(result, models)
    assert run.log_model(fitted, fitted.forecast(7)) is None
    run.log_table(pd.DataFrame({"a": [1]}), "orders.parquet")
    run.log_file("no such file")
    run.log_figure(object(), "fan.png")


def test_without_a_tracker_everything_works(
    panel: Panel,
    result: Backtest,
    models: dict[str, Forecaster],
    fitted: LightGBMForecaster,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with tracking.run(store="none") as run:
        everything(run, panel, result, models, fitted)
    assert run.run_id is None
    assert run.link is None
    assert run.problem is None
    assert not caplog.records


def test_without_mlflow_everything_works_and_is_said_once(
    panel: Panel,
    result: Backtest,
    models: dict[str, Forecaster],
    fitted: LightGBMForecaster,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    for _ in range(2):
        with tracking.run(store=tmp_path) as run:
            everything(run, panel, result, models, fitted)
    assert isinstance(run.problem, MissingExtraError)
    assert [record.getMessage() for record in caplog.records] == [
        "The run goes on without a tracker. mlflow is not installed. Install it with: "
        "pip install 'newretail-ml[tracking]'"
    ]
    assert not list(tmp_path.iterdir())


def test_without_mlflow_a_required_run_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with (
        pytest.raises(MissingExtraError, match="tracking"),
        tracking.run(store=tmp_path, required=True),
    ):
        pytest.fail("the run was opened")


def test_a_tracker_that_fails_on_the_way_costs_nothing(
    store: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with tracking.run(store=store) as run:
        run.log_params({"horizon": 7})
        run.log_params({"horizon": 8})
        run.log_metrics({"profit": 1.0})
    assert isinstance(run.problem, TrackingError)
    assert len([record for record in caplog.records if record.levelno >= logging.WARNING]) == 1
    kept = connect(str(store_uri(store))).get_run(run.run_id)
    assert (kept.info.status, kept.data.params, kept.data.metrics) == (
        "FAILED",
        {"horizon": "7"},
        {},
    )


def test_a_required_tracker_that_fails_on_the_way_is_an_error(store: Path) -> None:
    with (
        pytest.raises(TrackingError, match="switch tracking off"),
        tracking.run(store=store, required=True) as run,
    ):
        run.log_params({"horizon": 7})
        run.log_params({"horizon": 8})
    assert connect(str(store_uri(store))).get_run(run.run_id).info.status == "FAILED"


@pytest.mark.parametrize("kind", ["no database", "a file in place of the folder", "locked"])
def test_a_store_that_cannot_be_used_is_told_in_seconds(
    kind: str, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sqlite3

    monkeypatch.setattr("newretail_ml.tracking.store._LOCKED_SECONDS", 0.2)
    database = store / "mlflow.db"
    where, lock = store, sqlite3.connect(database, isolation_level=None)
    if kind == "no database":
        database.write_text("not a database" * 100)
    elif kind == "locked":
        lock.execute("BEGIN EXCLUSIVE")
    else:
        where = database
    begin = time.monotonic()
    with tracking.run(store=where) as run:
        pass
    lock.close()
    assert isinstance(run.problem, TrackingError)
    assert time.monotonic() - begin < 5


def test_a_dead_server_is_told_in_seconds(caplog: pytest.LogCaptureFixture) -> None:
    begin = time.monotonic()
    with tracking.run(store="http://ann:secret@127.0.0.1:9") as run:
        run.log_params({"horizon": 7})
    assert time.monotonic() - begin < 10
    assert isinstance(run.problem, TrackingError)
    (said,) = [record.getMessage() for record in caplog.records if record.name == runs.__name__]
    assert said.startswith("The run goes on without a tracker. The tracker at http://127.0.0.1:9 ")
    assert said.endswith('switch tracking off with store="none".')
    assert "secret" not in said


def test_a_dead_server_that_is_required_is_an_error() -> None:
    with (
        pytest.raises(TrackingError, match="Start it or mend it"),
        tracking.run(store="http://127.0.0.1:9", required=True),
    ):
        pytest.fail("the run was opened")


def test_a_silent_server_is_told_in_the_time_that_was_set(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import socket

    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begin = time.monotonic()
        with tracking.run(store=f"http://127.0.0.1:{silent.getsockname()[1]}") as run:
            pass
    assert isinstance(run.problem, TrackingError)
    assert time.monotonic() - begin < 10
