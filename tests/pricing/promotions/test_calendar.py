"""Promotion calendars against the enumeration of all of them."""

import itertools

import numpy as np
import pandas as pd
import pytest

from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.panel import Periods
from newretail_ml.pricing.choice import MultinomialLogit
from newretail_ml.pricing.promotions import PromotionRules, plan_promotions, promotion_paths
from newretail_ml.pricing.response import ConstantElasticity, Evidence, Linear

DEPTHS = (0.2, 0.4)
CUTS = (0.0, 0.2, 0.4)
DIPS = {0.2: (0.9, 0.95), 0.4: 0.7}
FACTORS = {0: (1.0, 1.0), 1: (0.9, 0.95), 2: (0.7, 1.0)}


def keys_of(n):
    return pd.DataFrame({"item_id": [f"item {k}" for k in range(n)]})


def chain(seed, n=2, horizon=3, cross=None):
    rng = np.random.default_rng(seed)
    base = rng.uniform(50, 150, (n, 1, horizon)).astype(np.float32)
    periods = Periods(pd.Timestamp("2026-01-05"), horizon, "W")
    forecast = Forecast(keys_of(n), periods, base)
    price = rng.uniform(8, 12, n)
    items = keys_of(n).assign(
        unit_cost=price * rng.uniform(0.3, 0.6, n),
        funding=rng.uniform(0, 0.5, n),
        category=["juice" if k % 2 else "milk" for k in range(n)],
    )
    units = rng.uniform(50, 150, n)
    if cross is None:
        response = ConstantElasticity(
            units, price, rng.uniform(-3.5, -1.5, n), keys=items[["item_id"]]
        )
    elif cross == "linear":
        slope = np.diag(-rng.uniform(2, 4, n) * units / price)
        slope += ~np.eye(n, dtype=bool) * rng.uniform(0.1, 0.6, (n, n)) * units[:, None] / price
        response = Linear(units, price, slope, keys=keys_of(n))
    else:
        power = np.diag(-rng.uniform(2, 4, n)) + ~np.eye(n, dtype=bool) * rng.uniform(
            -0.2, 0.8, (n, n)
        )
        response = ConstantElasticity(units, price, power, keys=keys_of(n))
    return forecast, response, items


def profit_of(calendar, forecast, response, items, lift=1.0):
    """Profit and margin given up, period by period, from the definition."""
    base, usual = forecast.mean(), response.prices
    cuts = np.array(CUTS)
    profit = spent = 0.0
    for period in range(base.shape[1]):
        levels = np.array([path[period] for path in calendar])
        price = usual * (1 - cuts[levels])
        ratio = response.units(price) / response.units(usual)
        for item, path in enumerate(calendar):
            dip = 1.0
            before = [(k, path[k]) for k in range(period) if path[k]]
            before = earlier(items, item) + before
            if before and period - before[-1][0] <= 2:
                dip = FACTORS[before[-1][1]][period - before[-1][0] - 1]
            promoted = levels[item] > 0
            units = base[item, period] * ratio[item] * dip * (lift if promoted else 1.0)
            funding = items["funding"][item] * promoted
            profit += units * (price[item] - items["unit_cost"][item] + funding)
            spent += units * max(usual[item] - price[item] - funding, 0.0) * promoted
    return profit, spent


def earlier(items, item):
    """Period, counted backwards from the first, and level of the last promotion before."""
    if "last_depth" not in items or items["last_depth"][item] == 0:
        return []
    return [(-int(items["periods_since"][item]), CUTS.index(items["last_depth"][item]))]


def keeps(calendar, rules, items):
    levels = np.array(calendar) > 0
    for item, path in enumerate(levels):
        weeks = np.flatnonzero(path)
        begun = [period for period, _ in earlier(items, item)]
        if (np.diff([*begun, *weeks]) <= rules.gap).any():
            return False
        if rules.at_most is not None and len(weeks) > rules.at_most:
            return False
    if rules.per_period is not None and (levels.sum(axis=0) > rules.per_period).any():
        return False
    for category, most in (rules.slots or {}).items():
        if (levels[(items["category"] == category).to_numpy()].sum(axis=0) > most).any():
            return False
    return True


def best_of_all(forecast, response, items, rules, lift=1.0):
    paths = list(itertools.product(range(3), repeat=forecast.horizon))
    best = -np.inf
    for calendar in itertools.product(paths, repeat=len(items)):
        if keeps(calendar, rules, items):
            profit, spent = profit_of(calendar, forecast, response, items, lift)
            if rules.budget is None or spent <= rules.budget + 1e-9:
                best = max(best, profit)
    return best


RULES = [
    PromotionRules(),
    PromotionRules(at_most=1, per_period=1),
    PromotionRules(gap=1, slots={"juice": 0, "milk": 1}),
    PromotionRules(budget=150.0),
    PromotionRules(at_most=2, gap=1, per_period=1, budget=250.0),
]


@pytest.mark.parametrize("cross", [None, "linear"])
@pytest.mark.parametrize("rules", RULES, ids=str)
def test_exact_calendars(rules, cross):
    forecast, response, items = chain(RULES.index(rules), cross=cross)
    made = plan_promotions(forecast, response, items, DEPTHS, rules, lift=1.2, dips=DIPS)
    best = best_of_all(forecast, response, items, rules, lift=1.2)
    assert made.exact
    assert made.expected_profit == pytest.approx(best, rel=1e-6)
    assert made.bound == pytest.approx(best, rel=1e-5)
    assert made.profit_without == pytest.approx(
        profit_of([(0,) * 3] * 2, forecast, response, items)[0]
    )


@pytest.mark.parametrize("cross", [None, "linear", "power"])
def test_promotions_before_the_first_period_still_count(cross):
    forecast, response, items = chain(7, cross=cross)
    items = items.assign(last_depth=[0.4, 0.2], periods_since=[1, 2])
    rules = PromotionRules(gap=1, per_period=1)
    made = plan_promotions(forecast, response, items, DEPTHS, rules, dips=DIPS)
    best = best_of_all(forecast, response, items, rules)
    if cross == "power":
        assert 0.98 * best <= made.expected_profit <= best * (1 + 1e-9)
    else:
        assert made.expected_profit == pytest.approx(best, rel=1e-6)
    without = profit_of([(0,) * 3] * 2, forecast, response, items)[0]
    assert made.profit_without == pytest.approx(without)
    assert made.periods["depth"][0] == 0


@pytest.mark.parametrize("seed", range(5))
def test_the_cost_of_each_limit(seed):
    rules = PromotionRules(at_most=1, gap=2, per_period=1, budget=200.0)
    forecast, response, items = chain(seed)
    made = plan_promotions(forecast, response, items, DEPTHS, rules, dips=DIPS)
    here = best_of_all(forecast, response, items, rules)
    for name, cost in made.limits.set_index("limit")["cost"].items():
        there = best_of_all(forecast, response, items, rules.without(name))
        assert cost == pytest.approx(there - here, abs=1e-4 * here)


@pytest.mark.parametrize("rules", RULES, ids=str)
def test_other_cross_effects_are_searched_with_an_honest_bound(rules):
    forecast, response, items = chain(RULES.index(rules) + 10, cross="power")
    made = plan_promotions(forecast, response, items, DEPTHS, rules, dips=DIPS)
    best = best_of_all(forecast, response, items, rules)
    assert not made.exact
    assert made.expected_profit <= best * (1 + 1e-9)
    assert made.expected_profit >= 0.98 * best
    assert made.bound >= best * (1 - 1e-9)


def test_linear_cross_effects_of_more_items_beat_promoting_each_for_itself():
    forecast, response, items = chain(4, n=5, horizon=4, cross="linear")
    rules = PromotionRules(at_most=2, gap=1)
    made = plan_promotions(forecast, response, items, DEPTHS, rules, dips=DIPS)
    alone = Linear(
        response.base_units, response.prices, np.diagonal(response.coefficient), keys=response.keys
    )
    blind = plan_promotions(forecast, alone, items, DEPTHS, rules, dips=DIPS)
    depth = blind.periods["depth"].to_numpy().reshape(5, 4)
    calendar = [tuple(np.searchsorted(CUTS, path - 1e-6)) for path in depth]
    assert made.expected_profit >= profit_of(calendar, forecast, response, items)[0] - 1e-6
    assert made.gap < 1e-6


def test_the_interval_of_the_gain_comes_from_doubt_about_the_response():
    forecast, response, items = chain(2, n=4, horizon=6)
    rng = np.random.default_rng(0)
    sure = plan_promotions(forecast, response, items, DEPTHS, dips=DIPS)
    assert sure.gain_interval == pytest.approx((sure.gain, sure.gain))
    doubtful = ConstantElasticity(
        response.base_units,
        response.prices,
        response.own,
        draws=rng.normal(response.own, 0.4, (200, 4)),
        keys=response.keys,
    )
    unsure = plan_promotions(forecast, doubtful, items, DEPTHS, dips=DIPS)
    assert unsure.gain_interval[0] < unsure.gain < unsure.gain_interval[1]


def test_tables_add_up():
    forecast, response, items = chain(1, n=6, horizon=6)
    made = plan_promotions(
        forecast, response, items, DEPTHS, PromotionRules(at_most=2, per_period=2), dips=DIPS
    )
    assert made.items["expected_profit"].sum() == pytest.approx(made.expected_profit)
    assert made.periods["expected_profit"].sum() == pytest.approx(made.expected_profit)
    assert made.items["promotions"].sum() == len(made.promotions)
    assert (made.promotions.groupby("date").size() <= 2).all()
    assert made.items["gain"].sum() == pytest.approx(made.gain)
    assert set(made.promotions["depth"].round(9)) <= set(DEPTHS)


def test_many_items_reach_a_small_gap():
    rng = np.random.default_rng(5)
    n, horizon = 150, 8
    base = rng.uniform(20, 200, (n, 1, horizon))
    forecast = Forecast(keys_of(n), Periods(pd.Timestamp("2026-01-05"), horizon, "W"), base)
    price = rng.uniform(2, 20, n)
    response = ConstantElasticity(
        base.mean(axis=(1, 2)), price, rng.uniform(-4, -1.5, n), keys=keys_of(n)
    )
    items = keys_of(n).assign(unit_cost=0.5 * price)
    rules = PromotionRules(at_most=2, gap=1, per_period=20, budget=4000.0)
    made = plan_promotions(
        forecast, response, items, DEPTHS, rules, dips=DIPS, cost_of_limits=False
    )
    assert made.gap < 0.005
    assert (made.promotions.groupby("date").size() <= 20).all()
    assert made.promotions["invested"].sum() <= 4000 * (1 + 1e-6)


def test_a_choice_model_can_be_the_response():
    response = MultinomialLogit([1.0, 0.8, 0.5], -1.1, [3.0, 2.5, 2.0], market_size=300.0)
    keys = response.keys
    base = np.repeat(response.units(response.prices)[:, None, None], 4, axis=2)
    forecast = Forecast(keys, Periods(pd.Timestamp("2026-01-05"), 4, "W"), base)
    made = plan_promotions(
        forecast, response, keys.assign(unit_cost=[0.5, 0.4, 0.3]), DEPTHS, dips=DIPS
    )
    assert made.bound >= made.expected_profit >= made.profit_without


def test_paths_of_many_items_are_those_of_each():
    rng = np.random.default_rng(0)
    units, margin = rng.uniform(10, 99, (4, 6, 3)), rng.uniform(-1, 5, (4, 1, 3))
    together = promotion_paths(units, margin, [1, 0.9, 0.6], at_most=2, gap=2)
    for item in range(4):
        alone = promotion_paths(units[item], margin[item], [1, 0.9, 0.6], at_most=2, gap=2)
        assert (alone.levels[0] == together.levels[item]).all()
        assert alone.profit[0] == pytest.approx(together.profit[item])


def test_items_whose_response_is_not_known_get_no_promotion():
    forecast, response, items = chain(0)
    evidence = Evidence(
        np.array([False, True]), np.array(["one price only", ""], object), *np.full((2, 2), np.nan)
    )
    unsure = ConstantElasticity(
        response.base_units, response.prices, [-4.0, -4.0], keys=response.keys, evidence=evidence
    )
    made = plan_promotions(forecast, unsure, items, DEPTHS)
    assert made.items["promotions"].tolist()[0] == 0
    assert made.items["promotions"].tolist()[1] > 0
    assert "one price only" in made.items["why"][0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"depths": (0.0, 0.2)}, "between 0 and 1"),
        ({"depths": ()}, "between 0 and 1"),
        ({"dips": {0.3: 0.9}}, "not among the depths"),
        ({"dips": {0.2: -0.9}}, "at least zero"),
        ({"dips": 0.9}, "by depth"),
        ({"lift": 0.0}, "lift"),
        ({"lift": {0.2: "much"}}, "lift"),
        ({"rules": PromotionRules(slots={"wine": 1})}, "no item has"),
        ({"time_limit": 0}, "time_limit"),
        ({"response": 3.0}, "not a demand response"),
    ],
)
def test_bad_arguments_are_refused(change, words):
    forecast, response, items = chain(0)
    given = {"forecast": forecast, "response": response, "items": items, "depths": DEPTHS}
    with pytest.raises(DataError, match=words):
        plan_promotions(**(given | change))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"unit_cost": [np.nan, 1.0]}, "unit_cost"),
        ({"unit_cost": [-1.0, 1.0]}, "unit_cost"),
        ({"funding": [np.inf, 1.0]}, "funding"),
        ({"item_id": ["item 0", "item 9"]}, "not in the forecast"),
        ({"item_id": ["item 0", "item 0"]}, "share item_id"),
        ({"regular_price": [0.0, 1.0]}, "not above 0"),
        ({"last_depth": [0.3, 0.0], "periods_since": 1}, "not among the depths"),
        ({"last_depth": [0.2, 0.0]}, "periods_since"),
    ],
)
def test_bad_items_are_refused(change, words):
    forecast, response, items = chain(0)
    with pytest.raises(DataError, match=words):
        plan_promotions(forecast, response, items.assign(**change), DEPTHS)


def test_bad_rules_and_paths_are_refused():
    with pytest.raises(DataError, match="at_most"):
        PromotionRules(at_most=-1)
    with pytest.raises(DataError, match="mapping"):
        PromotionRules(slots=3)
    with pytest.raises(DataError, match="budget"):
        PromotionRules(budget=np.nan)
    with pytest.raises(DataError, match="finite"):
        promotion_paths(np.full((3, 2), np.nan), [1, 2])
    with pytest.raises(DataError, match="shape"):
        promotion_paths(np.ones((3, 2)), [1, 2, 3])


@pytest.mark.parametrize("name", ["funding", "regular_price", "last_depth", "periods_since"])
def test_text_in_place_of_a_number_is_refused(name):
    forecast, response, items = chain(0)
    with pytest.raises(DataError, match=rf"items.{name}: 1 values are not .* is none .row 1"):
        plan_promotions(forecast, response, items.assign(**{name: ["0", "none"]}), DEPTHS)
