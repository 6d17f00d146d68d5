"""Price and order of many items: enumeration, sums, and bad input."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.panel import Periods
from newretail_ml.pricing.price_and_stock import plan_price_and_stock
from newretail_ml.pricing.response import ConstantElasticity, Evidence

KEYS = pd.DataFrame({"item_id": ["coat", "hat", "shoe"]})
POINTS = [8.0, 9.0, 10.0, 11.0, 12.0]


def season(seed=0, n_paths=60, horizon=3):
    rng = np.random.default_rng(seed)
    level = rng.gamma(6, 1 / 6, (3, n_paths, 1))
    paths = rng.poisson(8 * level, (3, n_paths, horizon)).astype(np.float32)
    return Forecast(KEYS, Periods(pd.Timestamp("2026-01-05"), horizon, "W"), paths)


def response(**more):
    return ConstantElasticity([8.0] * 3, [10.0] * 3, [-1.8, -2.5, -3.2], keys=KEYS, **more)


def state(**more):
    return KEYS.assign(**({"unit_cost": [5.0, 6.0, 6.5]} | more))


@pytest.mark.parametrize("pack", [1, 6])
@pytest.mark.parametrize("on_hand", [0, 15, 90])
@pytest.mark.parametrize("seed", [0, 1])
def test_no_price_and_order_on_the_paths_earns_more(seed, on_hand, pack):
    forecast = season(seed)
    terms = {"salvage_value": 1.0, "goodwill": 0.5, "on_hand": on_hand, "pack_size": pack}
    plan = plan_price_and_stock(forecast, response(), state(**terms), POINTS)
    demand = forecast.paths.sum(axis=2, dtype=float)
    for item, line in plan.lines.iterrows():
        cost = state()["unit_cost"][item]

        def profit(price, order, item=item, cost=cost):
            units = demand[item] * (price / 10.0) ** response().own[item]
            stock = on_hand + order
            sold = np.minimum(units, stock)
            short = units - sold
            return (price * sold + stock - sold - cost * order - 0.5 * short).mean()

        best = max(profit(p, q) for p in POINTS for q in range(0, 120, pack))
        assert profit(line["price"], line["units"]) == pytest.approx(best, rel=1e-6)
        assert line["units"] % pack == 0
        assert line["bound"] >= best - 1e-9
        assert line["expected_profit"] <= best + 1e-9


def test_tables_add_up():
    told = plan_price_and_stock(season(), response(), state(on_hand=4.0), POINTS).lines
    stock = told["units"] + 4.0
    assert (told["expected_units"] + told["expected_left"]).to_numpy() == pytest.approx(
        stock.to_numpy()
    )
    revenue = told["price"] * told["expected_units"]
    assert told["expected_revenue"].to_numpy() == pytest.approx(revenue.to_numpy())
    gain = told["expected_profit"] - told["unchanged_profit"]
    assert told["gain"].to_numpy() == pytest.approx(gain.to_numpy())


def test_an_unknown_response_keeps_the_price_and_orders_nevertheless():
    evidence = Evidence(
        np.array([True, False, True]),
        np.array(["", "one price only", ""], object),
        np.array([9.5, 1.0, 1.0]),
        np.array([10.5, 50.0, 50.0]),
    )
    told = plan_price_and_stock(season(), response(evidence=evidence), state(), POINTS).lines
    assert told["price"][1] == 10.0
    assert told["units"][1] > 0
    assert "one price only" in told["why"][1]
    assert told["seen"].tolist() == [9.5 <= told["price"][0] <= 10.5, True, True]


def test_doubt_about_the_response_counts():
    rng = np.random.default_rng(1)
    draws = rng.normal([-1.8, -2.5, -3.2], 0.6, (40, 3))
    sure = plan_price_and_stock(season(), response(), state(), POINTS).lines
    unsure = plan_price_and_stock(season(), response(draws=draws), state(), POINTS).lines
    assert not np.allclose(sure["expected_demand"], unsure["expected_demand"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"unit_cost": [np.nan, 1, 1]}, "unit_cost"),
        ({"unit_cost": [-1, 1, 1]}, "unit_cost"),
        ({"unit_cost": ["dear", 1, 1]}, "unit_cost"),
        ({"salvage_value": [9, 1, 1]}, "not below unit_cost"),
        ({"on_hand": [-1, 1, 1]}, "on_hand"),
        ({"pack_size": [0, 1, 1]}, "pack_size"),
        ({"current_price": [0, 1, 1]}, "current_price"),
        ({"item_id": ["coat", "coat", "hat"]}, "share item_id"),
        ({"item_id": ["coat", "hat", "sock"]}, "not in the forecast"),
    ],
)
def test_bad_states_are_refused(change, words):
    with pytest.raises(DataError, match=words):
        plan_price_and_stock(season(), response(), state(**change), POINTS)


def test_other_bad_input_is_refused():
    with pytest.raises(DataError, match="no table"):
        plan_price_and_stock(season(), response(), state().iloc[:0], POINTS)
    with pytest.raises(DataError, match="unit_cost"):
        plan_price_and_stock(season(), response(), KEYS, POINTS)
    with pytest.raises(DataError, match="single one"):
        plan_price_and_stock(season(n_paths=1), response(), state(), POINTS)
    with pytest.raises(DataError, match="above zero"):
        plan_price_and_stock(season(), response(), state(), [0.0, 5.0])
