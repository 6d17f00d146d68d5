"""Who can be offered what."""

import warnings

import numpy as np
import pandas as pd
import pytest

from newretail_ml import DataError
from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.lists.availability import Availability

ORDERS = pd.DataFrame(
    {
        "customer_id": ["ann", "bob", "bob", "eve"],
        "item_id": ["tea", "tea", "jam", "ham"],
        "time": ["2026-05-01", "2026-05-02", "2026-05-02", "2026-05-03"],
        "location_id": ["north", "south", "south", None],
        "channel": ["store", "store", "store", "online"],
    }
)
KNOWN = Interactions.from_frame(ORDERS)
WHO = pd.Index(["ann", "bob", "eve", "nobody"])


def offered(available, channel=None, known=KNOWN) -> dict[str, set[str]]:
    made = Availability.of(available, known, WHO, channel)
    mask = made.offer(slice(0, len(WHO)), known.rows_of(WHO), known).offered
    items = np.append(known.items["item_id"].to_numpy(object), made.new_items)
    return {who: set(items[row]) for who, row in zip(WHO, mask, strict=True)}


def test_a_list_of_items_is_for_everybody():
    with pytest.warns(UserWarning):
        assert offered(["tea", "new"]) == {who: {"tea", "new"} for who in WHO}


def test_items_that_are_not_known_are_told_with_their_rows():
    table = pd.DataFrame({"item_id": ["tea", "teaa", "jam", "mint"]}, index=[3, 4, 5, 6])
    said = r"available\.item_id: 2 values are not known to the model, the first is teaa \(rows 4, 6"
    with pytest.warns(UserWarning, match=said):
        offered(table)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        offered(table.iloc[[0, 2]])


def test_a_channel_of_which_nothing_is_said_is_refused():
    table = pd.DataFrame({"item_id": ["tea"], "location_id": ["north"]})
    for available in (None, ["tea"], table):
        with pytest.raises(DataError, match="nothing says what the channel 'store' can offer"):
            offered(available, "store")
    assert offered(table.assign(channel="store"), "store")["ann"] == {"tea"}


def test_the_customers_own_location_decides_and_any_where_it_is_not_known():
    table = pd.DataFrame({"item_id": ["tea", "jam"], "location_id": ["north", "south"]})
    assert offered(table) == {
        "ann": {"tea"},
        "bob": {"jam"},
        "eve": {"tea", "jam"},
        "nobody": {"tea", "jam"},
    }


def test_a_location_that_has_nothing_left_offers_nothing():
    table = pd.DataFrame(
        {"item_id": ["tea", "jam"], "location_id": ["north", "south"], "units": [0, 3]}
    )
    assert offered(table)["ann"] == set()
    assert offered(table)["bob"] == {"jam"}


def test_the_channel_decides():
    table = pd.DataFrame({"item_id": ["tea", "jam"], "channel": ["store", "online"]})
    usual = offered(table)
    assert (usual["ann"], usual["eve"]) == ({"tea"}, {"jam"})
    assert offered(table, "online") == {who: {"jam"} for who in WHO}
    with pytest.raises(DataError, match="no row is about the channel 'kiosk'"):
        offered(table, "kiosk")


def test_a_shop_that_the_table_does_not_name_has_nothing():
    table = pd.DataFrame({"item_id": ["tea"], "location_id": ["north"]})
    assert offered(table)["bob"] == set()
    online = table.assign(channel="online")
    assert offered(online, "online")["bob"] == {"tea"}


def test_customers_and_places_both_count_where_a_table_names_both():
    table = pd.DataFrame({"item_id": ["tea", "jam"], "customer_id": "ann"})
    assert offered(table.assign(location_id=["north", "south"]))["ann"] == {"tea"}


def test_a_home_without_orders_is_a_place_too():
    members = pd.DataFrame({"customer_id": ["ann"], "home_location_id": ["west"]})
    known = Interactions.from_frame(ORDERS, customers=members)
    table = pd.DataFrame({"item_id": ["tea", "jam"], "location_id": ["north", "west"]})
    assert offered(table, known=known)["ann"] == {"jam"}


def test_what_is_launched_later_is_not_offered_yet():
    items = pd.DataFrame({"item_id": ["tea", "mint"], "launch_date": [None, "2027-01-01"]})
    known = Interactions.from_frame(ORDERS, items=items)
    assert "mint" not in offered(None, known=known)["ann"]


def test_rows_that_name_customers_are_for_them_alone():
    table = pd.DataFrame({"item_id": ["tea", "jam", "tea"], "customer_id": ["ann", "bob", "x"]})
    assert offered(table) == {"ann": {"tea"}, "bob": {"jam"}, "eve": set(), "nobody": set()}


def test_without_a_table_all_that_is_not_delisted_is_offered():
    items = pd.DataFrame({"item_id": ["tea", "jam"], "delisting_date": [None, "2026-05-03"]})
    items["delisting_date"] = pd.to_datetime(items["delisting_date"])
    known = Interactions.from_frame(ORDERS, items=items)
    assert offered(None, known=known) == {who: {"tea", "ham"} for who in WHO}


def test_what_cannot_be_read_is_refused():
    for table, word in (
        (pd.DataFrame({"item_id": [None]}), "missing"),
        (pd.DataFrame({"item_id": ["tea"], "location_id": [None]}), "missing"),
        (pd.DataFrame({"item_id": ["tea"], "units": [np.nan]}), "not numbers"),
        (pd.DataFrame({"item_id": ["tea"], "shop": ["north"]}), "no such column"),
        (5, "not a list"),
        ([["tea"]], "more than single"),
    ):
        with pytest.raises(DataError, match=word):
            offered(table)
    with pytest.raises(DataError, match="one text"):
        offered("tea")
