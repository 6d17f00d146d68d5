"""Published joint replenishments, to their tolerance."""

import json
from pathlib import Path

import pytest

from newretail_ml.replenishment.joint_replenishment import (
    joint_replenishment,
    joint_replenishment_heuristic,
)

BOOK = json.loads((Path(__file__).parent / "joint_replenishment.json").read_text())["instances"]
BOOK = BOOK["joint_replenishment"]


def inputs(name):
    given = BOOK["inputs"][name]
    return given["K0"], given["k"], given["h"], given["D"]


@pytest.mark.parametrize("name", ["silver", "spp", "scmo"])
def test_optimum(name):
    answer = BOOK["expected"][name]
    answer = {key.removeprefix("optimal_"): value for key, value in answer.items()}
    plan = joint_replenishment(*inputs(name))
    assert plan.multiples == tuple(answer["multiples"])
    assert plan.cost == pytest.approx(answer["cost"], abs=BOOK["tolerance"])
    assert plan.base_period == pytest.approx(answer["T"], abs=BOOK["tolerance"])


def test_heuristic_and_its_gap():
    answer = BOOK["expected"]["silver"]
    plan = joint_replenishment_heuristic(*inputs("silver"))
    assert plan.multiples == tuple(answer["heuristic_multiples"])
    assert plan.cost == pytest.approx(answer["heuristic_cost"], abs=BOOK["tolerance"])
    assert plan.gap == pytest.approx(answer["heuristic_cost"] / answer["optimal_cost"] - 1)
