"""Zipkin's table of lost-sales systems, to its tolerance."""

import json
from pathlib import Path

import pytest

from newretail_ml.replenishment.demand import PoissonDemand
from newretail_ml.replenishment.lost_sales import (
    LostSales,
    lost_sales_base_stock,
    lost_sales_optimum,
)

BOOK = json.loads((Path(__file__).parent / "lost_sales.json").read_text())["instances"]
BOOK = BOOK["lost_sales_zipkin"]
GIVEN = BOOK["inputs"]


def item(lead_time, shortage_cost):
    return LostSales(PoissonDemand(GIVEN["mean"]), lead_time, GIVEN["h"], shortage_cost)


@pytest.mark.parametrize("lead_time", GIVEN["L"])
@pytest.mark.parametrize("number", range(4))
def test_optimum(lead_time, number):
    answer = BOOK["expected"]["optimal"][f"L{lead_time}"][number]
    found = lost_sales_optimum(item(lead_time, GIVEN["p"][number]))
    assert found.cost == pytest.approx(answer, abs=1e-4)


@pytest.mark.parametrize("lead_time", GIVEN["L"])
@pytest.mark.parametrize("shortage_cost", [4, 19])
def test_best_base_stock(lead_time, shortage_cost):
    level, cost = BOOK["expected"]["best_base_stock"][f"L{lead_time}"][f"p{shortage_cost}"]
    found = lost_sales_base_stock(item(lead_time, shortage_cost))
    assert found.level == level
    assert found.cost == pytest.approx(cost, abs=BOOK["tolerance"])
