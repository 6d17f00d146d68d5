"""Published base-stock answers, to their tolerance."""

import json
from pathlib import Path

import pytest

from newretail_ml.replenishment import newsvendor_cost
from newretail_ml.replenishment.base_stock import base_stock
from newretail_ml.replenishment.demand import NormalDemand

BOOK = json.loads((Path(__file__).parent / "base_stock.json").read_text())["instances"]


def test_lead_time_of_four_periods():
    book = BOOK["base_stock_L4"]
    given, answer = book["inputs"], book["expected"]
    demand, costs = NormalDemand(given["mean"], given["sd"]), (0.7, 0.18)
    best = base_stock(demand, *costs, lead_time=given["lead_time"])
    assert best.level == pytest.approx(answer["base_stock"], abs=book["tolerance"])
    assert best.cost == pytest.approx(answer["cost"], abs=book["tolerance"])
    at_180 = newsvendor_cost(180, demand.over(5), *costs)
    assert at_180 == pytest.approx(answer["cost_at_180"], abs=book["tolerance"])
