"""Published answers for random lead times and yields, to their tolerance."""

import json
from pathlib import Path

import pytest

from newretail_ml.replenishment.demand import UniformDemand
from newretail_ml.replenishment.supply_risk import additive_yield, demand_over_random_lead_time

BOOK = json.loads((Path(__file__).parent / "supply_risk.json").read_text())["instances"]
BOOK = BOOK["lead_time_yield_uncertainty"]


def test_random_lead_time():
    given, answer = BOOK["inputs"]["lead_time"], BOOK["expected"]["lead_time"]
    demand = demand_over_random_lead_time(given["mean"], given["sd"], given["L"], given["sd_L"])
    assert demand.sd == pytest.approx(answer["sigma_L"], abs=BOOK["tolerance"])
    safety = demand.quantile(given["csl"]) - demand.mean
    assert safety == pytest.approx(answer["safety_stock"], abs=BOOK["tolerance"])


def test_additive_yield():
    given, answer = BOOK["inputs"]["yield_"], BOOK["expected"]["yield_"]
    change = UniformDemand(given["yield_lo"], given["yield_hi"])
    best = additive_yield(given["demand"], change, given["p"], given["h"])
    assert best.level == pytest.approx(answer["S"], abs=BOOK["tolerance"])
    assert best.cost == pytest.approx(answer["cost"], abs=BOOK["tolerance"])
