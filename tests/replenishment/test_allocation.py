"""Allocation, transshipment and warehouses against all small decisions."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newretail_ml.errors import DataError, InfeasibleError
from newretail_ml.replenishment.allocation import allocate
from newretail_ml.replenishment.demand import DiscreteDemand, PoissonDemand
from newretail_ml.replenishment.transshipment import rebalance, transship
from newretail_ml.replenishment.warehouses import place_warehouses

cost = st.floats(0.1, 9)
triple = st.tuples(cost, cost, cost)
units = st.tuples(*[st.integers(0, 4)] * 3)
moves_from = st.lists(triple, min_size=3, max_size=3).map(np.array)


def total(stock, demands, short, left):
    return sum(
        float(demand.expected_cost(*case))
        for demand, case in zip(demands, zip(stock, short, left, strict=True), strict=True)
    )


@given(st.integers(0, 7), st.tuples(*[st.floats(0.2, 5)] * 3), triple, triple, units)
@settings(max_examples=30, deadline=None)
def test_allocation(available, means, short, left, on_hand):
    demands = [PoissonDemand(mean) for mean in means]
    found = allocate(available, demands, short, left, on_hand)
    tried = [
        total(np.add(on_hand, given), demands, short, left)
        for given in product(range(available + 1), repeat=3)
        if sum(given) <= available
    ]
    assert found.units.sum() <= available
    assert found.cost == pytest.approx(min(tried))
    more = allocate(available + 1, demands, short, left, on_hand)
    assert found.unit_value == pytest.approx(found.cost - more.cost, abs=1e-9)


def all_moves(stock):
    """Every way to send stock to other stores."""
    ways = [
        [way for way in product(range(has + 1), repeat=len(stock)) if sum(way) == has]
        for has in stock
    ]
    return (np.array(moved) for moved in product(*ways))


@given(st.tuples(*[st.integers(0, 3)] * 3), units, moves_from, triple, triple)
@settings(max_examples=20, deadline=None)
def test_transshipment_after_demand(stock, demand, move_cost, short, left):
    np.fill_diagonal(move_cost, 0.0)
    known = [DiscreteDemand.of({one: 1.0}) for one in demand]
    tried = [
        (moved * move_cost).sum() + total(moved.sum(axis=0), known, short, left)
        for moved in all_moves(stock)
    ]
    found = transship(stock, demand, move_cost, short, left)
    assert found.cost == pytest.approx(min(tried))
    assert (found.units == np.rint(found.units)).all()
    before = rebalance(stock, known, move_cost, short, left)
    assert before.cost == pytest.approx(found.cost)


@given(st.tuples(*[st.integers(0, 3)] * 3), moves_from, triple, triple)
@settings(max_examples=15, deadline=None)
def test_transshipment_before_demand(stock, move_cost, short, left):
    np.fill_diagonal(move_cost, 0.0)
    demands = [PoissonDemand(mean) for mean in (0.5, 2.0, 3.0)]
    tried = [
        (moved * move_cost).sum() + total(moved.sum(axis=0), demands, short, left)
        for moved in all_moves(stock)
    ]
    found = rebalance(stock, demands, move_cost, short, left)
    assert found.cost == pytest.approx(min(tried))
    assert (found.units.sum(axis=1) <= np.array(stock)).all()


def test_nothing_moves_where_nothing_can():
    found = transship([9, 0], [0, 9], [[0, np.inf], [np.inf, 0]], [5, 5], [1, 1])
    assert found.units.sum() == 0
    assert found.cost == 9 + 45


three_by_three = st.lists(st.tuples(cost, cost, cost), min_size=3, max_size=3).map(np.array)


@given(triple, three_by_three)
@settings(max_examples=20, deadline=None)
def test_warehouses_without_limits(opening, serving):
    tried = [
        np.array(opening)[list(chosen)].sum() + serving[list(chosen)].min(axis=0).sum()
        for chosen in ([0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2])
    ]
    found = place_warehouses(opening, serving)
    assert found.cost == pytest.approx(min(tried))
    assert found.shares.sum(axis=0) == pytest.approx(np.ones(3))
    assert len(place_warehouses(opening, serving, most_open=1).opened) == 1


@given(triple, three_by_three, st.tuples(*[st.integers(1, 4)] * 3))
@settings(max_examples=20, deadline=None)
def test_warehouses_with_limits_and_one_source(opening, serving, demand):
    capacity = [5, 5, 5]
    tried = [np.inf]
    for sources in product(range(3), repeat=3):
        load = np.bincount(sources, weights=demand, minlength=3)
        if (load <= capacity).all():
            paid = np.array(opening)[np.unique(sources)].sum()
            tried.append(paid + serving[list(sources), range(3)].sum())
    limits = {"demands": demand, "capacities": capacity}
    if np.isfinite(min(tried)):
        found = place_warehouses(opening, serving, one_source=True, **limits)
        assert found.cost == pytest.approx(min(tried))
        split = place_warehouses(opening, serving, **limits)
        assert split.cost <= found.cost * (1 + 1e-9)
        assert (split.shares @ np.array(demand) <= np.array(capacity) + 1e-6).all()


def test_what_cannot_be_served():
    with pytest.raises(InfeasibleError, match="Add capacity"):
        place_warehouses([1], [[1, 1]], demands=[3, 3], capacities=[5])
    with pytest.raises(InfeasibleError):
        place_warehouses([1], [[1, np.inf]])


@pytest.mark.parametrize(
    "make",
    [
        lambda: allocate(-1, [PoissonDemand(1)], [1], [1]),
        lambda: allocate(1.5, [PoissonDemand(1)], [1], [1]),
        lambda: allocate(1, [PoissonDemand(1)], [1, 2], [1]),
        lambda: transship([1], [1, 2], [[0]], [1], [1]),
        lambda: transship([1, 2], [1, 2], [[0, -1], [1, 0]], [1, 1], [1, 1]),
        lambda: transship([1, 2], [1, 2], [[0, 1]], [1, 1], [1, 1]),
        lambda: rebalance([1.5], [PoissonDemand(1)], [[0]], [1], [1]),
        lambda: place_warehouses([1, 2], [[1, 1]]),
        lambda: place_warehouses([1], [[np.nan]]),
        lambda: place_warehouses([1], [[1]], capacities=[5]),
        lambda: place_warehouses([1], [[1]], demands=[1, 2], capacities=[5]),
        lambda: place_warehouses([1], [[1]], most_open=0),
    ],
)
def test_wrong_numbers(make):
    with pytest.raises(DataError):
        make()
