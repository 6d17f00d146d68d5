"""Published economic order quantities, to their tolerance."""

import json
from pathlib import Path

import pytest

from newretail_ml.replenishment.eoq import (
    eoq,
    eoq_all_units_discount,
    eoq_incremental_discount,
    eoq_with_backorders,
)

BOOK = json.loads((Path(__file__).parent / "eoq.json").read_text())["instances"]["eoq_family"]
GIVEN, ANSWER, TOLERANCE = BOOK["inputs"], BOOK["expected"], BOOK["tolerance"]


def assert_same(lot, answer):
    assert lot.quantity == pytest.approx(answer["Q"], abs=TOLERANCE)
    assert lot.cost == pytest.approx(answer["cost"], abs=TOLERANCE)


def test_eoq():
    assert_same(eoq(GIVEN["K"], GIVEN["h"], GIVEN["demand_rate"]), ANSWER["eoq"])


def test_backorders():
    lot = eoq_with_backorders(GIVEN["K"], GIVEN["h"], GIVEN["demand_rate"], GIVEN["stockout_cost"])
    assert_same(lot, ANSWER["eoqb"])
    share = ANSWER["eoqb"]["stockout_fraction"]
    assert lot.backordered_share == pytest.approx(share, abs=TOLERANCE)


@pytest.mark.parametrize(
    ("name", "method"),
    [("all_units", eoq_all_units_discount), ("incremental", eoq_incremental_discount)],
)
def test_discounts(name, method):
    prices = GIVEN["discounts"]
    lot = method(
        GIVEN["K"],
        GIVEN["demand_rate"],
        prices["holding_rate"],
        prices["breakpoints"],
        prices["unit_costs"],
    )
    assert_same(lot, ANSWER[name])
