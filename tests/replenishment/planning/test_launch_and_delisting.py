"""Items that are not on sale yet, or not for long."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml.forecast import Forecast
from newretail_ml.panel import Periods
from newretail_ml.replenishment.planning import Supply, plan_orders

MONDAY = pd.Timestamp("2026-03-02")


def planned(supply=None, **columns):
    """The order of Monday for an item that sells one unit a day."""
    keys = pd.DataFrame({"item_id": ["tea"]})
    forecast = Forecast(keys, Periods(MONDAY, 20, "D"), np.ones((1, 4, 20), "float32"))
    terms = {"on_hand": 0, "lead_time": 1, "holding_cost": 0.001, "unit_cost": 2.0}
    state = keys.assign(**terms | {"shortage_cost": 9.0} | columns)
    return plan_orders(forecast, state, supply).orders.iloc[0]


def launched_on(day, closed):
    keys = pd.DataFrame({"item_id": ["tea"], "supplier_id": "farm"})
    farm = pd.DataFrame({"supplier_id": ["farm"], "order_days": ["mon thu"]})
    supply = Supply(keys, farm, pd.DataFrame({"date": closed}))
    return planned(supply, launch_date=MONDAY + pd.Timedelta(days=day))


@pytest.mark.parametrize(("day", "ordered"), [(1, 6.0), (4, 3.0), (5, 2.0), (6, 1.0), (7, 0.0)])
def test_a_launch_that_closed_days_cut_off_from_the_next_delivery_is_ordered_today(day, ordered):
    """Thursday's order comes on Monday, as nobody delivers from Friday to Sunday."""
    friday_to_sunday = pd.date_range("2026-03-06", periods=3)
    assert launched_on(day, closed=friday_to_sunday)["units"] == ordered


@pytest.mark.parametrize(("day", "ordered"), [(1, 3.0), (3, 1.0), (4, 0.0), (5, 0.0)])
def test_a_launch_that_the_next_delivery_reaches_waits_for_it(day, ordered):
    row = launched_on(day, closed=[MONDAY - pd.Timedelta(days=1)])
    assert row["units"] == ordered
    assert ("a later order arrives early enough" in row["why"]) == (ordered == 0)


@pytest.mark.parametrize(("day", "ordered"), [(2, 1.0), (3, 2.0), (4, 3.0), (5, 12.0), (9, 12.0)])
def test_a_shelf_is_not_filled_for_an_item_that_leaves_before_the_next_delivery(day, ordered):
    """Tuesday's delivery has to last through Thursday's eve; the next one comes on Friday."""
    ends = {"delisting_date": MONDAY + pd.Timedelta(days=day)}
    row = planned(review_period=3, presentation_minimum=12, **ends)
    assert row["units"] == ordered
    assert row["binding_rule"] == ("presentation_minimum" if ordered == 12 else "")
