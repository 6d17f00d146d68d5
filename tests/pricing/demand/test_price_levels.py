"""Between the prices a product really had, trees are no steps that a list could climb."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml.panel import Panel
from newretail_ml.pricing import plan_prices
from newretail_ml.pricing.demand.history import History
from newretail_ml.pricing.demand.price_levels import PriceLevels
from newretail_ml.pricing.demand.trees import MonotoneTrees
from tests.pricing.demand.shops import shop

COST, TRUTH = 1.2, -3.0


def two_prices(seed: int, last: float) -> Panel:
    rng = np.random.default_rng(seed)
    price = rng.choice([2.0, 2.5], 200)
    price[-1] = last
    days = pd.date_range("2026-01-05", periods=200)
    units = rng.poisson(400 * price**TRUTH)
    frame = pd.DataFrame({"item_id": "tea", "date": days, "units": units, "price": price})
    return Panel.from_frame(frame)


def gain_in_truth(new: float, old: float) -> float:
    return ((new - COST) * new**TRUTH) / ((old - COST) * old**TRUTH) - 1


@pytest.mark.parametrize("last", [2.0, 2.5])
def test_a_list_claims_what_the_truth_gives(last):
    claimed, true, slopes = [], [], []
    for seed in range(8):
        model = MonotoneTrees().fit(two_prices(seed, last))
        cheap, dear = np.log(model.units([[2.1], [2.4]])).ravel()
        slopes.append((dear - cheap) / np.log(2.4 / 2.1))
        found = plan_prices(model, COST, progress=False)
        claimed.append(found.profit / found.current_profit - 1)
        true.append(gain_in_truth(found.prices["price"].iloc[0], last))
    assert slopes == pytest.approx([TRUTH] * 8, abs=0.5)
    assert np.mean(slopes) == pytest.approx(TRUTH, abs=0.2)
    assert (np.array(claimed) - true < 0.12).all()
    assert np.mean(claimed) - np.mean(true) < 0.04


def test_log_units_run_straight_between_levels_and_so_do_those_of_draws():
    response = MonotoneTrees(n_boosters=3, n_trees=20).fit(shop()).response_
    logs = response.levels.logs
    low, high = logs[:, 4], logs[:, 5]
    assert (high > low).all()
    for one in (response, *response.sample(2)):
        for product in range(one.n_products):
            prices = np.repeat(one.prices[None], 3, axis=0)
            prices[:, product] = np.exp(
                [low[product], (low[product] + high[product]) / 2, high[product]]
            )
            first, middle, last = np.log(one.units(prices))[:, product]
            assert middle == pytest.approx((first + last) / 2)


def test_levels_by_hand():
    history = History.of(shop(n_items=2, n_locations=1))
    levels = PriceLevels.of(history)
    for series, logs in enumerate(levels.logs):
        had = history.log_prices[:, series]
        assert set(logs) <= set(had)
        assert (logs.min(), logs.max()) == (had.min(), had.max())
    asked = np.log([[0.5, 9.0], [1.95, 2.05]])
    below, above, share = levels.around(asked)
    assert (share[0] == 0).all()
    assert below[0] == pytest.approx([levels.logs[0].min(), levels.logs[1].max()])
    assert below[1] + share[1] * (above[1] - below[1]) == pytest.approx(asked[1])


def test_a_series_without_known_demand_has_its_current_price():
    panel = shop(n_items=2, n_locations=1)
    panel.units[0] = np.nan
    history = History.of(panel)
    assert np.exp(PriceLevels.of(history).logs[0]) == pytest.approx(history.scale.current[0])
