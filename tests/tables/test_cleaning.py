import pandas as pd
import pytest

from newretail_ml.errors import DataError
from newretail_ml.tables import Cleaning, RetailTables


def lines(**columns) -> pd.DataFrame:
    """Order lines on successive days; what is not given is the same for all."""
    number = len(next(iter(columns.values())))
    plain = {
        "order_id": [str(one) for one in range(number)],
        "time": pd.date_range("2024-05-01", periods=number),
        "customer_id": "ann",
        "item_id": "tea",
        "units": 1.0,
        "unit_price": 2.5,
    }
    return pd.DataFrame({**plain, **columns})


def findings(orders: pd.DataFrame, cleaning: Cleaning) -> tuple[RetailTables, pd.DataFrame]:
    tables = RetailTables.from_frames(orders, cleaning=cleaning)
    return tables, tables.report.to_frame().set_index("what")


def test_other_codes_are_dropped_before_they_are_checked():
    orders = lines(item_id=["tea1", "POST", "tea2"], unit_price=[2.5, -9.0, 2.5])
    tables, report = findings(orders, Cleaning(item_pattern=r"tea\d"))
    assert tables.orders["item_id"].tolist() == ["tea1", "tea2"]
    assert report.loc["codes that are no items", ["rows", "units"]].tolist() == [1, 1.0]
    assert "POST" in report.loc["codes that are no items", "why"]


def test_a_pattern_that_drops_all_lines_is_an_error():
    with pytest.raises(DataError, match="item_pattern"):
        RetailTables.from_frames(lines(units=[1]), cleaning=Cleaning(item_pattern=r"\d"))


DOUBLE = lines(units=[1, 2, 2], order_id="1", time="2024-05-01")


@pytest.mark.parametrize(("rule", "kept"), [("drop", 2), ("keep", 3)])
def test_duplicate_lines_are_counted(rule, kept):
    tables, report = findings(DOUBLE, Cleaning(duplicates=rule))
    assert len(tables.orders) == kept
    assert report.loc["duplicate lines", ["rows", "units"]].tolist() == [1, 2.0]


def test_duplicate_lines_may_be_an_error():
    with pytest.raises(DataError, match="1 lines equal another") as caught:
        RetailTables.from_frames(DOUBLE, cleaning=Cleaning(duplicates="error"))
    assert caught.value.rows == (2,)


def test_a_line_number_tells_lines_apart():
    tables, report = findings(DOUBLE.assign(line=[1, 2, 3]), Cleaning())
    assert len(tables.orders) == 3
    assert "duplicate lines" not in report.index
    assert "line" in report.loc["extra columns", "why"]


@pytest.mark.parametrize(("rule", "kept"), [("keep", 2), ("drop", 1)])
def test_free_lines(rule, kept):
    tables, report = findings(lines(unit_price=[0, 1]), Cleaning(free_lines=rule))
    assert len(tables.orders) == kept
    assert report.loc["free lines", "rows"] == 1


def test_cancelled_lines_are_returns():
    orders = lines(order_id=["1", "C2", "C3"], units=[5, 2, -3])
    tables, report = findings(orders, Cleaning(cancelled="C"))
    assert tables.orders["units"].tolist() == [5, -2, -3]
    assert tables.demand_lines()["units"].tolist() == [5]
    assert report.loc["cancelled lines", ["rows", "units"]].tolist() == [2, -5.0]
    assert report.loc["cancelled lines with positive units", "action"] == "repaired"


USUAL = [1.0, 2.0, 3.0] * 70


def test_an_absurd_quantity_and_its_reversal_are_dropped():
    tables, report = findings(lines(units=[*USUAL, 9000, -9000]), Cleaning())
    assert tables.orders["units"].tolist() == USUAL
    assert report.loc["absurd quantities", ["rows", "units"]].tolist() == [2, 0.0]
    assert "9,000" in report.loc["absurd quantities", "why"]


@pytest.mark.parametrize(
    "change",
    [
        {"units": [*USUAL, 9000, -8999]},
        {"units": [*USUAL, 250, -250]},
        {"units": [*USUAL, 9000, 9000]},
        {"units": [*USUAL, 9000, -9000], "customer_id": ["ann"] * 211 + ["bob"]},
        {"units": [*USUAL, 9000, -9000], "item_id": ["tea"] * 211 + ["cup"]},
        {"units": [*USUAL, 9000, -9000], "unit_price": [2.5] * 211 + [2.4]},
    ],
    ids=["units differ", "not absurd", "no reversal", "customer", "item", "price"],
)
def test_other_large_quantities_stay(change):
    assert len(RetailTables.from_frames(lines(**change)).orders) == 212


def test_large_quantities_that_the_item_is_used_to_stay():
    orders = lines(units=[*USUAL, 100, 100, 9000, -9000], item_id=["tea"] * 210 + ["screw"] * 4)
    assert len(RetailTables.from_frames(orders).orders) == 214


def test_each_line_serves_one_counterpart():
    tables, _ = findings(lines(units=[*USUAL, 9000, 9000, -9000]), Cleaning())
    assert tables.orders["units"].sum() == sum(USUAL) + 9000


def test_the_absurd_bound_can_be_set_and_the_rule_switched_off():
    orders = lines(units=[1, 50, -50])
    assert len(RetailTables.from_frames(orders).orders) == 3
    assert len(RetailTables.from_frames(orders, cleaning=Cleaning(absurd_units=49)).orders) == 1
    off = Cleaning(absurd_units=49, drop_reversed=False)
    assert len(RetailTables.from_frames(orders, cleaning=off).orders) == 3


@pytest.mark.parametrize(
    "options",
    [
        {"cancelled": "("},
        {"item_pattern": 5},
        {"duplicates": "forget"},
        {"free_lines": "give"},
        {"drop_reversed": "maybe"},
        {"absurd_units": -1},
        {"timezone": "Mars/Phobos"},
        {"colour": "red"},
    ],
)
def test_rules_that_mean_nothing_are_refused(options):
    with pytest.raises(DataError, match=next(iter(options))):
        Cleaning.from_dict(options)
