"""Published newsvendor answers for distributions, to their tolerance."""

import json
from pathlib import Path

import pytest

from newretail_ml.replenishment import newsvendor, newsvendor_cost
from newretail_ml.replenishment.demand import (
    DiscreteDemand,
    LognormalDemand,
    NormalDemand,
    PoissonDemand,
)
from newretail_ml.replenishment.newsvendor import newsvendor_profit

BOOK = json.loads((Path(__file__).parent / "newsvendor_families.json").read_text())["instances"]


def test_normal():
    book = BOOK["nv_normal"]
    given, answer = book["inputs"], book["expected"]
    demand, costs = NormalDemand(50, 8), (given["stockout_cost"], given["holding_cost"])
    stock = newsvendor(demand, *costs)
    assert stock == pytest.approx(answer["base_stock"], abs=book["tolerance"])
    found = newsvendor_cost([stock, 40, 60], demand, *costs)
    expected = [answer[name] for name in ("cost", "cost_at_40", "cost_at_60")]
    assert found == pytest.approx(expected, abs=book["tolerance"])


def test_normal_of_problem_4_1():
    demand = NormalDemand(900, 60)
    stock = newsvendor(demand, 79, 43)
    assert stock == pytest.approx(922.7214038234755, abs=1e-6)
    assert newsvendor_cost(stock, demand, 79, 43) == pytest.approx(2718.196781782411, abs=1e-6)


def test_profit():
    book = BOOK["nv_profit"]
    given, answer = book["inputs"], book["expected"]
    plan = newsvendor_profit(
        NormalDemand(given["mean"], given["sd"]),
        given["revenue"],
        given["purchase_cost"],
        given["salvage"],
    )
    assert plan.stock == pytest.approx(answer["base_stock"], abs=book["tolerance"])
    assert plan.expected_profit == pytest.approx(answer["expected_profit"], abs=book["tolerance"])
    assert plan.clairvoyant_profit == pytest.approx(answer["clairvoyant_profit"])


@pytest.mark.parametrize("case", range(3))
def test_poisson(case):
    book = BOOK["nv_poisson"]
    given, answer = book["inputs"]["cases"][case], book["expected"]["cases"][case]
    demand = PoissonDemand(given["mean"]).over(given["L"] + 1)
    stock = newsvendor(demand, given["p"], given["h"])
    assert stock == answer["S"]
    cost = newsvendor_cost(stock, demand, given["p"], given["h"])
    assert cost == pytest.approx(answer["cost"], abs=book["tolerance"])
    if "cost_at_5" in answer:
        cost = newsvendor_cost(5, demand, given["p"], given["h"])
        assert cost == pytest.approx(answer["cost_at_5"], abs=book["tolerance"])


def test_lognormal():
    book = BOOK["nv_lognormal"]
    given, answer = book["inputs"], book["expected"]
    demand, costs = LognormalDemand(6, 0.3), (given["stockout_cost"], given["holding_cost"])
    stock = newsvendor(demand, *costs)
    assert stock == pytest.approx(answer["S"], abs=book["tolerance"])
    assert newsvendor_cost(stock, demand, *costs) == pytest.approx(answer["cost"], abs=1e-5)


def test_any_chances():
    samples = json.loads((Path(__file__).parent / "newsvendor.json").read_text())
    book = samples["instances"][0]
    demand = DiscreteDemand.of({float(units): chance for units, chance in book["pmf"].items()})
    costs = book["shortage_cost"], book["holding_cost"]
    assert newsvendor(demand, *costs) == book["stock"]
    assert newsvendor_cost(5, demand, *costs) == pytest.approx(book["cost"], abs=1e-6)
    assert newsvendor_cost(3, demand, *costs) == pytest.approx(book["cost_at"]["3"], abs=1e-6)
