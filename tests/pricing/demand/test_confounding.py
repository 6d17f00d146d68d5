"""A price that moved only together with something else tells nothing of its own."""

import warnings

import numpy as np
import pandas as pd
import pytest

from newretail_ml.panel import Panel
from newretail_ml.pricing import plan_prices
from newretail_ml.pricing.demand.confounding import together, with_weekday
from newretail_ml.pricing.demand.double_ml import DoubleML
from newretail_ml.pricing.demand.history import History
from newretail_ml.pricing.demand.shrunken import ShrunkenLogLog
from newretail_ml.pricing.demand.trees import MonotoneTrees
from tests.pricing.demand.shops import shop

TREES = MonotoneTrees(n_boosters=3, n_trees=20)


def days(prices: np.ndarray, **plans: np.ndarray) -> Panel:
    """Items (n, days) of one market, whose prices are given."""
    n_items, n_days = prices.shape
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "item_id": np.repeat([f"i{number}" for number in range(n_items)], n_days),
            "date": np.tile(pd.date_range("2026-01-05", periods=n_days), n_items),
            "units": rng.poisson(300 * prices**-2.0).ravel().astype(float),
            "price": prices.ravel(),
        }
    )
    for name, values in plans.items():
        frame[name] = values.ravel().astype(float)
    return Panel.from_frame(frame)


def alone_and_promoted(own_moves: float) -> Panel:
    rng = np.random.default_rng(1)
    promoted = rng.random((2, 140)) < 0.3
    noise = np.exp(own_moves * rng.normal(size=promoted.shape))
    return days(np.where(promoted, 1.6, 2.0) * noise, promotion=promoted)


def in_proportion(own_moves: float) -> Panel:
    rng = np.random.default_rng(2)
    market = rng.choice([0.8, 0.9, 1.0, 1.1], 140)
    own = np.exp(own_moves * rng.normal(size=(3, 140)))
    return days(np.array([[2.0], [3.0], [4.0]]) * market * own)


def by_weekday(own_moves: float) -> Panel:
    rng = np.random.default_rng(3)
    weekend = np.tile(np.arange(140) % 7 >= 5, (1, 1))
    return days(np.where(weekend, 1.6, 2.0) * np.exp(own_moves * rng.normal(size=(1, 140))))


CASES = [
    (alone_and_promoted, "only together with its promotions"),
    (in_proportion, "prices of its market always moved together"),
    (by_weekday, "only with the weekday"),
]


@pytest.mark.parametrize(("case", "reason"), CASES)
@pytest.mark.parametrize("model", [TREES, ShrunkenLogLog(), DoubleML()], ids=lambda m: repr(m)[:6])
def test_perfect_confounding_is_refused_and_prices_stay(case, reason, model):
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        response = model.clone().fit(case(0.0)).response_
        units = response.units(response.prices * 0.8)
    assert not response.evidence.identified.any()
    assert all(reason in told for told in response.evidence.reason)
    assert np.isfinite(units).all()
    assert np.isfinite([one.units(response.prices) for one in response.sample(3)]).all()
    found = plan_prices(response, response.prices * 0.5, progress=False)
    assert found.prices["price"].to_numpy(float) == pytest.approx(response.prices)


@pytest.mark.parametrize("case", [case for case, _ in CASES])
def test_prices_that_also_move_on_their_own_are_told(case):
    assert History.of(case(0.05)).evidence().identified.all()
    assert not History.of(case(0.005)).evidence().identified.any()


def test_ordinary_shops_are_identified():
    for seed in range(5):
        for freq in ("W", "D"):
            history = History.of(shop(seed=seed, freq=freq))
            assert history.evidence().identified.all()


def test_few_periods_are_no_proof_of_the_weekday():
    panel = days(np.array([[2.0, 1.8, 1.9, 2.1, 2.2, 1.7, 2.3, 2.0, 1.8]]))
    assert History.of(panel).evidence().identified.all()


def test_shares_explained_are_those_of_least_squares():
    rng = np.random.default_rng(0)
    known = rng.random((60, 40)) < 0.8
    terms = rng.normal(size=(60, 40, 2))
    noise = rng.normal(size=(60, 40)) * np.linspace(0.05, 0.4, 40)
    prices = terms @ [1.0, -0.5] + noise
    weekday = np.arange(60) % 7
    weekly = rng.normal(size=7)[weekday, None] + noise
    found, on_weekdays = together(prices, terms, known), with_weekday(weekly, weekday, known)
    for series in range(40):
        rows = known[:, series]
        beside = np.column_stack([np.ones(60), terms[:, series]])[rows]
        dummies = np.eye(7)[weekday][rows]
        assert found[series] == (_left(beside, prices[rows, series]) < 0.02)
        assert on_weekdays[series] == (_left(dummies, weekly[rows, series]) < 0.02)
    assert 0 < found.sum() < 40
    assert 0 < on_weekdays.sum() < 40


def _left(columns: np.ndarray, target: np.ndarray) -> float:
    rest = target - columns @ np.linalg.lstsq(columns, target, rcond=None)[0]
    return float((rest @ rest) / ((target - target.mean()) ** 2).sum())
