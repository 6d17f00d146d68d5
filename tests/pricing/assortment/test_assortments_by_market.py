"""Lists of many stores against trying all of them together."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from newretail_ml.errors import DataError, InfeasibleError
from newretail_ml.pricing.assortment import (
    AssortmentRules,
    assortments_by_market,
    best_assortment,
)
from newretail_ml.pricing.choice import LatentClassLogit, MultinomialLogit, NestedLogit

STORES, ITEMS = 3, 3


def chain(rng, kind=MultinomialLogit):
    n = STORES * ITEMS
    keys = pd.DataFrame(
        {
            "item_id": np.tile([f"i{number}" for number in range(ITEMS)], STORES),
            "location_id": np.repeat([f"s{number}" for number in range(STORES)], ITEMS),
        }
    )
    told = {
        "market": keys["location_id"].to_numpy(),
        "market_size": np.repeat(rng.uniform(20, 200, STORES), ITEMS),
        "keys": keys,
    }
    prices = rng.uniform(1, 5, n)
    if kind is MultinomialLogit:
        return MultinomialLogit(rng.normal(0.5, 1.5, n), -0.4, prices, **told)
    if kind is NestedLogit:
        nest = np.tile(["x", "x", "y"], STORES)
        return NestedLogit(rng.normal(0.5, 1.5, n), -0.4, nest, 0.5, prices, **told)
    return LatentClassLogit([0.4, 0.6], rng.normal(0.5, 1.5, (2, n)), [-0.3, -0.8], prices, **told)


def tables(response, at_most):
    """(lists, stores) money of each of the possible lists in each store."""
    lists = np.array(list(product([False, True], repeat=ITEMS)))
    lists = lists[lists.sum(axis=1) <= at_most]
    money = np.empty((len(lists), STORES))
    for store, members in enumerate(response.markets.members()):
        own = response.select(members)
        for row, listed in enumerate(lists):
            share = own.shares(own.prices, listed)
            money[row, store] = (own.market_size * share * own.prices).sum()
    return lists, money


@pytest.mark.parametrize("kind", [MultinomialLogit, LatentClassLogit, NestedLogit])
@pytest.mark.parametrize(("least", "most"), [(0, None), (0, 1), (2, None), (2, 2), (3, 3)])
def test_no_lists_together_are_better(kind, least, most):
    for seed in range(4):
        response = chain(np.random.default_rng(seed), kind)
        found = assortments_by_market(
            response,
            rules=AssortmentRules(at_most=2),
            least_markets=least,
            most_markets=most,
        )
        lists, money = tables(response, 2)
        truth = -np.inf
        for rows in product(range(len(lists)), repeat=STORES):
            counts = lists[list(rows)].sum(axis=0)
            if ((counts <= (most or STORES)) & ((counts == 0) | (counts >= least))).all():
                truth = max(truth, money[rows, range(STORES)].sum())
        counts = found.listed.reshape(STORES, ITEMS).sum(axis=0)
        assert ((counts <= (most or STORES)) & ((counts == 0) | (counts >= least))).all()
        assert (found.listed.reshape(STORES, ITEMS).sum(axis=1) <= 2).all()
        assert found.bound >= truth - 1e-6 * truth
        assert found.objective <= truth + 1e-6 * truth
        if found.exact:
            assert found.objective == pytest.approx(truth, rel=2e-6)
        else:
            assert kind is NestedLogit
        assert found.shared.objective == pytest.approx(money.sum(axis=1).max())
        assert found.table["profit"].sum() == pytest.approx(found.objective)


def test_each_store_gets_what_it_would_get_alone():
    response = chain(np.random.default_rng(7))
    cost = 0.4 * response.prices
    found = assortments_by_market(response, cost, AssortmentRules(at_most=2))
    assert found.exact
    assert found.gain >= 0
    for members in response.markets.members():
        alone = best_assortment(response.select(members), cost[members], AssortmentRules(at_most=2))
        assert (found.listed[members] == alone.listed).all()
    assert found.table["location_id"].tolist() == response.keys["location_id"].tolist()


def test_stores_may_have_rules_and_ranges_of_their_own():
    response = chain(np.random.default_rng(8)).select(np.array([0, 1, 2, 3, 4, 6]))
    rules = {"s0": AssortmentRules(at_most=1), "s1": AssortmentRules(never=np.array([True, False]))}
    found = assortments_by_market(response, rules=rules)
    by_store = found.table.groupby("location_id")["listed"]
    assert by_store.sum()["s0"] <= 1
    assert not found.table.query("location_id == 's1'")["listed"].iloc[0]
    assert found.gain >= -1e-9
    fixed = assortments_by_market(response, rules=AssortmentRules(fixed_cost=1e6), compare=False)
    assert not fixed.listed.any()
    assert np.isnan(fixed.gain)


def test_what_cannot_be_is_refused():
    response = chain(np.random.default_rng(9))
    with pytest.raises(DataError, match="no market"):
        assortments_by_market(response, rules={"s9": AssortmentRules()})
    with pytest.raises(DataError, match="several rows"):
        assortments_by_market(response, product="location_id")
    with pytest.raises(DataError, match="missing"):
        assortments_by_market(response, product="sku")
    with pytest.raises(InfeasibleError):
        assortments_by_market(response, rules=AssortmentRules(at_least=3), most_markets=1)
