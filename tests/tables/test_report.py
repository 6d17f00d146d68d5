import pandas as pd
import pytest

from newretail_ml.errors import DataError
from newretail_ml.tables import RetailTables


def test_the_report_counts_what_was_changed_and_what_was_not():
    orders = pd.DataFrame(
        {
            "order_id": ["1", "1", "1", "C2", "3", "4", "5"],
            "time": ["2024-05-03"] * 3 + ["2024-05-05", "2024-05-06", "2024-05-06", "2024-05-07"],
            "channel": "store",
            "location_id": "s1",
            "customer_id": ["ann", "ann", "ann", "ann", None, "eve", "ann"],
            "item_id": ["100a", "100a", "100A", "100a", "100a", "200", "POST"],
            "units": [2, 2, 1, -1, 4, 0, 1],
            "unit_price": [1, 1, 1, 1, 0, 1, 9],
            "note": "",
        }
    )
    tables = RetailTables.from_frames(
        orders,
        customers=pd.DataFrame({"customer_id": ["ann"]}),
        mapping={"cleaning": {"cancelled": "C", "item_pattern": r"\d"}},
    )
    report = tables.report
    actions = report.actions.query("table == 'orders'").set_index("what")
    assert actions.loc["extra columns", "why"].endswith("note")
    assert actions.iloc[1:][["rows", "units", "action"]].to_dict("index") == {
        "codes that are no items": {"rows": 1, "units": 1.0, "action": "dropped"},
        "duplicate lines": {"rows": 1, "units": 2.0, "action": "dropped"},
    }
    facts = report.facts.query("table == 'orders'").set_index("what")["rows"]
    assert facts.to_dict() == {
        "rows read": 7,
        "free lines": 1,
        "rows kept": 5,
        "returns": 1,
        "lines of 0 units": 1,
        "cancelled lines": 1,
        "lines without customer": 1,
        "unknown customers": 1,
        "closed days": 1,
        "items alike but for case": 4,
    }
    assert len(report.to_frame()) == len(report.actions) + len(report.facts)


def test_closed_days_are_told_by_weekday(orders):
    report = RetailTables.from_frames(orders).report.facts.set_index("what")
    assert report.loc["closed days", "rows"] == 1
    assert report.loc["closed days", "why"] == "no order at all: Friday 1"


def test_the_printed_report_is_aligned(orders):
    text = str(RetailTables.from_frames(orders).report)
    table = text.split("\n\n")[0].splitlines()
    column = table[0].index("action")
    assert {line[column - 1] for line in table} == {" "}
    assert {line[column:].split()[0] for line in table[1:]} == {"counted"}
    assert text.count("no stock table") == 1


def test_a_report_does_not_hand_out_its_own_frames(orders):
    report = RetailTables.from_frames(orders).report
    facts = report.facts
    facts["rows"] = 0
    assert report.facts["rows"].max() == 4


def test_sales_outside_an_items_life_are_counted():
    orders = pd.DataFrame(
        {
            "order_id": ["1", "2", "3"],
            "time": ["2024-05-01", "2024-05-03", "2024-05-05"],
            "item_id": "tea",
            "units": 1,
            "unit_price": 2.0,
        }
    )
    life = {"launch_date": ["2024-05-02"], "delisting_date": ["2024-05-05"]}
    items = pd.DataFrame({"item_id": ["tea"], **life})
    facts = RetailTables.from_frames(orders, items=items).report.facts.set_index("what")["rows"]
    assert facts["sales before the launch"] == 1
    assert facts["sales after the delisting"] == 1


def test_an_item_delisted_before_its_launch_is_refused(orders):
    life = {"launch_date": ["2024-05-02"], "delisting_date": ["2024-04-05"]}
    items = pd.DataFrame({"item_id": orders["item_id"].unique()})
    items = items.assign(**{name: dates * len(items) for name, dates in life.items()})
    with pytest.raises(DataError, match="items are delisted before their launch"):
        RetailTables.from_frames(orders, items=items)
