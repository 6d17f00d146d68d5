"""A real tracking server: what is logged can be read back, by MLflow's own client."""

import json
import os
import select
import signal
import socket
import socketserver
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from newretail_ml import tracking
from newretail_ml.cli.main import newretail as commands
from newretail_ml.errors import TrackingError
from newretail_ml.forecast import Forecast
from newretail_ml.forecasting import Backtest, Forecaster, LightGBMForecaster, MovingAverage
from newretail_ml.jobs.models import SavedModel
from newretail_ml.panel import Panel
from newretail_ml.tables import RetailTables
from newretail_ml.tracking.facts import panel_digest

mpl.use("agg")
LEVELS = (0.1, 0.5, 0.9)
SAME: Any = {"check_dtype": False, "check_column_type": False, "check_exact": True}


@dataclass(frozen=True)
class Logged:
    """A run that holds everything, and what it was made of."""

    client: Any
    run_id: str
    model_uri: str
    forecast: Forecast
    orders: pd.DataFrame

    @property
    def run(self) -> Any:
        return self.client.get_run(self.run_id)

    def table(self, file: str, folder: Path) -> pd.DataFrame:
        """Not by MLflow's load_table, which asks the default store whoever the client is for."""
        path = self.client.download_artifacts(self.run_id, file, str(folder))
        return pd.read_json(path, orient="split")

    def children(self) -> dict[str, Any]:
        found = self.client.search_runs(
            [self.run.info.experiment_id], f"tags.`mlflow.parentRunId` = '{self.run_id}'"
        )
        return {child.info.run_name: child for child in found}


@pytest.fixture(scope="module")
def logged(
    server: str,
    panel: Panel,
    result: Backtest,
    models: dict[str, Forecaster],
    fitted: LightGBMForecaster,
) -> Logged:
    from matplotlib.figure import Figure
    from mlflow import MlflowClient

    forecast = fitted.forecast(7, n_paths=50)
    orders = pd.DataFrame({"item_id": ["茶 0"], "date": [pd.Timestamp("2026-04-01")], "units": [6]})
    with tracking.run("demand", name="weekly", store=server, required=True) as run:
        run.log_params({"horizon": 7, "model": {"seed": 0}})
        run.log_data(panel, fingerprint="0123456789abcdef", source="data/sample")
        run.log_backtest(result, models)
        model_uri = run.log_model(fitted, forecast, levels=LEVELS)
        run.log_table(orders, "tables/orders.parquet")
        run.log_table(orders, "orders.json")
        run.log_figure(Figure(), "plots/fan.png")
    assert run.run_id is not None
    assert model_uri is not None
    assert run.link == f"{server}/#/experiments/1/runs/{run.run_id}"
    return Logged(MlflowClient(server), run.run_id, model_uri, forecast, orders)


def test_the_run_says_what_it_was_made_of(logged: Logged, panel: Panel) -> None:
    run = logged.run
    assert (run.info.run_name, run.info.status) == ("weekly", "FINISHED")
    assert run.data.params == {"horizon": "7", "model.seed": "0"}
    assert run.data.tags["mlflow.source.type"] == "LOCAL"
    assert run.data.tags["data.fingerprint"] == "0123456789abcdef"
    assert run.data.tags["data.last_date"] == str(panel.last_date.date())
    (given,) = run.inputs.dataset_inputs
    assert given.dataset.digest == "0123456789abcdef"
    assert given.dataset.source == '{"uri": "data/sample"}'


def test_without_a_fingerprint_the_dataset_has_the_digest_of_the_panel(
    server: str, logged: Logged, panel: Panel
) -> None:
    with tracking.run("digests", store=server, required=True) as run:
        run.log_data(panel)
    (given,) = logged.client.get_run(run.run_id).inputs.dataset_inputs
    assert given.dataset.digest == panel_digest(panel)


def test_each_model_is_a_run_of_its_own_with_the_same_metrics(
    logged: Logged, result: Backtest
) -> None:
    children = logged.children()
    board = result.leaderboard()
    assert set(children) == {*board.index, "refusing"}
    for name, means in board.iterrows():
        metrics = children[name].data.metrics
        assert {key: metrics[key] for key in board.columns} == means.to_dict()
        assert children[name].info.status == "FINISHED"
    assert children["average"].data.params == {"window": "14"}
    assert children["refusing"].info.status == "FAILED"
    assert "nothing to learn" in children["refusing"].data.tags["not_run"]


def test_each_fold_is_a_step(logged: Logged, result: Backtest) -> None:
    scores = result.scores.query("model == 'lightgbm' and metric == 'wape'").set_index("fold")
    run_id = logged.children()["lightgbm"].info.run_id
    history = logged.client.get_metric_history(run_id, "by_fold/wape")
    assert {value.step: value.value for value in history} == scores["value"].to_dict()


def test_the_run_holds_the_metrics_of_the_best_model(logged: Logged, result: Backtest) -> None:
    data = logged.run.data
    assert data.tags["best_model"] == result.best
    assert data.tags["backtest.cuts"] == "2026-03-10, 2026-03-17, 2026-03-24"
    assert data.metrics == result.leaderboard().loc[result.best].to_dict()


def test_tables_and_plots_come_back(logged: Logged, result: Backtest, tmp_path: Path) -> None:
    client, run_id = logged.client, logged.run_id
    parquet = client.download_artifacts(run_id, "tables/orders.parquet", str(tmp_path))
    pd.testing.assert_frame_equal(pd.read_parquet(parquet), logged.orders)
    board = logged.table("leaderboard.json", tmp_path)
    assert board["model"].tolist() == result.leaderboard().index.tolist()
    assert np.allclose(board["wape"], result.leaderboard()["wape"])
    image = Path(client.download_artifacts(run_id, "plots/fan.png", str(tmp_path)))
    assert image.read_bytes().startswith(b"\x89PNG")


def test_feature_importance_is_kept_with_the_model(
    logged: Logged, fitted: LightGBMForecaster, tmp_path: Path
) -> None:
    table = logged.table("feature_importance.json", tmp_path)
    assert table["feature"].tolist() == fitted.feature_importance()["feature"].tolist()


def test_the_model_is_ready_and_belongs_to_the_run(logged: Logged) -> None:
    (output,) = logged.run.outputs.model_outputs
    model = logged.client.get_logged_model(output.model_id)
    assert (model.status, model.name, model.source_run_id) == (
        "READY",
        "forecaster",
        logged.run_id,
    )
    assert model.experiment_id == logged.run.info.experiment_id
    assert model.params["objective"] == "tweedie"


ELSEWHERE = """
    import sys
    from pathlib import Path

    import mlflow
    import numpy as np
    import pandas as pd

    server, model_uri, run_id, folder = sys.argv[1:]
    mlflow.set_tracking_uri(server)
    model = mlflow.pyfunc.load_model(model_uri)
    by_run = mlflow.pyfunc.load_model(f"runs:/{run_id}/forecaster")
    rows = pd.read_parquet(Path(folder) / "rows.parquet")

    answers = {
        "whole": model.predict(rows),
        "shuffled": model.predict(rows.sample(frac=1, random_state=3)).sort_index(),
        "in_parts": pd.concat([model.predict(rows[i : i + 5]) for i in range(0, len(rows), 5)]),
        "repeated": model.predict(pd.concat([rows, rows])).tail(len(rows)),
        "by_run": by_run.predict(rows),
        "objects": model.predict(rows.astype({"item_id": object, "location_id": object})),
        "nanoseconds": model.predict(rows.astype({"date": "datetime64[ns]"})),
        "served": model.predict(model.input_example),
        "unknown": model.predict(rows.assign(item_id="?"), params={"unknown": "missing"}),
    }
    for name, answer in answers.items():
        answer.to_parquet(Path(folder) / f"{name}.parquet")
    try:
        model.predict(rows.assign(item_id="?"))
    except ValueError as error:
        (Path(folder) / "refused.txt").write_text(str(error))
    again = model.get_raw_model().forecaster.forecast(7, n_paths=50)
    np.save(Path(folder) / "paths.npy", again.paths)
    (Path(folder) / "signature.txt").write_text(str(model.metadata.signature))
"""


@pytest.fixture(scope="module")
def elsewhere(server: str, logged: Logged, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which another process has left the answers of the loaded model."""
    folder = tmp_path_factory.mktemp("elsewhere")
    rows = logged.forecast.to_frame(LEVELS)[["item_id", "location_id", "date"]]
    rows.to_parquet(folder / "rows.parquet")
    code = textwrap.dedent(ELSEWHERE)
    arguments = [server, logged.model_uri, logged.run_id, str(folder)]
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "WARNING" not in done.stderr
    return folder


@pytest.mark.parametrize(
    "way", ["whole", "shuffled", "in_parts", "repeated", "by_run", "objects", "nanoseconds"]
)
def test_another_process_gets_the_same_numbers_to_the_bit(
    way: str, elsewhere: Path, logged: Logged
) -> None:
    answer = pd.read_parquet(elsewhere / f"{way}.parquet")
    expected = logged.forecast.to_frame(LEVELS)
    pd.testing.assert_frame_equal(answer, expected, **SAME)


def test_another_process_serves_the_input_example(elsewhere: Path, logged: Logged) -> None:
    answer = pd.read_parquet(elsewhere / "served.parquet")
    expected = logged.forecast.to_frame(LEVELS).head(len(answer))
    assert len(answer) == 3
    pd.testing.assert_frame_equal(answer, expected, **SAME)


def test_another_process_is_told_of_unknown_rows(elsewhere: Path) -> None:
    answer = pd.read_parquet(elsewhere / "unknown.parquet")
    assert answer[["mean", "q0.1", "q0.5", "q0.9"]].isna().all(axis=None)
    assert "a series that the model was not fitted on" in (elsewhere / "refused.txt").read_text()


def test_another_process_can_forecast_anew_to_the_bit(elsewhere: Path, logged: Logged) -> None:
    assert np.array_equal(np.load(elsewhere / "paths.npy"), logged.forecast.paths)


def test_the_signature_names_types_and_the_choice(elsewhere: Path) -> None:
    signature = (elsewhere / "signature.txt").read_text()
    for part in (
        "'item_id': string (required)",
        "'date': datetime (required)",
        "'q0.9': double (required)",
        "'unknown': string (default: raise)",
    ):
        assert part in signature


def test_the_example_passes_mlflows_own_check_for_serving(logged: Logged, tmp_path: Path) -> None:
    import mlflow
    from mlflow.models.utils import _validate_serving_input

    folder = Path(
        mlflow.artifacts.download_artifacts(
            artifact_uri=logged.client.get_logged_model(
                logged.model_uri.removeprefix("models:/")
            ).artifact_location,
            dst_path=str(tmp_path),
            tracking_uri=logged.client.tracking_uri,
        )
    )
    example = (folder / "serving_input_example.json").read_text()
    answer = _validate_serving_input(str(folder), example)
    assert answer["mean"].tolist() == logged.forecast.to_frame(LEVELS)["mean"].tolist()[:3]
    pinned = (folder / "requirements.txt").read_text().splitlines()
    assert {line.split("==")[0] for line in pinned} >= {"newretail-ml", "mlflow", "lightgbm"}


class Relay(socketserver.ThreadingTCPServer):
    """An address in front of the server that can be taken down."""

    daemon_threads = True
    up = True

    def __init__(self, server: str) -> None:
        self.server = server.removeprefix("http://").split(":")
        super().__init__(("127.0.0.1", 0), Pass)
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def take_down(self) -> None:
        self.up = False
        self.shutdown()
        self.server_close()


class Pass(socketserver.BaseRequestHandler):
    """Passes bytes to and fro."""

    server: Relay

    def handle(self) -> None:
        host, port = self.server.server
        with socket.create_connection((host, int(port))) as far:
            other = {self.request: far, far: self.request}
            while self.server.up:
                for ready in select.select(list(other), [], [], 0.05)[0]:
                    if not (data := ready.recv(65536)):
                        return
                    other[ready].sendall(data)


def test_a_server_that_goes_down_on_the_way_costs_seconds_and_no_results(
    server: str, logged: Logged, panel: Panel, capsys: pytest.CaptureFixture[str]
) -> None:
    relay = Relay(server)
    with tracking.run("outage", store=relay.address) as run:
        run.log_params({"horizon": 7})
        assert run.problem is None
        relay.take_down()
        begin = time.monotonic()
        run.log_data(panel)
        run.log_table(logged.orders, "orders.parquet")
    assert time.monotonic() - begin < 20
    assert isinstance(run.problem, TrackingError)
    assert logged.client.get_run(run.run_id).data.params == {"horizon": "7"}
    assert capsys.readouterr().out == ""


def test_the_leaderboard_is_read_from_the_server_alone(
    server: str, logged: Logged, result: Backtest
) -> None:
    board = tracking.compare("demand", run=logged.run_id, store=server)
    expected = result.leaderboard()["weighted_quantile_loss"]
    assert board.best == result.best
    assert board.table()["mean"].to_dict() == pytest.approx(expected.to_dict())
    assert board.data == "0123456789abcdef"
    assert board.folds.startswith("2026-03-10 to 2026-03-17, ")
    reasons = board.apart.set_index("model")["reason"]
    assert "nothing to learn" in reasons["refusing"]


@pytest.fixture(scope="module")
def contested(server: str, logged: Logged) -> str:
    """The id of a run that judged a champion and a challenger, both registered."""
    rng = np.random.default_rng(0)
    shape = (20, 5)
    hard = rng.normal(1.0, 0.2, shape)
    parts = [
        pd.DataFrame(
            {
                "model": name,
                "unit": np.repeat([f"item {n}" for n in range(shape[0])], shape[1]),
                "fold": np.tile(pd.date_range("2026-01-01", periods=shape[1]), shape[0]),
                "metric": "wape",
                "value": (hard - gain + rng.normal(0.0, 0.01, shape)).ravel(),
            }
        )
        for name, gain in (("average", 0.0), ("lightgbm", 0.1))
    ]
    units = pd.concat(parts, ignore_index=True)
    with tracking.run("contest", store=server, required=True) as run:
        run.log_comparison(
            units.groupby(["model", "fold", "metric"], as_index=False)["value"].mean(),
            question="Which forecast is best?",
            better={"wape": "lower"},
            paired=units,
            data="0123456789abcdef",
        )
    assert run.run_id is not None
    client = logged.client
    client.create_registered_model("contested")
    for name in ("average", "lightgbm"):
        client.create_model_version(
            "contested",
            logged.model_uri,
            logged.run_id,
            tags={"model": name},
            model_id=logged.model_uri.removeprefix("models:/"),
        )
    return run.run_id


def newretail(server: str, folder: Path, *asked: str) -> str:
    """What the command prints, in a process of its own that knows the server by its address."""
    done = subprocess.run(
        [sys.executable, "-m", "newretail_ml.cli", *asked],
        cwd=folder,
        env={**os.environ, "MLFLOW_TRACKING_URI": server},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stderr == ""
    return done.stdout


def test_a_challenger_becomes_champion_by_a_command_of_its_own(
    server: str, logged: Logged, contested: str, tmp_path: Path
) -> None:
    tracking.promote("contested", 1, store=server)
    asked = ("promote", "contested", "--challenger", "@challenger", "--experiment", "contest")
    logged.client.set_registered_model_alias("contested", "challenger", "2")
    said = newretail(server, tmp_path, *asked)
    assert said.startswith("contested@champion is now version 2: the challenger is better beyond")
    assert "over 5 folds p < 0.001; over 20 series or customers p < 0.001" in said
    model = logged.client.get_registered_model("contested")
    assert {name: str(number) for name, number in model.aliases.items()} == {
        "champion": "2",
        "challenger": "2",
    }
    version = logged.client.get_model_version("contested", "2")
    assert version.tags["promotion.verdict"] == "promoted"
    assert version.tags["promotion.why"] in said


def test_the_command_prints_and_writes_the_leaderboard_of_the_server(
    server: str, contested: str, tmp_path: Path
) -> None:
    asked = ["compare", "--experiment", "contest", "--out", str(tmp_path / "out")]
    said = CliRunner(env={"MLFLOW_TRACKING_URI": server}).invoke(commands, asked)
    assert "contest: Which forecast is best?" in said.output
    board = pd.read_csv(tmp_path / "out" / "leaderboard.csv", index_col="model")
    assert board["verdict"].to_dict() == {"lightgbm": "best", "average": "behind"}
    assert sorted(path.name for path in (tmp_path / "out").glob("[!.]*")) == [
        "apart.csv",
        "folds.csv",
        "leaderboard.csv",
        "leaderboard.png",
    ]


def test_outcomes_go_back_to_a_run_on_the_server(server: str, logged: Logged, panel: Panel) -> None:
    forecast = logged.forecast.to_frame(LEVELS)
    with tracking.run("demand", name="decided", store=server, required=True) as run:
        run.log_data(panel)
        run.log_table(forecast, "forecast.parquet")
    sold = panel.to_frame()
    later = forecast.assign(units=np.round(forecast["mean"]), censored=False)
    both = pd.concat([sold, later[sold.columns]], ignore_index=True)
    assert run.run_id is not None
    found = tracking.outcomes(run.run_id, Panel.from_frame(both), log=True, store=server)
    assert abs(found.figures["bias"]) < 0.05
    history = logged.client.get_metric_history(run.run_id, "outcomes/forecast/by_week/rows")
    assert sum(one.value for one in history) == len(forecast)


def test_a_champion_is_brought_from_the_server_by_its_alias(
    server: str, logged: Logged, fitted: LightGBMForecaster
) -> None:
    with tracking.run("demand", name="registered", store=server, required=True) as run:
        version = run.log_model(fitted, logged.forecast, register="brought")
    assert version == "models:/brought/1"
    logged.client.set_registered_model_alias("brought", "champion", "1")
    found = tracking.local_model("models:/brought@champion", server, kind="forecaster")
    assert (found.version, found.uri, found.run_id) == ("1", version, run.run_id)
    assert found.path.parts[-2].startswith("newretail-model-")
    again = SavedModel.of(found.path).load().forecast(7, n_paths=50)
    assert np.array_equal(again.paths, logged.forecast.paths)


RECEIPTS = "work/finished/*/receipt.json"


def chain_in(folder: Path) -> Panel:
    """A chain of 32 items in a folder, as a job reads it, and its panel."""
    days = pd.date_range("2026-01-01", periods=60)
    items = [f"item {n:02}" for n in range(32)]
    orders = pd.DataFrame({"item_id": np.repeat(items, 60), "time": np.tile(days, 32)}).assign(
        order_id=np.arange(32 * 60),
        location_id="shop",
        units=np.random.default_rng(7).integers(1, 9, 32 * 60),
        unit_price=5.0,
    )
    folder.mkdir()
    orders.to_csv(folder / "orders.csv", index=False)
    return Panel.from_tables(RetailTables.read(folder))


def killed_in_the_middle(server: str, folder: Path, request: Sequence[str]) -> None:
    """Begin a job, and kill -9 it and all its processes once the first partition is finished."""
    process = subprocess.Popen(
        [sys.executable, "-m", "newretail_ml.cli", *request],
        cwd=folder,
        env={**os.environ, "MLFLOW_TRACKING_URI": server},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    deadline = time.monotonic() + 120
    while process.poll() is None and not any(folder.glob(RECEIPTS)):
        assert time.monotonic() < deadline
        time.sleep(0.002)
    os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL


def test_a_job_by_alias_that_is_killed_and_run_again_loses_and_doubles_nothing(
    server: str, logged: Logged, tmp_path: Path
) -> None:
    panel = chain_in(tmp_path / "chain")
    model = MovingAverage(14).fit(panel)
    with tracking.run("jobs", store=server, required=True) as run:
        run.log_model(model, model.forecast(7), register="killed")
    assert tracking.promote("killed", 1, store=server).moved
    request = ["forecast", "chain", "--model", "models:/killed@champion", "--horizon", "7"]
    request += ["--partitions", "24", "--engine", "local", "--work", "work", "--quiet"]
    request += ["--out", "out.parquet"]
    killed_in_the_middle(server, tmp_path, request)
    assert not (tmp_path / "out.parquet").exists()
    kept = {path: path.stat().st_mtime_ns for path in tmp_path.glob(RECEIPTS)}
    said = newretail(server, tmp_path, *request)
    assert said.startswith("224 rows in out.parquet, by models:/killed@champion")
    assert 1 <= len(kept) < len(list(tmp_path.glob(RECEIPTS)))
    assert all(path.stat().st_mtime_ns == then for path, then in kept.items())

    keys = ["item_id", "location_id", "date"]
    found = pd.read_parquet(tmp_path / "out.parquet").sort_values(keys, ignore_index=True)
    expected = model.forecast(7, panel=panel, random_state=0).to_frame()
    assert not found.duplicated(keys).any()
    pd.testing.assert_frame_equal(found[keys], expected[keys], check_dtype=False)
    manifest = json.loads((tmp_path / "out.parquet.manifest.json").read_text())
    assert manifest["rows_in"] == 32 * 60
    assert sum(part["reused"] for part in manifest["partitions"]) == len(kept)
    assert set(found["run_id"]) == {manifest["run_id"]}

    runs = logged.client.search_runs(
        [logged.client.get_experiment_by_name("newretail").experiment_id]
    )
    done = [one for one in runs if one.data.tags.get("batch_run_id") == manifest["run_id"]]
    assert [one.info.status for one in done] == ["FINISHED"]
    assert done[0].data.metrics["partitions_reused"] == len(kept)

    undisturbed = [*request[:-1], str(tmp_path / "whole.parquet"), "--tracking", server]
    undisturbed[1] = str(tmp_path / "chain")
    undisturbed[undisturbed.index("work")] = str(tmp_path / "other")
    assert CliRunner().invoke(commands, undisturbed).exit_code == 0
    whole = pd.read_parquet(tmp_path / "whole.parquet").sort_values(keys, ignore_index=True)
    pd.testing.assert_frame_equal(found, whole, check_exact=True)
