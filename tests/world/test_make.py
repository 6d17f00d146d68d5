"""The whole world: what its tables hold, and how they agree with the truth."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from newretail_ml import columns as c
from newretail_ml.tables.report import Action
from newretail_ml.world import SAMPLE, make_world

TABLES = ("orders", "items", "locations", "stock", "prices", "customers", "events")
KEYS = [c.DATE, c.ITEM, c.LOCATION]


def sales(world):
    orders = world.tables.orders
    return orders[orders[c.UNITS] > 0].assign(
        **{c.DATE: lambda lines: lines[c.TIME].dt.normalize()}
    )


def returns(world):
    return world.tables.orders[world.tables.orders[c.UNITS] < 0]


def test_the_same_seed_makes_the_same_world(small):
    first, second = make_world(small), make_world(small)
    for name in TABLES:
        pd.testing.assert_frame_equal(getattr(first.tables, name), getattr(second.tables, name))
    np.testing.assert_array_equal(first.truth.demand, second.truth.demand)
    pd.testing.assert_frame_equal(first.truth.tastes, second.truth.tastes)


def test_another_seed_makes_another_world(small):
    first, second = make_world(small), make_world(replace(small, random_state=8))
    assert not np.array_equal(first.truth.demand, second.truth.demand)
    assert not first.tables.items[c.UNIT_COST].equals(second.tables.items[c.UNIT_COST])


def test_one_more_customer_changes_nothing_but_who_buys(small):
    first, second = make_world(small), make_world(replace(small, n_customers=81))
    np.testing.assert_array_equal(first.truth.demand, second.truth.demand)
    for name in ("items", "locations", "stock", "prices", "events"):
        pd.testing.assert_frame_equal(getattr(first.tables, name), getattr(second.tables, name))
    per_item = [
        one.tables.orders.query("units > 0").groupby(c.ITEM)[c.UNITS].sum()
        for one in (first, second)
    ]
    pd.testing.assert_series_equal(*per_item)


def test_nothing_is_dropped_or_repaired_at_the_door(world):
    actions = {finding.action for finding in world.tables.report.findings}
    assert actions == {Action.COUNTED}
    assert world.tables.missing == {}


def test_sales_are_demand_cut_off_by_stock(world):
    demand = world.truth.demand_frame()
    key = [*KEYS, c.CHANNEL]
    sold = sales(world).groupby(key)[c.UNITS].sum().rename("sold")
    both = demand[demand[c.DATE] <= world.tables.stock[c.DATE].max()].join(sold, on=key)
    both["sold"] = both["sold"].fillna(0)
    both = both.merge(world.tables.stock, on=KEYS, validate="many_to_one")
    assert both["sold"].sum() == sold.sum()
    assert (both["sold"] <= both[c.UNITS]).all()
    in_stock = both[both[c.ON_HAND] > 0]
    assert (in_stock["sold"] == in_stock[c.UNITS]).all()
    assert 0.02 < 1 - both["sold"].sum() / both[c.UNITS].sum() < 0.15


@pytest.mark.parametrize("share", [0.03, 0.15, 0.3])
def test_the_share_of_stockouts_follows_its_knob(small, share):
    made = make_world(replace(small, days=150, stockout_share=share))
    assert stockout_share(made) == pytest.approx(share, abs=0.02)


def test_the_sample_has_its_share_of_stockouts(world):
    assert stockout_share(world) == pytest.approx(SAMPLE.stockout_share, abs=0.01)


def stockout_share(world):
    at_shops = world.tables.stock.merge(world.tables.locations, on=c.LOCATION)
    at_shops = at_shops[at_shops[c.KIND] != "warehouse"]
    return (at_shops[c.ON_HAND] == 0).mean()


def test_items_are_sold_stocked_and_priced_only_while_they_are_on_sale(world):
    items = world.tables.items
    for table in (sales(world), world.tables.stock, world.tables.prices):
        dated = table.merge(items, on=c.ITEM)
        assert (dated[c.DATE] >= dated[c.LAUNCH_DATE]).all()
        assert not (dated[c.DATE] >= dated[c.DELISTING_DATE]).any()


def test_some_items_come_and_go_in_the_history_and_in_the_planned_days(world):
    items, last = world.tables.items, world.tables.stock[c.DATE].max()
    launched, delisted = items[c.LAUNCH_DATE], items[c.DELISTING_DATE].dropna()
    assert launched.between(SAMPLE.first_day, last).sum() >= 5
    assert delisted.between(SAMPLE.first_day, last).sum() >= 3
    assert (launched > last).any()
    assert (delisted > last).any()


def test_nearly_half_of_what_members_buy_they_bought_before(world):
    bought = sales(world).dropna(subset=[c.CUSTOMER])
    again = bought.duplicated([c.CUSTOMER, c.ITEM]).mean()
    assert 0.35 < again < 0.6


def test_members_buy_what_they_like(world):
    bought = sales(world).dropna(subset=[c.CUSTOMER])
    tastes = world.truth.tastes
    liking = tastes.to_numpy()[
        tastes.index.get_indexer(bought[c.CUSTOMER]), tastes.columns.get_indexer(bought[c.ITEM])
    ]
    assert liking.mean() > 2
    np.testing.assert_allclose(tastes.mean(axis=1), 1, rtol=1e-4)


def test_returns_follow_a_purchase_by_the_same_customer(world):
    returned = returns(world)
    assert 0.01 < len(returned) / len(world.tables.orders) < 0.03
    key = [c.ITEM, c.LOCATION, c.CHANNEL, c.CUSTOMER]
    first = sales(world).groupby(key, dropna=False)[c.TIME].min().rename("bought")
    both = returned.merge(first.reset_index(), how="left", on=key)
    assert (both[c.TIME].dt.normalize() > both["bought"].dt.normalize()).all()


def test_an_order_is_one_customer_at_one_time_and_place(world):
    per_order = world.tables.orders.groupby(c.ORDER)
    for name in (c.TIME, c.CHANNEL, c.LOCATION, c.CUSTOMER):
        assert per_order[name].nunique(dropna=False).max() == 1
    assert not world.tables.orders.duplicated([c.ORDER, c.ITEM]).any()
    assert per_order[c.ITEM].size().mean() > 2


def test_members_buy_from_the_day_they_join(world):
    bought = sales(world).merge(world.tables.customers, on=c.CUSTOMER)
    assert (bought[c.DATE] >= bought[c.JOINED]).all()


def test_only_store_lines_can_lack_a_customer(world):
    nobody = world.tables.orders[c.CUSTOMER].isna()
    assert set(world.tables.orders.loc[nobody, c.CHANNEL]) == {"store"}
    in_stores = world.tables.orders[c.CHANNEL] == "store"
    assert nobody[in_stores].mean() == pytest.approx(1 - SAMPLE.member_share, abs=0.03)


def test_the_online_shop_serves_online_and_stores_mostly_serve_the_store_channel(world):
    units = sales(world).pivot_table(
        index=c.LOCATION, columns=c.CHANNEL, values=c.UNITS, aggfunc="sum"
    )
    assert np.isnan(units.loc["online", "store"])
    stores = units.drop(index="online")
    picked_up = stores["online"] / stores.sum(axis=1)
    assert picked_up.between(0.02, 0.3).all()


def test_the_unit_price_is_the_price_of_the_day(world):
    both = sales(world).merge(world.tables.prices, on=KEYS, how="left")
    np.testing.assert_allclose(both[c.UNIT_PRICE], both[c.PRICE])


def test_promotions_cost_less_and_everything_else_the_regular_price(world):
    prices = world.tables.prices
    promoted = prices[c.PROMOTION] == 1
    assert 0.04 < promoted.mean() < 0.2
    assert (prices.loc[promoted, c.PRICE] < prices.loc[promoted, c.REGULAR_PRICE]).all()
    np.testing.assert_array_equal(
        prices.loc[~promoted, c.PRICE], prices.loc[~promoted, c.REGULAR_PRICE]
    )


def test_prices_and_events_reach_past_the_last_order(world):
    last = world.tables.orders[c.TIME].max().normalize()
    assert last == pd.Timestamp("2026-05-31")
    assert world.tables.prices[c.DATE].max() == last + pd.Timedelta(days=SAMPLE.plan_days)
    coming = world.tables.events[world.tables.events[c.DATE] > last]
    assert {"618", "Dragon Boat Festival"} <= set(coming[c.EVENT])


def test_the_smallest_chain_can_be_made():
    tiny = replace(
        SAMPLE, days=5, n_stores=1, n_regions=1, n_items=1, n_customers=1, units_per_day=5.0
    )
    made = make_world(replace(tiny, plan_days=0))
    assert made.truth.demand.shape == (5, 1, 2, 2)
    assert len(made.tables.orders) > 0
