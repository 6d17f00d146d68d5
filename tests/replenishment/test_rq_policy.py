"""(r, Q) policies against their neighbours."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newretail_ml.errors import DataError
from newretail_ml.replenishment.demand import (
    DiscreteDemand,
    GammaDemand,
    NormalDemand,
    PoissonDemand,
)
from newretail_ml.replenishment.rq_policy import (
    RQCosts,
    best_rq,
    rq_by_eoq_with_backorders,
    rq_by_expected_stock,
    rq_cost,
)

costs = st.floats(0.2, 50)


@given(st.floats(0.2, 30), costs, costs, costs)
@settings(max_examples=40, deadline=None)
def test_whole_units_beat_their_neighbours(mean, fixed, holding, shortage):
    case = RQCosts(PoissonDemand(mean), mean, fixed, holding, shortage)
    best = best_rq(case)
    assert best.cost == pytest.approx(rq_cost(case, best.reorder_point, best.order_quantity))
    for r in range(-2, 3):
        for q in range(max(-2, 1 - int(best.order_quantity)), 3):
            other = rq_cost(case, best.reorder_point + r, best.order_quantity + q)
            assert best.cost <= other * (1 + 1e-9)


@pytest.mark.parametrize("demand", [NormalDemand(80, 25), GammaDemand(80, 40)])
@given(fixed=costs, holding=costs, shortage=costs)
@settings(max_examples=15, deadline=None)
def test_continuous_policy_beats_its_neighbours(demand, fixed, holding, shortage):
    case = RQCosts(demand, 500, fixed, holding, shortage)
    best = best_rq(case)
    for r in (-1, 0, 1):
        for factor in (0.97, 1.0, 1.03):
            other = rq_cost(case, best.reorder_point + r, best.order_quantity * factor)
            assert best.cost <= other * (1 + 1e-9)
    assert rq_by_eoq_with_backorders(case).cost >= best.cost * (1 - 1e-9)


def test_cost_is_the_mean_over_positions():
    case = RQCosts(NormalDemand(80, 25), 500, 10, 1, 9)
    positions = np.linspace(60, 160, 200_001)
    mean = np.trapezoid(case.at(positions), positions) / 100
    assert rq_cost(case, 60, 100) == pytest.approx(10 * 500 / 100 + mean)


def test_free_orders_are_base_stock():
    assert best_rq(RQCosts(PoissonDemand(6), 6, 0, 1, 4)).order_quantity == 1
    best = best_rq(RQCosts(NormalDemand(50, 8), 50, 0, 0.18, 0.7))
    assert (best.reorder_point, best.order_quantity) == (pytest.approx(56.604, abs=1e-3), 0)


def test_certain_demand_is_the_eoq_with_backorders():
    best = best_rq(RQCosts(NormalDemand(100, 0), 1300, 8, 0.225, 5))
    assert best.order_quantity == pytest.approx(310.8125551589646)
    assert best.cost == pytest.approx(66.92136355097325)


def test_almost_free_holding():
    best = best_rq(RQCosts(NormalDemand(3, 1), 1, 1, 1e-9, 1))
    assert best.order_quantity == pytest.approx(np.sqrt(2 / 1e-9), rel=1e-3)


def test_any_chances():
    demand = DiscreteDemand.of({0: 0.5, 1: 0.2, 12: 0.3})
    case = RQCosts(demand, 4.0, 20, 1, 9)
    best = best_rq(case)
    tried = [rq_cost(case, r, q) for r in range(-5, 20) for q in range(1, 40)]
    assert best.cost == pytest.approx(min(tried))


def test_wrong_numbers():
    for wrong in ({"holding_cost": 0}, {"shortage_cost": np.nan}, {"demand_rate": 0}):
        given = {"demand_rate": 1, "fixed_cost": 1, "holding_cost": 1, "shortage_cost": 1, **wrong}
        with pytest.raises(DataError, match=next(iter(wrong))):
            RQCosts(PoissonDemand(1), **given)
    with pytest.raises(DataError, match="whole units"):
        rq_cost(RQCosts(PoissonDemand(1), 1, 1, 1, 1), 0.5, 2)
    with pytest.raises(DataError, match="no answer"):
        rq_by_expected_stock(RQCosts(NormalDemand(5, 1), 5, 1000, 5, 0.1))
