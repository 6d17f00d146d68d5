"""Published serial systems with random demand, to their tolerance."""

import json
from pathlib import Path

import pytest

from newretail_ml.replenishment.demand import NormalDemand, PoissonDemand
from newretail_ml.replenishment.serial_system import serial_system

BOOK = json.loads((Path(__file__).parent / "serial_system.json").read_text())["instances"]
BOOK = BOOK["serial_clark_scarf"]


@pytest.mark.parametrize("row", range(4))
def test_shang_and_song(row):
    given, answer = BOOK["inputs"]["shang_song"], BOOK["expected"]["shang_song"][row]
    costs = given["rows"][row]
    policy = serial_system(PoissonDemand(given["rate"]), given["L"], costs["h"], costs["p"])
    assert list(policy.echelon_levels) == answer["S"]
    assert policy.cost == pytest.approx(answer["cost"], abs=BOOK["tolerance"]["shang_song"])


def test_normal_demand():
    given, answer = BOOK["inputs"]["example_6_1"], BOOK["expected"]["example_6_1"]
    demand, tolerance = NormalDemand(given["mean"], given["sd"]), BOOK["tolerance"]
    policy = serial_system(demand, given["L"], given["h"], given["p"])
    assert policy.cost == pytest.approx(answer["cost"], abs=tolerance["example_6_1_cost"])
    assert policy.echelon_levels == pytest.approx(answer["S"], abs=tolerance["example_6_1_S"])
