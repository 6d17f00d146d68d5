"""Serial systems against plain sums for two stages."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newretail_ml.errors import DataError
from newretail_ml.replenishment.base_stock import base_stock
from newretail_ml.replenishment.demand import DiscreteDemand, PoissonDemand
from newretail_ml.replenishment.serial_system import serial_heuristic, serial_system


def two_stage_cost(levels, rate, times, holding, shortage):
    first, second = (PoissonDemand(rate * time).probabilities() for time in times)
    cost = 0.0
    for units, chance in enumerate(second):
        upstream = levels[1] - units
        local = min(levels[0], upstream)
        left = local - np.arange(len(first))
        served = holding[0] * left + (shortage + sum(holding)) * np.maximum(-left, 0)
        cost += chance * (holding[1] * upstream + served @ first)
    return cost


costs = st.floats(0.2, 5)


@given(st.floats(1, 8), st.floats(0.2, 1), st.floats(0.2, 1), costs, costs, st.floats(1, 60))
@settings(max_examples=25, deadline=None)
def test_two_stages(rate, near, far, low, high, shortage):
    holding, times = (low, high), (near, far)
    policy = serial_system(PoissonDemand(rate), times, holding, shortage)
    case = rate, times, holding, shortage
    assert policy.cost == pytest.approx(two_stage_cost(policy.echelon_levels, *case))
    for change in [(-1, 0), (1, 0), (0, -1), (0, 1), (1, 1), (-1, -1)]:
        other = np.add(policy.echelon_levels, change)
        assert policy.cost <= two_stage_cost(other, *case) * (1 + 1e-9)
    rough = serial_heuristic(PoissonDemand(rate), times, holding, shortage)
    assert two_stage_cost(rough, *case) >= policy.cost * (1 - 1e-9)


def test_one_stage_with_review_is_base_stock():
    policy = serial_system(PoissonDemand(6), [2], [1], 4, review_period=1)
    best = base_stock(PoissonDemand(6), 4, 1, lead_time=2)
    assert policy.echelon_levels == (best.level,)
    assert policy.cost == pytest.approx(best.cost)


def test_stages_without_lead_time_add_nothing_and_any_chances_will_do():
    demand = DiscreteDemand.of({0: 0.6, 5: 0.4})
    plain = serial_system(demand, [2], [1.0], 9)
    longer = serial_system(demand, [2, 0], [0.5, 0.5], 9)
    on_the_way = 0.5 * demand.mean * 2
    assert longer.cost == pytest.approx(plain.cost + on_the_way)


def test_local_levels_add_up():
    policy = serial_system(PoissonDemand(16), [0.25] * 3, [0.25, 3, 0.1], 9)
    assert sum(policy.local_levels) == policy.echelon_levels[-1]
    assert min(policy.local_levels) >= 0


def test_wrong_numbers():
    with pytest.raises(DataError, match="2 holding costs and 1 lead times"):
        serial_system(PoissonDemand(5), [1], [1, 1], 9)
    with pytest.raises(DataError, match="echelon_holding_costs"):
        serial_system(PoissonDemand(5), [1, 1], [1, 0], 9)
    with pytest.raises(DataError, match="shortage_cost"):
        serial_system(PoissonDemand(5), [1], [1], np.inf)
