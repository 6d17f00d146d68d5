"""The curve is a family's replays, one by one, on the same demand."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml.errors import DataError
from newretail_ml.replenishment.replay import base_stock_policy, moving_average_policy, replay
from newretail_ml.replenishment.replay.curve import service_cost_curve

TERMS = pd.DataFrame(
    {
        "item_id": ["tea", "rice", "oil"],
        "on_hand": [20, 30, 0],
        "lead_time": [1, 2, 0],
        "review_period": [1, 2, 1],
        "holding_cost": [1.0, 0.5, 0.2],
        "shortage_cost": [4.0, 9.0, 1.0],
        "unit_cost": 2.0,
        "unit_price": 5.0,
        "order_cost": 1.0,
    }
)
DEMAND = np.random.default_rng(5).poisson([[4], [9], [1]], size=(3, 60)).astype(float)


@pytest.mark.parametrize("backorders", [False, True])
def test_each_row_is_the_replay_of_its_level(backorders):
    options = {"start": 13, "warm_up": 5, "backorders": backorders}

    def average(level):
        return moving_average_policy(13, service_level=level)

    curve = service_cost_curve(average, [0.99, 0.5, 0.9], DEMAND, TERMS, **options)
    assert curve["level"].tolist() == [0.5, 0.9, 0.99]
    for row in curve.to_dict("records"):
        alone = replay(average(row["level"]), DEMAND, TERMS, **options)
        assert row["policy"] == alone.policy
        for name, figure in alone.kpis().items():
            assert row[name] == pytest.approx(figure, nan_ok=True)


def test_more_stock_serves_better_and_holds_more():
    demand = np.random.default_rng(1).poisson(3, size=(3, 20, 40)).astype(float)
    curve = service_cost_curve(base_stock_policy, range(0, 40, 4), demand, TERMS)
    assert curve["fill_rate"].is_monotonic_increasing
    assert curve["holding"].is_monotonic_increasing
    assert curve["shortage"].is_monotonic_decreasing
    reasons = curve[["holding", "shortage", "waste", "ordering", "transport"]].sum(axis=1)
    np.testing.assert_allclose(reasons, curve["cost"])


def test_a_level_given_twice_is_replayed_once():
    assert len(service_cost_curve(base_stock_policy, [5, 5, 7], DEMAND, TERMS)) == 2


@pytest.mark.parametrize("levels", [[], [0.5, np.nan], ["much"]])
def test_levels_that_are_none(levels):
    with pytest.raises(DataError, match="levels"):
        service_cost_curve(base_stock_policy, levels, DEMAND, TERMS)


def test_a_level_that_the_policy_refuses():
    with pytest.raises(DataError, match=r"service level of 1\.0 cannot be reached"):
        service_cost_curve(
            lambda level: moving_average_policy(service_level=level), [0.9, 1.0], DEMAND, TERMS
        )
