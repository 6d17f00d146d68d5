"""Lost sales: policies in their order, against a dense chain and a simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newretail_ml.errors import DataError
from newretail_ml.replenishment.base_stock import base_stock
from newretail_ml.replenishment.demand import DiscreteDemand, GammaDemand, PoissonDemand
from newretail_ml.replenishment.lost_sales import (
    LostSales,
    lost_sales_base_stock,
    lost_sales_capped_base_stock,
    lost_sales_cost,
    lost_sales_optimum,
)

items = st.builds(
    LostSales,
    st.floats(0.3, 4).map(PoissonDemand),
    st.integers(0, 2),
    st.floats(0.5, 2),
    st.floats(1, 30),
)


@given(items)
@settings(max_examples=20, deadline=None)
def test_optimum_capped_and_plain_base_stock_come_in_this_order(item):
    optimum = lost_sales_optimum(item).cost
    capped, plain = lost_sales_capped_base_stock(item), lost_sales_base_stock(item)
    assert optimum <= capped.cost * (1 + 1e-7)
    assert capped.cost <= plain.cost * (1 + 1e-9)
    assert lost_sales_cost(item, capped.level, capped.cap) == pytest.approx(capped.cost)


@given(items)
@settings(max_examples=20, deadline=None)
def test_best_level_beats_all_others(item):
    best = lost_sales_base_stock(item)
    others = [lost_sales_cost(item, level) for level in range(best.level + 4)]
    assert best.cost <= min(others) + 1e-9


def test_dearer_lost_sales_never_lower_the_level():
    levels = [
        lost_sales_base_stock(LostSales(PoissonDemand(3), 2, 1, p)).level for p in range(1, 40)
    ]
    assert (np.diff(levels) >= 0).all()


@pytest.mark.parametrize("cap", [None, 4])
def test_simulation(cap):
    item, level = LostSales(PoissonDemand(3), 2, 1, 9), 11
    demand = np.random.default_rng(5).poisson(3, 100_000)
    on_hand, arriving, cost = level, [0, 0], 0.0
    for units in demand:
        on_hand += arriving.pop(0)
        arriving.append(min(cap or level, level - on_hand - sum(arriving)))
        cost += 1 * max(on_hand - units, 0) + 9 * max(units - on_hand, 0)
        on_hand = max(on_hand - units, 0)
    assert lost_sales_cost(item, level, cap) == pytest.approx(cost / len(demand), rel=0.02)


def test_without_lead_time_it_is_the_newsvendor():
    item = LostSales(PoissonDemand(6), 0, 1, 4)
    best = base_stock(PoissonDemand(6), 4, 1)
    assert lost_sales_base_stock(item).level == best.level
    assert lost_sales_optimum(item).cost == pytest.approx(best.cost)
    assert lost_sales_cost(item, 8, cap=8) == pytest.approx(lost_sales_cost(item, 8))
    assert lost_sales_cost(item, 8, cap=5) > lost_sales_cost(item, 8)


def test_optimal_orders_fall_with_stock():
    orders = lost_sales_optimum(LostSales(PoissonDemand(5), 2, 1, 9)).orders
    assert (np.diff(orders[:15, :8], axis=0) <= 0).all()
    assert (np.diff(orders[:15, :8], axis=1) <= 0).all()


def test_certain_demand_is_met_without_cost():
    item = LostSales(DiscreteDemand.of({3: 1.0}), 2, 1, 9)
    assert lost_sales_optimum(item).cost == pytest.approx(0, abs=1e-8)
    assert lost_sales_base_stock(item).cost == pytest.approx(0, abs=1e-8)


def test_continuous_demand_is_rounded():
    assert lost_sales_base_stock(LostSales(GammaDemand(4, 2), 1, 1, 9)).cost > 0


@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ((PoissonDemand(5), 0.5, 1, 4), "whole number"),
        ((PoissonDemand(5), 1, 0, 4), "holding_cost"),
        ((PoissonDemand(5), 1, 1, np.nan), "shortage_cost"),
        ((PoissonDemand(0), 1, 1, 4), "mean demand"),
    ],
)
def test_wrong_numbers(numbers, words):
    with pytest.raises(DataError, match=words):
        LostSales(*numbers)


def test_what_is_too_large_is_refused():
    item = LostSales(PoissonDemand(200), 4, 1, 4)
    with pytest.raises(DataError, match="too many"):
        lost_sales_optimum(item)
    with pytest.raises(DataError, match="too many"):
        lost_sales_cost(LostSales(PoissonDemand(30), 8, 1, 4), 300)


def test_a_chain_too_large_is_refused_at_once():
    with pytest.raises(DataError, match="too many"):
        lost_sales_base_stock(LostSales(PoissonDemand(500), 2, 1, 9))


def test_no_demand_given():
    with pytest.raises(DataError, match="finite"):
        LostSales(None, 1, 1, 4)
