"""Wagner-Whitin against all sets of order periods."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newretail_ml.errors import DataError
from newretail_ml.replenishment.lot_sizing import wagner_whitin


def paid(quantities, demand, fixed, holding, unit):
    stock = np.cumsum(quantities - demand)
    return (fixed * (quantities > 0) + holding * stock + unit * quantities).sum()


def cheapest(demand, fixed, holding, unit):
    best = np.inf
    for chosen in product([False, True], repeat=len(demand)):
        periods = np.flatnonzero(chosen)
        first = np.flatnonzero(demand)
        if first.size and (not periods.size or periods[0] > first[0]):
            continue
        quantities = np.zeros(len(demand))
        for start, end in zip(periods, [*periods[1:], len(demand)], strict=False):
            quantities[start] = demand[start:end].sum()
        best = min(best, paid(quantities, demand, fixed, holding, unit))
    return best


numbers = st.integers(0, 40)


@given(st.lists(st.tuples(numbers, numbers, numbers, numbers), min_size=1, max_size=7))
@settings(max_examples=60, deadline=None)
def test_brute_force(rows):
    demand, fixed, holding, unit = np.array(rows, float).T
    plan = wagner_whitin(demand, fixed, holding, unit)
    assert plan.cost == pytest.approx(cheapest(demand, fixed, holding, unit))
    assert plan.cost == pytest.approx(paid(plan.quantities, demand, fixed, holding, unit))
    assert (np.cumsum(plan.quantities - demand) >= 0).all()


def test_one_period_no_demand_and_free_orders():
    assert wagner_whitin([7], 5, 1, 2).cost == 19
    assert wagner_whitin([0, 0], 5, 1).cost == 0
    assert wagner_whitin([3, 4], 0, 1).quantities.tolist() == [3, 4]


@pytest.mark.parametrize("demand", [[], [-1, 2], [1, np.nan], [np.inf], ["a"], None])
def test_wrong_demand(demand):
    with pytest.raises(DataError, match="demand"):
        wagner_whitin(demand, 5, 1)


def test_costs_of_another_length():
    with pytest.raises(DataError, match="2 numbers for 3 periods"):
        wagner_whitin([1, 2, 3], [5, 5], 1)
