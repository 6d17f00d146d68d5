"""Published (r, Q) policies, to their tolerance."""

import json
from pathlib import Path

import pytest

from newretail_ml.replenishment.demand import NormalDemand, PoissonDemand
from newretail_ml.replenishment.rq_policy import (
    RQCosts,
    best_rq,
    rq_by_eoq_and_safety_stock,
    rq_by_eoq_with_backorders,
    rq_by_expected_stock,
    rq_cost,
)

BOOK = json.loads((Path(__file__).parent / "rq_policy.json").read_text())["instances"]


def normal(case):
    given = BOOK["rq_normal"]["inputs"]["cases"][case]
    demand = NormalDemand(given["mean"], given["sd"]).over(given["L"])
    return RQCosts(demand, given["mean"], given["K"], given["h"], given["p"])


@pytest.mark.parametrize("case", range(2))
def test_normal(case):
    book = BOOK["rq_normal"]
    answer, found = book["expected"]["cases"][case], best_rq(normal(case))
    assert found.reorder_point == pytest.approx(answer["r"], abs=book["tolerance"])
    assert found.order_quantity == pytest.approx(answer["Q"], abs=book["tolerance"])
    assert found.cost == pytest.approx(answer["cost"], abs=1e-6)


def test_normal_cost_of_another_policy():
    answer = BOOK["rq_normal"]["expected"]["cases"][0]["cost_at_r100_Q250"]
    assert rq_cost(normal(0), 100, 250) == pytest.approx(answer, abs=1e-9)


def test_normal_approximations():
    answer, costs = BOOK["rq_normal"]["expected"]["cases"][0], normal(0)
    found = rq_by_expected_stock(costs)
    assert found.reorder_point == pytest.approx(answer["eil_approx"]["r"], abs=1e-6)
    assert found.order_quantity == pytest.approx(answer["eil_approx"]["Q"], abs=1e-6)
    assert found.cost == pytest.approx(answer["eil_approx"]["cost"], abs=1e-6)
    exact = rq_cost(costs, found.reorder_point, found.order_quantity)
    assert exact == pytest.approx(92.287, abs=5e-4)
    found = rq_by_eoq_and_safety_stock(costs)
    assert found.reorder_point == pytest.approx(answer["eoq_ss"]["r"], abs=1e-6)
    assert found.order_quantity == pytest.approx(answer["eoq_ss"]["Q"], abs=1e-6)
    assert found.cost == pytest.approx(87.048, abs=5e-4)
    assert rq_by_eoq_with_backorders(costs).cost == pytest.approx(78.202, abs=5e-4)


@pytest.mark.parametrize("case", range(2))
def test_poisson(case):
    book = BOOK["rq_poisson"]
    given, answer = book["inputs"]["cases"][case], book["expected"]["cases"][case]
    demand = PoissonDemand(given["rate"]).over(given["L"])
    found = best_rq(RQCosts(demand, given["rate"], given["K"], given["h"], given["p"]))
    assert (found.reorder_point, found.order_quantity) == (answer["r"], answer["Q"])
    assert found.cost == pytest.approx(answer["cost"], abs=book["tolerance"])
