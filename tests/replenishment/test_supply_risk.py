"""Random lead times, random yields, shared stock."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newretail_ml.errors import DataError
from newretail_ml.replenishment.demand import (
    DiscreteDemand,
    PoissonDemand,
    UniformDemand,
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
