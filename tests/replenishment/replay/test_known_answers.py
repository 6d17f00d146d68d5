"""Long replays come to the exact long-run costs of the textbooks, within a few standard errors."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml.replenishment.demand import PoissonDemand
from newretail_ml.replenishment.lost_sales import LostSales, lost_sales_cost
from newretail_ml.replenishment.newsvendor import newsvendor_cost
from newretail_ml.replenishment.perishable import Perishable
from newretail_ml.replenishment.perishable_policy import perishable_base_stock_at
from newretail_ml.replenishment.replay import base_stock_policy, replay

SERIES, PERIODS, WARM_UP = 400, 2100, 100


def long_run(mean, policy, columns, **rules):
    """Mean cost a period, its standard error over independent series, and the replay."""
    demand = np.random.default_rng(7).poisson(mean, (SERIES, PERIODS))
    terms = pd.DataFrame({"item_id": range(SERIES), "on_hand": 0, "review_period": 1} | columns)
    outcome = replay(policy, demand, terms, warm_up=WARM_UP, baseline=None, **rules)
    cost = outcome.cost / (PERIODS - WARM_UP)
    return cost.mean(), cost.std() / np.sqrt(SERIES), outcome


def close(found, error, exact):
    assert error < 0.01 * exact
    assert abs(found - exact) < 4 * error


@pytest.mark.parametrize(("lead_time", "level"), [(0, 8), (1, 12), (1, 7), (3, 20)])
def test_lost_sales_under_base_stock(lead_time, level):
    columns = {"lead_time": lead_time, "holding_cost": 1, "shortage_cost": 4}
    found, error, _ = long_run(5, base_stock_policy(level), columns)
    exact = lost_sales_cost(LostSales(PoissonDemand(5), lead_time, 1, 4), level)
    close(found, error, exact)


@pytest.mark.parametrize(("lead_time", "level"), [(0, 7), (2, 18)])
def test_backorders_under_base_stock(lead_time, level):
    columns = {"lead_time": lead_time, "holding_cost": 1, "shortage_cost": 4}
    found, error, _ = long_run(5, base_stock_policy(level), columns, backorders=True)
    exact = newsvendor_cost(level, PoissonDemand(5).over(lead_time + 1), 4, 1)
    close(found, error, float(exact))


@pytest.mark.parametrize("issuing", ["fifo", "lifo"])
@pytest.mark.parametrize(("shelf_life", "lead_time"), [(2, 1), (3, 0), (2, 2)])
def test_perishables_under_base_stock(issuing, shelf_life, lead_time):
    item = Perishable(
        PoissonDemand(2), shelf_life, lead_time, 10, 0.0, 1.0, 5.0, 7.0, issuing=issuing
    )
    level = 3 * (lead_time + 1)
    exact = perishable_base_stock_at(item, level)
    columns = {"lead_time": lead_time, "holding_cost": 1, "shortage_cost": 5}
    columns |= {"shelf_life": shelf_life, "unit_cost": 9, "salvage_value": 2}
    found, error, outcome = long_run(2, base_stock_policy(level), columns, issuing=issuing)
    close(found, error, exact.average_cost)
    counted = SERIES * (PERIODS - WARM_UP)
    assert outcome.totals.wasted.sum() / counted == pytest.approx(exact.waste, rel=0.02)
    assert outcome.kpis()["units_lost"] / counted == pytest.approx(exact.lost_sales, rel=0.02)
