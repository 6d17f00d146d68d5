"""All kinds of models: logged, registered, and loaded in a process that knows the package alone."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from newretail_ml import tracking
from newretail_ml.errors import DataError, NotFittedError
from newretail_ml.forecasting import MovingAverage
from newretail_ml.interactions import Interactions
from newretail_ml.jobs.prices import SavedResponse
from newretail_ml.jobs.recommend import SavedRecommender
from newretail_ml.panel import Panel
from newretail_ml.pricing import ConstantElasticity, LocalLevelRegression
from newretail_ml.recommendation import PersonalFrequency
from newretail_ml.tracking.served import Served, ServedForecast, served_of
from newretail_ml.tracking.store import connect, store_uri

WHAT = ("rows", "answer", "reversed", "missing")

# What a batch job does, without the tests and outside their folder.
ELSEWHERE = """
import sys
from pathlib import Path
import mlflow, pandas as pd
from newretail_ml.errors import DataError

for file in Path(sys.argv[1]).glob("*.rows.parquet"):
    name, rows = file.name.split(".")[0], pd.read_parquet(file)
    model = mlflow.pyfunc.load_model(f"models:/{name}@champion")
    model.predict(rows).to_parquet(file.with_name(f"{name}.answer.parquet"))
    whole = {name: "int64" for name in ("on_hand", "price") if name in rows}
    turned = rows.iloc[::-1].astype(whole)
    model.predict(turned).to_parquet(file.with_name(f"{name}.reversed.parquet"))
    told = []
    for column, value in zip(("item_id", "customer_id"), ("coffee", "stranger")):
        if column in rows:
            rows.loc[1, column] = value
    try:
        model.predict(rows)
    except DataError as error:
        told.append(str(error))
    left_out = model.predict(rows, params={"unknown": "missing"})
    left_out.to_parquet(file.with_name(f"{name}.missing.parquet"))
    file.with_name(f"{name}.txt").write_text(" ".join(told))
"""


def terms() -> pd.DataFrame:
    return pd.DataFrame(
        {"lead_time": [2], "review_period": [1], "holding_cost": [0.1], "shortage_cost": [2.0]}
    )


@pytest.fixture(scope="module")
def served(panel: Panel) -> dict[str, Served]:
    average = MovingAverage(14).fit(panel)
    forecast = average.forecast(5, n_paths=40)
    prices = np.array([2.0, 3.0, 4.0])
    draws = np.random.default_rng(1).normal(-2.0, 0.2, (50, 3))
    keys = pd.DataFrame({"item_id": ["茶 0", "茶 1", "茶 2"]})
    response = ConstantElasticity([80.0, 5.0, 30.0], prices, [-2.0] * 3, draws=draws, keys=keys)
    order = np.repeat(np.arange(40), 2)
    bought = pd.DataFrame(
        {
            "customer_id": [f"member {number % 5}" for number in order],
            "order_id": order,
            "item_id": [f"茶 {number * 7 % 9}" for number in range(len(order))],
            "time": pd.Timestamp("2026-05-01") + pd.to_timedelta(order, "D"),
        }
    )
    recommender = PersonalFrequency().fit(Interactions.from_frame(bought))
    costs = keys.assign(unit_cost=[1.0, 1.5, np.nan])
    return {
        "chain-forecast": served_of(average, forecast, levels=[0.1, 0.9]),
        "chain-orders": served_of(tracking.OrderPolicy(forecast, terms())),
        "chain-prices": served_of(response, costs=costs),
        "chain-slates": served_of(recommender),
    }


@pytest.fixture(scope="module")
def registry(
    served: dict[str, Served], empty_store: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A store with a champion of each kind."""
    import shutil

    store = tmp_path_factory.mktemp("registry")
    shutil.copy(empty_store, store)
    with tracking.run(store=store, required=True) as run:
        for name, model in served.items():
            assert run.log_model(model, register=name) == f"models:/{name}/1"
    client = connect(str(store_uri(store)))
    for name in served:
        client.set_registered_model_alias(name, "champion", "1")
    return store


def test_each_kind_answers_in_another_process_with_the_very_numbers(
    served: dict[str, Served], registry: Path, tmp_path: Path
) -> None:
    for name, model in served.items():
        rows = model.example.reset_index(drop=True)
        rows.to_parquet(tmp_path / f"{name}.rows.parquet")
    environment = {**os.environ, "MLFLOW_TRACKING_URI": str(store_uri(registry))}
    command = [sys.executable, "-I", "-c", ELSEWHERE, str(tmp_path)]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    for name, model in served.items():
        read = {what: pd.read_parquet(tmp_path / f"{name}.{what}.parquet") for what in WHAT}
        here = model.predict(read["rows"])
        assert here.columns.tolist() == [one.name for one in model.answered]
        pd.testing.assert_frame_equal(read["answer"], here, check_exact=True, check_dtype=False)
        if name == "chain-slates":
            others = here[here["customer_id"] != read["rows"].loc[1, "customer_id"]]
            assert len(others) < len(here)
            assert read["missing"]["item_id"].tolist() == others["item_id"].tolist()
        else:
            turned = read["reversed"].loc[here.index]
            pd.testing.assert_frame_equal(turned, here, check_exact=True, check_dtype=False)
            numbers = read["missing"].select_dtypes("number")
            assert numbers.loc[1].isna().sum() > numbers.loc[0].isna().sum()
        said = (tmp_path / f"{name}.txt").read_text()
        assert said.startswith("model input.")
        assert "(row 1)" in said


def test_each_kind_is_known_and_read_by_the_batch_jobs(
    served: dict[str, Served], registry: Path
) -> None:
    found = {
        name: tracking.local_model(f"models:/{name}@champion", registry, kind=model.kind)
        for name, model in served.items()
    }
    assert [one.version for one in found.values()] == ["1"] * 4
    response = SavedResponse.of(found["chain-prices"].path).load()
    assert response.prices.tolist() == [2.0, 3.0, 4.0]
    customers = served["chain-slates"].example["customer_id"]
    slates = SavedRecommender.of(found["chain-slates"].path).load().recommend(customers, 3)
    assert len(slates) == 9
    with pytest.raises(DataError, match=r"another kind: recommender\. Name a fitted order policy"):
        tracking.local_model("models:/chain-slates@champion", registry, kind="order policy")


def test_the_signature_says_what_is_asked_and_answered_and_the_example_can_be_served(
    served: dict[str, Served], registry: Path
) -> None:
    from mlflow.models import Model
    from mlflow.models.utils import _validate_serving_input

    for name, model in served.items():
        path = tracking.local_model(f"models:/{name}/1", registry).path
        kept = Model.load(str(path))
        assert kept.signature.inputs.input_names() == [one.name for one in model.asked]
        assert kept.signature.outputs.input_names() == [one.name for one in model.answered]
        assert [one.name for one in kept.signature.params] == list(model.choices)
        example = (path / "serving_input_example.json").read_text()
        answer = _validate_serving_input(str(path), example)
        expected = model.predict(model.example.reset_index(drop=True))
        pd.testing.assert_frame_equal(answer, expected, check_dtype=False, check_column_type=False)


def test_a_registered_name_gets_its_next_version(served: dict[str, Served], registry: Path) -> None:
    with tracking.run(store=registry, required=True) as run:
        uri = run.log_model(served["chain-forecast"], name="again", register="chain-forecast")
    assert uri == "models:/chain-forecast/2"
    found = tracking.local_model(str(uri), registry)
    assert (found.version, found.run_id) == ("2", run.run_id)
    assert tracking.local_model("models:/chain-forecast@champion", registry).version == "1"
    assert tracking.local_model(f"runs:/{run.run_id}/again", registry).path == found.path


def test_what_cannot_be_served_is_refused_with_or_without_a_tracker(panel: Panel) -> None:
    average = MovingAverage(14).fit(panel)
    with tracking.run(store=False) as run:
        with pytest.raises(DataError, match=r"there is none\. Pass it as well: run\.log_model"):
            run.log_model(average)
        with pytest.raises(DataError, match="a str is no model"):
            run.log_model("average")  # type: ignore[arg-type]
        with pytest.raises(NotFittedError, match="LocalLevelRegression"):
            run.log_model(LocalLevelRegression())
        with pytest.raises(NotFittedError, match="PersonalFrequency"):
            run.log_model(PersonalFrequency())
        assert run.log_model(average, average.forecast(2)) is None
    assert isinstance(served_of(average, average.forecast(2)), ServedForecast)
