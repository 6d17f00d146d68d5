"""Joint replenishment against all multiples."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newretail_ml.errors import DataError
from newretail_ml.replenishment.joint_replenishment import (
    joint_replenishment,
    joint_replenishment_heuristic,
)

sizes = st.lists(st.floats(0.5, 50), min_size=3, max_size=3)


@given(st.floats(5, 100), sizes, st.lists(st.floats(0.01, 20), min_size=3, max_size=3))
@settings(max_examples=40, deadline=None)
def test_optimum_is_that_of_all_multiples(major, minor, rates):
    plan = joint_replenishment(major, minor, [1.0] * 3, rates)
    tried = np.array(list(product(range(1, 13), repeat=3)))
    costs = np.sqrt(2 * (major + (minor / tried).sum(axis=1)) * (tried @ np.array(rates)))
    assert plan.cost <= costs.min() * (1 + 1e-12)
    if max(plan.multiples) <= 12:
        assert plan.cost == pytest.approx(costs.min(), rel=1e-12)


@given(st.floats(5, 100), sizes, sizes)
@settings(max_examples=40, deadline=None)
def test_heuristic_is_never_below_the_optimum(major, minor, rates):
    heuristic = joint_replenishment_heuristic(major, minor, [1.0] * 3, rates)
    optimum = joint_replenishment(major, minor, [1.0] * 3, rates)
    assert heuristic.gap >= 0
    assert heuristic.cost == pytest.approx(optimum.cost * (1 + heuristic.gap))


def test_one_item_is_the_eoq():
    plan = joint_replenishment(5, [3], [0.225], [1300])
    assert plan.cost == pytest.approx(68.41052550594827)
    assert plan.multiples == (1,)


def test_items_without_minor_cost_are_in_every_order():
    assert joint_replenishment(5, [0, 0], [1, 1], [100, 1]).multiples == (1, 1)


def test_a_small_major_cost_lets_every_item_go_its_own_way():
    minor, rates = [10, 3, 7], [5, 80, 1]
    alone = sum(np.sqrt(2 * k * d) for k, d in zip(minor, rates, strict=True))
    plan = joint_replenishment(1e-6, minor, [1.0] * 3, rates)
    assert alone < plan.cost < alone * (1 + 1e-4)
    assert max(plan.multiples) > 100


def test_wrong_numbers():
    with pytest.raises(DataError, match="share nothing"):
        joint_replenishment(0, [1], [1], [1])
    with pytest.raises(DataError, match="demand_rates"):
        joint_replenishment(1, [1], [1], [0])
    with pytest.raises(DataError, match="one of each"):
        joint_replenishment(1, [1, 2], [1], [1])
