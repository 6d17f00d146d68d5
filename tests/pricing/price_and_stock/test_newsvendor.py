"""The newsvendor with a price, against the literature's closed forms."""

import numpy as np
import pytest
from scipy import optimize, stats

from newretail_ml.errors import DataError
from newretail_ml.pricing.price_and_stock import price_and_order
from newretail_ml.pricing.response import ConstantElasticity, Evidence, Linear, SemiLog

LINEAR = Linear([80.0], [20.0], [-2.0])


def above(noise, z):
    """E max(e - z, 0), by integration."""
    grid = np.linspace(z, noise.ppf(1 - 1e-12), 400_001)
    return np.trapezoid(noise.sf(grid), grid)


@pytest.mark.parametrize("noise", [stats.uniform(-20, 40), stats.norm(0, 12)], ids=["flat", "bell"])
@pytest.mark.parametrize(("salvage", "goodwill"), [(0.0, 0.0), (4.0, 3.0), (-2.0, 0.0)])
def test_additive_noise_and_linear_demand(noise, salvage, goodwill):
    # Petruzzi and Dada (1999), lemma 1: p*(z) = (a + b c + mean) / 2b - E max(e - z, 0) / 2b.
    cost, slope, level = 10.0, 2.0, 120.0
    plan = price_and_order(
        LINEAR,
        noise,
        cost,
        lowest=11,
        highest=60,
        form="additive",
        salvage=salvage,
        goodwill=goodwill,
    )
    riskless = (level + slope * cost) / (2 * slope)

    def lack(price):
        z = noise.ppf((price - cost + goodwill) / (price - salvage + goodwill))
        return riskless - above(noise, z) / (2 * slope) - price

    expected = optimize.brentq(lack, 20, 40)
    assert plan.riskless_price == pytest.approx(riskless, abs=1e-5)
    assert plan.price == pytest.approx(expected, abs=1e-4)
    z = noise.ppf((expected - cost + goodwill) / (expected - salvage + goodwill))
    assert plan.stock == pytest.approx(level - slope * expected + z, abs=1e-3)


@pytest.mark.parametrize(
    "noise", [stats.uniform(0.4, 1.2), stats.gamma(9, scale=1 / 9)], ids=["flat", "gamma"]
)
@pytest.mark.parametrize(("salvage", "goodwill"), [(0.0, 0.0), (0.4, 0.5)])
def test_multiplicative_noise_and_constant_elasticity(noise, salvage, goodwill):
    # Lemma 2 for y(p) = a p^-b: p* = b / (b - 1) (c + ((c - v) left + g short) / sold).
    cost, power = 1.0, 2.5
    demand = ConstantElasticity([100.0], [2.0], [-power])
    plan = price_and_order(
        demand, noise, cost, lowest=1.1, highest=8, salvage=salvage, goodwill=goodwill
    )

    def lack(price):
        z = noise.ppf((price - cost + goodwill) / (price - salvage + goodwill))
        short = above(noise, z)
        sold, left = noise.mean() - short, z - noise.mean() + short
        paid = ((cost - salvage) * left + goodwill * short) / sold
        return power / (power - 1) * (cost + paid) - price

    expected = optimize.brentq(lack, 1.2, 6.0)
    assert plan.price == pytest.approx(expected, abs=1e-3)
    assert plan.riskless_price == pytest.approx(cost * power / (power - 1), abs=1e-5)


@pytest.mark.parametrize("seed", range(6))
def test_risk_lowers_the_price_of_additive_and_raises_that_of_multiplicative_demand(seed):
    rng = np.random.default_rng(seed)
    cost = rng.uniform(2, 6)
    kind = (Linear, SemiLog)[seed % 2]
    demand = kind([60.0], [10.0], [-4.0 if kind is Linear else -0.15])
    bounds = {"lowest": cost * 1.01, "highest": 24.0 if kind is Linear else 40.0}
    samples = rng.normal(0, 8, 400)
    additive = price_and_order(demand, samples - samples.mean(), cost, form="additive", **bounds)
    factors = rng.gamma(6, 1 / 6, 400)
    multiplied = price_and_order(demand, factors / factors.mean(), cost, **bounds)
    assert additive.price <= additive.riskless_price + 1e-3
    assert multiplied.price >= multiplied.riskless_price - 1e-3
    assert additive.expected_profit <= additive.riskless_profit
    assert multiplied.expected_profit <= multiplied.riskless_profit


def test_samples_and_their_distribution_agree():
    noise = stats.norm(1, 0.25)
    samples = noise.ppf((np.arange(20_000) + 0.5) / 20_000)
    one, other = (
        price_and_order(LINEAR, given, 10.0, lowest=11, highest=59) for given in (noise, samples)
    )
    assert one.price == pytest.approx(other.price, abs=0.01)
    assert one.expected_profit == pytest.approx(other.expected_profit, rel=1e-4)


def test_without_noise_it_is_the_riskless_price():
    plan = price_and_order(LINEAR, [1.0, 1.0], 10.0, lowest=11, highest=59)
    assert plan.price == pytest.approx(35.0, abs=1e-5)
    assert plan.stock == pytest.approx(50.0, abs=1e-4)
    assert plan.expected_profit == pytest.approx(1250.0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"unit_cost": 0.0}, "unit_cost"),
        ({"unit_cost": 70.0}, "not above the unit cost"),
        ({"salvage": 10.0}, "not less than they cost"),
        ({"lowest": -1.0}, "lowest"),
        ({"highest": np.nan}, "highest"),
        ({"form": "other"}, "form"),
        ({"noise": []}, "noise"),
        ({"noise": [np.nan, 1.0]}, "noise"),
        ({"noise": stats.poisson(3)}, "whole numbers"),
        ({"noise": stats.cauchy()}, "finite mean"),
        ({"response": Linear([1.0, 1.0], [1.0, 1.0], [-1.0, -1.0])}, "2 products"),
    ],
)
def test_bad_input_is_refused(change, words):
    given = {
        "response": LINEAR,
        "noise": [0.9, 1.1],
        "unit_cost": 10.0,
        "lowest": 11,
        "highest": 60,
    }
    with pytest.raises(DataError, match=words):
        price_and_order(**(given | change))


@pytest.mark.parametrize(("cost", "salvage"), [(1.0, 0.0), (2.5, 0.0), (2.5, 2.2)])
@pytest.mark.parametrize("goodwill", [0.0, 0.2, 3.0])
@pytest.mark.parametrize("form", ["additive", "multiplicative"])
def test_the_price_stays_where_the_response_is_not_identified(cost, salvage, goodwill, form):
    never = Evidence(
        np.array([False]), np.array(["never moved"], object), np.array([2.0]), np.array([2.0])
    )
    demand = Linear([20.0], [2.0], [-2.0], evidence=never)
    noise = np.array([-4.0, 0.0, 4.0]) if form == "additive" else np.array([0.8, 1.0, 1.2])
    given = {"lowest": 3.0, "highest": 9.0, "salvage": salvage, "goodwill": goodwill}
    plan = price_and_order(demand, noise, cost, form=form, **given)
    wanted = np.array([16.0, 20.0, 24.0])
    orders = np.arange(0.0, 25.0)
    sold = np.minimum(orders[:, None], wanted)
    earned = 2 * sold + salvage * (orders[:, None] - sold) - goodwill * (wanted - sold)
    assert plan.price == plan.riskless_price == 2.0
    assert plan.expected_profit == pytest.approx((earned.mean(axis=1) - cost * orders).max())
    assert plan.riskless_profit >= plan.expected_profit - 1e-9
