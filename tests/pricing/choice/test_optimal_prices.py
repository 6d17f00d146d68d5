"""Best prices against a numerical search."""

import numpy as np
import pytest
from scipy.optimize import minimize

from newretail_ml.errors import DataError
from newretail_ml.pricing.choice import (
    LatentClassLogit,
    MultinomialLogit,
    NestedLogit,
    optimal_prices,
)
from newretail_ml.pricing.response import ConstantElasticity, Evidence


def made(kind, rng, n, evidence):
    prices = rng.uniform(0.5, 4, n)
    told = {"prices": prices, "market_size": 7.0, "evidence": evidence}
    utility, coefficient = rng.normal(1, 1.5, n), -rng.uniform(0.4, 4, n)
    if kind == "multinomial":
        return MultinomialLogit(utility, coefficient, **told)
    if kind == "latent":
        return LatentClassLogit([0.3, 0.7], rng.normal(1, 1.5, (2, n)), coefficient[:2], **told)
    nest = rng.integers(0, 3, n)
    dissimilarity = rng.uniform(0.1, 1, 3)[nest]
    return NestedLogit(utility, coefficient, nest, dissimilarity, **told)


def searched(response, cost, free, rng):
    best = response.profit(response.prices, cost)
    for _ in range(2):
        start = np.log(cost * rng.uniform(1, 3, len(cost)) + 0.3)[free]

        def loss(logs):
            prices = response.prices.copy()
            prices[free] = np.exp(np.clip(logs, -9, 6))
            return -response.profit(prices, cost)

        best = max(best, -minimize(loss, start, method="BFGS").fun)
    return best


@pytest.mark.parametrize("kind", ["multinomial", "nested", "latent"])
@pytest.mark.parametrize("some_fixed", [False, True])
def test_no_search_finds_better_prices_and_none_passes_the_bound(kind, some_fixed):
    rng = np.random.default_rng(3)
    for _ in range(4):
        n = int(rng.integers(2, 6))
        free = rng.random(n) < 0.6 if some_fixed else np.ones(n, bool)
        free[0] = True
        reason = np.where(free, "", "no").astype(object)
        evidence = Evidence(free, reason, np.full(n, np.nan), np.full(n, np.nan))
        response, cost = made(kind, rng, n, evidence), rng.uniform(0.2, 2, n)
        decision = optimal_prices(response, cost)
        truth = searched(response, cost, free, rng)
        assert decision.objective >= truth - 1e-6 * abs(truth)
        assert decision.bound >= truth - 1e-9
        assert (decision.table["price"].to_numpy() == response.prices)[~free].all()
        assert decision.table["profit"].sum() == pytest.approx(decision.objective)
        assert decision.exact or kind != "multinomial"


def test_products_of_a_nest_have_one_adjusted_markup():
    nest = np.array([0, 0, 1, 1])
    coefficient = np.array([-1.0, -1.2, -0.8, -0.9])
    response = NestedLogit([1.0, 2.0, 1.5, 0.5], coefficient, nest, 0.6, np.ones(4))
    cost = np.array([0.3, 0.5, 0.2, 0.4])
    decision = optimal_prices(response, cost)
    adjusted = decision.table["price"].to_numpy() - cost + 0.6 / coefficient
    assert decision.exact
    assert adjusted[0] == pytest.approx(adjusted[1])
    assert adjusted[2] == pytest.approx(adjusted[3])


def test_each_market_has_prices_of_its_own():
    response = MultinomialLogit(
        [1.0, 2.0, 3.0], -1.0, np.ones(3), market=["a", "b", "a"], market_size=[2, 3, 2]
    )
    decision = optimal_prices(response, 0.5)
    for members in ([0, 2], [1]):
        part = optimal_prices(response.select(np.array(members)), 0.5)
        expected = part.table["price"].to_numpy()
        assert decision.table["price"].to_numpy()[members] == pytest.approx(expected)


@pytest.mark.parametrize("utility", [-20.0, 20.0, 800.0, 5000.0])
def test_any_size_of_worth_has_a_best_price(utility):
    """The profit W of a customer solves W exp(W) = exp(utility - cost - 1)."""
    response = MultinomialLogit([utility], -1.0, [1.0])
    profit = optimal_prices(response, 1.0).table["price"].item() - 2.0
    assert profit + np.log(profit) == pytest.approx(utility - 2.0, rel=1e-6)


def test_a_product_that_hardly_sells_stands_at_its_markup():
    decision = optimal_prices(MultinomialLogit([-800.0], -2.0, [1.0]), 1.0)
    assert decision.table["price"].item() == pytest.approx(1.5)


def test_what_has_no_best_price_is_refused():
    plain = MultinomialLogit([1.0, 1.0], [-1.0, 0.0], [1.0, 1.0])
    with pytest.raises(DataError, match="dearer the better"):
        optimal_prices(plain, 0.5)
    with pytest.raises(DataError, match="at least zero"):
        optimal_prices(MultinomialLogit([1.0], -1.0, [1.0]), -1.0)
    with pytest.raises(DataError, match="no choice model"):
        optimal_prices(ConstantElasticity([1.0], [1.0], [-2.0]), 0.5)


def test_the_search_does_not_stop_early_where_shares_are_small():
    utility, coefficient = [[-11.0, -12.0], [-10.5, -11.0]], [-0.5, -1.5]
    response = LatentClassLogit([0.3, 0.7], utility, coefficient, [2.0, 3.0])
    of_grid = float(response.profit(np.array([2.29, 2.04]), np.ones(2)))
    found = optimal_prices(response, 1.0).table["price"].to_numpy()
    assert float(response.profit(found, np.ones(2))) >= of_grid
