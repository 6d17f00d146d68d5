"""What can be offered: stock by place, what comes in, and what is sold until then."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.interactions import Interactions
from newretail_ml.panel.periods import Periods
from newretail_ml.recommendation.slates import available_items
from newretail_ml.tables import RetailTables


@pytest.fixture(scope="module")
def tables():
    orders = pd.DataFrame(
        {
            "order_id": range(4),
            "time": "2026-05-09 10:00",
            "item_id": ["tea", "jam", "old", "new"],
            "location_id": ["s1", "s2", "s1", "s1"],
            "customer_id": ["ann", "bob", "ann", "bob"],
            "channel": "store",
            "units": 1,
            "unit_price": 2.0,
        }
    )
    items = pd.DataFrame(
        {
            "item_id": ["tea", "jam", "old", "new", "late"],
            "launch_date": ["2020-01-01", "2020-01-01", "2020-01-01", "2026-05-12", "2027-01-01"],
            "delisting_date": [None, None, "2026-05-12", None, None],
        }
    )
    stock = pd.DataFrame(
        {
            "date": np.repeat(["2026-05-09", "2026-05-10"], 5),
            "location_id": ["s1", "s2", "s1", "s1", "s2"] * 2,
            "item_id": ["tea", "jam", "old", "new", "tea"] * 2,
            "on_hand": [90, 90, 90, 90, 90, 6, 2, 4, 3, 0],
        }
    )
    return RetailTables.from_frames(orders, items=items, stock=stock)


def units_of(table, *keys):
    return table.set_index(["item_id", "location_id"])["units"].to_dict()


def test_the_last_day_counts_and_dates_decide_what_is_sold(tables):
    today = units_of(available_items(tables, days_ahead=0))
    assert today == {("tea", "s1"): 6, ("jam", "s2"): 2, ("old", "s1"): 4, ("tea", "s2"): 0}
    later = units_of(available_items(tables, days_ahead=2))
    assert later == {("tea", "s1"): 6, ("jam", "s2"): 2, ("new", "s1"): 3, ("tea", "s2"): 0}


def test_interactions_know_the_same_stock(tables):
    known = Interactions.from_tables(tables)
    for days in (0, 2):
        one = units_of(available_items(tables, days_ahead=days))
        assert units_of(available_items(known, days_ahead=days)) == one


def test_expected_stock_is_the_mean_over_paths_of_what_is_left(tables):
    rng = np.random.default_rng(0)
    keys = pd.DataFrame(
        {
            "item_id": ["tea", "tea", "jam"],
            "location_id": ["s1", "s1", "s2"],
            "channel": ["a", "b", "a"],
        }
    )
    paths = rng.integers(0, 4, (3, 50, 7)).astype(np.float32)
    forecast = Forecast(keys, Periods.spanning("2026-05-11", "2026-05-17", "D"), paths)
    on_order = pd.DataFrame(
        {
            "item_id": ["tea", "tea", "late"],
            "location_id": ["s1", "s1", "s1"],
            "units": [2, 50, 9],
            "date": ["2026-05-12", "2026-05-13", "2026-05-11"],
        }
    )
    found = units_of(available_items(tables, days_ahead=3, forecast=forecast, on_order=on_order))
    demand = paths[:2, :, :2].sum(axis=(0, 2))
    assert np.isclose(found["tea", "s1"], np.maximum(6 + 2 - demand, 0).mean())
    assert np.isclose(found["jam", "s2"], np.maximum(2 - paths[2, :, :2].sum(axis=1), 0).mean())
    assert ("late", "s1") not in found
    tomorrow = units_of(available_items(tables, days_ahead=1, forecast=forecast))
    assert tomorrow["tea", "s1"] == 6


def test_weeks_are_shared_out_by_days(tables):
    keys = pd.DataFrame({"item_id": ["tea"], "location_id": ["s1"]})
    forecast = Forecast(
        keys, Periods.spanning("2026-05-11", "2026-05-24", "W"), np.full((1, 3, 2), 7.0, np.float32)
    )
    found = units_of(available_items(tables, days_ahead=4, forecast=forecast))
    assert np.isclose(found["tea", "s1"], 6 - 3)
    with pytest.raises(DataError, match="does not cover"):
        available_items(tables, days_ahead=40, forecast=forecast)


def test_channels_of_a_shop_share_its_stock(tables):
    made = available_items(
        tables,
        channels={"store": ["s1", "s2"], "app": ["s1"]},
        leave_out=pd.DataFrame({"item_id": ["tea"], "channel": ["app"]}),
    )
    tea = made[made["item_id"] == "tea"]
    assert tea[["location_id", "channel", "units"]].to_numpy().tolist() == [
        ["s1", "store", 6],
        ["s2", "store", 0],
    ]
    old = made[made["item_id"] == "old"].set_index("channel")["units"].to_dict()
    assert old == {"store": 4, "app": 4}


def test_without_stock_all_that_is_sold_is_available():
    orders = pd.DataFrame({"customer_id": ["a"], "item_id": ["tea"], "time": ["2026-05-01"]})
    made = available_items(Interactions.from_frame(orders))
    assert made.to_numpy().tolist() == [["tea"]]


def test_what_cannot_be_used_is_named(tables):
    with pytest.raises(DataError, match="not tables"):
        available_items(pd.DataFrame())
    with pytest.raises(DataError, match="one text"):
        available_items(tables, channels={"app": "s1"})
    bad = pd.DataFrame({"item_id": ["tea"], "location_id": ["s1"], "units": [-1]})
    with pytest.raises(DataError, match="at least zero"):
        available_items(tables, on_order=bad)
    with pytest.raises(DataError, match="days_ahead"):
        available_items(tables, days_ahead=-1)
