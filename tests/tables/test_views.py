import pandas as pd
import pytest

from newretail_ml.tables import RetailTables


@pytest.fixture
def tables(frames: dict[str, pd.DataFrame]) -> RetailTables:
    extra = frames["orders"].iloc[[2]].assign(order_id="9", customer_id="00123")
    only_returned = frames["orders"].iloc[[3]].assign(order_id="8", customer_id="zoe")
    return RetailTables.from_frames(
        pd.concat([frames["orders"], extra, only_returned]), stock=frames["stock"]
    )


def test_demand_lines_are_those_of_positive_units(tables):
    lines = tables.demand_lines()
    assert lines["units"].tolist() == [2.0, 1.0, 0.25, 0.25]
    assert lines.columns.equals(tables.orders.columns)


def test_one_row_for_each_member_over_all_channels(tables):
    (member,) = tables.member_view().to_dict("records")
    assert member == {
        "customer_id": "00123",
        "orders": 2,
        "units": 2.25,
        "revenue": pytest.approx(2 * 2.5 + 4.0 + 0.25 * 2.4 - 4.0),
        "first": pd.Timestamp("2024-05-01 09:00"),
        "last": pd.Timestamp("2024-05-02 10:30"),
        "channels": "online, store",
    }


def test_no_members_give_an_empty_view(orders):
    view = RetailTables.from_frames(orders.drop(columns="customer_id")).member_view()
    assert view.empty
    assert "revenue" in view


def test_one_row_for_each_item_over_all_channels(tables):
    view = tables.item_view().set_index("item_id")
    assert view.loc["tea", "units"] == 2.5
    assert view.loc["tea", "returns"] == 0
    assert view.loc["tea", "last_price"] == 2.4
    assert view.loc["tea", "on_hand"] == 7.0
    assert view.loc["cup", "returns"] == 2
    assert view.loc["cup", "revenue"] == -4.0


def test_stock_is_only_told_where_it_is_known(orders):
    assert "on_hand" not in RetailTables.from_frames(orders).item_view()
