"""Textbook policies and the usual practice."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from newretail_ml.errors import DataError
from newretail_ml.replenishment.replay import (
    base_stock_policy,
    moving_average_policy,
    reorder_policy,
    replay,
)

TERMS = pd.DataFrame(
    {
        "item_id": ["tea", "jam"],
        "on_hand": 3,
        "lead_time": [1, 2],
        "review_period": [1, 3],
        "holding_cost": 1.0,
        "shortage_cost": 9.0,
    }
)


def orders_of(policy, demand, **rules):
    return replay(policy, demand, TERMS, baseline=None, **rules).orders


def test_base_stock_fills_the_position_to_the_level():
    orders = orders_of(base_stock_policy([10, 20]), np.full((2, 4), 2.0))
    assert orders.tolist() == [[7, 2, 2, 2], [17, 0, 0, 5]]
    paths = base_stock_policy(np.array([[10, 4], [20, 3]]))
    assert orders_of(paths, np.zeros((2, 2, 1)))[..., 0].tolist() == [[7, 1], [17, 0]]


def test_reorder_policy_waits_for_the_point():
    orders = orders_of(reorder_policy(4, 10), np.full((2, 5), 2.0))
    assert orders[0].tolist() == [7, 0, 0, 6, 0]


def test_moving_average_with_safety_stock_by_hand():
    history = np.array([[2.0, 4, 6, 8], [1, 1, 3, 3]])
    demand = np.concatenate([history, np.zeros((2, 1))], axis=1)
    orders = orders_of(moving_average_policy(3), demand, start=4)
    ratio, interval = np.array([9 / 10, 9 / 12]), np.array([2, 5])
    window = history[:, 1:]
    level = interval * window.mean(axis=1)
    level += norm.ppf(ratio) * np.sqrt(interval) * window.std(axis=1)
    assert orders[:, 0].tolist() == np.ceil(level - 3).tolist()


def test_moving_average_by_service_level_and_by_cover():
    demand = np.concatenate([np.full((2, 13), 4.0), np.zeros((2, 1))], axis=1)
    assert orders_of(moving_average_policy(service_level=0.99), demand, start=13).tolist() == [
        [5.0],
        [17.0],
    ]
    cover = moving_average_policy(cover=[3, 6])
    assert orders_of(cover, demand, start=13).tolist() == [[9.0], [21.0]]


def test_moving_average_takes_sales_for_demand_and_starts_from_nothing():
    terms = TERMS.assign(on_hand=0, lead_time=1, review_period=1)
    outcome = replay(moving_average_policy(2), np.full((2, 40), 5.0), terms, baseline=None)
    # One unit is ordered although nothing was ever seen to sell; with it the average grows.
    assert outcome.orders[:, 0].tolist() == [1.0, 1.0]
    assert (outcome.sales[:, 1:].sum(axis=1) > 0).all()


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: base_stock_policy(-1),
        lambda: base_stock_policy([1, np.nan]),
        lambda: base_stock_policy("high"),
        lambda: reorder_policy(5, 4),
        lambda: reorder_policy(-1, 4),
        lambda: moving_average_policy(0),
        lambda: moving_average_policy(2.5),
        lambda: moving_average_policy(cover=-1),
        lambda: moving_average_policy(service_level=1.0),
        lambda: moving_average_policy(cover=2, service_level=0.9),
    ],
)
def test_impossible_parameters(wrong):
    with pytest.raises(DataError):
        wrong()
