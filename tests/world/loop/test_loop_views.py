"""What policies see is no more than a chain knows, and what they decide is checked."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from newretail_ml import DataError
from newretail_ml.world import Policies, run

DAYS, KNOWN = 9, 5


def seen(world):
    """Frames of the views of all evenings."""
    views = []

    def look(view):
        panel = view.panel
        numbers = pd.DataFrame(np.concatenate([panel.units, panel.censored], axis=1))
        tables = [view.tables.orders, view.tables.stock, view.tables.prices]
        views.append([view.stock, view.due, view.batches, view.usual_orders(), numbers, *tables])
        return view.usual_orders()

    run(world, Policies(orders=look), DAYS)
    return views


def test_no_view_knows_what_is_to_come(tiny):
    later = tiny.chain.config.days + KNOWN
    truth = tiny.truth
    level, expected, demand = truth.level.copy(), truth.expected.copy(), truth.demand.copy()
    level[later:] += 1.0
    expected[later:] *= 3
    demand[later:] *= 3
    other = replace(tiny, truth=replace(truth, level=level, expected=expected, demand=demand))
    before, after = seen(tiny), seen(other)
    for one, two in list(zip(before, after, strict=True))[:KNOWN]:
        for frame, twin in zip(one, two, strict=True):
            assert_frame_equal(frame, twin)
    assert not before[-1][4].equals(after[-1][4])


def test_what_is_seen_adds_up(tiny):
    def look(view):
        stock = view.stock
        assert (stock["lead_time"] >= 0).all()
        assert (stock["review_period"] >= 1).all()
        keys = ["item_id", "location_id"]
        aged = view.batches.groupby(keys)["units"].sum()
        on_hand = stock.set_index(keys)["on_hand"]
        fresh = on_hand[stock.set_index(keys)["shelf_life"].notna()]
        assert (fresh == aged.reindex(fresh.index, fill_value=0)).all()
        assert (view.batches["date"] > view.date).all()
        assert (view.due["date"] > view.date).all()
        regular, price, promoted = view.price_plan(3)
        assert (price[~promoted] == regular[~promoted]).all()
        paid = view.planned_prices(stock, 3)
        assert paid.shape == (len(stock), 3)
        return view.usual_orders()

    run(tiny, Policies(orders=look), 5)


ITEM, SHOP = "item_0001", "store_01"


@pytest.mark.parametrize(
    ("orders", "told"),
    [
        ({"item_id": ["what"], "location_id": [SHOP], "units": [1]}, "not known"),
        ({"item_id": [ITEM], "location_id": ["warehouse_01"], "units": [1]}, "not known"),
        ({"item_id": [ITEM], "location_id": [SHOP], "units": [-1]}, "at least zero"),
        ({"item_id": [ITEM], "location_id": [SHOP], "units": [np.nan]}, "at least zero"),
        ({"item_id": [ITEM], "location_id": [SHOP], "units": [np.inf]}, "at least zero"),
        ({"item_id": [ITEM] * 2, "location_id": [SHOP] * 2, "units": [1, 1]}, "2 rows share"),
        ({"item_id": [ITEM], "units": [1]}, "location_id"),
    ],
)
def test_orders_that_cannot_be_carried_out_are_refused(tiny, orders, told):
    with pytest.raises(DataError, match=told):
        run(tiny, Policies(orders=lambda view: pd.DataFrame(orders)), 2)


@pytest.mark.parametrize(
    ("prices", "told"),
    [
        ({"item_id": [ITEM], "price": [0.0]}, "above zero"),
        ({"item_id": [ITEM], "price": [np.nan]}, "above zero"),
        ({"item_id": ["what"], "price": [1.0]}, "not known"),
        ({"item_id": [ITEM] * 2, "price": [1.0, 2.0]}, "2 rows share"),
        ({"price": [1.0]}, "item_id"),
    ],
)
def test_prices_that_cannot_be_charged_are_refused(tiny, prices, told):
    with pytest.raises(DataError, match=told):
        run(tiny, Policies(prices=lambda view: pd.DataFrame(prices)), 2)


@pytest.mark.parametrize("kind", ["orders", "prices", "slates"])
def test_what_is_no_table_is_refused(tiny, kind):
    with pytest.raises(DataError, match="list"):
        run(tiny, Policies(**{kind: lambda view: [1, 2]}), 2)


def test_a_slate_with_a_stranger_is_refused(tiny):
    slate = pd.DataFrame({"customer_id": ["nobody"], "item_id": [ITEM], "rank": [1]})
    with pytest.raises(DataError, match="not known"):
        run(tiny, Policies(slates=lambda view: slate), 2)


def test_more_days_than_are_planned_are_refused(tiny):
    with pytest.raises(DataError, match="plan_days"):
        run(tiny, days=1_000)
