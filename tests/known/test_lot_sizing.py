"""Published Wagner-Whitin plans, to their tolerance."""

import json
from pathlib import Path

import pytest

from newretail_ml.replenishment.lot_sizing import wagner_whitin

BOOK = json.loads((Path(__file__).parent / "lot_sizing.json").read_text())["instances"]
BOOK = BOOK["wagner_whitin"]


@pytest.mark.parametrize("case", range(4))
def test_plan(case):
    given, answer = BOOK["inputs"]["cases"][case], BOOK["expected"]["cases"][case]
    plan = wagner_whitin(given["d"], given["K"], given["h"], given.get("c", 0.0))
    assert plan.quantities.tolist() == answer["q"]
    assert plan.cost == pytest.approx(answer["cost"], abs=BOOK["tolerance"])
