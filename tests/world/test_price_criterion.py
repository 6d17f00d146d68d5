"""From sales to a price list that really earns more, judged by the truth of several worlds."""

from dataclasses import replace

import numpy as np
import pytest

from newretail_ml.panel import Panel
from newretail_ml.pricing.demand.local_level import LocalLevelRegression
from newretail_ml.pricing.price_list import MaxChange, plan_prices, price_points
from newretail_ml.pricing.response import ConstantElasticity, merged
from newretail_ml.world import (
    ChainConfig,
    current_prices,
    make_world,
    profit_gap,
    true_response,
)

CHANGE = 0.15


def points_of(prices):
    return price_points(prices * (1 - CHANGE), prices * (1 + CHANGE), ".x9")


def best_by_truth(world, free=None):
    """The best prices on the points, one item at a time until nothing gains; others are kept."""
    now = current_prices(world)
    response, cost = true_response(world), now["unit_cost"].to_numpy()
    prices = now["price"].to_numpy().copy()
    ladders = [row[~np.isnan(row)] for row in points_of(prices)]
    items = range(len(now)) if free is None else np.flatnonzero(now["item_id"].isin(free))
    worth, before = response.profit(prices, cost), -np.inf
    while worth > before:
        before = worth
        for item in items:
            lists = np.repeat(prices[None], len(ladders[item]), axis=0)
            lists[:, item] = ladders[item]
            profit = response.profit(lists, cost)
            if profit.max() > worth + 1e-9:
                worth, prices = profit.max(), lists[profit.argmax()]
    return now.assign(price=prices)


def learned(world):
    """Response of the items that are on sale tomorrow, one price for each, from sales alone."""
    panel = Panel.from_tables(world.tables, by=("item_id", "location_id"))
    panel = panel.select(panel.keys["item_id"].isin(current_prices(world)["item_id"]).to_numpy())
    return merged(LocalLevelRegression().fit(panel).response_, ["item_id"])


def planned(world, response, **options):
    costs = world.tables.items[["item_id", "unit_cost"]]
    points = points_of(response.prices)
    options = {"n_draws": 20, "progress": False} | options
    return plan_prices(response, costs, [MaxChange(CHANGE)], points=points, **options)


@pytest.fixture(scope="module", params=[1, 2])
def other(request):
    """A world of two shops, its learned response, and the best prices by the truth."""
    made = make_world(
        ChainConfig(
            n_stores=2, n_items=48, n_customers=60, units_per_day=2.0, random_state=request.param
        )
    )
    return made, learned(made), best_by_truth(made)


def test_the_sample_chain_closes_half_of_the_gap_with_defaults(world):
    plan = planned(world, learned(world))
    gap = profit_gap(world, plan.prices[["item_id", "price"]], best_by_truth(world))
    assert gap.share_closed >= 0.5
    claimed = plan.profit / plan.current_profit - 1
    assert claimed == pytest.approx(gap.achieved / gap.current - 1, abs=0.03)


def test_what_is_learned_closes_half_of_the_gap_with_defaults(other):
    world, response, best = other
    list_ = planned(world, response).prices[["item_id", "price"]]
    assert profit_gap(world, list_, best).share_closed >= 0.5


def test_items_that_are_not_identified_keep_their_price(other):
    """Of what the others can gain, most is found."""
    world, response, _ = other
    known = response.evidence.identified.copy()
    known[::2] = False
    evidence = replace(response.evidence, identified=known)
    half = ConstantElasticity(
        response.base_units,
        response.prices,
        response.coefficient,
        keys=response.keys,
        evidence=evidence,
    )
    list_ = planned(world, half).prices
    assert (list_.loc[~known, "change"] == 0).all()
    reachable = best_by_truth(world, response.keys.loc[known, "item_id"])
    assert profit_gap(world, list_[["item_id", "price"]], reachable).share_closed >= 0.5


def test_the_truth_with_noise_loses_little_and_blindness_to_substitutes_more(other):
    """The harness tells good responses from bad ones."""
    world, _, best = other
    truth, rng = true_response(world), np.random.default_rng(0)
    elasticity = truth.elasticities()
    noisy = elasticity + np.diag(rng.normal(0, 0.3, len(elasticity)))
    units, now = truth.units(truth.prices), truth.prices
    closed = []
    for given in (noisy, np.diagonal(noisy), -(np.diagonal(noisy) ** 0) * 12.0):
        response = ConstantElasticity(units, now, given, keys=truth.keys)
        list_ = planned(world, response).prices[["item_id", "price"]]
        closed.append(profit_gap(world, list_, best).share_closed)
    assert closed[0] > 0.9
    assert closed[0] > closed[1] > closed[2]
    assert closed[2] < 0


def test_no_list_on_the_points_beats_the_best_by_the_truth(other):
    world, _, best = other
    rng = np.random.default_rng(1)
    response, cost = true_response(world), current_prices(world)["unit_cost"].to_numpy()
    worth = response.profit(best["price"].to_numpy(), cost)
    ladders = points_of(response.prices)
    for _ in range(300):
        prices = best["price"].to_numpy().copy()
        for item in rng.choice(len(prices), 3, replace=False):
            prices[item] = rng.choice(ladders[item][~np.isnan(ladders[item])])
        assert response.profit(prices, cost) <= worth + 1e-6
