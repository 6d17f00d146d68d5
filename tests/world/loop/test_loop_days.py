"""Days of the loop: units and money add up, and chance does not depend on decisions."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from newretail_ml import RetailTables
from newretail_ml.world import Habits, Policies, View, naive_policies, run
from newretail_ml.world.loop.coming import Coming
from newretail_ml.world.loop.state import LoopState, Offer, no_slates
from newretail_ml.world.loop.step import restock, trade
from newretail_ml.world.slates.reading import read_slate

DAYS = 12


@pytest.fixture(scope="module")
def naive(tiny):
    return run(tiny, naive_policies(), DAYS)


@pytest.fixture(scope="module")
def coming(tiny):
    return Coming.of(tiny, DAYS)


def as_planned(world, coming, place, slots):
    day, chain = int(coming.days[place]), world.chain
    price = chain.prices.price[day]
    regular = np.repeat(chain.prices.regular[day][:, None], price.shape[1], axis=1)
    return Offer(regular, price, chain.prices.promoted[day], slots)


def wanted_again(units):
    """Shops that order a lot of every other item, so that some shelves are empty, others not."""
    asked = np.zeros_like(units)
    asked[::2] = 12
    return asked


def played(world, coming, slots, habits):
    """Each day: the state before, and what happened."""
    state = LoopState.tonight(world)
    for place, day in enumerate(coming.days.tolist()):
        before = state
        state, happened = trade(
            coming, place, state, as_planned(world, coming, place, slots), habits
        )
        yield place, before, state, happened
        nothing = np.zeros((len(world.truth.items), len(world.truth.shops)))
        state = replace(state, stock=restock(world.chain, state.stock, day, wanted_again(nothing)))


def test_no_unit_is_made_or_lost(tiny, coming):
    everything = pd.DataFrame({"item_id": tiny.truth.items})
    everything["rank"] = np.arange(1, len(everything) + 1)
    slate = everything.merge(pd.DataFrame({"customer_id": tiny.chain.customers.ids}), how="cross")
    substitutes = by_slates = 0
    for _, before, after, day in played(tiny, coming, read_slate(tiny.chain, slate), Habits()):
        shops = day.sold.shape[1]
        opening = before.stock.on_hand.sum(axis=2) + before.stock.on_order[:, :, 0]
        closing = after.stock.on_hand.sum(axis=2)
        sold = np.zeros_like(opening)
        sold[:, :shops] = day.sold.sum(axis=2)
        np.testing.assert_array_equal(opening - sold, day.on_hand)
        np.testing.assert_array_equal(day.on_hand - day.wasted, closing)
        met = day.sold - day.substituted - day.by_slates
        assert (met >= 0).all()
        assert (met <= day.wanted).all()
        assert day.lines.units.sum() == day.sold.sum()
        substitutes += day.substituted.sum()
        by_slates += day.by_slates.sum()
    assert substitutes > 0
    assert by_slates > 0


def test_substitutes_are_of_the_subcategory_and_at_most_the_share_that_switches(tiny, coming):
    kind = tiny.chain.catalogue.subcategory
    for _, _, _, day in played(tiny, coming, no_slates(tiny.chain), Habits(switching=0.5)):
        for one in np.unique(kind):
            unmet = np.maximum(day.wanted - (day.sold - day.substituted), 0)[kind == one]
            instead = day.substituted[kind == one]
            # Shares of customers become whole ones, by at most one each way.
            assert (instead.sum(axis=0) <= 0.5 * unmet.sum(axis=0) + 2).all()
        alone = np.isin(kind, np.flatnonzero(np.bincount(kind) == 1))
        assert day.substituted[alone].sum() == 0


def test_slates_sell_what_they_show(tiny):
    shown = tiny.truth.items[:3]

    def some(view):
        return pd.DataFrame({"customer_id": tiny.chain.customers.ids}).merge(
            pd.DataFrame({"item_id": shown, "rank": [1, 2, 3]}), how="cross"
        )

    by_item = run(tiny, Policies(slates=some), DAYS).ledger.totals("item_id").set_index("item_id")
    assert by_item.loc[shown, "from_slates"].sum() > 0
    assert by_item.drop(index=shown)["from_slates"].sum() == 0


def test_money_adds_up(tiny, naive):
    entries = naive.ledger.entries
    spent = entries[["cost_of_goods", "holding", "waste"]].sum(axis=1)
    np.testing.assert_allclose(entries["profit"], entries["revenue"] - spent)
    new = naive.tables.orders
    new = new[new["time"] >= tiny.truth.dates[tiny.chain.config.days]]
    assert (new["units"] * new["unit_price"]).sum() == pytest.approx(entries["revenue"].sum())
    assert new["units"].sum() == entries["units"].sum()
    by_day = naive.ledger.totals("date")
    assert by_day["profit"].sum() == pytest.approx(naive.profit)
    assert len(by_day) == DAYS


def test_a_policy_that_changes_nothing_changes_no_bit(tiny):
    as_usual = run(tiny, days=DAYS)

    def as_they_are(view):
        return pd.DataFrame({"item_id": [], "price": []})

    told = Policies(orders=View.usual_orders, prices=as_they_are, prices_every=3)
    assert_frame_equal(run(tiny, told, DAYS).ledger.entries, as_usual.ledger.entries)


def test_the_same_customers_come_whatever_is_decided(tiny, coming):
    dear = 1.2 * tiny.chain.prices.price[int(coming.days[0])]
    for place in range(3):
        visitors = [coming.visitors(place) for _ in range(2)]
        np.testing.assert_array_equal(visitors[0].customer, visitors[1].customer)
        np.testing.assert_array_equal(visitors[0].luck, visitors[1].luck)
        day = int(coming.days[place])
        promoted, price = tiny.chain.prices.promoted[day], tiny.chain.prices.price[day]
        wanted = coming.wanted(place, price, promoted)
        assert (coming.wanted(place, price, promoted) == wanted).all()
        kind = tiny.chain.catalogue.subcategory
        one = kind == kind[0]
        moved = np.where(one[:, None], dear, price)
        other = coming.wanted(place, moved, promoted)
        np.testing.assert_array_equal(other[~one], wanted[~one])
        alone = np.flatnonzero(np.bincount(kind, minlength=kind.max() + 1)[kind] == 1)[:1]
        dearer = price.copy()
        dearer[alone] *= 1.5
        assert (coming.wanted(place, dearer, promoted)[alone] <= wanted[alone]).all()


def test_a_longer_run_begins_like_a_shorter_one(tiny, naive):
    longer = run(tiny, naive_policies(), DAYS + 5).ledger.entries
    first = longer[longer["date"] <= naive.ledger.entries["date"].max()]
    keys = ["date", "item_id", "location_id", "channel"]
    assert_frame_equal(
        first.sort_values(keys, ignore_index=True),
        naive.ledger.entries.sort_values(keys, ignore_index=True),
    )


def test_the_tables_of_the_last_evening_pass_the_door(naive):
    made = naive.tables
    again = RetailTables.from_frames(
        made.orders,
        items=made.items,
        locations=made.locations,
        stock=made.stock,
        prices=made.prices,
        customers=made.customers,
        events=made.events,
    )
    assert len(again.orders) == len(made.orders)
    assert len(again.stock) == len(made.stock)


def test_a_run_leaves_the_world_and_the_policies_as_they_were(tiny):
    class Counting:
        calls = 0

        def __call__(self, view):
            self.calls += 1
            return view.usual_orders()

    counting = Counting()
    before = [part.copy() for part in vars(tiny.stock).values()]
    orders = tiny.tables.orders.copy()
    run(tiny, Policies(orders=counting), 4)
    assert counting.calls == 0
    for part, then in zip(vars(tiny.stock).values(), before, strict=True):
        np.testing.assert_array_equal(part, then)
    assert_frame_equal(tiny.tables.orders, orders)
