"""A panel from a chain's tables."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.panel import Panel
from newretail_ml.tables import RetailTables

NAN = float("nan")
MONDAY = "2026-01-05"

ORDERS = pd.DataFrame(
    [
        ("1", "2026-01-05 09:00", "store", "north", "tea", 2),
        ("2", "2026-01-05 18:30", "store", "north", "tea", 1),
        ("3", "2026-01-06 11:00", "store", "south", "tea", 4),
        ("4", "2026-01-06 12:00", "online", "south", "tea", 5),
        ("5", "2026-01-07 23:59", "store", "north", "cup", 3),
        ("6", "2026-01-08 10:00", "store", "north", "tea", -2),
        ("7", "2026-01-08 10:05", "store", "north", "cup", 1),
    ],
    columns=[c.ORDER, c.TIME, c.CHANNEL, c.LOCATION, c.ITEM, c.UNITS],
).assign(unit_price=2.0)


def series(panel: Panel, name: str, *key: str) -> list[float]:
    """One row of an array of the panel."""
    row = (panel.keys == list(key)).all(axis=1).to_numpy().nonzero()[0].item()
    values = panel.plans[name] if name in panel.plans else getattr(panel, name)
    return values[row].tolist()


def test_demand_by_item_and_location():
    panel = Panel.from_tables(RetailTables.from_frames(ORDERS))
    assert panel.keys.to_numpy().tolist() == [["cup", "north"], ["tea", "north"], ["tea", "south"]]
    assert panel.periods.first == pd.Timestamp(MONDAY)
    assert panel.cut == len(panel.periods) == 4
    assert series(panel, "units", "tea", "north") == [3, 0, 0, 0]  # a return is no demand
    assert series(panel, "units", "tea", "south") == [0, 9, 0, 0]
    assert series(panel, "units", "cup", "north") == [0, 0, 3, 1]
    assert not panel.censored.any()
    assert not panel.plans


@pytest.mark.parametrize(
    ("by", "tea"),
    [
        ([c.ITEM], {("tea",): [3, 9, 0, 0]}),
        ([c.CHANNEL, c.ITEM], {("tea", "online"): [0, 5, 0, 0], ("tea", "store"): [3, 4, 0, 0]}),
        (
            [c.ITEM, c.LOCATION, c.CHANNEL],
            {("tea", "south", "online"): [0, 5, 0, 0], ("tea", "south", "store"): [0, 4, 0, 0]},
        ),
    ],
    ids=["item", "item and channel", "all keys"],
)
def test_what_is_left_out_is_pooled(by, tea):
    panel = Panel.from_tables(RetailTables.from_frames(ORDERS), by=by)
    assert set(panel.keys.columns) == set(by)
    assert panel.units.sum() == 16
    for key, units in tea.items():
        assert series(panel, "units", *key) == units


@pytest.mark.parametrize("by", [[c.LOCATION], [c.ITEM, "region"], []])
def test_other_keys_are_refused(by):
    with pytest.raises(DataError, match="Name item_id"):
        Panel.from_tables(RetailTables.from_frames(ORDERS), by=by)


STOCK = pd.DataFrame(
    [
        ("2026-01-05", "north", "tea", 5),
        ("2026-01-06", "north", "tea", 0),
        ("2026-01-07", "south", "tea", -1),
        ("2026-01-08", "north", "cup", 7),
        ("2026-01-08", "north", "pot", 9),
        ("2026-01-30", "north", "tea", 0),
    ],
    columns=[c.DATE, c.LOCATION, c.ITEM, c.ON_HAND],
)


def test_days_without_stock_are_censored():
    panel = Panel.from_tables(RetailTables.from_frames(ORDERS, stock=STOCK))
    assert series(panel, "censored", "tea", "north") == [False, True, False, False]
    assert series(panel, "censored", "tea", "south") == [False, False, True, False]
    assert series(panel, "censored", "cup", "north") == [False] * 4


@pytest.mark.parametrize(
    ("on_hand", "censored"),
    [
        ([3, 3, 3, 3, 3, 3, 3], False),
        ([3, 0, 3, 3, 3, 3, 3], False),
        ([3, 3, 3, 3, 3, 3, 0], True),
        ([0, 0, 0, 0, 3, 3, 3], True),
    ],
)
def test_a_week_is_censored_if_it_ended_without_stock_or_was_mostly_without(on_hand, censored):
    """One empty day in the middle cost the sales of that day alone."""
    days = pd.date_range(MONDAY, periods=14).astype(str)
    orders = pd.DataFrame({c.ORDER: [*"abcdefghijklmn"], c.TIME: days, c.ITEM: "tea", c.UNITS: 1})
    stock = pd.DataFrame({c.DATE: days, c.ITEM: "tea", c.LOCATION: "north", c.ON_HAND: 5})
    stock.loc[7:, c.ON_HAND] = on_hand
    tables = RetailTables.from_frames(
        orders.assign(**{c.LOCATION: "north", c.UNIT_PRICE: 2.0}),
        stock=stock.sample(frac=1.0, random_state=0),
    )
    panel = Panel.from_tables(tables, freq="W")
    assert series(panel, "censored", "tea", "north") == [False, censored]


def test_what_is_in_stock_and_never_sold_is_a_series():
    panel = Panel.from_tables(RetailTables.from_frames(ORDERS, stock=STOCK))
    assert series(panel, "units", "pot", "north") == [0, 0, 0, 0]


def test_a_pooled_series_is_censored_where_one_of_its_places_is():
    panel = Panel.from_tables(RetailTables.from_frames(ORDERS, stock=STOCK), by=[c.ITEM])
    assert series(panel, "censored", "tea") == [False, True, True, False]


def test_stock_of_a_place_is_shared_by_its_channels():
    panel = Panel.from_tables(
        RetailTables.from_frames(ORDERS, stock=STOCK), by=[c.ITEM, c.LOCATION, c.CHANNEL]
    )
    for channel in ("store", "online"):
        assert series(panel, "censored", "tea", "south", channel) == [False, False, True, False]


def prices(**columns: object) -> pd.DataFrame:
    """Tea and cups, from the second day to two days beyond the orders."""
    days = pd.date_range("2026-01-06", "2026-01-10")
    return pd.DataFrame(
        {
            c.DATE: [*days, *days],
            c.ITEM: ["tea"] * 5 + ["cup"] * 5,
            c.PRICE: [3.0, 2.0, 3.0, 3.0, 1.5, 9.0, 9.0, 9.0, 9.0, 9.0],
            c.REGULAR_PRICE: [3.0] * 5 + [9.0] * 5,
            c.PROMOTION: [0, 1, 0, 0, 1, 0, 0, 0, 0, 0],
        }
    ).assign(**columns)


@pytest.mark.parametrize("by", [[c.ITEM], [c.ITEM, c.LOCATION], [c.ITEM, c.CHANNEL]])
def test_prices_are_plans_that_reach_beyond_the_orders(by):
    panel = Panel.from_tables(RetailTables.from_frames(ORDERS, prices=prices()), by=by)
    assert (panel.cut, len(panel.periods)) == (4, 6)
    tea = np.flatnonzero(panel.keys[c.ITEM] == "tea")
    for row in tea:
        np.testing.assert_array_equal(panel.plans[c.PRICE][row], [NAN, 3, 2, 3, 3, 1.5])
        np.testing.assert_array_equal(panel.plans[c.PROMOTION][row], [NAN, 0, 1, 0, 0, 1])
    assert len(tea) == (panel.keys[c.ITEM] == "tea").sum() > 0


def test_prices_of_places_are_averaged_where_places_are_pooled():
    north, south = prices(location_id="north"), prices(location_id="south")
    south[c.PRICE] += 1.0
    tables = RetailTables.from_frames(ORDERS, prices=pd.concat([north, south]))
    apart = Panel.from_tables(tables)
    assert series(apart, c.PRICE, "tea", "south")[1:] == [4, 3, 4, 4, 2.5]
    pooled = Panel.from_tables(tables, by=[c.ITEM])
    assert series(pooled, c.PRICE, "tea")[1:] == [3.5, 2.5, 3.5, 3.5, 2.0]
    by_channel = Panel.from_tables(tables, by=[c.ITEM, c.CHANNEL])
    assert series(by_channel, c.PRICE, "tea", "online")[1:] == [4, 3, 4, 4, 2.5]
    assert series(by_channel, c.PRICE, "tea", "store")[1:] == [3.5, 2.5, 3.5, 3.5, 2.0]


def test_gaps_in_a_price_list_are_filled_by_the_last_price():
    tables = RetailTables.from_frames(ORDERS, prices=prices().drop(index=[1, 2]))
    assert series(Panel.from_tables(tables, by=[c.ITEM]), c.PRICE, "tea")[1:] == [3, 3, 3, 3, 1.5]


def test_launches_delistings_and_attributes():
    items = pd.DataFrame(
        {
            c.ITEM: ["tea", "cup", "pot"],
            c.CATEGORY: ["drinks", "kitchen", "kitchen"],
            c.LAUNCH_DATE: ["2025-11-01", "2026-01-06", None],
            c.DELISTING_DATE: [None, "2026-01-08", "2025-12-01"],
        }
    )
    locations = pd.DataFrame({c.LOCATION: ["north", "south"], c.REGION: ["N", "S"]})
    tables = RetailTables.from_frames(ORDERS, items=items, locations=locations, stock=STOCK)
    panel = Panel.from_tables(tables)
    assert panel.keys[c.ITEM].tolist() == ["cup", "pot", "tea", "tea"]
    assert panel.launch.tolist() == [1, -1, 0, 0]
    assert panel.delisting.tolist() == [3, 0, Panel.NEVER, Panel.NEVER]
    assert panel.statics[c.CATEGORY].tolist() == ["kitchen", "kitchen", "drinks", "drinks"]
    assert panel.statics[c.REGION].tolist() == ["N", "N", "N", "S"]
    assert not {c.LAUNCH_DATE, c.DELISTING_DATE} & set(panel.statics)
    np.testing.assert_array_equal(panel.demand()[0], np.float32([NAN, 0, 3, NAN]))


def test_weeks_leave_out_a_last_one_that_is_not_over():
    weeks = pd.concat(
        [
            ORDERS.assign(**{c.ORDER: f"{week}-" + ORDERS[c.ORDER], c.TIME: times})
            for week in range(3)
            for times in [(pd.to_datetime(ORDERS[c.TIME]) + pd.Timedelta(weeks=week))]
        ]
    )
    tables = RetailTables.from_frames(weeks, stock=STOCK, prices=prices())
    panel = Panel.from_tables(tables, freq="W")  # the orders end on the Thursday of week three
    assert (panel.cut, panel.periods.freq) == (2, "W")
    assert series(panel, "units", "tea", "south") == [9, 9]
    assert series(panel, "censored", "tea", "north") == [True, False]
    assert series(panel, c.PRICE, "tea", "north") == [2.5, 2.5, 2.5]


def test_a_week_that_is_not_over_alone_is_refused():
    with pytest.raises(DataError, match="do not fill one whole period"):
        Panel.from_tables(RetailTables.from_frames(ORDERS), freq="W")


def test_events_come_along():
    events = pd.DataFrame({c.DATE: ["2026-01-07"], c.EVENT: ["fair"], c.LOCATION: ["north"]})
    panel = Panel.from_tables(RetailTables.from_frames(ORDERS, events=events))
    assert panel.events[c.EVENT].tolist() == ["fair"]


def test_one_order_line():
    panel = Panel.from_tables(RetailTables.from_frames(ORDERS.iloc[[0]]))
    assert panel.units.tolist() == [[2.0]]


def test_returns_alone_are_refused():
    returns = ORDERS[ORDERS[c.UNITS] < 0]
    with pytest.raises(DataError, match=r"orders\.units: no order line is a sale"):
        Panel.from_tables(RetailTables.from_frames(returns))
