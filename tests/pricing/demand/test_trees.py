"""Trees that are monotone in prices, the markets they look at, and their inputs."""

import numpy as np
import pytest

from newretail_ml.errors import DataError, NotFittedError
from newretail_ml.panel import Panel
from newretail_ml.pricing.demand.history import History
from newretail_ml.pricing.demand.level import half_samples, level_of, recency
from newretail_ml.pricing.demand.market import Market
from newretail_ml.pricing.demand.trees import MonotoneTrees
from newretail_ml.pricing.response import DemandResponse
from tests.pricing.demand.shops import shop

SMALL = {"n_boosters": 4, "n_trees": 40}


@pytest.fixture(scope="module")
def panel() -> Panel:
    return shop(future=6)


@pytest.fixture(scope="module")
def model(panel) -> MonotoneTrees:
    return MonotoneTrees(**SMALL).fit(panel)


def test_markets_by_brute_force():
    rng = np.random.default_rng(0)
    place, item = rng.integers(0, 4, 12), np.arange(12)
    market, values = Market(item, place), rng.integers(0, 4, (3, 12)).astype(float)
    for row in range(3):
        for one in range(12):
            others = [values[row, k] for k in range(12) if place[k] == place[one] and k != one]
            mean, least = (np.mean(others), min(others)) if others else (0.0, 0.0)
            assert market.mean_of_others(values)[row, one] == pytest.approx(mean)
            assert market.least_of_others(values)[row, one] == least
            table = market.table(values)[row, place[one]]
            assert table[one] == values[row, one]
            assert (table[place != place[one]] == 0).all()


def test_markets_are_locations_and_categories():
    panel = shop(n_items=3, n_locations=2)
    assert Market.of(panel).place.tolist() == [0, 1, 0, 1, 0, 1]
    assert Market.of(shop(n_items=3, n_locations=1)).place.tolist() == [0, 0, 0]


def test_levels_forget_and_leave_the_unknown_out():
    item = np.array([0, 0])
    units = np.array([[1.0, np.nan], [1.0, np.nan], [np.e, np.nan]])
    level, error = level_of(units, np.zeros((3, 2)), recency(3, 1.0), counts=False, item=item)
    assert level == pytest.approx([1 / 1.75] * 2)
    assert error[1] == 1.0
    level, _ = level_of(units, np.zeros((3, 2)), np.ones(3), counts=True, item=item)
    assert level[0] == pytest.approx(np.log((2 + np.e) / 3))


def test_halves_leave_out_half_of_the_blocks():
    halves = half_samples(40, 20, 4, 0)
    assert halves.shape == (20, 40)
    assert (halves.sum(axis=1) == 20).all()
    assert (halves.reshape(20, 10, 4).any(axis=2) == halves.reshape(20, 10, 4).all(axis=2)).all()


def test_zeros_make_counts_and_few_are_left_out():
    panel = shop(counts=True, units=5.0)
    assert History.of(panel).counts
    history = History.of(panel, counts=False)
    assert not (history.units == 0).any()


def test_demand_falls_with_the_own_price_and_rises_with_others(model):
    prices = model.response_.prices
    ladder = np.linspace(0.6, 1.6, 60)
    for product in range(model.response_.n_products):
        asked = np.repeat(prices[None], 60, axis=0)
        asked[:, product] *= ladder
        units = model.units(asked)
        assert (np.diff(units[:, product]) < 0).all()
        others = np.delete(units, product, axis=1)
        assert (np.diff(others, axis=0) >= -1e-9 * others[1:]).all()


def test_elasticities_are_near_the_truth_and_only_inside_markets(model):
    elasticities = model.elasticities()
    assert np.diagonal(elasticities).mean() == pytest.approx(-2.0, abs=0.5)
    place = model.response_.ensemble.inputs.scale.market.place
    assert (elasticities[place[:, None] != place[None]] == 0).all()
    assert (elasticities[~np.eye(len(place), dtype=bool)] >= 0).all()


def test_elasticities_are_arcs_of_units(model):
    prices = model.response_.prices * 0.95
    for product in range(len(prices)):
        step = np.zeros(len(prices))
        step[product] = np.log(1.1)
        low, high = (np.log(model.units(prices * np.exp(sign * step))) for sign in (-1, 1))
        slopes = (high - low) / (2 * np.log(1.1))
        assert model.elasticities(prices)[:, product] == pytest.approx(slopes)


def test_the_same_for_any_number_of_threads(panel, model):
    again = MonotoneTrees(**SMALL, threads=3).fit(panel)
    periods = slice(panel.cut, panel.cut + 6)
    assert (again.predict(panel, periods) == model.predict(panel, periods)).all()


def test_it_predicts_under_the_plans_and_never_looks_at_sales(panel):
    model = MonotoneTrees(**SMALL).fit(panel.until(60))
    predicted = model.predict(panel, slice(60, 80))
    assert (model.predict(panel.until(60), slice(60, 80)) == predicted).all()
    gap = np.log(predicted) - np.log(panel.units[:, 60:80])
    assert np.sqrt(np.mean(gap**2)) < 0.25
    parts = [model.predict(panel, slice(t, t + 1)) for t in range(60, 80)]
    assert np.concatenate(parts, axis=1) == pytest.approx(predicted)


def test_samples_are_spread_and_repeat(model):
    first, again = (model.sample(8, 1) for _ in range(2))
    prices = model.response_.prices * 0.9
    units = np.array([one.units(prices) for one in first])
    assert (units == [one.units(prices) for one in again]).all()
    assert (units.std(axis=0) > 0).all()
    assert np.exp(np.log(units).mean(axis=0)) == pytest.approx(model.units(prices), rel=0.3)
    assert all(isinstance(one, DemandResponse) for one in first)


def test_anchored_goes_through_the_point_and_keeps_elasticities(model):
    response = model.response_
    prices = response.prices * 0.9
    wanted = np.arange(1.0, response.n_products + 1)
    moved = response.anchored(wanted, prices)
    assert moved.units(prices) == pytest.approx(wanted)
    assert moved.elasticities() == pytest.approx(response.elasticities())
    shift = np.log(wanted / response.units(prices))
    for one, other in zip(moved.sample(4), response.sample(4), strict=True):
        assert np.log(one.units(prices)) == pytest.approx(np.log(other.units(prices)) + shift)


@pytest.mark.parametrize("objective", ["auto", "poisson", "tweedie"])
def test_counts_with_zeros(objective):
    panel = shop(counts=True, units=6.0, n_periods=100, n_items=4, n_locations=3, cross=0.0)
    model = MonotoneTrees(objective, **SMALL).fit(panel.until(80))
    predicted = model.predict(panel, slice(80, 100))
    assert predicted.sum() == pytest.approx(panel.units[:, 80:].sum(), rel=0.15)
    dear, cheap = np.log(model.units(np.exp([np.full(12, 0.75), np.full(12, 0.4)])))
    assert np.mean((dear - cheap) / 0.35) == pytest.approx(-2.0, abs=0.7)


@pytest.mark.parametrize(
    "panel",
    [
        shop(n_items=1, n_locations=1, n_periods=30, promotion=False),
        shop(n_items=2, n_locations=1, n_periods=7),
        shop(n_items=2, n_locations=1, n_periods=90, freq="D"),
    ],
    ids=["one series", "seven weeks", "days"],
)
def test_short_and_small_panels(panel):
    model = MonotoneTrees(**SMALL).fit(panel)
    assert (model.response_.own_elasticities() < 0).all()
    assert np.isfinite(model.predict(panel, slice(0, panel.cut + 3))).all()


def test_a_price_that_hardly_moved_identifies_nothing():
    panel = shop(n_items=2, n_locations=1)
    panel.plans["price"][0] = 2.0
    evidence = MonotoneTrees(**SMALL).fit(panel).response_.evidence
    assert evidence.identified.tolist() == [False, True]
    assert "hardly moved" in evidence.reason[0]
    assert evidence.lowest[0] == evidence.highest[0] == 2.0


def test_bad_requests_are_refused(panel, model):
    with pytest.raises(NotFittedError):
        MonotoneTrees().units([1.0])
    with pytest.raises(DataError, match="objective"):
        MonotoneTrees("gamma").fit(panel)
    with pytest.raises(DataError, match="series"):
        model.predict(panel.select([0]), slice(0, 1))
    with pytest.raises(DataError, match="half_life"):
        MonotoneTrees(half_life=0.0).fit(panel)
    unsold = shop(n_items=1, n_locations=1, n_periods=10)
    unsold.units[:] = 0
    with pytest.raises(DataError, match="nothing was sold"):
        MonotoneTrees().fit(unsold)
