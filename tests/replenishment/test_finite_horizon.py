"""A season's orders against plain recursion, Wagner-Whitin and the stationary policies."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newretail_ml.errors import DataError
from newretail_ml.replenishment.demand import DiscreteDemand, PoissonDemand
from newretail_ml.replenishment.finite_horizon import SeasonCosts, season_plan
from newretail_ml.replenishment.lot_sizing import wagner_whitin
from newretail_ml.replenishment.ss_policy import best_ss


def slow_cost(demands, costs, start, lead_time):
    """Plain recursion over periods, positions and orders."""
    chances = [demand.probabilities() for demand in demands]
    periods = len(demands) - lead_time

    def expected(position, period, end, holding, shortage):
        total = np.ones(1)
        for chance in chances[period:end]:
            total = np.convolve(total, chance)
        left = position - np.arange(len(total))
        return np.where(left > 0, holding * left, -shortage * left) @ total

    @cache
    def value(period, position):
        if period == periods:
            last = periods + lead_time
            return expected(position, period, last, costs.end_holding, costs.end_shortage)
        options = []
        for level in range(position, max(position, 14) + 1):
            paid = costs.fixed * (level > position) + costs.unit * (level - position)
            end = period + lead_time + 1
            paid += expected(level, period, end, costs.holding, costs.shortage)
            later = sum(
                chance * value(period + 1, level - units)
                for units, chance in enumerate(chances[period])
            )
            options.append(paid + costs.discount * later)
        return min(options)

    return value(0, start)


small = st.lists(st.floats(0.05, 1), min_size=1, max_size=4).map(
    lambda weights: DiscreteDemand(np.arange(len(weights)), np.array(weights) / sum(weights))
)


@given(
    st.lists(small, min_size=2, max_size=4),
    st.builds(
        SeasonCosts,
        holding=st.floats(0, 3),
        shortage=st.floats(0, 9),
        fixed=st.floats(0, 6),
        unit=st.floats(0, 3),
        end_holding=st.floats(0, 2),
        end_shortage=st.floats(0, 5),
        discount=st.floats(0.5, 1),
    ),
    st.integers(-2, 5),
    st.integers(0, 1),
)
@settings(max_examples=40, deadline=None)
def test_recursion(demands, costs, start, lead_time):
    plan = season_plan(demands, costs, start, lead_time)
    assert plan.cost == pytest.approx(slow_cost(demands, costs, start, lead_time), abs=1e-8)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=6), st.floats(0.5, 20))
@settings(max_examples=30, deadline=None)
def test_certain_demand_is_wagner_whitin(units, fixed):
    demands = [DiscreteDemand.of({one: 1.0}) for one in units]
    costs = SeasonCosts(holding=1.0, shortage=1e6, fixed=fixed, end_shortage=1e6)
    assert season_plan(demands, costs).cost == pytest.approx(wagner_whitin(units, fixed, 1.0).cost)


def test_a_long_season_starts_like_the_stationary_policy():
    plan = season_plan([PoissonDemand(4)] * 40, SeasonCosts(holding=40, shortage=125, fixed=150))
    best = best_ss(PoissonDemand(4), 150, 40, 125)
    assert plan.reorder_points[0] == best.reorder_point
    assert plan.order_up_to[0] == best.order_up_to
    assert plan.cost / 40 == pytest.approx(best.cost, rel=0.02)


def test_orders_by_position():
    plan = season_plan([PoissonDemand(3)] * 3, SeasonCosts(holding=1, shortage=4, fixed=5))
    point, level = int(plan.reorder_points[1]), int(plan.order_up_to[1])
    assert plan.order(1, point) == level - point
    assert plan.order(1, point + 1) == 0
    with pytest.raises(DataError, match="cannot occur"):
        plan.order(0, -1)


def test_nothing_is_ordered_where_shortage_is_free():
    plan = season_plan([PoissonDemand(3)], SeasonCosts(holding=1, shortage=0))
    assert plan.reorder_points.tolist() == [-np.inf]
    assert plan.cost == 0


@pytest.mark.parametrize(
    ("demands", "numbers", "more"),
    [
        ([], {}, {}),
        ([PoissonDemand(1)], {}, {"lead_time": 1}),
        ([PoissonDemand(1)], {"discount": 0}, {}),
        ([PoissonDemand(1)], {"end_holding": -1}, {}),
        ([PoissonDemand(1)], {"holding": -1}, {}),
        ([PoissonDemand(1)], {"fixed": [1, 2]}, {}),
        ([PoissonDemand(1)], {}, {"start": 0.5}),
    ],
)
def test_wrong_numbers(demands, numbers, more):
    with pytest.raises(DataError):
        season_plan(demands, SeasonCosts(**{"holding": 1, "shortage": 2, **numbers}), **more)
