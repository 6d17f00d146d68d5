"""When orders arrive, by a supplier's calendar."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.panel import Periods
from newretail_ml.replenishment.planning import Supply, plan_orders

MONDAY = pd.Timestamp("2026-03-02")


def forecast_from(first, freq="D", periods=20) -> Forecast:
    keys = pd.DataFrame({"item_id": ["tea"]})
    return Forecast(keys, Periods(first, periods, freq), np.ones((1, 4, periods), "float32"))


def planned(first, closed=None, lead_time=1, freq="D", **supplier):
    forecast = forecast_from(first, freq)
    stock = pd.DataFrame(
        {"item_id": ["tea"], "on_hand": 0, "holding_cost": 0.001, "shortage_cost": 9.0}
    )
    terms = pd.DataFrame({"item_id": ["tea"], "lead_time": lead_time, "supplier_id": "farm"})
    suppliers = pd.DataFrame({"supplier_id": ["farm", "x"], **supplier})
    closed = None if closed is None else pd.DataFrame(closed)
    return plan_orders(forecast, stock, Supply(terms, suppliers, closed)).orders.iloc[0]


def test_an_order_covers_until_the_next_order_day_delivers():
    monday = planned(MONDAY, order_days="mon thu")
    # Ordered on Monday for Tuesday; Thursday's order comes on Friday: Tuesday to Thursday.
    assert (monday["arrival"].day, monday["units"]) == (3, 3.0)
    thursday = planned(MONDAY + pd.Timedelta(days=3), order_days="mon thu")
    assert (thursday["arrival"].day, thursday["units"]) == (6, 4.0)


def test_no_order_day_says_when_the_next_is():
    row = planned(MONDAY + pd.Timedelta(days=1), order_days="mon thu")
    assert row["units"] == 0.0
    assert row["why"] == "no order: today is no order day; the next is 2026-03-05"


def test_deliveries_wait_for_an_open_delivery_day():
    row = planned(MONDAY, order_days="Monday, Friday", delivery_days="wed sat")
    # Monday's order would come on Tuesday, comes on Wednesday, and lasts until Saturday.
    assert (row["arrival"].day, row["units"]) == (4, 3.0)


def test_holidays_move_orders_and_deliveries():
    usual = planned(MONDAY, order_days="mon thu")
    on_thursday = planned(MONDAY, {"date": ["2026-03-05"]}, order_days="mon thu")
    on_tuesday = planned(MONDAY, {"date": ["2026-03-03"]}, order_days="mon thu")
    today = planned(MONDAY, {"date": [MONDAY]}, order_days="mon thu")
    other = planned(MONDAY, {"date": ["2026-03-05"], "supplier_id": ["x"]}, order_days="mon thu")
    assert usual["units"] == other["units"] == 3.0
    assert on_thursday["units"] == 7.0
    assert (on_tuesday["arrival"].day, on_tuesday["units"]) == (4, 2.0)
    assert today["units"] == 0.0
    assert "the next is 2026-03-05" in today["why"]


def test_orders_that_arrive_together_are_placed_once_for_both():
    row = planned(MONDAY, order_days="mon tue", delivery_days="fri")
    assert (row["arrival"].day, row["units"]) == (6, 7.0)


def test_a_review_period_works_with_delivery_days_too():
    row = planned(MONDAY, delivery_days="tue fri", review_period=4)
    # The next order, on Friday, would come on Saturday and comes on Tuesday.
    assert (row["arrival"].day, row["units"]) == (3, 7.0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"order_days": "mon someday"}, "someday names no day of the week"),
        ({"order_days": "mon", "freq": "W"}, "need a daily forecast"),
        ({}, r"supply.review_period: 1 lines have none"),
        ({"order_days": "mon", "lead_time": 15}, "horizon of at least 22 periods"),
        ({"order_days": "mon", "lead_time": None}, r"supply.lead_time: 1 lines have none"),
    ],
)
def test_bad_calendars_are_named(arguments, message):
    with pytest.raises(DataError, match=message):
        planned(MONDAY, **arguments)


def test_a_supplier_that_never_delivers_is_named():
    closed = {"date": pd.date_range(MONDAY + pd.Timedelta(days=1), periods=200)}
    with pytest.raises(DataError, match="no open delivery day"):
        planned(MONDAY, closed, order_days="mon")
