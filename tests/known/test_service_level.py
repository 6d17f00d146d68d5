"""Published service levels and fill rates, to their tolerance."""

import json
from pathlib import Path

import pytest

from newretail_ml.replenishment.demand import NormalDemand
from newretail_ml.replenishment.service_level import reorder_point_for_fill_rate, service_of

BOOK = json.loads((Path(__file__).parent / "service_level.json").read_text())["instances"]


def test_service_of_a_reorder_point_and_the_way_back():
    book = BOOK["service_level_fill_rate"]
    given, answer, tolerance = book["inputs"], book["expected"], book["tolerance"]
    demand = NormalDemand(given["weekly_mean"], given["weekly_sd"]).over(given["lead_time_weeks"])
    service = service_of(demand, given["reorder_point"], given["Q"])
    assert service.safety_stock == answer["safety_stock"]
    assert service.cycle_service_level == pytest.approx(answer["csl"], abs=tolerance)
    short = answer["expected_shortage_per_cycle"]
    assert service.short_per_cycle == pytest.approx(short, abs=tolerance)
    assert service.fill_rate == pytest.approx(answer["fill_rate"], abs=tolerance)
    point = reorder_point_for_fill_rate(demand, given["target_fill"], given["Q"])
    safety = answer["safety_stock_for_target_fill"]
    assert point - demand.mean == pytest.approx(safety, abs=tolerance)
