"""Lists against trying every list."""

from itertools import product

import numpy as np
import pytest

from newretail_ml.errors import DataError, InfeasibleError
from newretail_ml.pricing.assortment import (
    AssortmentRules,
    StockCost,
    best_assortment,
    best_list,
    mixed,
    solvers,
)
from newretail_ml.pricing.choice import LatentClassLogit, MultinomialLogit, NestedLogit


def twin(response, cost, points, rules, stock=None):
    """The most money of any list: each is offered alone, by the response of its products."""
    n, best = len(cost), -np.inf
    settled = rules.of(n)
    for chosen in product(range(-1, points.shape[1]), repeat=n):
        chosen = np.array(chosen)
        listed = np.flatnonzero(chosen >= 0)
        prices = points[listed, chosen[listed]]
        if np.isnan(prices).any() or not settled.allows(chosen >= 0):
            continue
        money = -settled.fixed_cost[listed].sum()
        if len(listed):
            units = response.select(listed).units(prices)
            money += ((prices - cost[listed]) * units).sum()
            if stock is not None:
                money -= stock.money(units, prices, cost[listed]).sum()
        best = max(best, money)
    return best


def response_of(kind, n, prices, rng):
    size = rng.uniform(1, 200)
    if kind == "multinomial":
        return MultinomialLogit(
            rng.normal(0, 1.5, n), -rng.uniform(0, 1, n), prices, market_size=size
        )
    if kind == "latent":
        weights = rng.dirichlet(np.ones(2)) + 0.01
        return LatentClassLogit(
            weights / weights.sum(),
            rng.normal(0, 2, (2, n)),
            -rng.uniform(0, 1, 2),
            prices,
            market_size=size,
        )
    nest = rng.integers(0, 3, n)
    return NestedLogit(
        rng.normal(0, 1.5, n),
        -rng.uniform(0, 1, n),
        nest,
        rng.uniform(0.1, 1, 3)[nest],
        prices,
        market_size=size,
    )


def rules_of(n, rng):
    told = {}
    if rng.random() < 0.6:
        told["at_most"] = int(rng.integers(0, n + 1))
    if rng.random() < 0.2:
        told["at_least"] = int(rng.integers(0, told.get("at_most", n) + 1))
    if rng.random() < 0.3:
        told |= {"space": rng.uniform(0, 2, n), "room": float(rng.uniform(0.5, 5))}
    if rng.random() < 0.3:
        told["fixed_cost"] = rng.uniform(0, 20, n)
    if rng.random() < 0.2:
        told["keep"] = rng.random(n) < 0.2
    if rng.random() < 0.2:
        told["never"] = rng.random(n) < 0.2
    return AssortmentRules(**told)


@pytest.mark.parametrize("tried", [True, False], ids=["tried out", "solved"])
@pytest.mark.parametrize("kind", ["multinomial", "latent", "nested"])
def test_no_list_is_better_and_bounds_hold(kind, tried, monkeypatch):
    if not tried:
        monkeypatch.setattr(mixed, "few_enough", lambda *_: False)
        monkeypatch.setattr(solvers, "few_enough", lambda *_: False)
    rng = np.random.default_rng(len(kind) + tried)
    for number in range(20):
        n = int(rng.integers(1, 6))
        prices = rng.uniform(1, 10, n)
        points = prices[:, None] * np.ones((1, 1 + number % 2))
        points[:, 1:] *= rng.uniform(0.7, 1.3, (n, points.shape[1] - 1))
        points[:, 1:][rng.random((n, points.shape[1] - 1)) < 0.2] = np.nan
        stock = StockCost(scale=rng.uniform(0, 2)) if number % 5 == 0 else None
        cost = np.nanmin(points, axis=1) * (0.6 if stock else rng.uniform(0, 1.1, n))
        response, rules = response_of(kind, n, prices, rng), rules_of(n, rng)
        try:
            truth = twin(response, cost, points, rules, stock)
        except InfeasibleError:
            continue
        best = best_assortment(response, cost, rules, price_points=points, stock=stock)
        close = 1e-6 * max(1.0, abs(truth))
        assert rules.of(n).allows(best.listed)
        assert best.objective <= truth + close
        assert best.bound >= truth - close
        assert best.table["profit"].sum() == pytest.approx(best.objective, abs=close)
        if best.exact:
            assert best.objective == pytest.approx(truth, abs=close)


def test_no_swap_improves_the_list_of_a_large_range():
    rng = np.random.default_rng(5)
    attraction, gain = rng.lognormal(0, 1, 200), rng.uniform(1, 20, 200)
    for outside in (1.0, 50.0):
        best = best_list(attraction, gain, AssortmentRules(at_most=12), outside=outside)
        near = best.listed.copy()
        for out in np.flatnonzero(best.listed):
            for into in np.flatnonzero(~best.listed):
                near[out], near[into] = False, True
                share = attraction[near] / (outside + attraction[near].sum())
                assert share @ gain[near] <= best.objective + 1e-9
                near[out], near[into] = True, False
        assert best.exact
        assert best.listed.sum() <= 12


@pytest.mark.parametrize(
    ("attraction", "gain", "rules", "outside", "objective"),
    [
        ([1.0, 1.0], [0.0, 0.0], {}, 1.0, 0.0),
        ([1.0, 1.0, 1.0], [2.0, 2.0, 2.0], {"at_most": 2}, 1.0, 4 / 3),
        ([1.0, 2.0], [3.0, 1.0], {"at_most": 0}, 1.0, 0.0),
        ([1.0, 2.0], [-3.0, -1.0], {}, 1.0, 0.0),
        ([1.0, 2.0], [-3.0, -1.0], {"at_least": 1}, 1.0, -2 / 3),
        ([1.0, 2.0], [3.0, 1.0], {}, 0.0, 3.0),
        ([1.0, 2.0], [3.0, 1.0], {"at_least": 2}, 0.0, 5 / 3),
        ([0.0, 2.0], [3.0, 1.0], {}, 1.0, 2 / 3),
        ([1e-9, 1e9], [3.0, 1.0], {"at_most": 1}, 1.0, 1.0),
        ([1.0], [3.0], {"at_most": 9}, 2.0, 1.0),
    ],
)
def test_edges(attraction, gain, rules, outside, objective):
    best = best_list(attraction, gain, AssortmentRules(**rules), outside=outside)
    assert best.objective == pytest.approx(objective, abs=1e-8)
    assert best.exact


def test_a_popular_set_is_best_where_products_are_alike():
    rng = np.random.default_rng(2)
    for at_most in (3, 8):
        response = MultinomialLogit(rng.normal(0, 1, 8), 0.0, np.full(8, 10.0), market_size=20)
        stock, rules = StockCost(scale=1.5), AssortmentRules(at_most=at_most)
        best = best_assortment(response, 6.0, rules, stock=stock)
        truth = twin(response, np.full(8, 6.0), np.full((8, 1), 10.0), rules, stock)
        assert best.objective == pytest.approx(truth)
        assert "popular" in best.why


def test_money_of_stock_is_the_newsvendors():
    from scipy import integrate, stats

    price, cost, salvage, mean, deviation = 10.0, 6.0, 2.0, 40.0, 9.0
    season = stats.norm(mean, deviation)
    stock = season.ppf((price - cost) / (price - salvage))
    sold = stock - integrate.quad(season.cdf, -np.inf, stock)[0]
    profit = price * sold + salvage * (stock - sold) - cost * stock
    money = StockCost(salvage, scale=deviation, power=0.0).money(
        np.array([mean]), np.array([price]), np.array([cost])
    )
    assert (price - cost) * mean - money.item() == pytest.approx(profit)


def test_contradicting_rules_are_named():
    for told, rule in (
        ({"at_most": 1, "at_least": 2}, "at_most"),
        ({"at_most": 1, "keep": np.array([True, True, False])}, "at_most"),
        ({"at_least": 3, "never": np.array([True, False, False])}, "at_least"),
        ({"at_least": 4}, "at_least"),
        ({"space": [2.0, 2.0, 2.0], "room": 3.0, "at_least": 2}, "room"),
        ({"keep": np.array([True] * 3), "never": np.array([True, False, False])}, "never"),
    ):
        with pytest.raises(InfeasibleError) as refused:
            best_list([1.0, 1.0, 1.0], [1.0, 2.0, 3.0], AssortmentRules(**told))
        assert rule in refused.value.conflicts["rule"].tolist()
        assert (refused.value.conflicts["missing_by"] > 0).all()


def test_bad_input_is_refused():
    response = MultinomialLogit([1.0, 1.0], -1.0, [1.0, 2.0])
    two = MultinomialLogit([1.0, 1.0], -1.0, [1.0, 2.0], market=["a", "b"])
    for call in (
        lambda: best_assortment(two),
        lambda: best_assortment(response, -1.0),
        lambda: best_assortment(response, [1.0, 1.0, 1.0]),
        lambda: best_assortment(response, price_points=[[1.0], [np.nan]]),
        lambda: best_assortment(response, price_points=[[1.0], [0.0]]),
        lambda: best_assortment(response, 1.5, stock=StockCost()),
        lambda: best_assortment(response, rules=AssortmentRules(at_most=-1)),
        lambda: best_assortment(response, rules=AssortmentRules(at_most=1.5)),
        lambda: best_assortment(response, rules=AssortmentRules(room=1.0)),
        lambda: best_assortment(response, rules=AssortmentRules(keep=[1, 0])),
        lambda: best_assortment(response, rules=AssortmentRules(fixed_cost=-1.0)),
        lambda: best_list([1.0, np.nan], [1.0, 1.0]),
        lambda: best_list([1.0, -1.0], [1.0, 1.0]),
        lambda: best_list([1.0, 1.0], [1.0]),
        lambda: best_list([1.0], [1.0], outside=-1.0),
        lambda: best_list([[1.0], [1.0]], [1.0], outside=0.0),
        lambda: best_list([[1.0], [1.0]], [1.0], weights=[0.5, 0.6]),
        lambda: best_list([], []),
    ):
        with pytest.raises(DataError):
            call()
