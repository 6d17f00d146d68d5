"""The bars of a plan are the costs of its rules."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml import plots
from newretail_ml.forecast import Forecast
from newretail_ml.panel import Periods
from newretail_ml.replenishment.planning import OrderRules, plan_orders
from tests.test_plots import drawn, labels


def planned(budget=None, **changed):
    rng = np.random.default_rng(2)
    keys = pd.DataFrame({"item_id": [f"item {number}" for number in range(12)]})
    table = {
        "on_hand": 0,
        "lead_time": 1,
        "review_period": 1,
        "unit_cost": 2.0,
        "unit_price": 4.0,
        "holding_cost": 0.1,
    }
    paths = rng.poisson(9, (12, 50, 3)).astype(float)
    forecast = Forecast(keys, Periods.spanning("2026-01-01", "2026-01-03", "D"), paths)
    state = keys.assign(**{**table, **changed})
    return plan_orders(forecast, state, rules=OrderRules(budget=budget))


def test_bars_are_the_costs_of_the_rules():
    shelf = np.where(np.arange(12) < 4, 3.0, np.nan)
    plan = planned(budget=120.0, shelf_capacity=shelf)
    figure = plots.plan_chart(plan)
    drawn(figure)
    (axes,) = figure.axes
    costs = plan.orders.groupby("binding_rule")["rule_cost"].sum()
    costs = costs[costs > 0].sort_values(ascending=False)
    assert set(costs.index) == {"budget", "shelf_capacity"}
    assert [bar.get_width() for bar in axes.patches] == pytest.approx(costs.tolist())
    assert labels(axes.get_yticklabels()) == costs.index.tolist()
    beside = dict(zip(costs.index, labels(axes.texts), strict=True))
    price = plan.explain().set_index("rule").loc["budget", "shadow_price"]
    assert beside["budget"].endswith(f"one unit more would earn {price:,.3g}")
    assert beside["shelf_capacity"].endswith(" on 4 lines")
    assert len(plots.plan_chart(plan, most=1).axes[0].patches) == 1


@pytest.mark.parametrize("changed", [{}, {"on_hand": 1000}], ids=["no rule", "nothing to order"])
def test_rules_that_cost_nothing(changed):
    figure = plots.plan_chart(planned(**changed))
    drawn(figure)
    assert labels(figure.axes[0].texts) == ["No rule costs anything"]


def test_orders_of_a_plan_have_no_level_to_order_up_to():
    plan = planned()
    figure = plots.orders_chart(plan.orders)
    drawn(figure)
    (axes,) = figure.axes
    assert len(axes.get_yticklabels()) == 12
    assert [one.get_label() for one in axes.lines] == ["expected demand"]
    widest = plan.orders[["expected_demand", "units"]].max().max()
    assert axes.get_xlim()[1] == pytest.approx(1.05 * widest)
