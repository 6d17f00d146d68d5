"""Lists under rules equal the best of all lists, enumerated one by one with plain arithmetic."""

from itertools import product

import numpy as np
import pandas as pd
import pytest

from newretail_ml.errors import InfeasibleError
from newretail_ml.pricing.choice import LatentClassLogit, MultinomialLogit, NestedLogit
from newretail_ml.pricing.price_list import (
    AveragePrice,
    ChangeCost,
    CompetitorIndex,
    Keep,
    MarginFloor,
    MaxChange,
    MostChanges,
    PriceBounds,
    PriceLink,
    RevenueHeld,
    SamePrice,
    SizeLinks,
    SmallestChange,
    plan_prices,
)
from newretail_ml.pricing.response import ConstantElasticity, Linear, SemiLog

N = 4
NEAR = 1e-7


def coefficients(rng, low, high, cross):
    own = -rng.uniform(low, high, N)
    if not cross:
        return own
    matrix = rng.uniform(0.0, cross, (N, N)) * (low + high) / 2
    np.fill_diagonal(matrix, own)
    return matrix


def response_of(kind, rng, keys, prices):
    units = rng.uniform(20, 100, N)
    if kind in ("constant", "constant cross"):
        cross = 0.25 if "cross" in kind else 0.0
        return ConstantElasticity(units, prices, coefficients(rng, 1.2, 4.0, cross), keys=keys)
    if kind == "semi-log cross":
        return SemiLog(units, prices, coefficients(rng, 0.4, 1.6, 0.25), keys=keys)
    if kind in ("linear", "linear cross"):
        cross = 0.3 if "cross" in kind else 0.0
        return Linear(units, prices, coefficients(rng, 10.0, 60.0, cross), keys=keys)
    utility, slope = rng.uniform(1, 4, N), -rng.uniform(0.5, 1.5, N)
    if kind == "logit":
        return MultinomialLogit(utility, slope, prices, market_size=500, keys=keys)
    if kind == "two markets":
        market = np.array(["a", "b", "a", "b"])
        return MultinomialLogit(utility, slope, prices, market_size=500, market=market, keys=keys)
    if kind == "latent":
        utilities, slopes = rng.uniform(0, 4, (2, N)), -rng.uniform(0.3, 1.8, (2, N))
        return LatentClassLogit([0.4, 0.6], utilities, slopes, prices, market_size=500, keys=keys)
    nest = np.array([0, 0, 1, 1])
    return NestedLogit(utility, slope[0], nest, 0.6, prices, market_size=500, keys=keys)


# Each rule with a check of prices p against current prices q that shares no code with the library.
def rules_of(rng, products):
    cost, other, size = (
        products[name].to_numpy() for name in ("unit_cost", "competitor_price", "pack_size")
    )
    brand = (products["brand"] == "x").to_numpy()
    index = round(rng.uniform(0.97, 1.03), 3)
    link = round(rng.uniform(0.7, 1.0), 2)
    share = round(rng.uniform(0.05, 0.25), 2)
    change = round(rng.uniform(0.06, 0.18), 2)
    return {
        "margin": (MarginFloor(share), lambda p, q: (p - cost >= share * p - NEAR).all()),
        "money": (MarginFloor(money=0.4), lambda p, q: (p - cost >= 0.4 - NEAR).all()),
        "change": (MaxChange(change), lambda p, q: (abs(p / q - 1) <= change + NEAR).all()),
        "down": (MaxChange(up=0.0), lambda p, q: (p <= q + NEAR).all()),
        "least change": (
            SmallestChange(0.06),
            lambda p, q: ((abs(p / q - 1) >= 0.06 - NEAR) | (abs(p - q) < NEAR)).all(),
        ),
        "competitor": (
            CompetitorIndex(1.04, 0.8),
            lambda p, q: ((p <= 1.04 * other + NEAR) & (p >= 0.8 * other - NEAR)).all(),
        ),
        "bounds": (PriceBounds(2.2, 3.9), lambda p, q: ((p >= 2.2) & (p <= 3.9)).all()),
        "keep": (
            Keep(where={"brand": "x"}),
            lambda p, q: (abs(p - q)[brand] < NEAR).all(),
        ),
        "link": (PriceLink("i2", "i1", at_most=link), lambda p, q: p[1] <= link * p[0] + NEAR),
        "dearer": (
            PriceLink("i3", "i1", at_least=1.02),
            lambda p, q: p[2] >= 1.02 * p[0] - NEAR,
        ),
        "sizes": (
            SizeLinks("brand"),
            lambda p, q: all(
                p[b] / size[b] <= p[a] / size[a] + NEAR
                for a, b in product(range(N), repeat=2)
                if brand[a] == brand[b] and size[a] < size[b]
            ),
        ),
        "average": (AveragePrice(index), lambda p, q: (p / q).mean() <= index + NEAR),
        "band": (
            AveragePrice(1.02, 0.985, reference="competitor_price"),
            lambda p, q: 0.985 - NEAR <= (p / other).mean() <= 1.02 + NEAR,
        ),
        "changes": (MostChanges(2), lambda p, q: (abs(p - q) > NEAR).sum() <= 2),
        "cost of change": (ChangeCost(3.0), lambda p, q: True),
        "revenue": (RevenueHeld(0.98), None),
    }


def instance(seed, kind, location=False):
    rng = np.random.default_rng(seed)
    prices = np.round(rng.uniform(2.0, 4.0, N), 1)
    keys = pd.DataFrame({"item_id": [f"i{number}" for number in range(1, N + 1)]})
    if location:
        keys = pd.DataFrame({"item_id": ["i1", "i1", "i2", "i2"], "location_id": list("abab")})
    products = keys.assign(
        unit_cost=np.round(prices * rng.uniform(0.4, 0.8, N), 2),
        competitor_price=np.round(prices * rng.uniform(0.93, 1.1, N), 2),
        pack_size=rng.permutation([1, 2, 3, 4]),
        brand=rng.permutation(["x", "x", "y", "y"]),
    )
    if location:
        products = products[["item_id", "location_id", "unit_cost"]]
    points = [np.round(price * np.array([0.85, 0.9, 0.95, 1, 1.05, 1.1]), 2) for price in prices]
    return rng, response_of(kind, rng, keys, prices), products, points


def best_by_enumeration(response, products, points, checks, *, worth=None, charge=0.0, held=0.0):
    cost, now = products["unit_cost"].to_numpy(), response.prices
    lists = np.array(list(product(*points)))
    units = response.units(lists)
    value = ((lists - cost) * units).sum(axis=1) if worth is None else worth(lists, units)
    value = value - charge * (abs(lists - now) > NEAR).sum(axis=1)
    good = (lists >= cost - NEAR).all(axis=1)
    good &= (lists * units).sum(axis=1) >= held * (now * response.units(now)).sum() - 1e-6
    for check in checks:
        good &= np.array([bool(check(p, now)) for p in lists])
    return (value[good].max() if good.any() else None), lists[good]


KINDS = ["constant", "linear", "logit", "linear cross", "constant cross", "semi-log cross"]
MORE = ["two markets", "latent", "nested"]


@pytest.mark.parametrize("kind", KINDS + MORE)
@pytest.mark.parametrize("seed", range(6))
def test_random_rules(kind, seed):
    rng, response, products, points = instance(seed + 100 * len(kind), kind)
    book = rules_of(rng, products)
    names = rng.choice(list(book), size=rng.integers(1, 5), replace=False)
    rules = [book[name][0] for name in names]
    expected, good = best_by_enumeration(
        response,
        products,
        points,
        [book[name][1] for name in names if book[name][1] is not None],
        charge=3.0 * ("cost of change" in names),
        held=0.98 * ("revenue" in names),
    )
    if expected is None:
        with pytest.raises(InfeasibleError):
            plan_prices(response, products, rules, points=points)
        return
    plan = plan_prices(response, products, rules, points=points)
    assert (abs(good - plan.prices["price"].to_numpy()) < NEAR).all(axis=1).any()
    assert plan.bound >= expected - 1e-6 or kind == "nested"
    assert plan.value <= expected + 1e-6
    if kind != "nested":
        assert plan.value == pytest.approx(expected, rel=2e-6)


@pytest.mark.parametrize("kind", ["constant", "logit", "linear cross"])
@pytest.mark.parametrize("within", [0.0, 0.2])
def test_one_price_across_places(kind, within):
    _, response, products, points = instance(7, kind, location=True)
    common = np.unique(np.round(np.concatenate([*points, np.arange(1.8, 4.6, 0.2)]), 2))
    points = [common[(common > 0.7 * one[3]) & (common < 1.4 * one[3])][::2] for one in points]
    expected, _ = best_by_enumeration(
        response,
        products,
        points,
        [lambda p, q: abs(p[0] - p[1]) <= within + NEAR and abs(p[2] - p[3]) <= within + NEAR],
    )
    rule = SamePrice("location_id", within)
    if expected is None:
        with pytest.raises(InfeasibleError):
            plan_prices(response, products, [rule], points=points)
        return
    plan = plan_prices(response, products, [rule], points=points)
    assert plan.profit == pytest.approx(expected, rel=2e-6)


@pytest.mark.parametrize("weight", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("kind", ["constant", "logit", "linear cross"])
def test_blends_of_profit_and_revenue(kind, weight):
    _, response, products, points = instance(11, kind)
    cost = products["unit_cost"].to_numpy()

    def worth(lists, units):
        profit, revenue = ((lists - cost) * units).sum(axis=1), (lists * units).sum(axis=1)
        return weight * profit + (1 - weight) * revenue

    expected, _ = best_by_enumeration(response, products, points, [], worth=worth)
    plan = plan_prices(response, products, points=points, objective=weight)
    assert plan.value == pytest.approx(expected, rel=2e-6)
