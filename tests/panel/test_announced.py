"""Items that are announced and have not sold yet."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml import columns as c
from newretail_ml.panel import Panel
from newretail_ml.tables import RetailTables
from tests.panel.test_from_tables import ORDERS, prices

ITEMS = pd.DataFrame(
    {
        c.ITEM: ["tea", "cup", "mug", "bun", "hat"],
        c.CATEGORY: ["drinks", "kitchen", "kitchen", "bakery", None],
        c.LAUNCH_DATE: ["2025-11-01", None, "2026-01-12", "2026-01-07", "2025-11-01"],
        c.DELISTING_DATE: [None] * 5,
    }
)


def places(by=(c.ITEM, c.LOCATION), items=ITEMS, **tables):
    """Keys of the series of each new item."""
    panel = Panel.from_tables(RetailTables.from_frames(ORDERS, items=items, **tables), by=by)
    new = panel.keys[~panel.keys[c.ITEM].isin(["tea", "cup"])]
    return panel, new.to_numpy().tolist()


def test_an_announced_item_is_a_series_where_its_category_sells():
    """Kitchen things sell in the north alone; a bakery is new to the chain; the hat is old."""
    panel, new = places()
    assert new == [["bun", "north"], ["bun", "south"], ["mug", "north"]]
    mug = (panel.keys[c.ITEM] == "mug").to_numpy()
    assert panel.launch[mug].tolist() == [7]
    assert panel.units[mug].tolist() == [[0, 0, 0, 0]]
    assert np.isnan(panel.demand()[mug]).all()
    assert panel.statics[c.CATEGORY][mug].tolist() == ["kitchen"]


def test_by_item_there_is_one_series():
    assert places((c.ITEM,))[1] == [["bun"], ["mug"]]


def test_channels_are_those_of_the_location():
    _, new = places((c.ITEM, c.LOCATION, c.CHANNEL))
    assert [key for key in new if key[0] == "bun"] == [
        ["bun", "north", "store"],
        ["bun", "south", "online"],
        ["bun", "south", "store"],
    ]


def test_a_price_plan_by_location_says_where():
    plan = prices(location_id="south").assign(item_id="mug").iloc[:5]
    assert places(prices=plan)[1] == [["bun", "north"], ["bun", "south"], ["mug", "south"]]


@pytest.mark.parametrize("stocked", ["north", "south"])
def test_stock_says_where(stocked):
    stock = pd.DataFrame({c.DATE: ["2026-01-08"], c.LOCATION: [stocked], c.ITEM: ["bun"]})
    assert places(stock=stock.assign(on_hand=5))[1] == [["bun", stocked], ["mug", "north"]]


def test_what_is_delisted_already_is_not_announced():
    gone = ITEMS.assign(**{c.DELISTING_DATE: [None, None, None, "2026-01-08", None]})
    assert places(items=gone)[1] == [["mug", "north"]]


def test_without_launch_dates_nothing_is_announced():
    assert places(items=ITEMS[[c.ITEM, c.CATEGORY]])[1] == []


def test_without_categories_it_is_everywhere():
    _, new = places(items=ITEMS.drop(columns=c.CATEGORY))
    assert new == [[item, place] for item in ("bun", "mug") for place in ("north", "south")]
