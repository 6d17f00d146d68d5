"""Published guaranteed-service networks, to their tolerance."""

import json
from pathlib import Path

import pytest

from newretail_ml.replenishment.guaranteed_service import Stage, guaranteed_service

BOOK = json.loads((Path(__file__).parent / "guaranteed_service.json").read_text())["instances"]
BOOK = BOOK["gsm"]


def serial(given):
    """Stages numbered from the customer's side."""
    numbers = range(len(given["h"]))
    stages = [Stage(i, given["T"][i], given["h"][i]) for i in numbers]
    last = numbers[-1]
    stages[0] = Stage(0, given["T"][0], given["h"][0], given["sd"], given["S_ext"])
    stages[last] = Stage(last, given["T"][last], given["h"][last], supply_time=given["SI_ext"])
    return stages, [(i + 1, i) for i in numbers[:-1]]


def tree(given):
    stages = [
        Stage(
            name, node["T"], node["h"], node.get("sd", 0), node.get("S_ext"), node.get("SI_ext", 0)
        )
        for name, node in given["nodes"].items()
    ]
    return stages, [(str(a), str(b)) for a, b in given["edges"]]


@pytest.mark.parametrize("name", ["serial_6_3", "serial_6_7"])
def test_serial(name):
    given, answer = BOOK["inputs"][name], BOOK["expected"][name]
    found = guaranteed_service(*serial(given), given["k"])
    assert found.cost == pytest.approx(answer["cost"], abs=BOOK["tolerance"])
    assert [found.service_times[i] for i in range(3)] == answer["cst"]


@pytest.mark.parametrize("name", ["tree_6_5", "tree_6_9"])
def test_tree(name):
    given, answer = BOOK["inputs"][name], BOOK["expected"][name]
    found = guaranteed_service(*tree(given), given["k"])
    assert found.cost == pytest.approx(answer["cost"], abs=BOOK["tolerance"])
    assert found.service_times == answer["cst"]


def test_figure_6_14():
    given, answer = BOOK["inputs"]["figure_6_14"], BOOK["expected"]["figure_6_14"]
    stages = [
        Stage(i, time, cost, *((given["sd"], given["S_ext_node10"]) if i == 10 else ()))
        for i, (time, cost) in enumerate(zip(given["T"], given["h"], strict=True), start=1)
    ]
    found = guaranteed_service(stages, given["edges"], given["k"])
    assert found.cost == pytest.approx(answer["cost"], abs=BOOK["tolerance"])
