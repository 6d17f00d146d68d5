"""The optimal policies of De Moor, Gijsbrechts and Boute, to their tolerance."""

import json
from pathlib import Path

import pytest

from newretail_ml.replenishment.demand import GammaDemand
from newretail_ml.replenishment.perishable import Perishable
from newretail_ml.replenishment.perishable_policy import (
    perishable_base_stock,
    perishable_optimum,
)

BOOK = json.loads((Path(__file__).parent / "perishable.json").read_text())["instances"]
BOOK = BOOK["perishable_de_moor"]


def item(issuing):
    given = BOOK["inputs"]
    return Perishable(
        GammaDemand(mean=4, sd=2),
        shelf_life=given["max_age"],
        lead_time=given["lead_time"],
        max_order=given["max_order"],
        unit_cost=given["order_cost"],
        holding_cost=given["holding_cost"],
        shortage_cost=given["shortage_cost"],
        waste_cost=given["waste_cost"],
        issuing=issuing,
    )


@pytest.mark.parametrize("issuing", ["lifo", "fifo"])
def test_optimal_orders_and_value(issuing):
    answer = BOOK["expected"][issuing]
    found = perishable_optimum(item(issuing), discount=BOOK["inputs"]["discount"])
    assert found.orders[:9, :9].tolist() == answer["order_by_fresh_then_old"]
    assert found.values[0, 0] == pytest.approx(answer["value_empty"], abs=BOOK["tolerance"])


@pytest.mark.parametrize("issuing", ["lifo", "fifo"])
def test_best_base_stock(issuing):
    answer, found = BOOK["expected"][issuing], perishable_base_stock(item(issuing))
    assert found.level == answer["best_S_steady_state"]
    cost = answer[f"avg_cost_S{found.level}"]
    assert found.average_cost == pytest.approx(cost, abs=BOOK["tolerance"])
