"""Random lead times, random yields, shared stock."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newretail_ml.errors import DataError
from newretail_ml.replenishment.base_stock import base_stock
from newretail_ml.replenishment.demand import (
    DiscreteDemand,
    NormalDemand,
    PoissonDemand,
    UniformDemand,
    as_demand,
)
from newretail_ml.replenishment.supply_risk import (
    additive_yield,
    demand_over_random_lead_time,
    exact_demand_over_random_lead_time,
    proportional_yield,
    risk_pooling,
)


def test_exact_mixture_has_the_moments_of_the_normal_approximation():
    lead_time = DiscreteDemand.of({1: 0.3, 2: 0.4, 5: 0.3})
    exact = exact_demand_over_random_lead_time(PoissonDemand(3), lead_time)
    normal = demand_over_random_lead_time(3, np.sqrt(3), lead_time.mean, lead_time.sd)
    assert (exact.mean, exact.sd) == pytest.approx((normal.mean, normal.sd))


def test_certain_lead_time_is_a_plain_sum():
    exact = exact_demand_over_random_lead_time(PoissonDemand(3), DiscreteDemand.of({2: 1.0}))
    assert exact.cdf(8) == pytest.approx(PoissonDemand(6).cdf(8), abs=1e-10)
    none = exact_demand_over_random_lead_time(PoissonDemand(3), DiscreteDemand.of({0: 1.0}))
    assert none.quantile(0.9) == 0


def test_additive_yield_of_samples_tends_to_the_uniform_one():
    steps = DiscreteDemand(np.linspace(-0.5, 0.5, 2001), np.full(2001, 1 / 2001))
    exact = additive_yield(1.5, UniformDemand(-0.5, 0.5), 75, 15)
    close = additive_yield(1.5, steps, 75, 15)
    assert (close.level, close.cost) == pytest.approx((exact.level, exact.cost), rel=1e-3)


def test_additive_yield_with_random_demand():
    demand, change = DiscreteDemand.of({3: 0.5, 6: 0.5}), DiscreteDemand.of({-1: 0.5, 0: 0.5})
    best = additive_yield(demand, change, 4, 1)

    def cost(order):
        gap = np.subtract.outer(demand.values, order + change.values)
        return np.where(gap > 0, 4 * gap, -gap).mean()

    assert best.cost == pytest.approx(cost(best.level))
    assert best.cost == pytest.approx(min(cost(order) for order in range(12)))
    with pytest.raises(DataError, match="closed form"):
        additive_yield(demand, UniformDemand(-1, 0), 4, 1)


@given(
    st.lists(st.integers(0, 30), min_size=1, max_size=4, unique=True),
    st.lists(st.floats(0.1, 1), min_size=1, max_size=4, unique=True),
    st.floats(0.5, 9),
)
@settings(max_examples=50, deadline=None)
def test_proportional_yield_beats_every_other_order(units, shares, shortage):
    demand = DiscreteDemand(units, np.full(len(units), 1 / len(units)))
    share = DiscreteDemand(shares, np.full(len(shares), 1 / len(shares)))
    best = proportional_yield(demand, share, shortage, 1.0)
    for order in np.linspace(0, 1.2 * max(units) / min(shares), 60):
        gap = np.subtract.outer(demand.values, order * share.values)
        assert best.cost <= np.where(gap > 0, shortage * gap, -gap).mean() + 1e-9


@given(st.lists(st.floats(0.1, 50), min_size=1, max_size=6), st.floats(0, 1))
@settings(max_examples=50, deadline=None)
def test_pooling_never_costs_more(sds, correlation):
    gain = risk_pooling(np.full(len(sds), 100.0), sds, 3, 1, correlation)
    assert gain.pooled.cost <= gain.separate.cost * (1 + 1e-9)


def test_pooling_of_perfectly_correlated_demand_gains_nothing():
    gain = risk_pooling([50, 50], [8, 4], 3, 1, correlation=1.0)
    assert gain.pooled.cost == pytest.approx(gain.separate.cost)


@pytest.mark.parametrize("correlation", [-0.9, 1.1, float("nan"), np.eye(2)])
def test_impossible_correlations(correlation):
    with pytest.raises(DataError, match="cannot occur together"):
        risk_pooling([5, 5, 5], [1, 1, 1], 3, 1, correlation)


def test_nothing_arrives():
    with pytest.raises(DataError, match="expected share"):
        proportional_yield(DiscreteDemand.of({5: 1.0}), DiscreteDemand.of({0: 1.0}), 3, 1)


def least_cost(cost_of, high):
    """Least cost over a fine grid of orders."""
    orders = np.linspace(0, high, 20_001)
    return min(cost_of(order) for order in orders)


@pytest.mark.parametrize(
    "change", [NormalDemand(-2, 3), UniformDemand(-4, 1), DiscreteDemand.of({-3: 0.4, 0: 0.6})]
)
@pytest.mark.parametrize("costs", [(9.0, 1.0), (0.2, 5.0)])
def test_any_yield_added_to_certain_demand(change, costs):
    best = additive_yield(20, change, *costs)
    shortage, holding = costs
    least = least_cost(lambda q: change.expected_cost(20 - q, holding, shortage), 60)
    assert best.cost == pytest.approx(least, abs=2e-3)
    assert best.cost <= least + 1e-12


def test_normal_demand_and_normal_yield():
    best = additive_yield(NormalDemand(50, 6), NormalDemand(-5, 8), 4, 1)
    net = base_stock(NormalDemand(55, 10), 4, 1)
    assert (best.level, best.cost) == pytest.approx((net.level, net.cost))


def test_nothing_is_ordered_where_the_yield_alone_is_more_than_enough():
    assert additive_yield(1.5, NormalDemand(50, 8), 5, 1).level == 0


@pytest.mark.parametrize("demand", [NormalDemand(50, 8), PoissonDemand(7), 30])
@pytest.mark.parametrize("share", [DiscreteDemand.of({0: 0.1, 0.6: 0.4, 1: 0.5})])
@pytest.mark.parametrize("costs", [(9.0, 1.0), (0.2, 5.0)])
def test_a_share_of_any_demand(demand, share, costs):
    best = proportional_yield(demand, share, *costs)
    wanted = as_demand(demand)

    def cost(order):
        return wanted.expected_cost(order * share.values, *costs) @ share.chances

    least = least_cost(cost, 200)
    assert best.cost == pytest.approx(least, abs=5e-3)
    assert best.cost <= least + 1e-9


@pytest.mark.parametrize("costs", [(9.0, 1.0), (0.2, 5.0)])
def test_a_continuous_share_of_certain_demand(costs):
    share = UniformDemand(0.4, 1.0)
    best = proportional_yield(30, share, *costs)
    received = np.linspace(0.4, 1.0, 4001)

    def cost(order):
        gap = 30 - order * received
        return np.where(gap > 0, costs[0] * gap, -costs[1] * gap).mean()

    around = [cost(best.level * factor) for factor in (0.97, 1.0, 1.03)]
    assert best.cost == pytest.approx(around[1], rel=1e-3)
    assert min(around) == around[1]


def test_two_random_sides_without_a_closed_form():
    with pytest.raises(DataError, match="closed form"):
        proportional_yield(PoissonDemand(5), UniformDemand(0.5, 1), 5, 1)
    with pytest.raises(DataError, match="closed form"):
        additive_yield(PoissonDemand(5), UniformDemand(-1, 1), 5, 1)
