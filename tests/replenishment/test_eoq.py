"""Economic order quantities against a fine search."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newretail_ml.errors import DataError
from newretail_ml.replenishment.eoq import (
    eoq,
    eoq_all_units_discount,
    eoq_incremental_discount,
    eoq_with_backorders,
)

positive = st.floats(0.05, 1000)


@given(positive, positive, positive)
@settings(max_examples=40, deadline=None)
def test_eoq_is_the_limit_of_dear_backorders(fixed, holding, rate):
    plain, waiting = eoq(fixed, holding, rate), eoq_with_backorders(fixed, holding, rate, 1e9)
    assert (waiting.quantity, waiting.cost) == pytest.approx((plain.quantity, plain.cost), rel=1e-5)


@given(
    st.floats(0.5, 100),
    st.floats(10, 5000),
    st.floats(0.05, 0.5),
    st.lists(st.floats(10, 2000), min_size=1, max_size=3, unique=True),
    st.lists(st.floats(1, 10), min_size=4, max_size=4),
)
@settings(max_examples=60, deadline=None)
def test_discounts_beat_every_other_quantity(fixed, rate, holding_rate, starts, prices):
    starts = np.array([0, *sorted(starts)])
    prices = np.sort(prices)[::-1][: len(starts)]
    quantities = np.geomspace(1, 60_000, 4000)
    quantities = np.concatenate([quantities, starts[1:]])
    level = np.searchsorted(starts, quantities, side="right") - 1
    rest = fixed * rate / quantities

    lot = eoq_all_units_discount(fixed, rate, holding_rate, starts, prices)
    costs = prices[level] * rate + rest + holding_rate * prices[level] * quantities / 2
    assert lot.cost <= costs.min() * (1 + 1e-9)

    lot = eoq_incremental_discount(fixed, rate, holding_rate, starts, prices)
    widths = np.clip(quantities[:, None] - starts, 0, np.diff(starts, append=np.inf))
    average = widths @ prices / quantities
    costs = average * rate + rest + holding_rate * average * quantities / 2
    assert lot.cost <= costs.min() * (1 + 1e-9)
    assert lot.cost >= costs.min() * (1 - 1e-3)


def test_free_orders_and_wrong_prices():
    assert eoq(0, 1, 100).quantity == 0
    assert eoq_all_units_discount(0, 100, 0.2, [0, 50], [2, 1]).quantity == 50
    with pytest.raises(DataError, match="holding_cost"):
        eoq(5, 0, 100)
    with pytest.raises(DataError, match="shortage_cost"):
        eoq_with_backorders(5, 1, 100, 0)
    with pytest.raises(DataError, match="rise from 0"):
        eoq_all_units_discount(5, 100, 0.2, [10, 50], [2, 1])
    with pytest.raises(DataError, match="costs more"):
        eoq_incremental_discount(5, 100, 0.2, [0, 50], [1, 2])
