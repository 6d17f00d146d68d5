"""Bad input through the door: each error names table, column, rows and the next step."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml.errors import DataError
from newretail_ml.tables import RetailTables


def refused(orders, **others) -> DataError:
    with pytest.raises(DataError) as caught:
        RetailTables.from_frames(orders, **others)
    assert str(caught.value).endswith(".")
    return caught.value


def with_value(frame: pd.DataFrame, row: int, column: str, value: object) -> pd.DataFrame:
    values = frame[column].astype("object")
    values.iloc[row] = value
    return frame.assign(**{column: values})


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("units", "two", "not a number: 'two'"),
        ("units", np.nan, "missing values"),
        ("units", None, "missing values"),
        ("units", np.inf, "infinite: inf"),
        ("units", -np.inf, "infinite: -inf"),
        ("unit_price", -2, "below 0: -2.0"),
        ("unit_price", "free", "not a number: 'free'"),
        ("time", "yesterday", "not a date: 'yesterday'"),
        ("time", None, "missing values"),
        ("time", pd.Timestamp("2099-01-01"), "more than 20 years from the others"),
        ("units", 1e39, "beyond any quantity"),
        ("order_id", None, "missing values"),
        ("item_id", "", "missing values"),
        ("location_id", None, "missing values"),
    ],
)
def test_a_bad_value_is_named(orders, column, value, words):
    error = refused(with_value(orders, 2, column, value))
    assert (error.table, error.column, error.rows) == ("orders", column, (2,))
    assert words in str(error)


def test_rows_are_named_by_their_label(orders):
    labelled = with_value(orders, 1, "units", "two").set_axis(["a", "b", "c", "d"])
    assert refused(labelled).rows == ("b",)


def test_repeated_labels_count_as_positions(orders):
    stacked = pd.concat([orders, with_value(orders, 1, "units", "two")])
    assert refused(stacked).rows == (5,)


def test_other_problems_are_counted(orders):
    orders = with_value(with_value(orders, 0, "units", "two"), 1, "unit_price", -1)
    error = refused(with_value(orders, 2, "unit_price", np.inf))
    assert error.column == "units"
    assert "2 more found: unit_price (infinite: 1), unit_price (below 0: 1)" in str(error)


@pytest.mark.parametrize("column", ["order_id", "time", "item_id", "units", "unit_price"])
def test_a_missing_column_is_named_with_those_found(orders, column):
    error = refused(orders.drop(columns=column))
    assert f"missing columns: {column}; found: " in str(error)
    assert "customer_id" in str(error)
    assert "[orders.columns]" in error.next_step


def test_two_columns_of_one_name(orders):
    error = refused(pd.concat([orders, orders[["units"]]], axis="columns"))
    assert "units" in str(error)


def test_lists_in_cells(orders):
    assert refused(with_value(orders, 0, "item_id", ["tea"])).column == "item_id"


def test_empty_orders(orders):
    assert "no rows" in str(refused(orders.iloc[:0]))
    assert "found: none" in str(refused(pd.DataFrame()))


def test_what_is_no_frame(orders):
    assert "DataFrame" in str(refused(orders.to_dict()))


def test_unknown_item(orders, frames):
    error = refused(orders, items=frames["items"].iloc[1:])
    assert (error.column, error.rows) == ("item_id", (1, 3))
    assert "not in the items table: 'cup'" in str(error)


def test_unknown_location(orders, frames):
    error = refused(orders, locations=frames["locations"].iloc[:1])
    assert (error.column, error.rows) == ("location_id", (2,))


@pytest.mark.parametrize("table", ["stock", "prices"])
def test_unknown_item_in_other_tables(orders, frames, table):
    other = with_value(frames[table], 0, "item_id", "mug")
    error = refused(orders, items=frames["items"], **{table: other})
    assert (error.table, error.column, error.rows) == (table, "item_id", (0,))


@pytest.mark.parametrize("table", ["items", "locations", "customers", "stock", "prices"])
def test_repeated_keys(orders, frames, table):
    twice = pd.concat([frames[table], frames[table].iloc[:1]], ignore_index=True)
    error = refused(orders, **{table: twice})
    assert error.table == table
    assert error.rows == (0, len(twice) - 1)
    assert "more than once" in str(error)


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("items", "unit_cost", -1),
        ("items", "pack_size", 0),
        ("items", "shelf_life", "long"),
        ("items", "launch_date", "soon"),
        ("locations", "kind", "kiosk"),
        ("stock", "on_hand", np.nan),
        ("prices", "price", -1),
        ("prices", "promotion", 2),
        ("customers", "joined", "soon"),
        ("events", "date", "soon"),
    ],
)
def test_bad_values_in_other_tables(orders, frames, table, column, value):
    error = refused(orders, **{table: frames[table].assign(**{column: value})})
    assert (error.table, error.column) == (table, column)


def test_zoned_times_ask_for_the_wall_clock(orders):
    zoned = orders.assign(time=orders["time"].dt.tz_localize("UTC"))
    assert "timezone" in refused(zoned).next_step
    tables = RetailTables.from_frames(zoned, mapping={"cleaning": {"timezone": "Asia/Shanghai"}})
    assert tables.orders["time"].iloc[0] == pd.Timestamp("2024-05-01 17:00")


def test_orders_without_location_beside_tables_with_locations(orders, frames):
    nowhere = orders.drop(columns="location_id")
    for table in ("locations", "stock", "prices"):
        assert "location_id" in str(refused(nowhere, **{table: frames[table]}))


def test_stock_without_location_beside_orders_with_locations(orders, frames):
    error = refused(orders, stock=frames["stock"].iloc[:1].drop(columns="location_id"))
    assert error.table == "stock"


def test_one_row_and_all_zeros_are_fine(orders):
    assert len(RetailTables.from_frames(orders.iloc[:1]).orders) == 1
    zeros = RetailTables.from_frames(orders.assign(units=0))
    assert zeros.demand_lines().empty
    assert zeros.report.facts.set_index("what").loc["lines of 0 units", "rows"] == 4
