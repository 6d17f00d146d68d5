"""A tracked decision is traced to its data, its model and its parameters."""

import shutil
from pathlib import Path

import pandas as pd
import pytest

from newretail_ml import tracking
from newretail_ml.errors import DataError, TrackingError
from newretail_ml.forecasting import MovingAverage
from newretail_ml.panel import Panel
from newretail_ml.tracking.facts import panel_digest
from newretail_ml.tracking.store import connect, store_uri

ORDERS = pd.DataFrame(
    {
        "item_id": ["茶 0", "茶 1"],
        "units": [12.0, 0.0],
        "arrival": pd.to_datetime(["2026-04-02", None]),
        "why": ["8.6 expected to sell", "enough"],
    }
)
PARAMS = {"horizon": 14, "rules": {"budget": 5_000.0, "trucks": None}, "seed": 0}


@pytest.fixture(scope="module")
def registry(
    empty_store: Path, panel: Panel, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, str]:
    """A store with two versions of a model, the first the champion; and the run of the first."""
    store = tmp_path_factory.mktemp("registry")
    shutil.copy(empty_store, store)
    model = MovingAverage(14).fit(panel)
    forecast = model.forecast(3, n_paths=5)
    with tracking.run(store=store, required=True) as first:
        address = first.log_model(model, forecast)
    with tracking.run(store=store, required=True) as second:
        second.log_model(model, forecast, name="b")
        second.log_model(model, forecast, name="a")
    assert tracking.register(str(address), "chain-forecast", store=store) == "1"
    assert tracking.register(f"runs:/{second.run_id}/b", "chain-forecast", store=store) == "2"
    tracking.set_alias("chain-forecast", "champion", 1, store=store)
    with pytest.raises(DataError, match=rf"no model ''. Choose from runs:/{second.run_id}/[ab], "):
        tracking.register(str(second.run_id), "chain-forecast", store=store)
    return store, str(first.run_id)


def test_what_was_logged_comes_back_whole(registry: tuple[Path, str], panel: Panel) -> None:
    store, model_run = registry
    with tracking.run("orders", store=store, required=True) as run:
        run.log_data(panel, fingerprint="0123456789abcdef")
        run.log_decision(ORDERS, model="models:/chain-forecast@champion", params=PARAMS)
    tracking.set_alias("chain-forecast", "champion", "2", store=store)
    found = tracking.decision(str(run.run_id), store=store)
    tracking.set_alias("chain-forecast", "champion", "1", store=store)
    pd.testing.assert_frame_equal(found.table, ORDERS)
    assert (found.kind, found.fingerprint) == ("orders", "0123456789abcdef")
    assert found.decided == str(panel.last_date.date())
    assert (found.model, found.model_version) == ("models:/chain-forecast/1", "1")
    assert (found.model_run, found.run_id) == (model_run, run.run_id)
    assert found.params == PARAMS
    assert found.words.startswith("orders: 2 rows by models:/chain-forecast/1 on data 0123456789")


def test_runs_can_be_searched_by_what_a_decision_came_from(
    registry: tuple[Path, str], panel: Panel
) -> None:
    store, model_run = registry
    local = tracking.local_model("models:/chain-forecast/2", store)
    with tracking.run("searched", store=store, required=True) as run:
        run.log_decision(ORDERS, panel=panel, model=local, params=PARAMS)
    client = connect(str(store_uri(store)))
    asked = "tags.`decision.model_version` = '2' and tags.`decision.params.rules.budget` = '5000.0'"
    experiment = client.get_experiment_by_name("searched").experiment_id
    (found,) = client.search_runs([experiment], asked)
    assert found.info.run_id == run.run_id
    assert found.data.tags["data.fingerprint"] == panel_digest(panel)
    assert found.data.tags["decision.model_run"] == local.run_id != model_run


def test_several_decisions_of_a_run_are_told_apart(registry: tuple[Path, str]) -> None:
    store, _ = registry
    prices = pd.DataFrame({"item_id": ["茶 0"], "price": [2.5]})
    with tracking.run(store=store, required=True) as run:
        run.log_decision(ORDERS)
        run.log_decision(prices, params={"step": 0.1})
    run_id = str(run.run_id)
    found = tracking.decision(run_id, kind="prices", store=store)
    assert (found.model, found.fingerprint, found.params) == (None, None, {"step": 0.1})
    pd.testing.assert_frame_equal(found.table, prices)
    with pytest.raises(DataError, match=r"several decisions\. Choose from orders, prices with"):
        tracking.decision(run_id, store=store)
    with pytest.raises(DataError, match=r"no decision of kind 'slates'\. Choose from order"):
        tracking.decision(run_id, kind="slates", store=store)


def test_what_is_not_there_is_told(registry: tuple[Path, str], tmp_path: Path) -> None:
    store, model_run = registry
    with pytest.raises(DataError, match=r"logged no decision\. Log one with run\.log_decision"):
        tracking.decision(model_run, store=store)
    with pytest.raises(DataError, match="there is no run 'nobody'"):
        tracking.decision("nobody", store=store)
    with pytest.raises(DataError, match="there are no tracked runs"):
        tracking.decision("nobody", store=tmp_path)
    with pytest.raises(TrackingError, match="Start it or mend it"):
        tracking.decision("nobody", store="http://127.0.0.1:9")
    with (
        tracking.run(store=store, required=True) as run,
        pytest.raises(DataError, match="no alias @winner"),
    ):
        run.log_decision(ORDERS, model="models:/chain-forecast@winner")


@pytest.mark.parametrize(
    ("frame", "kind", "said"),
    [
        (ORDERS.head(0), None, "there is no decision to log"),
        ([1], None, "there is no decision to log"),
        (ORDERS[["why"]], None, "the columns do not tell what it decides. Pass kind="),
        (ORDERS, "wishes", "'wishes' is no kind of decision. Pass kind= one of"),
    ],
)
def test_what_is_no_decision_is_refused_without_a_tracker_too(
    frame: pd.DataFrame, kind: str | None, said: str
) -> None:
    with tracking.run(store=False) as run, pytest.raises(DataError, match=said):
        run.log_decision(frame, kind=kind)


def test_without_a_tracker_nothing_is_logged() -> None:
    with tracking.run(store=False) as run:
        run.log_decision(ORDERS, model="models:/nothing@all", params=PARAMS)
    assert run.problem is None


def test_aliases_of_a_model(registry: tuple[Path, str]) -> None:
    store, _ = registry
    assert tracking.aliases("chain-forecast", store=store) == {"champion": "1"}
    tracking.set_alias("chain-forecast", "trial", "@champion", store=store)
    assert tracking.aliases("chain-forecast", store=store) == {"champion": "1", "trial": "1"}
    with pytest.raises(DataError, match=r"no registered model 'other' .*Choose from chain-forecas"):
        tracking.aliases("other", store=store)
    with pytest.raises(DataError, match=r"has no version 9\. Choose from 1, 2"):
        tracking.set_alias("chain-forecast", "champion", 9, store=store)
    for name in ("latest", "1st", "a b"):
        with pytest.raises(DataError, match="cannot be an alias"):
            tracking.set_alias("chain-forecast", name, 1, store=store)
    with pytest.raises(DataError, match="there is no run 'nobody'"):
        tracking.register("nobody", "chain-forecast", store=store)


def test_the_model_of_a_version_is_read_without_mlflow(registry: tuple[Path, str]) -> None:
    store, _ = registry
    model = tracking.load_local(tracking.local_model("models:/chain-forecast@champion", store).path)
    assert isinstance(model, MovingAverage)
    with pytest.raises(DataError, match="holds no model of this library"):
        tracking.load_local(store / "mlruns")
