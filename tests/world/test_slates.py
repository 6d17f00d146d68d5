"""Slates replayed in the world: against its own past, slow twins, and all orders of a slate."""

from itertools import permutations

import numpy as np
import pandas as pd
import pytest

from newretail_ml.errors import DataError
from newretail_ml.world import (
    ChainConfig,
    best_slate,
    expected_purchases,
    make_world,
    replay_slates,
    revenue_gap,
)
from newretail_ml.world.categories import CHANNELS
from newretail_ml.world.slates.reading import read_stock
from newretail_ml.world.slates.wishes import Wishes

COUNTS = ["visits", "shown", "purchases", "units", "revenue", "profit"]


@pytest.fixture(scope="module")
def world():
    config = ChainConfig(
        days=60, plan_days=30, n_stores=2, n_items=24, n_customers=60, random_state=7
    )
    return make_world(config)


def some_slate(world, seed=0, k=5):
    rng = np.random.default_rng(seed)
    items = world.truth.items
    rows = [
        (customer, item, rank + 1)
        for customer in world.truth.tastes.index
        for rank, item in enumerate(rng.choice(items, k, replace=False))
    ]
    return pd.DataFrame(rows, columns=["customer_id", "item_id", "rank"])


def lines_of_members(world, days):
    """What members bought on the days, (customers, items), and their visits."""
    orders, chain = world.tables.orders, world.chain
    day = (orders["time"].dt.normalize() - chain.config.first_day).dt.days
    kept = orders[orders["customer_id"].notna() & (orders["units"] > 0) & day.isin(days)]
    lines = pd.crosstab(kept["customer_id"], kept["item_id"])
    lines = lines.reindex(index=chain.customers.ids, columns=chain.catalogue.ids, fill_value=0)
    return lines.to_numpy(), kept["order_id"].nunique(), int(kept["units"].sum())


def test_members_want_what_they_bought_in_the_worlds_own_past():
    config = ChainConfig(
        days=120, n_stores=2, n_items=60, n_customers=200, member_share=0.4, stockout_share=0.0
    )
    world = make_world(config)
    days = np.arange(60, 120)
    lines, orders, sold = lines_of_members(world, days)
    wishes = Wishes.of(world, days)
    wanted, units = np.zeros(lines.shape), 0.0
    everybody, everything = np.arange(200)[:, None], np.arange(60)[None, :]
    for by in range(len(CHANNELS)):
        pairs = wishes.pairs(by, everybody, everything)
        for day, shop in np.ndindex(wishes.visits.shape[:2]):
            visits = wishes.visits[day, shop, by][:, None]
            here = visits * wishes.chance((day, shop, by), pairs)
            wanted += here
            units += (here * wishes.units[day, shop, by]).sum()
    assert wishes.visits.sum() == pytest.approx(orders, rel=0.12)
    assert wanted.sum() == pytest.approx(lines.sum(), rel=0.12)
    assert units == pytest.approx(sold, rel=0.15)
    taste = world.truth.tastes.to_numpy()
    for low, high in ((1, 3), (3, 8), (8, np.inf)):
        some = (taste > low) & (taste <= high)
        assert wanted[some].sum() == pytest.approx(lines[some].sum(), rel=0.15)
    assert np.corrcoef(wanted.ravel(), lines.ravel())[0, 1] > 0.75


def test_expected_purchases_against_a_slow_twin(world):
    """One visit, one item after another, from the formula in the docstring."""
    wishes = Wishes.of(world, np.arange(60, 63))
    found = expected_purchases(world, days=3, by="revenue", channel="online").to_numpy()
    for customer, item in ((0, 0), (17, 3), (59, 23)):
        total = 0.0
        for day in range(3):
            for shop in range(3):
                pull, taste = wishes.pull[day, shop, 1], wishes.taste[customer]
                came = pull[item] * taste[item] / (pull * taste).sum()
                others, liking = wishes.others[day, shop, 1, item], wishes.liking[1, customer, item]
                more = np.exp(-others * liking)
                worth = wishes.units[day, shop, 1, item] * wishes.price[day, shop, item]
                total += wishes.visits[day, shop, 1, customer] * (1 - (1 - came) * more) * worth
        assert found[customer, item] == pytest.approx(total, rel=1e-4)


def test_liking_is_the_share_of_eight_visitors(world):
    wishes = Wishes.of(world, np.array([60]))
    rng = np.random.default_rng(0)
    others = rng.choice(wishes.taste.ravel(), (40_000, 7)).astype(float)
    others_in_store = np.where(rng.random(others.shape) < 0.5, others, 1.0)
    for by, rivals in ((0, others_in_store), (1, others)):
        for pair in ((0, 0), (5, 20), (31, 11)):
            taste = float(wishes.taste[pair])
            drawn = (8 * taste / (taste + rivals.sum(axis=1))).mean()
            assert wishes.liking[(by, *pair)] == pytest.approx(drawn, rel=0.03)


@pytest.mark.parametrize("added", [False, True])
def test_drawn_replays_are_right_on_average(world, added):
    slate = some_slate(world)
    draws = [
        replay_slates(world, slate, added=added, random_state=seed)[COUNTS].sum()
        for seed in range(20)
    ]
    mean, error = pd.DataFrame(draws).mean(), pd.DataFrame(draws).std() / np.sqrt(20)
    right = replay_slates(world, slate, added=added, drawn=False)[COUNTS].sum()
    assert (np.abs(mean - right) < 4 * error).all()


def test_all_slates_meet_the_same_visits_and_luck(world):
    """What is bought from a slot does not depend on what else is shown."""
    slate = some_slate(world)
    whole = replay_slates(world, slate)
    some = slate["rank"].isin([1, 4]) & slate["customer_id"].ne(slate["customer_id"].iloc[0])
    pd.testing.assert_frame_equal(
        replay_slates(world, slate[some]), whole[some].reset_index(drop=True)
    )
    assert not whole.equals(replay_slates(world, slate, random_state=1))


def test_order_of_rows_does_not_matter(world):
    slate = some_slate(world)
    turned = slate.iloc[::-1]
    for drawn in (True, False):
        found = replay_slates(world, turned, drawn=drawn)
        whole = replay_slates(world, slate, drawn=drawn)
        pd.testing.assert_frame_equal(found, whole.iloc[::-1].reset_index(drop=True))


def test_an_item_is_seen_less_the_lower_it_stands(world):
    found = replay_slates(world, some_slate(world)).groupby("rank")["shown"].sum()
    assert found.is_monotonic_decreasing
    visits = replay_slates(world, some_slate(world), patience=1.0)
    assert (visits["shown"] == visits["visits"]).all()


def test_slates_of_channels_are_seen_there_alone(world):
    slate = some_slate(world)
    both = pd.concat([slate.assign(channel=name) for name in CHANNELS], ignore_index=True)
    apart = replay_slates(world, both)
    together = replay_slates(world, slate)
    summed = apart.groupby("channel")[COUNTS].sum()
    for name in CHANNELS:
        only = replay_slates(world, slate, channel=name)
        np.testing.assert_allclose(only[COUNTS].sum(), summed.loc[name])
        halves = replay_slates(world, both, channel=name)
        assert halves.loc[halves["channel"] != name, "visits"].sum() == 0
    np.testing.assert_allclose(summed.sum(), together[COUNTS].sum())


def test_what_is_not_on_sale_is_not_bought(world):
    days = world.chain.config.days + np.arange(28)
    never = world.truth.expected[days].sum(axis=(0, 2, 3)) == 0
    gone = np.flatnonzero(never)
    assert gone.size
    row = {
        "customer_id": world.truth.tastes.index,
        "item_id": world.truth.items[gone[0]],
        "rank": 1,
    }
    for drawn in (True, False):
        assert replay_slates(world, pd.DataFrame(row), drawn=drawn)["purchases"].sum() == 0
    assert not best_slate(world, 24)["item_id"].isin(world.truth.items[gone]).any()


def test_the_best_slate_beats_all_orders_of_all_choices():
    config = ChainConfig(days=20, plan_days=2, n_stores=1, n_regions=1, n_items=4, n_customers=3)
    world = make_world(config)
    measures = ["purchases", "units", "revenue", "profit"]
    ledgers = [
        replay_slates(world, everybody(world, items), days=2, drawn=False)
        for items in permutations(world.truth.items, 3)
    ]
    worth = pd.concat([one.groupby("customer_id")[measures].sum() for one in ledgers])
    for by in measures:
        best = replay_slates(world, best_slate(world, 3, days=2, by=by), days=2, drawn=False)
        found = best.groupby("customer_id")[by].sum()
        np.testing.assert_allclose(found, worth.groupby("customer_id")[by].max(), rtol=1e-5)


def everybody(world, items):
    """The same slate for all members."""
    shown = pd.DataFrame({"item_id": items, "rank": np.arange(1, len(items) + 1)})
    return (
        pd.Series(world.truth.tastes.index, name="customer_id").to_frame().merge(shown, how="cross")
    )


def test_chances_are_those_of_poisson_purchases(world):
    number = expected_purchases(world, by="purchases")
    chance = expected_purchases(world)
    np.testing.assert_allclose(chance, 1 - np.exp(-number))
    assert chance.index.equals(world.truth.tastes.index)
    assert (expected_purchases(world, by="purchases", added=True) <= number + 1e-6).all(axis=None)
    parts = [expected_purchases(world, by="purchases", channel=name) for name in CHANNELS]
    np.testing.assert_allclose(sum(parts), number)


def test_the_gap_of_known_slates(world):
    popular, best = some_slate(world), best_slate(world, 5)
    assert revenue_gap(world, best, popular, best).share_closed == pytest.approx(1.0)
    assert revenue_gap(world, popular, popular, best).share_closed == 0.0
    half = pd.concat(
        [
            best[best["customer_id"] <= "customer_00030"],
            popular[popular["customer_id"] > "customer_00030"],
        ]
    )
    found = revenue_gap(world, half, popular, best)
    assert 0 < found.share_closed < 1
    assert 0 < found.standard_error < 0.5
    ledger = replay_slates(world, half, drawn=False)
    visits = replay_slates(world, popular[popular["rank"] == 1], drawn=False)["visits"].sum()
    assert found.achieved == pytest.approx(ledger["revenue"].sum() / visits, rel=1e-5)


def slow_service(chain, stock, item, shop, wanted):
    """One wish after another."""
    left = {tuple(row[:-1]): row[-1] for row in stock.itertuples(index=False)}
    served = []
    for place, where, units in zip(item, shop, wanted, strict=True):
        key = (chain.catalogue.ids[place],)
        if "location_id" in stock:
            key = (*key, chain.locations.ids[where])
        got = min(units, left.get(key, units))
        if key in left:
            left[key] -= got
        served.append(got)
    return served


@pytest.mark.parametrize("by_location", [False, True])
def test_first_come_first_served_against_a_slow_twin(world, by_location):
    rng = np.random.default_rng(3)
    chain = world.chain
    stock = pd.DataFrame({"item_id": chain.catalogue.ids[:6]})
    if by_location:
        stock = stock.merge(pd.Series(chain.locations.ids[:2], name="location_id"), how="cross")
    stock = stock.assign(units=rng.integers(0, 12, len(stock)))
    for n in (0, 1, 90):
        item, shop = rng.integers(0, 9, n), rng.integers(0, 3, n)
        wanted = rng.integers(1, 4, n)
        read = read_stock(chain, stock)
        served = read.served(item, shop, wanted)
        assert served.tolist() == slow_service(chain, stock, item, shop, wanted)
        again = read.without(item, shop, served).served(item, shop, wanted)
        twice = slow_service(chain, stock, np.tile(item, 2), np.tile(shop, 2), np.tile(wanted, 2))
        assert again.tolist() == twice[n:]


def test_stock_bounds_what_is_sold_and_says_what_was_lost(world):
    items = world.truth.items
    slate = some_slate(world)
    free = replay_slates(world, slate)
    stock = pd.DataFrame({"item_id": items, "units": 3})
    found = replay_slates(world, slate, stock=stock)
    assert found.groupby("item_id")["units"].sum().max() <= 3
    np.testing.assert_allclose(found["units"] + found["sold_out"], free["units"])
    some = replay_slates(world, slate, stock=stock.iloc[:3])
    others = ~slate["item_id"].isin(items[:3])
    pd.testing.assert_frame_equal(some[others], free[others])


GOOD = {"customer_id": "customer_00001", "item_id": "item_0001", "rank": 1}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([GOOD | {"customer_id": "nobody"}], "customer_id: 1 values are not known"),
        ([GOOD | {"customer_id": None}], "customer_id: 1 values are not known"),
        ([GOOD | {"item_id": "nothing"}], "item_id: 1 values are not known"),
        ([GOOD | {"channel": "fax"}], "channel: 1 values are not known"),
        ([GOOD | {"channel": np.nan}], "channel: 1 values are not known"),
        ([GOOD | {"rank": 0}], "whole numbers of at least 1"),
        ([GOOD | {"rank": 1.5}], "whole numbers of at least 1"),
        ([GOOD | {"rank": np.nan}], "whole numbers of at least 1"),
        ([GOOD | {"rank": "first"}], "whole numbers of at least 1"),
        ([GOOD, GOOD | {"item_id": "item_0002"}], "share customer_id and rank"),
        ([GOOD, GOOD | {"rank": 2}], "share customer_id and item_id"),
        ([{"customer_id": "customer_00001", "rank": 1}], "item_id: the column is missing"),
    ],
)
def test_bad_slates_are_named(world, rows, message):
    with pytest.raises(DataError, match=message):
        replay_slates(world, pd.DataFrame(rows))


@pytest.mark.parametrize(
    ("stock", "message"),
    [
        ([{"item_id": "nothing", "units": 1}], "not known"),
        ([{"item_id": "item_0001", "units": -1}], "at least 0"),
        ([{"item_id": "item_0001", "units": np.inf}], "at least 0"),
        ([{"item_id": "item_0001", "units": 1}] * 2, "share item_id"),
        ([{"item_id": "item_0001", "location_id": "warehouse_01", "units": 1}], "not known"),
        ([{"item_id": "item_0001"}], "units: the column is missing"),
    ],
)
def test_bad_stock_is_named(world, stock, message):
    with pytest.raises(DataError, match=message):
        replay_slates(world, pd.DataFrame([GOOD]), stock=pd.DataFrame(stock))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"days": 31}, "30 days after today"),
        ({"days": 0}, "days"),
        ({"channel": "fax"}, "no channel"),
        ({"patience": 0.0}, "patience"),
        ({"random_state": -1}, "random_state"),
        ({"stock": [1]}, "no table"),
        ({"drawn": False, "stock": pd.DataFrame()}, "know no stock"),
        ({"slate": None}, "no table"),
    ],
)
def test_bad_arguments_are_named(world, change, message):
    with pytest.raises(DataError, match=message):
        replay_slates(world, **({"slate": pd.DataFrame([GOOD])} | change))


def test_bad_measures_are_named(world):
    with pytest.raises(DataError, match="no measure 'joy'"):
        best_slate(world, 3, by="joy")
    with pytest.raises(DataError, match="k is 0"):
        best_slate(world, 0)


def test_an_empty_slate_sells_nothing(world):
    for drawn in (True, False):
        assert replay_slates(world, pd.DataFrame([GOOD]).iloc[:0], drawn=drawn).empty
