"""The markdown programme against full enumeration of policies."""

import itertools

import numpy as np
import pandas as pd
import pytest

from newretail_ml.forecast import Forecast
from newretail_ml.panel import Periods
from newretail_ml.pricing.markdown import MarkdownRules, plan_markdowns
from newretail_ml.pricing.response import Linear

KEYS = pd.DataFrame({"item_id": ["coat"]})
PRICES = [4.0, 3.0, 2.0]
# Units at 4, 3 and 2 are one, two and three times the path's, so demand stays whole.
RESPONSE = Linear([1.0], [4.0], [-1.0], keys=KEYS)
RATIO = {4.0: 1, 3.0: 2, 2.0: 3}


def forecast_of(paths):
    paths = np.repeat(np.asarray(paths, float), 2, axis=0)[None]
    periods = Periods(pd.Timestamp("2026-01-05"), paths.shape[2], "W")
    return Forecast(KEYS, periods, paths)


def best_of_all(paths, stock, salvage, rules, holding=0.0, lasting=None):
    """Expected profit of the best policy that knows demand so far, by recursion on histories."""
    paths = [tuple(path) for path in paths]
    horizon = len(paths[0])
    lasting = [np.inf] * horizon if lasting is None else lasting

    def value(period, left, price, changes, alive):
        if period == horizon:
            return salvage * left
        return max(
            charge(period, left, after, changes + (after != price), alive)
            for after in PRICES
            if after == price or may_change(period, price, after, changes)
        )

    def may_change(period, price, after, changes):
        step = abs(after - price) / price
        return (
            period % rules.every == 0
            and (after < price or not rules.only_down)
            and rules.smallest_step - 1e-9 <= step <= rules.largest_step + 1e-9
            and (rules.most_changes is None or changes < rules.most_changes)
        )

    def charge(period, left, price, changes, alive):
        total = 0.0
        for demand in {path[period] for path in alive}:
            here = [path for path in alive if path[period] == demand]
            sold = min(left, demand * RATIO[price])
            after = min(left - sold, max(lasting[period], 0))
            later = value(period + 1, after, price, changes, here)
            total += len(here) / len(alive) * (price * sold - holding * after + later)
        return total

    return value(0, stock, PRICES[0], 0, paths)


RULES = [
    MarkdownRules(),
    MarkdownRules(only_down=False),
    MarkdownRules(every=2),
    MarkdownRules(most_changes=1),
    MarkdownRules(largest_step=0.3),
    MarkdownRules(smallest_step=0.3, most_changes=1),
    MarkdownRules(only_down=False, most_changes=2, every=2),
]


@pytest.mark.parametrize("rules", RULES, ids=str)
@pytest.mark.parametrize(("stock", "salvage"), [(3, 0.5), (7, 0.0), (11, 1.5)])
def test_independent_periods_are_solved_exactly(rules, stock, salvage):
    paths = list(itertools.product([0, 1, 1, 3], repeat=3))
    state = KEYS.assign(on_hand=stock, salvage_value=salvage, holding_cost=0.05)
    plan = plan_markdowns(forecast_of(paths), RESPONSE, state, PRICES, rules, classes=1)
    best = best_of_all(paths, stock, salvage, rules, holding=0.05)
    assert plan.expected_profit == pytest.approx(best, abs=1e-4)
    assert plan.bound >= best - 1e-6


def test_a_season_that_is_good_or_bad_throughout_is_learned():
    paths = [(demand,) * 3 for demand in (0, 0, 1, 1, 2, 2)]
    state = KEYS.assign(on_hand=6, salvage_value=0.1)
    rules = MarkdownRules()
    best = best_of_all(paths, 6, 0.1, rules)
    plan = plan_markdowns(forecast_of(paths), RESPONSE, state, PRICES, rules, classes=3)
    blind = plan_markdowns(forecast_of(paths), RESPONSE, state, PRICES, rules, classes=1)
    assert plan.expected_profit == pytest.approx(best, abs=1e-4)
    assert blind.expected_profit < best
    assert plan.bound >= best


@pytest.mark.parametrize("seed", range(6))
def test_correlated_demand_earns_no_more_than_can_be_earned(seed):
    rng = np.random.default_rng(seed)
    paths = rng.integers(0, 3, (12, 1)) + rng.integers(0, 2, (12, 3))
    stock = int(rng.integers(4, 14))
    state = KEYS.assign(on_hand=stock, salvage_value=0.5)
    plan = plan_markdowns(forecast_of(paths), RESPONSE, state, PRICES)
    best = best_of_all(paths, stock, 0.5, MarkdownRules())
    told = plan.prices.iloc[0]
    assert told["expected_profit"] <= best + 1e-6 <= plan.bound + 2e-6
    assert told["fixed_price_profit"] <= best + 1e-6
    assert told["expected_profit"] > 0.9 * best


def test_units_that_go_off_are_followed_by_age():
    paths = list(itertools.product([0, 1, 1, 3], repeat=3))
    state = KEYS.assign(on_hand=8, salvage_value=0.5)
    batches = pd.DataFrame(
        {
            "item_id": "coat",
            "date": ["2026-01-10", "2026-01-18", "2026-03-01"],
            "units": [3, 2, 3],
        }
    )
    plan = plan_markdowns(forecast_of(paths), RESPONSE, state, PRICES, batches=batches, classes=1)
    best = best_of_all(paths, 8, 0.5, MarkdownRules(), lasting=[5, 3, 3])
    assert plan.expected_profit == pytest.approx(best, abs=1e-4)
    told = plan.prices.iloc[0]
    assert told["expected_waste"] > 0
    fresh = plan_markdowns(forecast_of(paths), RESPONSE, state, PRICES, classes=1)
    assert fresh.expected_profit > plan.expected_profit


def test_a_coarse_stock_grid_costs_little():
    rng = np.random.default_rng(3)
    paths = rng.poisson(20.0, (1, 200, 6)).astype(float)
    forecast = Forecast(KEYS, Periods(pd.Timestamp("2026-01-05"), 6, "W"), paths)
    response = Linear([20.0], [4.0], [-12.0], keys=KEYS)
    state = KEYS.assign(on_hand=240, salvage_value=0.5)
    points = [4.0, 3.5, 3.0, 2.5, 2.0]
    fine, coarse = (
        plan_markdowns(forecast, response, state, points, grid=grid, classes=1).expected_profit
        for grid in (241, 25)
    )
    assert coarse == pytest.approx(fine, rel=0.005)
