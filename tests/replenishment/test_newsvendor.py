"""The newsvendor, base stock, service levels and uncertain supply."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newretail_ml.errors import DataError
from newretail_ml.replenishment import newsvendor, newsvendor_cost
from newretail_ml.replenishment.base_stock import base_stock
from newretail_ml.replenishment.demand import (
    DiscreteDemand,
    NegativeBinomialDemand,
    NormalDemand,
    PoissonDemand,
)
from newretail_ml.replenishment.newsvendor import newsvendor_profit

costs = st.floats(0.01, 100)
means = st.floats(0.1, 200)


@given(means, costs, costs)
@settings(max_examples=60, deadline=None)
def test_poisson_neighbours_cost_no_less(mean, shortage, holding):
    demand = PoissonDemand(mean)
    stock = newsvendor(demand, shortage, holding)
    near = newsvendor_cost(stock + np.array([0, -1, 1]), demand, shortage, holding)
    assert near[0] <= near.min() * (1 + 1e-9)


@given(means, costs, costs, st.floats(1, 10))
@settings(max_examples=60, deadline=None)
def test_dearer_shortage_never_lowers_the_stock(mean, shortage, holding, factor):
    demand = NegativeBinomialDemand(mean, np.sqrt(2 * mean))
    assert newsvendor(demand, factor * shortage, holding) >= newsvendor(demand, shortage, holding)


def test_samples_and_their_distribution_agree():
    samples = np.random.default_rng(1).poisson(7, 999)
    demand = DiscreteDemand.from_samples(samples)
    stock = newsvendor(samples, 3, 1)
    assert newsvendor(demand, 3, 1) == stock
    assert newsvendor_cost(stock, demand, 3, 1) == pytest.approx(
        newsvendor_cost(stock, samples, 3, 1)
    )


def test_free_shortage_needs_no_stock_and_free_holding_all_of_it():
    demand = DiscreteDemand.of({2: 0.5, 9: 0.5})
    assert newsvendor(demand, 0, 1) == 2
    assert newsvendor(demand, 1, 0) == 9
    assert newsvendor(PoissonDemand(3), 0, 1) == 0
    with pytest.raises(DataError, match="no finite stock"):
        newsvendor(PoissonDemand(3), 1, 0)
    with pytest.raises(DataError, match="not both zero"):
        newsvendor(PoissonDemand(3), 0, 0)


def test_base_stock_without_lead_time_is_the_newsvendor():
    best = base_stock(PoissonDemand(6), 4, 1)
    assert best.level == newsvendor(PoissonDemand(6), 4, 1)
    with pytest.raises(DataError, match="lead_time"):
        base_stock(PoissonDemand(6), 4, 1, lead_time=-1)


def test_profit_equals_its_definition():
    demand = DiscreteDemand.of({0: 0.2, 5: 0.5, 9: 0.3})
    plan = newsvendor_profit(demand, price=10, unit_cost=6, salvage=1, goodwill=2)

    def profit(stock):
        sold = np.minimum(stock, demand.values)
        short = demand.values - sold
        return (10 * sold - 6 * stock + 1 * (stock - sold) - 2 * short) @ demand.chances

    assert plan.expected_profit == pytest.approx(profit(plan.stock))
    assert plan.expected_profit == pytest.approx(max(profit(stock) for stock in range(12)))
    assert plan.clairvoyant_profit == pytest.approx(4 * demand.mean)


def test_profit_that_never_ends_is_refused():
    with pytest.raises(DataError, match="left over bring"):
        newsvendor_profit(NormalDemand(5, 1), price=10, unit_cost=6, salvage=6)
    with pytest.raises(DataError, match="unit_cost"):
        newsvendor_profit(NormalDemand(5, 1), price=5, unit_cost=6)


@pytest.mark.parametrize("samples", [[], [np.nan, 1.0], [np.inf], 3.0])
def test_wrong_samples(samples):
    with pytest.raises(DataError, match="finite samples"):
        newsvendor(np.array(samples), 3, 1)


def test_infinite_costs():
    with pytest.raises(DataError, match="finite numbers"):
        newsvendor(PoissonDemand(5), np.inf, 1)


@pytest.mark.parametrize(
    ("stock", "shortage_cost", "holding_cost"),
    [(5, -1, 1), (5, 1, np.nan), (np.nan, 1, 1), ("many", 1, 1)],
)
@pytest.mark.parametrize("demand", [PoissonDemand(5), np.array([1.0, 2.0])])
def test_cost_of_wrong_numbers(demand, stock, shortage_cost, holding_cost):
    with pytest.raises(DataError):
        newsvendor_cost(stock, demand, shortage_cost, holding_cost)


def test_one_distribution_many_costs():
    stocks = newsvendor(PoissonDemand(6), np.array([4.0, 1.0]), 1.0)
    assert stocks.tolist() == [newsvendor(PoissonDemand(6), p, 1.0) for p in (4.0, 1.0)]
