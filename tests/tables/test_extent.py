"""Tables that are a part of a chain know how far all of it reaches."""

import pandas as pd
import pytest

from newretail_ml import Panel, RetailTables
from newretail_ml.replenishment import state_from_tables
from newretail_ml.tables.extent import EXTENT_FILE, Extent

ORDERS = pd.DataFrame(
    {
        "order_id": range(5),
        "time": pd.to_datetime(
            ["2026-01-01 09", "2026-01-04 10", "2026-01-05 10", "2026-01-06 10", "2026-01-10 18"]
        ),
        "channel": ["store", "store", "store", "online", "store"],
        "location_id": ["north", "north", "north", "web", "south"],
        "item_id": ["tea", "cup", "cup", "cup", "tea"],
        "units": 1.0,
        "unit_price": 2.0,
    }
)
ITEMS = pd.DataFrame(
    {
        "item_id": ["tea", "cup", "pot"],
        "category": ["drinks", "china", "drinks"],
        "launch_date": [None, None, "2026-01-12"],
    }
)
STOCK = pd.DataFrame(
    {
        "date": pd.to_datetime(["2026-01-10", "2026-01-02"]),
        "location_id": ["north", "south"],
        "item_id": ["tea", "cup"],
        "on_hand": [3, 4],
    }
)


@pytest.fixture
def chain() -> RetailTables:
    return RetailTables.from_frames(ORDERS, items=ITEMS, stock=STOCK)


@pytest.fixture
def part(chain, tmp_path) -> RetailTables:
    """Cups and pots alone, beside the extent of the chain."""
    kept = ["cup", "pot"]
    alone = RetailTables.from_frames(
        ORDERS[ORDERS["item_id"].isin(kept)],
        items=ITEMS[ITEMS["item_id"].isin(kept)],
        stock=STOCK[STOCK["item_id"].isin(kept)],
    )
    alone.write(tmp_path / "part")
    (tmp_path / "part" / EXTENT_FILE).write_text(chain.extent.to_json())
    return RetailTables.read(tmp_path / "part")


def test_series_of_a_part_are_those_of_the_chain(chain, part):
    whole, own = Panel.from_tables(chain), Panel.from_tables(part)
    here = whole.select(whole.keys["item_id"].isin(["cup", "pot"]).to_numpy())
    pd.testing.assert_frame_equal(own.keys, here.keys)
    assert (own.keys["item_id"] == "pot").sum() == 2  # where drinks are sold: north and south
    assert own.periods == here.periods
    assert own.units.tolist() == here.units.tolist()
    assert own.cut == 10


def test_stock_that_was_not_counted_lately_is_unknown_in_a_part_as_well(chain, part):
    terms = {"lead_time": 2, "review_period": 1}
    assert state_from_tables(chain, **terms)["item_id"].tolist() == ["tea"]
    assert state_from_tables(part, **terms).empty


def test_parts_make_up_the_whole(chain):
    halves = [
        RetailTables.from_frames(rows, items=ITEMS).extent
        for rows in (ORDERS.iloc[:2], ORDERS.iloc[2:])
    ]
    joined = Extent.together([*halves, chain.extent])
    assert joined.to_json() == chain.extent.to_json()


def test_an_extent_is_read_back_as_it_was(chain):
    read = Extent.from_json(chain.extent.to_json())
    pd.testing.assert_frame_equal(read.sells, chain.extent.sells)
    assert read.last_price is None
    assert read.last_order == pd.Timestamp("2026-01-10 18:00")
