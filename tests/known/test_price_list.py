"""Known answers of single prices and price lists, to their tolerance."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from newretail_ml.errors import InfeasibleError
from newretail_ml.pricing.choice import MultinomialLogit
from newretail_ml.pricing.price_list import (
    AveragePrice,
    CompetitorIndex,
    MarginFloor,
    MaxChange,
    PriceLink,
    SamePrice,
    best_price,
    category_prices,
    plan_prices,
    price_points,
)
from newretail_ml.pricing.response import ConstantElasticity, Evidence, Linear, SemiLog

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


def p10_plan(change=0.10):
    given = KNOWN["P10"]["inputs"]
    response = MultinomialLogit(
        given["a"], -given["b"], given["ref"], market_size=given["visitors"]
    )
    margin, most, index, label, competitor = given["rules"]
    rules = [
        MarginFloor(0.15, name=margin),
        MaxChange(change, name=most),
        AveragePrice(at_most=1.0, name=index),
        PriceLink("4", "3", at_most=0.75, name=label),
        CompetitorIndex(1.02, prices={"1": 2.79}, name=competitor),
    ]
    return response, given["c"], rules, given["ladders"]


def test_p10_category_under_rules_and_the_cost_of_each():
    expected = KNOWN["P10"]["expected"]
    response, costs, rules, ladders = p10_plan()
    free = plan_prices(response, costs, points=ladders)
    assert close(free.current_profit, expected["profit_at_ref"], "P10")
    assert free.prices["price"].tolist() == expected["unconstrained_ladder"]["p"]
    assert close(free.profit, expected["unconstrained_ladder"]["profit"], "P10")
    plan = plan_prices(response, costs, rules, points=ladders)
    assert plan.prices["price"].tolist() == expected["all_rules"]["p"]
    assert close(plan.profit, expected["all_rules"]["profit"], "P10")
    assert plan.gap < 1e-6
    explained = plan.explain().set_index("rule")
    for rule, dropped in expected["drop_one_rule"].items():
        assert close(explained.loc[rule, "cost"], dropped["gain"], "P10")
        assert plan.without(rule)["price_without"].tolist() == dropped["p"]


def test_p10_the_smallest_sets_of_rules_that_conflict():
    response, costs, rules, ladders = p10_plan(change=0.05)
    with pytest.raises(InfeasibleError) as caught:
        plan_prices(response, costs, rules, points=ladders)
    sets = caught.value.conflicts.groupby("conflict")["rule"].agg(set).tolist()
    expected = [
        set(one) for one in KNOWN["P10"]["expected"]["minimal_conflicts_if_max_change_is_5pct"]
    ]
    assert sorted(map(sorted, sets)) == sorted(map(sorted, expected))


def linear(level, slope, now):
    """a - B p, told by its units at some prices."""
    level, slope, now = (np.asarray(one, float) for one in (level, slope, now))
    return Linear(level - slope @ now, now, -slope)


def test_p08_a_category_charges_more_than_its_products_on_their_own():
    given, expected = KNOWN["P08"]["inputs"], KNOWN["P08"]["expected"]
    response = linear(given["a"], given["B"], [20.0, 25.0])
    together = category_prices(response, given["c"])
    alone = category_prices(response, given["c"], by_item=True)
    assert close(together["price"].to_numpy(), expected["p_category"], "P08")
    assert close(together["profit"].sum(), expected["profit_category"], "P08")
    assert close(alone["price"].to_numpy(), expected["p_sku_by_sku"], "P08")
    assert close(alone["profit"].sum(), expected["profit_sku_by_sku"], "P08")


@pytest.mark.parametrize("gap", KNOWN["P12"]["inputs"]["d"])
def test_p12_online_and_store_prices_within_a_gap(gap):
    expected = KNOWN["P12"]["expected"][str(gap)]
    keys = pd.DataFrame({"item_id": ["tea", "tea"], "channel": ["store", "online"]})
    response = Linear([120 - 6 * 8.0, 90 - 8 * 7.0], [8.0, 7.0], [-6.0, -8.0], keys=keys)
    found = category_prices(response, [4.0, 5.0], same=[SamePrice("channel", gap)])
    assert close(found["price"].to_numpy(), expected["p"], "P12")
    assert close(found["profit"].sum(), expected["profit"], "P12")


def test_prices_stay_where_the_response_is_not_identified():
    never = Evidence(
        np.array([False, True]),
        np.array(["never moved", ""], object),
        np.array([2.0, 1.0]),
        np.array([2.0, 3.0]),
    )
    alone = Linear([20.0, 20.0], [2.0, 2.0], [-2.0, -2.0], evidence=never)
    for found in (
        best_price(alone, 1.0, lowest=3.0),
        category_prices(alone, 1.0, lowest=3.0, highest=9.0),
        category_prices(alone, 1.0, lowest=3.0, highest=9.0, by_item=True),
    ):
        assert found["price"].to_numpy() == pytest.approx([2.0, 6.5], rel=1e-6)
        assert found["price"][0] == 2.0
        assert found["status"].tolist() == ["kept: not identified", "interior"]
        assert found["units"][0] == 20.0
