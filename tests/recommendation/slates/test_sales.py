"""Expected sales under stock against enumeration of all outcomes."""

from itertools import product

import numpy as np

from newretail_ml.recommendation.slates.sales import SalesCurve, expected_sales, plentiful


def enumerated(chances, stock):
    total = 0.0
    for bought in product([0, 1], repeat=len(chances)):
        chance = np.prod([p if b else 1 - p for p, b in zip(chances, bought, strict=True)])
        total += chance * min(stock, sum(bought))
    return total


def test_expected_sales_are_those_of_all_outcomes():
    rng = np.random.default_rng(0)
    group = rng.integers(0, 4, 30)
    chances = rng.random(30)
    stock = np.array([0.0, 2.0, 5.0, np.inf])
    found = expected_sales(chances, group, stock)
    for one in range(4):
        assert np.isclose(found[one], enumerated(chances[group == one], stock[one]))


def test_long_sums_agree_with_a_step_by_step_product():
    rng = np.random.default_rng(1)
    chances = rng.random(700) * 0.3
    for stock in (1, 17, 90, 130, 699):
        below = np.zeros(stock)
        below[0] = 1.0
        for p in chances:
            below[1:] = below[1:] * (1 - p) + below[:-1] * p
            below[0] *= 1 - p
        missing = (below * (stock - np.arange(stock))).sum()
        found = expected_sales(chances, np.zeros(700, int), np.array([float(stock)]))
        assert np.isclose(found[0], stock - missing)


def curve_of(stock, largest, extra=0.0):
    one = np.ones(len(stock))
    return SalesCurve(stock, one, largest, np.minimum(stock, 2.0), extra * one)


def test_no_chances_sell_more_than_the_curve():
    rng = np.random.default_rng(2)
    for _ in range(50):
        n = rng.integers(1, 9)
        stock, largest = float(rng.integers(0, 5)), rng.uniform(0.1, 1.0)
        chances = rng.random(n) * largest
        at = np.array([chances.sum()])
        curve = curve_of(np.array([stock]), np.array([largest]))
        assert curve.value(at)[0] >= enumerated(chances, stock) - 1e-9
        equal = curve.value(np.array([n * largest]))[0]
        assert np.isclose(equal, enumerated(np.full(n, largest), stock))


def test_the_curve_is_concave_and_its_slope_is_its_rise():
    curve = curve_of(np.full(200, 3.0), np.full(200, 0.3), extra=0.5)
    demand = np.linspace(0.01, 20, 200)
    value, slope = curve.value(demand), curve.slope(demand)
    assert (np.diff(slope) <= 1e-12).all()
    tangent = value[:, None] + slope[:, None] * (demand[None] - demand[:, None])
    assert (tangent >= value[None] - 1e-9).all()
    assert np.allclose(curve.value(demand + 1e-7) - value, 1e-7 * slope, atol=1e-12)


def test_plentiful_stock_lasts_almost_surely():
    demand = np.array([0.1, 2.0, 30.0, 400.0])
    least = np.array([next(s for s in range(1, 5000) if plentiful(d, np.array(s))) for d in demand])
    curve = SalesCurve(least.astype(float), np.ones(4), np.full(4, 0.01), 0 * least, np.zeros(4))
    assert np.allclose(curve.value(demand), demand, rtol=1e-13)
