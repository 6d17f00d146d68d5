"""Guaranteed service against all promises of small trees."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newretail_ml.errors import DataError
from newretail_ml.replenishment.guaranteed_service import Stage, guaranteed_service


def slow_cost(stages, edges, factor):
    suppliers = {s.name: [a for a, b in edges if b == s.name] for s in stages}
    customers = {s.name: [b for a, b in edges if a == s.name] for s in stages}

    def variance(name):
        own = next(s for s in stages if s.name == name).demand_sd ** 2
        return own + sum(variance(other) for other in customers[name])

    longest = sum(s.processing_time + s.supply_time for s in stages)
    best = np.inf
    for promised in product(range(longest + 1), repeat=len(stages)):
        out = dict(zip([s.name for s in stages], promised, strict=True))
        cost = 0.0
        for stage in stages:
            inbound = max([stage.supply_time, *(out[name] for name in suppliers[stage.name])])
            net = inbound + stage.processing_time - out[stage.name]
            limit = longest if stage.promise is None else stage.promise
            if net < 0 or out[stage.name] > limit:
                cost = np.inf
                break
            cost += stage.holding_cost * factor * np.sqrt(variance(stage.name) * net)
        best = min(best, cost)
    return best


@st.composite
def trees(draw):
    """Up to four stages; each hangs on an earlier one as its supplier or its customer."""
    edges, number = [], draw(st.integers(1, 4))
    for name in range(1, number):
        other = draw(st.integers(0, name - 1))
        edges.append((name, other) if draw(st.booleans()) else (other, name))
    ends = set(range(number)) - {supplier for supplier, _ in edges}
    stages = [
        Stage(
            name,
            draw(st.integers(0, 2)),
            draw(st.floats(0, 5)),
            draw(st.floats(0.5, 3)) if name in ends else 0.0,
            draw(st.integers(0, 1)) if name in ends else None,
            draw(st.integers(0, 1)),
        )
        for name in range(number)
    ]
    return stages, edges


@given(trees())
@settings(max_examples=60, deadline=None)
def test_brute_force(tree):
    found = guaranteed_service(*tree, safety_factor=1.6)
    assert found.cost == pytest.approx(slow_cost(*tree, 1.6), abs=1e-9)
    stages = {stage.name: stage for stage in tree[0]}
    parts = [stages[name].holding_cost * stock for name, stock in found.safety_stocks.items()]
    assert found.cost == pytest.approx(sum(parts))
    assert min(found.net_times.values()) >= 0


def test_one_stage():
    found = guaranteed_service([Stage("shop", 3, 2, 5, promise=1, supply_time=2)], [], 2)
    assert found.cost == pytest.approx(2 * 2 * 5 * np.sqrt(4))


@pytest.mark.parametrize(
    ("stages", "edges", "words"),
    [
        ([], [], "no stage"),
        ([Stage(1, 1, 1, 1, 0), Stage(1, 1, 1)], [(1, 1)], "share a name"),
        ([Stage(1, 1, 1, 1, 0), Stage(2, 1, 1, 1, 0)], [], "not one tree"),
        ([Stage(1, 1, 1, 1, 0)], [(1, 2)], "unknown stage"),
        ([Stage(1, 1, 1, 1)], [], "no promise"),
        ([Stage(n, 1, 1, 1, 0) for n in range(4)], [(0, 1), (1, 2), (2, 0)], "not one tree"),
    ],
)
def test_wrong_networks(stages, edges, words):
    with pytest.raises(DataError, match=words):
        guaranteed_service(stages, edges, 1)


def test_times_are_whole():
    with pytest.raises(DataError, match="whole number"):
        Stage("shop", 1.5, 2)


def test_a_stage_that_supplies_itself():
    stages = [Stage("a", 1, 1, 1, 0), Stage("b", 1, 1, 1, 0)]
    with pytest.raises(DataError, match="supplies itself"):
        guaranteed_service(stages, [("a", "a")], 1)


def test_a_chain_longer_than_the_recursion_limit():
    times = [1, *[0] * 1199]
    chain = [Stage(i, time, 1.0) for i, time in enumerate(times)]
    chain[-1] = Stage(1199, 0, 1.0, demand_sd=2, promise=0)
    found = guaranteed_service(chain, [(i, i + 1) for i in range(1199)], 1)
    assert found.cost == pytest.approx(2)
