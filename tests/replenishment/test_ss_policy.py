"""(s, S) policies against a slow Markov chain and a search of levels."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newretail_ml.errors import DataError
from newretail_ml.replenishment.base_stock import base_stock
from newretail_ml.replenishment.demand import (
    DiscreteDemand,
    NegativeBinomialDemand,
    NormalDemand,
    PoissonDemand,
)
from newretail_ml.replenishment.ss_policy import best_ss, ss_cost
from newretail_ml.replenishment.ss_power import power_approximation


def slow_cost(demand, s, order_up_to, fixed, holding, shortage, lead_time):
    """Stationary shares of the positions after ordering, from the full transition matrix."""
    levels = np.arange(s + 1, order_up_to + 1)
    move = np.zeros((len(levels), len(levels)))
    orders = np.zeros(len(levels))
    for row, level in enumerate(levels):
        for units, chance in enumerate(demand.probabilities()):
            after = level - units
            orders[row] += chance * (after <= s)
            move[row, (order_up_to if after <= s else after) - s - 1] += chance
    system = np.vstack([move.T - np.eye(len(levels)), np.ones(len(levels))])
    shares = np.linalg.lstsq(system, np.append(np.zeros(len(levels)), 1.0), rcond=None)[0]
    paid = demand.over(lead_time + 1).expected_cost(levels, shortage, holding)
    return shares @ (paid + fixed * orders)


demands = st.one_of(
    st.floats(0.3, 12).map(PoissonDemand),
    st.floats(0.5, 8).map(lambda mean: NegativeBinomialDemand(mean, 1.5 * np.sqrt(mean))),
    st.lists(st.floats(0.05, 1), min_size=2, max_size=6).map(
        lambda weights: DiscreteDemand(
            np.arange(len(weights)) * 2, np.array(weights) / sum(weights)
        )
    ),
)


@given(demands, st.floats(0, 60), st.floats(0.2, 5), st.floats(0.5, 40), st.integers(0, 2))
@settings(max_examples=40, deadline=None)
def test_cost_is_that_of_the_markov_chain_and_no_neighbour_is_cheaper(
    demand, fixed, holding, shortage, lead_time
):
    costs = fixed, holding, shortage
    best = best_ss(demand, *costs, lead_time)
    s, order_up_to = int(best.reorder_point), int(best.order_up_to)
    slow = slow_cost(demand, s, order_up_to, *costs, lead_time)
    assert best.cost == pytest.approx(slow, rel=1e-7)
    for other_s in range(s - 2, s + 3):
        for other_up_to in range(max(order_up_to - 2, other_s + 1), order_up_to + 3):
            other = ss_cost(demand, other_s, other_up_to, *costs, lead_time)
            assert best.cost <= other * (1 + 1e-9)


@given(st.floats(0.5, 20), st.floats(0, 50), st.floats(0.5, 20), st.floats(1, 5))
@settings(max_examples=30, deadline=None)
def test_dearer_shortage_never_lowers_the_reorder_point(mean, fixed, shortage, factor):
    cheap = best_ss(PoissonDemand(mean), fixed, 1.0, shortage)
    dear = best_ss(PoissonDemand(mean), fixed, 1.0, factor * shortage)
    assert dear.reorder_point >= cheap.reorder_point
    assert dear.cost >= cheap.cost - 1e-9


def test_free_orders_are_base_stock():
    best, level = best_ss(PoissonDemand(6), 0, 1, 4, 2), base_stock(PoissonDemand(6), 4, 1, 2)
    assert (best.reorder_point, best.order_up_to) == (level.level - 1, level.level)
    assert best.cost == pytest.approx(level.cost)


def test_normal_demand_tends_to_a_limit():
    coarse = best_ss(NormalDemand(50, 8), 64, 0.18, 0.7)
    fine = best_ss(NormalDemand(50, 8), 64, 0.18, 0.7, step=0.05)
    assert coarse.cost == pytest.approx(fine.cost, rel=1e-4)
    assert coarse.reorder_point == pytest.approx(fine.reorder_point, abs=0.5)


def test_rare_demand_and_dear_orders():
    demand = DiscreteDemand.of({0: 0.999, 1: 0.001})
    best = best_ss(demand, 1000, 0.01, 1)
    slow = slow_cost(demand, int(best.reorder_point), int(best.order_up_to), 1000, 0.01, 1, 0)
    assert best.cost == pytest.approx(slow, rel=1e-6)


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ((5, 0, 4), "holding_cost"),
        ((5, 1, 0), "shortage_cost"),
        ((-1, 1, 4), "fixed_cost"),
        ((np.inf, 1, 4), "fixed_cost"),
        ((5, 1, 4, -1), "lead_time"),
    ],
)
def test_wrong_numbers(numbers, words):
    with pytest.raises(DataError, match=words):
        best_ss(PoissonDemand(6), *numbers)


def test_no_demand_and_crossed_levels():
    with pytest.raises(DataError, match="never any demand"):
        best_ss(PoissonDemand(0), 5, 1, 4)
    with pytest.raises(DataError, match="not below"):
        ss_cost(PoissonDemand(6), 10, 10, 5, 1, 4)
    with pytest.raises(DataError, match="whole units"):
        ss_cost(PoissonDemand(6), 4.5, 10, 5, 1, 4)


def test_power_approximation_is_close_to_the_optimum():
    demand = NegativeBinomialDemand(20, 7)
    rough = power_approximation(20, 7, 64, 1, 9, lead_time=2)
    best = best_ss(demand, 64, 1, 9, 2)
    cost = ss_cost(demand, round(rough.reorder_point), round(rough.order_up_to), 64, 1, 9, 2)
    assert best.cost <= cost <= 1.02 * best.cost


def test_power_approximation_needs_spread_and_an_order_cost():
    with pytest.raises(DataError, match="sd"):
        power_approximation(20, 0, 64, 1, 9)
    with pytest.raises(DataError, match="fixed_cost"):
        power_approximation(20, 7, 0, 1, 9)


@pytest.mark.parametrize(
    ("demand", "policy"),
    [
        # Ordering in every period is nearly optimal: the chain seldom visits what s decides.
        (PoissonDemand(163.51834675480114), (101.6487379333989, 0.5416633161511476, 57.279)),
        (DiscreteDemand.of({40: 0.5, 100: 0.3, 150: 0.2}), (5000.0, 0.7, 40.0)),
        (NegativeBinomialDemand(0.05, 0.5), (500.0, 0.05, 9.0)),
    ],
)
def test_no_policy_near_or_far_is_cheaper(demand, policy):
    best = best_ss(demand, *policy)
    lot = int(best.order_up_to - best.reorder_point)
    for s in np.linspace(best.reorder_point - lot, best.order_up_to - 1, 15).astype(int):
        for level in np.linspace(s + 1, best.order_up_to + lot, 25).astype(int):
            assert best.cost <= ss_cost(demand, s, level, *policy) * (1 + 1e-9)


def test_gaps_in_demand_leave_the_reorder_point_right_from_every_position():
    best = best_ss(DiscreteDemand.of({100: 1.0}), 150, 1, 9)
    one_period = DiscreteDemand.of({100: 1.0}).expected_cost
    assert one_period(best.reorder_point, 9, 1) >= best.cost
    assert one_period(best.reorder_point + 1, 9, 1) < best.cost


@pytest.mark.parametrize("demand", [NormalDemand(500, 5), DiscreteDemand.of({0: 0.3, 90: 0.7})])
def test_demand_that_is_zero_or_large(demand):
    best = best_ss(demand, 640, 1, 9, step=1)
    s, level = int(best.reorder_point), int(best.order_up_to)
    assert best.cost == pytest.approx(slow_cost(demand, s, level, 640, 1, 9, 0), rel=1e-7)
