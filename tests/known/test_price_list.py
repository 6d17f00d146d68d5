"""Known answers of single prices and price lists, to their tolerance."""

import json
from pathlib import Path

import numpy as np
import pytest

from newretail_ml.pricing.price_list import best_price, plan_prices, price_points
from newretail_ml.pricing.response import ConstantElasticity, Linear, SemiLog

KNOWN = json.loads((Path(__file__).parent / "price_list.json").read_text())["instances"]


def close(value, expected, known):
    return value == pytest.approx(expected, abs=KNOWN[known]["tol"])


def test_p01_constant_elasticity():
    given, expected = KNOWN["P01"]["inputs"], KNOWN["P01"]["expected"]
    response = ConstantElasticity([100.0] * 3, [2.0] * 3, -np.array(given["e"]))
    found = best_price(response, given["c"])
    assert close(found["price"].to_numpy(), expected["p"], "P01")
    assert (found["status"] == "interior").all()


def test_p01_small_elasticity_has_no_best_price():
    response = ConstantElasticity([100.0], [2.0], [-0.9])
    assert best_price(response, 1.0)["status"][0] == "unbounded"
    assert np.isnan(best_price(response, 1.0)["price"][0])
    bounded = best_price(response, 1.0, highest=7.0)
    assert bounded["price"][0] == 7.0
    assert bounded["status"][0] == "unbounded"


def test_p02_linear_demand_with_and_without_stock():
    given, expected = KNOWN["P02"]["inputs"], KNOWN["P02"]["expected"]
    now = 20.0
    response = Linear([given["a"] - given["b"] * now], [now], [-given["b"]])
    free = best_price(response, given["c"]).iloc[0]
    assert close(free["price"], expected["p"], "P02")
    assert close(free["units"], expected["q"], "P02")
    assert close(free["profit"], expected["profit"], "P02")
    short = best_price(response, given["c"], stock=given["stock"]).iloc[0]
    assert close(short["price"], expected["p_stock"], "P02")
    assert close(short["profit"], expected["profit_stock"], "P02")


def test_p03_semi_log_demand():
    given, expected = KNOWN["P03"]["inputs"], KNOWN["P03"]["expected"]
    now = 4.0
    response = SemiLog([given["A"] * np.exp(-given["b"] * now)], [now], [-given["b"]])
    found = best_price(response, given["c"]).iloc[0]
    assert close(found["price"], expected["p"], "P03")
    assert found["units"] == pytest.approx(expected["q"], abs=1e-4)
    assert found["profit"] == pytest.approx(expected["profit"], abs=1e-3)


def test_p11_price_endings():
    given, expected = KNOWN["P11"]["inputs"], KNOWN["P11"]["expected"]
    response = ConstantElasticity([given["k"] * 2.0 ** -given["e"]], [2.0], [-given["e"]])
    free = best_price(response, given["c"], lowest=given["lo"], highest=given["hi"])
    assert close(free["price"][0], expected["p_free"], "P11")
    endings = {"cents": None, "x9": ".x9", "x49_99": (".49", ".99")}
    profits = []
    for name, ending in endings.items():
        points = price_points(given["lo"], given["hi"], ending)
        plan = plan_prices(response, given["c"], points=points)
        assert close(plan.prices["price"][0], expected[name], "P11")
        profits.append(plan.profit)
    assert close(profits, expected["profit"], "P11")
