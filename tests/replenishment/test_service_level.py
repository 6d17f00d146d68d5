"""Cycle service level and fill rate."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newretail_ml.errors import DataError
from newretail_ml.replenishment.demand import NormalDemand, PoissonDemand
from newretail_ml.replenishment.service_level import (
    reorder_point_for_fill_rate,
    service_of,
    stock_for_cycle_service,
    stock_for_fill_rate,
)


@given(st.floats(5, 500), st.floats(0.1, 0.5), st.floats(0.5, 0.999), st.floats(50, 5000))
@settings(max_examples=50, deadline=None)
def test_fill_rate_and_reorder_point_are_inverse(mean, spread, fill_rate, quantity):
    demand = NormalDemand(mean, spread * mean)
    point = reorder_point_for_fill_rate(demand, fill_rate, quantity)
    assert service_of(demand, point, quantity).fill_rate == pytest.approx(fill_rate, abs=1e-8)


@given(st.floats(0.2, 80), st.floats(0.3, 0.9999))
@settings(max_examples=50, deadline=None)
def test_stock_for_fill_rate_is_the_smallest(mean, fill_rate):
    demand = PoissonDemand(mean)
    stock = stock_for_fill_rate(demand, fill_rate)
    allowed = (1 - fill_rate) * mean
    assert demand.expected_short(stock) <= allowed * (1 + 1e-9)
    assert demand.expected_short(stock - 1) > allowed * (1 - 1e-9)


def test_small_orders_meet_less_short_than_textbooks_count():
    service = service_of(NormalDemand(100, 40), reorder_point=90, order_quantity=30)
    assert service.exact_fill_rate > service.fill_rate
    large = service_of(NormalDemand(100, 40), reorder_point=90, order_quantity=3000)
    assert large.exact_fill_rate == pytest.approx(large.fill_rate)


def test_cycle_service_of_poisson():
    demand = PoissonDemand(10)
    stock = stock_for_cycle_service(demand, 0.95)
    assert demand.cdf(stock) >= 0.95 > demand.cdf(stock - 1)


@pytest.mark.parametrize("level", [0, 1, 1.2, -0.1])
def test_levels_that_cannot_be_planned(level):
    for method in (stock_for_cycle_service, stock_for_fill_rate):
        with pytest.raises(DataError, match="above 0 and below 1"):
            method(PoissonDemand(5), level)
    with pytest.raises(DataError, match="order_quantity"):
        reorder_point_for_fill_rate(PoissonDemand(5), 0.9, 0)


def test_samples_of_demand():
    samples = np.array([2.0, 3, 3, 4, 8])
    assert stock_for_cycle_service(samples, 0.8) == 4
    assert stock_for_fill_rate(samples, 0.9) == 6
    assert service_of(samples, 4, 10).short_per_cycle == pytest.approx(0.8)
    with pytest.raises(DataError, match="finite"):
        stock_for_cycle_service(np.array([1.0, np.nan]), 0.8)
