"""The known promotion calendar, to its tolerance."""

import json
from pathlib import Path

import numpy as np
import pytest

from newretail_ml.pricing.promotions import count_promotion_paths, promotion_paths

KNOWN = json.loads((Path(__file__).parent / "promotions.json").read_text())
INPUTS, EXPECTED = KNOWN["inputs"], KNOWN["expected"]


@pytest.mark.parametrize(
    ("name", "rules"), [("best_rules", {"at_most": 3, "gap": 1}), ("best_free", {})]
)
def test_one_item_with_dips(name, rules):
    levels = np.array(INPUTS["levels"])
    lift = (levels / levels[0]) ** -3
    dip = [INPUTS["dip"][str(level)] for level in INPUTS["levels"]]
    units = np.array(INPUTS["base"])[:, None] * lift
    found = promotion_paths(units, levels - INPUTS["cost"], dip, **rules)
    assert levels[found.levels[0]].tolist() == EXPECTED[name]["path"]
    assert found.profit[0] == pytest.approx(EXPECTED[name]["profit"], abs=1e-3)
    assert found.no_promotion[0] == pytest.approx(EXPECTED["no_promo"], abs=1e-3)


def test_how_many_calendars_keep_the_rules():
    weeks, levels = len(INPUTS["base"]), len(INPUTS["levels"])
    assert count_promotion_paths(weeks, levels, at_most=3, gap=1) == EXPECTED["n_feasible"]
    assert count_promotion_paths(weeks, levels) == 3**8
