"""What a tracked command leaves in an MLflow store: the request, the metrics and the files."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from newretail_ml import tracking
from newretail_ml.forecasting import MovingAverage
from newretail_ml.tables import RetailTables

mlflow = pytest.importorskip("mlflow")


@pytest.fixture
def store(empty_store: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "store"
    folder.mkdir()
    shutil.copy(empty_store, folder)
    return folder


@pytest.fixture(scope="session", autouse=True)
def _no_telemetry() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        yield


def runs_in(store: Path) -> tuple[object, list[object]]:
    client = mlflow.MlflowClient(f"sqlite:///{store / 'mlflow.db'}")
    experiments = [one.experiment_id for one in client.search_experiments()]
    return client, client.search_runs(experiments)


def files_of(client, run) -> dict[str, bytes]:
    names = [one.path for one in client.list_artifacts(run.info.run_id) if not one.is_dir]
    return {
        name: Path(client.download_artifacts(run.info.run_id, name)).read_bytes() for name in names
    }


def test_a_backtest_is_tracked(ask, chain, store, work):
    request = ["--horizon", 7, "--cut", "2025-06-01", "--out", "out", "--tracking", store]
    models = ["--model", "moving-average", "--model", "seasonal-naive"]
    answer = ask("backtest", chain, *models, *request)
    assert answer.code == 0
    assert f"Tracked: mlflow ui --backend-store-uri sqlite:///{store}/mlflow.db" in answer.err
    client, runs = runs_in(store)
    (parent,) = [run for run in runs if run.data.tags.get("command") == "backtest"]
    children = {run.info.run_name: run for run in runs if run is not parent}
    assert set(children) == {"moving-average", "seasonal-naive"}
    board = pd.read_csv("out/leaderboard.csv", index_col="model")
    for name, run in children.items():
        loss = run.data.metrics["weighted_quantile_loss"]
        assert loss == pytest.approx(board["weighted_quantile_loss"][name])
    assert parent.info.status == "FINISHED"
    assert parent.data.params["cuts"] == "('2025-06-01',)"
    assert parent.data.params["horizon"] == "7"
    files = files_of(client, parent)
    for path in Path("out").glob("*.*g"):
        assert files[path.name] == path.read_bytes()
    assert files["scores.csv"] == Path("out/scores.csv").read_bytes()
    assert ".newretail" not in files


def test_orders_are_tracked_with_their_terms_and_their_model(ask, chain, store, work):
    request = ["--horizon", 7, "--lead-time", 3, "--out", "orders.csv", "--tracking", store]
    answer = ask("orders", chain, "--model", "moving-average", *request)
    assert answer.code == 0
    client, (run,) = runs_in(store)
    terms = {
        "supply.lead_time": "3",
        "supply.review_period": "2",
        "service_level": "0.95",
        "model": "moving-average",
    }
    assert terms.items() <= run.data.params.items()
    assert files_of(client, run)["orders.csv"] == Path("orders.csv").read_bytes()
    kept = tracking.decision(run.info.run_id, store=store)
    assert (kept.kind, kept.fingerprint) == ("orders", RetailTables.read(chain).fingerprint)
    assert kept.table["units"].tolist() == pd.read_csv("orders.csv")["units"].tolist()
    (output,) = run.outputs.model_outputs
    model = mlflow.pyfunc.load_model(client.get_logged_model(output.model_id).artifact_location)
    assert isinstance(model.get_raw_model().forecaster, MovingAverage)


def test_the_demo_is_tracked_as_a_whole(ask, chain, store, work, monkeypatch):
    monkeypatch.setattr("newretail_ml.cli.demo.SAMPLE_FOLDER", chain)
    answer = ask("demo", "--out", "out", "--tracking", store)
    assert answer.code == 0
    assert f"Runs and models: mlflow ui --backend-store-uri sqlite:///{store}" in answer.out
    client, runs = runs_in(store)
    (parent,) = [run for run in runs if run.data.tags.get("command") == "demo"]
    board = pd.read_csv("out/leaderboard.csv", index_col="model")
    assert {run.info.run_name for run in runs if run is not parent} == set(board.index)
    for metric in ("weighted_quantile_loss", "rmsse", "total_28_coverage_80"):
        assert parent.data.metrics[metric] == pytest.approx(board[metric].iloc[0])
    assert parent.data.tags["model"] == board.index[0]
    files = files_of(client, parent)
    written = {path.name: path.read_bytes() for path in Path("out").glob("[!.]*")}
    assert len(written) >= 10
    assert {name: files[name] for name in written} == written
    assert parent.outputs.model_outputs


def test_a_run_that_fails_is_closed_as_failed(ask, chain, store, work):
    answer = ask("backtest", chain, "--horizon", 500, "--tracking", store, "--quiet")
    assert answer.code == 1
    _, (run,) = runs_in(store)
    assert run.info.status == "FAILED"


def test_a_tracker_that_is_down_does_not_stop_the_work(ask, chain, work, caplog):
    from newretail_ml.tracking import runs

    runs._warn_once.cache_clear()
    request = ["--model", "moving-average", "--horizon", 7, "--out", "out.csv"]
    answer = ask("forecast", chain, *request, "--tracking", "sqlite:////proc/nowhere/mlflow.db")
    assert answer.code == 0
    assert Path("out.csv").exists()
    assert "The run goes on without a tracker" in caplog.text


def test_no_tracking_leaves_nothing_behind(ask, chain, work):
    request = ["--model", "moving-average", "--horizon", 7, "--out", "out.csv"]
    assert ask("forecast", chain, *request, "--tracking", "none").code == 0
    assert [path.name for path in work.iterdir()] == ["out.csv"]
