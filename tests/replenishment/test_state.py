"""Stock, terms and costs from a chain's tables."""

import pandas as pd
import pytest

from newretail_ml.errors import DataError
from newretail_ml.replenishment import state_from_tables
from newretail_ml.replenishment.state import checked_state
from newretail_ml.tables import RetailTables


@pytest.fixture
def tables():
    """Tea in two shops over three days; it sells for 5, then for 4."""
    days = pd.date_range("2026-03-01", periods=3)
    orders = pd.DataFrame(
        {
            "order_id": ["1", "2", "3"],
            "time": days + pd.Timedelta(hours=10),
            "item_id": "tea",
            "location_id": ["A", "B", "A"],
            "units": 1,
            "unit_price": [5.0, 5.0, 4.0],
        }
    )
    stock = pd.DataFrame(
        {"date": days, "item_id": "tea", "location_id": "A", "on_hand": [9.0, 8.0, 7.0]}
    )
    items = pd.DataFrame(
        {
            "item_id": ["tea"],
            "unit_cost": [3.65],
            "pack_size": [6],
            "shelf_life": [30],
            "launch_date": pd.to_datetime(["2025-01-01"]),
            "delisting_date": pd.to_datetime([None]),
        }
    )
    return RetailTables.from_frames(orders, items=items, stock=stock)


def test_one_table_holds_all_that_the_planner_asks_for(tables):
    row = state_from_tables(tables, lead_time=2, review_period=1, holding_rate=0.1).iloc[0]
    assert row[["item_id", "location_id", "on_hand"]].tolist() == ["tea", "A", 7.0]
    assert row[["lead_time", "review_period", "pack_size", "shelf_life"]].tolist() == [2, 1, 6, 30]
    assert row["shortage_cost"] == pytest.approx(4.0 - 3.65)
    assert row["holding_cost"] == pytest.approx(0.1 * 3.65 / 365)


def test_an_earlier_day_knows_neither_later_stock_nor_later_prices(tables):
    terms = {"lead_time": 2, "review_period": 1, "holding_rate": 0.1}
    row = state_from_tables(tables, **terms, until="2026-03-02").iloc[0]
    assert row["on_hand"] == 8.0
    assert row["shortage_cost"] == pytest.approx(5.0 - 3.65)


@pytest.mark.parametrize(
    ("until", "message"),
    [("2026-02-28", "nothing was counted until 2026-02-28"), ("soon", "'soon' is not a date")],
)
def test_days_without_stock_are_refused(tables, until, message):
    with pytest.raises(DataError, match=message):
        state_from_tables(tables, lead_time=2, review_period=1, until=until)


def test_a_state_that_is_no_table_is_refused():
    with pytest.raises(DataError, match="a dict is not a table"):
        checked_state({"item_id": ["tea"]})
