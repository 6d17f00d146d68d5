"""Perishables: against the newsvendor, a simulation, and FIFO against LIFO."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newretail_ml.errors import DataError
from newretail_ml.replenishment.demand import DiscreteDemand, PoissonDemand
from newretail_ml.replenishment.perishable import Perishable, perishable_dynamics
from newretail_ml.replenishment.perishable_policy import (
    perishable_base_stock,
    perishable_base_stock_at,
    perishable_optimum,
)

ITEM = Perishable(PoissonDemand(2), 2, 1, 6, 3, 1, 20, 7)
items = st.builds(
    Perishable,
    st.floats(0.3, 4).map(PoissonDemand),
    shelf_life=st.integers(1, 3),
    lead_time=st.integers(0, 2),
    max_order=st.integers(2, 5),
    unit_cost=st.floats(0, 4),
    holding_cost=st.floats(0, 2),
    shortage_cost=st.floats(1, 30),
    waste_cost=st.floats(0, 9),
    issuing=st.sampled_from(["fifo", "lifo"]),
)


@given(items)
@settings(max_examples=20, deadline=None)
def test_optimum_is_no_dearer_than_base_stock(item):
    optimum, base = perishable_optimum(item), perishable_base_stock(item)
    assert optimum.average_cost <= base.average_cost * (1 + 1e-7) + 1e-9


@given(items, st.integers(0, 12))
@settings(max_examples=25, deadline=None)
def test_fifo_wastes_no_more_than_lifo(item, level):
    waste = [
        perishable_base_stock_at(replace(item, issuing=issuing), level).waste
        for issuing in ("fifo", "lifo")
    ]
    assert waste[0] <= waste[1] + 1e-9


@given(items)
@settings(max_examples=25, deadline=None)
def test_stock_is_conserved(item):
    chances = item.demand.probabilities()
    mean = np.arange(len(chances)) @ chances
    dynamics = perishable_dynamics(item)
    stock = item.states[:, item.places - item.shelf_life :].sum(axis=1)
    rest = np.indices((item.max_order + 1,) * (item.places - 1))
    kept = rest[max(item.lead_time - 1, 0) :].sum(axis=0).ravel()
    assert np.allclose(stock - dynamics.waste - (mean - dynamics.short), dynamics.move @ kept)


@pytest.mark.parametrize("lead_time", [0, 1, 2])
@pytest.mark.parametrize("issuing", ["fifo", "lifo"])
def test_simulation(lead_time, issuing):
    item, level = replace(ITEM, lead_time=lead_time, issuing=issuing), 5
    coming, ages = [0] * lead_time, [0, 0]  # fresh, old
    periods, cost, waste = 40_000, 0.0, 0
    for units in np.random.default_rng(3).poisson(2, periods):
        order = min(max(level - sum(ages) - sum(coming[1:] if lead_time else []), 0), 6)
        cost += 3 * order
        if lead_time == 0:
            ages[0] = order
        else:
            coming = [*coming[1:], order]
        for age in (1, 0) if issuing == "fifo" else (0, 1):
            sold = min(ages[age], units)
            ages[age], units = ages[age] - sold, units - sold
        waste += ages[1]
        cost += 20 * units + 7 * ages[1] + 1 * ages[0]
        ages = [coming[0] if lead_time else 0, ages[0]]
    found = perishable_base_stock_at(item, level)
    assert found.average_cost == pytest.approx(cost / periods, rel=0.02)
    assert found.waste == pytest.approx(waste / periods, rel=0.05, abs=0.005)


def test_what_keeps_one_period_is_a_newsvendor():
    item = replace(ITEM, shelf_life=1, lead_time=0)
    demand = item.demand
    costs = [3 * q + 7 * demand.expected_left(q) + 20 * demand.expected_short(q) for q in range(7)]
    assert perishable_optimum(item).average_cost == pytest.approx(min(costs))
    base = perishable_base_stock(item)
    assert base.level == int(np.argmin(costs))
    assert base.average_cost == pytest.approx(min(costs))


def test_discounted_value_tends_to_the_average():
    patient = perishable_optimum(ITEM, discount=0.9999)
    assert patient.values[0, 0] / 10_000 == pytest.approx(
        perishable_optimum(ITEM).average_cost, rel=1e-2
    )


def test_certain_demand_wastes_nothing():
    item = replace(ITEM, demand=DiscreteDemand.of({2: 1.0}))
    assert perishable_optimum(item).average_cost == pytest.approx(6)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"shelf_life": 0}, "shelf_life"),
        ({"lead_time": 1.5}, "whole number"),
        ({"issuing": "hifo"}, "Choose 'fifo' or 'lifo'"),
        ({"waste_cost": np.nan}, "waste_cost"),
        ({"shelf_life": 9}, "too many"),
    ],
)
def test_wrong_numbers(change, words):
    with pytest.raises(DataError, match=words):
        replace(ITEM, **change)
    with pytest.raises(DataError, match="discount"):
        perishable_optimum(ITEM, discount=1.1)


def test_seldom_demand_settles_slowly_and_is_exact_all_the_same():
    item = Perishable(PoissonDemand(0.05), 3, 1, 4, 0, 1, 50, 7)
    found = perishable_base_stock_at(item, 12)
    # Twelve units are ordered anew every fourth period: what is not sold is wasted.
    assert found.lost_sales < 1e-6
    assert found.waste == pytest.approx(12 / 4 - 0.05, abs=1e-6)
    assert found.average_cost == pytest.approx(26.650001164, abs=1e-7)
