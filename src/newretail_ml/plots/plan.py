"""Figures of a plan of orders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from newretail_ml.plots.stock import amount
from newretail_ml.plots.style import BLUE, empty, new_figure
from newretail_ml.replenishment.planning.order_plan import BINDING_RULE, RULE_COST

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from newretail_ml.replenishment.planning import OrderPlan


def plan_chart(plan: OrderPlan, most: int = 15) -> Figure:
    """What each rule takes from the expected profit of an order list, the dearest on top.

    Each bar adds up rule_cost over the lines that a rule binds. Beside it stands how many lines
    these are and, for a limit that lines share, its shadow price.
    """
    lines = plan.orders[plan.orders[RULE_COST] > 0]
    costs = lines.groupby(BINDING_RULE)[RULE_COST].agg(["sum", "size"])
    costs = costs.sort_values("sum", ascending=False).head(most)
    if costs.empty:
        return empty("No rule costs anything")
    rules = plan.explain()
    prices = dict(zip(rules["rule"], rules["shadow_price"], strict=True))
    figure, axes = new_figure(height=1.5 + 0.34 * len(costs))
    axes.barh(range(len(costs)), costs["sum"], 0.7, color=BLUE)
    for row, (rule, (cost, count)) in enumerate(costs.iterrows()):
        axes.text(cost, row, f" {_words(cost, count, prices.get(rule))}", va="center", fontsize=8)
    axes.set_yticks(range(len(costs)), costs.index)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(costs) - 0.4, -0.6)
    axes.set_xlim(0, 1.8 * costs["sum"].max())
    axes.xaxis.set_major_formatter("{x:,.10g}")
    axes.set_xlabel("expected profit lost, against the same lines without the rule")
    axes.set_title(f"What rules cost, beside {amount(plan.expected_profit)} of expected profit")
    return figure


def _words(cost: float, count: float, price: float | None) -> str:
    text = f"{amount(cost)} on {count:,.0f} line{'s' if count != 1 else ''}"
    if price is None or not np.isfinite(price) or price <= 0:
        return text
    return f"{text}; one unit more would earn {price:,.3g}"
