"""`newretail forecast` and `newretail orders` over partitions, as a scheduler calls them."""

import json
import shutil
from pathlib import Path

import duckdb
import pandas as pd
import pytest
import sqlalchemy as sql
from click.testing import CliRunner

from newretail_ml import tracking
from newretail_ml.cli.main import newretail
from newretail_ml.forecasting import Forecaster

PARTS = ["--partitions", "2", "--engine", "local"]
QUICK = ["--model", "moving-average", "--horizon", "7"]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def store(here: Path, empty_store: Path) -> str:
    shutil.copy(empty_store, here / "mlflow.db")
    return "sqlite:///mlflow.db"


def asked(*words: object, store: str = "none"):
    return CliRunner().invoke(newretail, [*map(str, words), "--tracking", store])


def test_from_a_database_to_a_database_twice(frames):
    engine = sql.create_engine("sqlite:///chain.db")
    frames["orders"].to_sql("orders", engine, index=False)
    engine.dispose()
    for _ in range(2):
        done = asked("forecast", "sqlite:///chain.db", "--out", "out.duckdb::demand", *QUICK)
        assert done.exit_code == 0, done.output
    with duckdb.connect("out.duckdb") as connection:
        found = connection.table("demand").df()
    assert not found.duplicated(["item_id", "location_id", "date"]).any()
    assert done.stdout == (
        f"{len(found)} rows in out.duckdb::demand, by moving-average, fitted on each partition by "
        "itself.\n"
    )
    assert json.loads(Path("out.duckdb.manifest.json").read_text())["rows_out"] == len(found)
    assert not list(Path().glob(".*"))


def test_by_the_champion_and_tracked(chain, saved, whole, store):
    from mlflow import MlflowClient

    model = Forecaster.load(saved)
    with tracking.run("models", store=store) as run:
        run.log_model(model, model.forecast(7), register="demand")
    client = MlflowClient(store)
    client.set_registered_model_alias("demand", "champion", "1")
    request = ["forecast", chain, "--horizon", 7, *PARTS]
    done = asked(*request, "--model", "models:/demand@champion", "--out", "a.csv", store=store)
    assert done.exit_code == 0, done.output
    by_file = asked(*request, "--model", saved, "--out", "b.csv", "--quiet")
    assert (by_file.exit_code, by_file.stderr) == (0, "")
    champion, file = (pd.read_csv(name).drop(columns="run_id") for name in ("a.csv", "b.csv"))
    pd.testing.assert_frame_equal(champion, file, check_exact=True)

    experiment = client.get_experiment_by_name("newretail")
    (tracked,) = client.search_runs([experiment.experiment_id])
    manifest = json.loads(Path("a.csv.manifest.json").read_text())
    assert manifest["facts"]["model"]["version"] == "1"
    assert tracked.info.status == "FINISHED"
    assert tracked.data.params["model"] == "models:/demand@champion"
    assert tracked.data.tags["batch_run_id"] == manifest["run_id"]
    assert tracked.data.tags["data.fingerprint"] == manifest["data"]["fingerprint"]
    assert tracked.data.tags["facts.model.version"] == "1"
    assert tracked.data.metrics["rows_out"] == manifest["rows_out"] == len(champion)
    logged = [file.path for file in client.list_artifacts(tracked.info.run_id)]
    assert logged == ["a.csv.manifest.json"]


def test_a_saved_model_without_partitions(chain, saved, whole):
    done = asked("forecast", chain, "--out", "out.parquet", "--model", saved, "--horizon", 7)
    assert done.exit_code == 0, done.output
    expected = Forecaster.load(saved).forecast(7, panel=whole).to_frame()
    pd.testing.assert_frame_equal(pd.read_parquet("out.parquet"), expected, check_exact=True)


def test_orders_go_as_far_as_the_lead_time_asks(chain):
    words = ["--lead-time", 9, "--review-period", 4, "--manifest", "told.json"]
    done = asked("orders", chain, "--out", "orders.csv", *QUICK, *PARTS, *words)
    assert done.exit_code == 0, done.output
    assert len(pd.read_csv("orders.csv")) == json.loads(Path("told.json").read_text())["rows_out"]
    assert json.loads(Path("told.json").read_text())["facts"]["horizon"] == 13


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("forecast {chain} --most-sold 3", 2, "--most-sold looks at the whole chain"),
        ("orders {chain} --budget 5", 2, "Partitions cannot share a --budget"),
        ("forecast {chain} --partitions 0", 2, "0 is not in the range"),
        ("forecast nowhere", 1, "there is no nowhere"),
        (
            "forecast {chain} --model models:/nothing@champion",
            1,
            "nothing is tracked without a store",
        ),
        ("forecast {chain} --model nothing.pkl", 2, "'nothing.pkl' is not one of 'auto'"),
        ("orders {chain} --state nothing.csv", 1, "nothing.csv cannot be read"),
    ],
)
def test_what_cannot_be_asked_is_told(words, code, said, chain):
    Path("out.csv").write_text("what stood there")
    command, *rest = words.format(chain=chain).split()
    done = asked(command, *PARTS, "--out", "out.csv", *rest)
    assert done.exit_code == code
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.output
    assert Path("out.csv").read_text() == "what stood there"
