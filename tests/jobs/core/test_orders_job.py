"""Orders over partitions: those of the chain, and every row of a state is answered for."""

import pandas as pd
import pytest

from newretail_ml import RetailTables
from newretail_ml.errors import DataError
from newretail_ml.jobs import Batch, PartitionsFailedError
from newretail_ml.jobs.demand import Demand
from newretail_ml.jobs.models import SavedModel, StandardModel
from newretail_ml.jobs.orders import OrdersTask
from newretail_ml.jobs.series import SeriesOf
from newretail_ml.jobs.supply import Supply
from newretail_ml.replenishment import plan_orders, state_from_tables

BY = ("item_id", "location_id")


def task_of(model, partitions, *, until=None, **supply) -> OrdersTask:
    terms = {"lead_time": 3, "review_period": 2, "holding_rate": None, "state_file": None}
    demand = Demand(SeriesOf(BY, "D", until, 16), model, 7, seed=0)
    return OrdersTask(demand, Supply(**{**terms, **supply}), None, partitions)


@pytest.fixture
def ordered(chain, tmp_path):
    def run(partitions, model, **terms):
        task = task_of(model, partitions, **terms)
        target = tmp_path / f"{partitions}.parquet"
        manifest = Batch(chain, target, partitions=partitions).run(task, task.prepared)
        return pd.read_parquet(target).drop(columns="run_id"), manifest

    return run


def test_by_cost_as_in_one_piece(ordered, chain, whole):
    found, _ = ordered(1, StandardModel("moving-average"), holding_rate=0.25)
    state = state_from_tables(
        RetailTables.read(chain), lead_time=3, review_period=2, holding_rate=0.25
    )
    forecast = StandardModel("moving-average").make(7, 0).fit(whole).forecast(7)
    expected = plan_orders(forecast, state).orders
    pd.testing.assert_frame_equal(found, expected, check_exact=True, check_dtype=False)


def test_the_same_for_any_partitions_by_a_saved_model(ordered, saved):
    alone, _ = ordered(1, SavedModel.of(saved))
    parts, manifest = ordered(3, SavedModel.of(saved))
    pd.testing.assert_frame_equal(parts, alone, check_exact=True)
    assert alone["why"].str.contains("expected").any()
    assert manifest.rows_out == len(alone)


def test_every_row_of_a_state_is_answered_for(ordered, whole, tmp_path):
    unknown = [f"unknown_{number}" for number in range(30)]
    state = pd.concat(
        [whole.keys.iloc[1:], pd.DataFrame({"item_id": unknown, "location_id": "store_01"})]
    ).assign(on_hand=1, lead_time=4, review_period=1)
    state.to_csv(tmp_path / "state.csv", index=False)
    found, manifest = ordered(3, StandardModel("moving-average"), state_file=tmp_path / "state.csv")
    assert not found.duplicated(list(BY)).any()
    answered = set(found["item_id"])
    in_words = manifest.refused.get("no forecast, so no order was made", 0)
    assert len(answered & set(unknown)) + in_words == 30
    missing = found.merge(whole.keys.head(1), on=list(BY))
    assert missing["why"].tolist() == ["no stock record, so no order was made"]


def test_stock_of_a_later_day_is_not_ordered_on(ordered, whole):
    with pytest.raises(PartitionsFailedError, match="the stock table goes on to"):
        ordered(2, StandardModel("moving-average"), until="2025-04-01")


def test_a_chain_without_stock(frames, tmp_path):
    frames["orders"].to_parquet(tmp_path / "orders.parquet")
    task = task_of(StandardModel("moving-average"), 2)
    with pytest.raises(PartitionsFailedError, match="there is no stock table"):
        Batch(tmp_path / "orders.parquet", tmp_path / "out.csv", partitions=2).run(task)
    assert not (tmp_path / "out.csv").exists()


def test_a_state_by_other_keys(ordered, tmp_path):
    pd.DataFrame(
        {"item_id": ["item_0001"], "on_hand": [1], "lead_time": [1], "review_period": [1]}
    ).to_csv(tmp_path / "state.csv", index=False)
    with pytest.raises((DataError, PartitionsFailedError), match="the state is by item_id"):
        ordered(2, StandardModel("moving-average"), state_file=tmp_path / "state.csv")
