"""Published (s, S) policies, to their tolerance."""

import json
from pathlib import Path

import pytest

from newretail_ml.replenishment.demand import PoissonDemand
from newretail_ml.replenishment.ss_policy import best_ss
from newretail_ml.replenishment.ss_power import power_approximation

FOLDER = Path(__file__).parent
BOOK = json.loads((FOLDER / "ss_policy.json").read_text())["instances"]["ss_exact"]
POWER = json.loads((FOLDER / "ss_power.json").read_text())["instances"]["ss_power"]
PAPER = {key: BOOK[key]["zheng_federgruen"] for key in ("inputs", "expected")}


def solved(given, mean):
    return best_ss(PoissonDemand(mean), given["K"], given["h"], given["p"])


@pytest.mark.parametrize("name", ["example_4_7", "problem_4_31"])
def test_textbook(name):
    given, answer = BOOK["inputs"][name], BOOK["expected"][name]
    policy = solved(given, given["mean"])
    assert (policy.reorder_point, policy.order_up_to) == (answer["s"], answer["S"])
    assert policy.cost == pytest.approx(answer["cost"], abs=1e-9)


@pytest.mark.parametrize("row", range(24))
def test_table_of_zheng_and_federgruen(row):
    mean = PAPER["inputs"]["means"][row]
    policy = solved(PAPER["inputs"], mean)
    assert policy.order_up_to == PAPER["expected"]["S"][row]
    assert policy.cost == pytest.approx(PAPER["expected"]["cost"][row], abs=BOOK["tolerance"])
    if mean not in (65, 75):  # there several s cost the same
        assert policy.reorder_point == PAPER["expected"]["s"][row]


def test_power_approximation():
    given, answer = POWER["inputs"], POWER["expected"]
    moments, costs = (given["mean"], given["sd"]), (given["K"], given["h"], given["p"])
    policy = power_approximation(*moments, *costs)
    assert policy.reorder_point == pytest.approx(answer["s"], abs=POWER["tolerance"])
    assert policy.order_up_to == pytest.approx(answer["S"], abs=POWER["tolerance"])
    revised = power_approximation(*moments, *costs, small_order_rule=True)
    assert revised.order_up_to == pytest.approx(56.604, abs=5e-4)
