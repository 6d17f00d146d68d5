"""Money that a forecast costs: by hand, by a slow loop, and least for the true distribution."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newretail_ml.errors import DataError
from newretail_ml.forecasting.judging.costs import StockCosts
from tests.forecasting.worlds import forecast_of

NAN = np.nan


def test_costs_by_hand():
    """Totals 0, 10, ..., 90 at a ratio of .8 order up to 70: 20 are left over, then 10 are lost."""
    totals = np.arange(10.0) * 10
    forecast = forecast_of(np.broadcast_to(totals[:, None] / 2, (2, 10, 2)))
    terms = StockCosts(holding=1.0, lost_sale=8.0, lead_time=0, review_period=2)
    assert terms.critical_ratio == pytest.approx(0.8)
    assert terms.order_up_to(forecast).tolist() == [70.0, 70.0]
    score = terms.score(np.array([[20.0, 30.0], [40.0, 40.0]]), forecast)
    assert score == pytest.approx(
        {
            "stock_cost": (20 * 2 * 1.0 + 10 * 8.0) / 130,
            "relative_stock_cost": (20 * 2 * 1.0 + 10 * 8.0) / (130 * 8.0),
            "left_over": 20 / 130,
            "lost_sales": 10 / 130,
        }
    )


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), lead_time=st.integers(0, 3), review=st.integers(1, 2))
def test_costs_agree_with_a_slow_loop(seed, lead_time, review):
    random = np.random.default_rng(seed)
    actual = random.poisson(3, (5, 6)).astype(float)
    actual[random.random(actual.shape) < 0.1] = NAN
    actual[0] = 2.0
    forecast = forecast_of(random.poisson(3, (5, 9, 6)))
    terms = StockCosts(0.5, 3.0, lead_time, review)
    cost = units = 0.0
    for demand, paths in zip(actual, forecast.paths, strict=True):
        asked = sum(demand[: lead_time + review])
        if np.isnan(asked):
            continue
        totals = sorted(sum(path[: lead_time + review]) for path in paths.tolist())
        stock = next(
            level
            for rank, level in enumerate(totals, 1)
            if rank / len(totals) >= terms.critical_ratio - 1e-12
        )
        cost += 0.5 * review * max(stock - asked, 0) + 3.0 * max(asked - stock, 0)
        units += asked
    assert terms.score(actual, forecast)["stock_cost"] == pytest.approx(cost / units)


def test_the_clairvoyant_costs_nothing_and_empty_shelves_one():
    random = np.random.default_rng(0)
    actual = random.poisson(4, (30, 7)).astype(float)
    terms = StockCosts(1.0, 5.0, lead_time=3, review_period=4)
    clairvoyant = terms.score(actual, forecast_of(np.repeat(actual[:, None], 5, axis=1)))
    assert set(clairvoyant.values()) == {0.0}
    nothing = terms.score(actual, forecast_of(np.zeros((30, 5, 7))))
    assert nothing["relative_stock_cost"] == nothing["lost_sales"] == 1.0
    assert nothing["left_over"] == 0.0


@pytest.mark.parametrize("lost_sale", [0.5, 2.0, 20.0])
def test_the_true_distribution_costs_least(lost_sale):
    random = np.random.default_rng(1)
    terms = StockCosts(1.0, lost_sale, lead_time=1)
    actual = random.negative_binomial(2, 0.25, (3000, 2)).astype(float)
    true = random.negative_binomial(2, 0.25, (3000, 200, 2)).astype(float)
    centre = true.mean(axis=1, keepdims=True)
    others = (centre + (true - centre) / 2, np.maximum(centre + (true - centre) * 2, 0), true * 1.3)
    best = terms.score(actual, forecast_of(true))["stock_cost"]
    assert all(best < terms.score(actual, forecast_of(one))["stock_cost"] for one in others)


def test_dearer_lost_sales_leave_more_stock():
    random = np.random.default_rng(2)
    actual = random.poisson(4, (50, 7)).astype(float)
    forecast = forecast_of(random.poisson(4, (50, 100, 7)))
    scores = [StockCosts(1.0, lost, 3, 4).score(actual, forecast) for lost in (2, 10, 100)]
    assert np.all(np.diff([score["left_over"] for score in scores]) > 0)
    assert np.all(np.diff([score["lost_sales"] for score in scores]) < 0)


@pytest.mark.filterwarnings("error")
def test_without_known_demand_no_cost_is_claimed():
    terms = StockCosts(1.0, 2.0, lead_time=1)
    for actual in (np.full((2, 3), NAN), np.zeros((2, 3))):
        score = terms.score(actual, forecast_of(np.ones((2, 4, 3))))
        assert np.isnan(list(score.values())).all()


@pytest.mark.parametrize(
    ("terms", "says"),
    [
        ({"holding": 0.0}, "positive"),
        ({"lost_sale": -1.0}, "positive"),
        ({"holding": NAN}, "positive"),
        ({"lost_sale": np.inf}, "positive"),
        ({"lead_time": -1}, "0 or more"),
        ({"review_period": 0}, "1 or more"),
    ],
)
def test_impossible_terms_are_refused(terms, says):
    with pytest.raises(DataError, match=says):
        StockCosts(**{"holding": 1.0, "lost_sale": 2.0, "lead_time": 1, **terms})
