"""The UCI Online Retail file through the mapping that comes with the library."""

import pandas as pd
import pytest

from newretail_ml.tables import RetailTables

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def tables(shared_data) -> RetailTables:
    return RetailTables.read(shared_data / "online_retail.parquet", mapping="online_retail")


@pytest.fixture(scope="module")
def report(tables) -> pd.DataFrame:
    return tables.report.to_frame().set_index("what")


def test_its_lines_are_counted(tables, report):
    assert report.loc["rows read", "rows"] == 541_909
    dropped = report.query("action == 'dropped'").drop(index="extra columns")["rows"].sum()
    assert report.loc["rows kept", "rows"] == 541_909 - dropped == len(tables.orders)
    assert "Description, Country" in report.loc["extra columns", "why"]


def test_cancellations_are_the_returns(tables, report):
    cancelled = tables.orders["order_id"].str.startswith("C")
    assert (cancelled == tables.orders["units"].lt(0)).all()
    assert report.loc["cancelled lines", "rows"] == cancelled.sum() > 8_000
    assert not tables.demand_lines()["order_id"].str.startswith("C").any()


def test_a_quarter_has_no_customer(tables):
    assert tables.orders["customer_id"].isna().mean() == pytest.approx(0.25, abs=0.01)


def test_the_shop_is_closed_on_saturdays(tables, report):
    assert "Saturday 53," in report.loc["closed days", "why"]
    assert "Saturday" not in set(tables.orders["time"].dt.day_name())


def test_the_mistaken_quantities_are_dropped_with_their_reversals(tables, report):
    assert report.loc["absurd quantities", "rows"] == 4
    assert "80,995, 74,215" in report.loc["absurd quantities", "why"]
    assert tables.orders["units"].abs().max() < 10_000


def test_codes_that_are_no_goods_are_dropped(tables):
    items = set(tables.orders["item_id"])
    assert items.isdisjoint({"POST", "DOT", "M", "C2", "D", "S", "BANK CHARGES", "AMAZONFEE"})
    assert {"85123A", "22423", "DCGSSGIRL"} <= items
