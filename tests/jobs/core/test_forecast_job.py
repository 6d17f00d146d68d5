"""Forecasts over partitions: the same to the bit, whoever works on how many of them."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from newretail_ml import RetailTables
from newretail_ml.errors import DataError
from newretail_ml.forecasting import Forecaster
from newretail_ml.jobs import Batch, PartitionsFailedError, Stage, local, pool, split
from newretail_ml.jobs.demand import Demand
from newretail_ml.jobs.forecast import ForecastTask
from newretail_ml.jobs.models import SavedModel, StandardModel
from newretail_ml.jobs.series import SeriesOf

BY = ("item_id", "location_id")
NONE_SOLD = "no order line of it is a sale"


def task_of(model, *, horizon: int = 7, blocks: int = 16) -> ForecastTask:
    return ForecastTask(Demand(SeriesOf(BY, "D", None, blocks), model, horizon, seed=3))


@pytest.fixture
def scored(chain, saved, tmp_path):
    """Runs the job by the saved model, and gives its table."""

    def run(partitions, engine=local, **changed):
        target = tmp_path / f"{partitions}.parquet"
        task = task_of(SavedModel.of(saved))
        batch = Batch(chain, target, partitions=partitions, engine=engine, **changed)
        batch.run(task, task.prepared)
        return pd.read_parquet(target)

    return run


def test_the_same_to_the_bit_for_any_partitions_and_engine(scored, whole):
    alone = scored(1)
    assert len(alone) == 7 * whole.n_series
    other = scored(4, pool(2))
    pd.testing.assert_frame_equal(
        other.drop(columns="run_id"), alone.drop(columns="run_id"), check_exact=True
    )
    assert len(set(alone["run_id"])) == 1


def test_expected_demand_is_that_of_the_whole_chain(chain, saved, whole, tmp_path):
    """A partition knows neither the chain's trend nor its last day by itself."""
    model = Forecaster.load(saved)
    made = split(chain, tmp_path, "item_id", 2)
    task = task_of(SavedModel.of(saved)).prepared(Stage(made.partitions, tmp_path))
    assert task.demand.groups is not None
    for part in made.partitions:
        tables = RetailTables.read(part.folder)
        panel, _ = task.demand.series.panel(tables)
        if panel is None:
            continue
        rows = whole.keys.merge(panel.keys.assign(here=1), how="left")["here"].notna()
        told = replace(panel, group_demand=task.demand.groups.read())
        expected = model.mean(7, panel=whole)[rows.to_numpy()]
        assert np.array_equal(model.mean(7, panel=told), expected)
        assert not np.array_equal(model.mean(7, panel=panel), expected)


def test_workers_are_spared_the_panel_of_the_fit(saved, whole, tmp_path):
    slim = SavedModel.of(saved).without_panels(tmp_path)
    assert slim.path.stat().st_size < saved.stat().st_size - whole.units.nbytes
    assert slim.facts() == SavedModel.of(saved).facts()
    paths = [Forecaster.load(path).forecast(7, panel=whole).paths for path in (slim.path, saved)]
    assert np.array_equal(*paths)


def test_one_partition_by_a_model_that_is_fitted_anew_is_the_chain(chain, whole, tmp_path):
    model = StandardModel("moving-average")
    Batch(chain, tmp_path / "out.parquet", partitions=1).run(task_of(model))
    expected = model.make(7, 3).fit(whole).forecast(7, random_state=3).to_frame()
    found = pd.read_parquet(tmp_path / "out.parquet").drop(columns="run_id")
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


def test_what_is_refused_is_told(chain, tmp_path):
    manifest = Batch(chain, tmp_path / "out.csv", partitions=3).run(
        task_of(StandardModel("moving-average"))
    )
    assert list(manifest.refused) == [NONE_SOLD]
    content = json.loads((tmp_path / "out.csv.manifest.json").read_text())
    assert content == json.loads(manifest.to_json())
    assert content["data"]["order_lines"] == content["rows_in"]
    found = pd.read_csv(tmp_path / "out.csv")
    assert len(found) == content["rows_out"]
    assert content["rows_out"] == sum(one["rows_out"] for one in content["partitions"])
    assert set(found["run_id"]) == {content["run_id"]}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.csv", "out.csv.manifest.json"]


def test_history_too_short_for_a_model_is_refused_partition_by_partition(chain, tmp_path):
    (tmp_path / "out.csv").write_text("what stood there")
    task = task_of(StandardModel("lightgbm"), horizon=100)
    with pytest.raises(DataError, match=r"none of \d+ was answered; .* history are too short"):
        Batch(chain, tmp_path / "out.csv", partitions=2).run(task)
    assert (tmp_path / "out.csv").read_text() == "what stood there"


def test_a_saved_model_asked_for_too_much(chain, saved, tmp_path):
    task = task_of(SavedModel.of(saved), horizon=8)
    with pytest.raises(DataError, match="8 periods were asked of a model fitted for 7"):
        Batch(chain, tmp_path / "out.csv", partitions=2).run(task, task.prepared)


def test_what_is_no_model(tmp_path):
    (tmp_path / "model.pkl").write_bytes(b"no pickle")
    for path, words in ((tmp_path / "model.pkl", "holds no model"), (tmp_path, "no model of")):
        with pytest.raises(DataError, match=words):
            SavedModel.of(path).load()


class Broken(Forecaster):
    """A model with an error in it."""

    def _mean(self, panel, horizon):
        raise ZeroDivisionError("division by zero")

    def _paths(self, panel, horizon, n_paths, rng):
        return self._mean(panel, horizon)


def test_an_error_in_a_model_leaves_the_target_alone(chain, whole, tmp_path):
    Broken().fit(whole).save(tmp_path / "model.pkl")
    (tmp_path / "out.csv").write_text("what stood there")
    task = task_of(SavedModel.of(tmp_path / "model.pkl"))
    with pytest.raises(PartitionsFailedError, match="ZeroDivisionError: division by zero"):
        Batch(chain, tmp_path / "out.csv", partitions=2).run(task, task.prepared)
    assert (tmp_path / "out.csv").read_text() == "what stood there"


def test_other_tables_are_other_work(chain, saved, tmp_path):
    """A sale in one partition moves the trend of the chain, and so the forecasts of all."""
    source, work = tmp_path / "chain", tmp_path / "work"
    shutil.copytree(chain, source)
    task = task_of(SavedModel.of(saved))
    batch = Batch(source, tmp_path / "out.parquet", partitions=2, work=work)
    first = batch.run(task, task.prepared)
    again = batch.run(task, task.prepared)
    assert [receipt.reused for receipt in again.receipts] == [True] * len(first.receipts)
    orders = pd.read_parquet(source / "orders.parquet")
    pd.concat([orders, orders.head(1).assign(order_id="new")]).to_parquet(source / "orders.parquet")
    newer = batch.run(task, task.prepared)
    assert not any(receipt.reused for receipt in newer.receipts)
    assert newer.run_id != first.run_id


def test_groups_go_on_by_season_after_the_last_day_that_is_told(whole):
    """As a recursive model asks: its own forecasts of the rest of the chain are not known."""
    from newretail_ml.features import ByGroup, Recipe, RollingMean

    told = pd.DataFrame([np.arange(whole.cut, dtype=float)], index=["chain"])
    panel = replace(whole.select([0]), group_demand={"chain": told})
    longer = replace(
        panel.reaching(panel.cut + 2),
        units=np.pad(panel.units, ((0, 0), (0, 2))),
        censored=np.pad(panel.censored, ((0, 0), (0, 2))),
    )
    feature = Recipe([ByGroup("chain", RollingMean(1))])
    last = whole.cut - 1
    assert feature.cube(panel, np.array([last + 1])).ravel().tolist() == [last]
    assert feature.cube(longer, np.array([last + 2, last + 3])).ravel().tolist() == [
        last - 6,
        last - 5,
    ]
    assert panel.until(50).group_demand["chain"].shape == (1, 50)
