"""Figures for notebooks, reports and tracked runs.

Each function returns a matplotlib ``Figure`` that belongs to no window, so nothing needs to be
closed and a batch job can draw too.
"""

from newretail_ml.plots.backtests import coverage_chart, leaderboard_chart, reliability_chart
from newretail_ml.plots.elasticities import elasticity_chart
from newretail_ml.plots.forecasts import fan_chart, importance_chart
from newretail_ml.plots.loop import loop_money_chart, loop_profit_chart
from newretail_ml.plots.losses import losses_chart, service_cost_chart
from newretail_ml.plots.markdowns import markdown_chart
from newretail_ml.plots.orders import orders_chart
from newretail_ml.plots.outcomes import outcomes_chart
from newretail_ml.plots.plan import plan_chart
from newretail_ml.plots.price_rules import waterfall_chart
from newretail_ml.plots.prices import price_moves_chart, what_if_chart
from newretail_ml.plots.recommendations import (
    accuracy_coverage_chart,
    segment_chart,
    slate_cost_chart,
)
from newretail_ml.plots.residuals import bias_chart, residuals_chart
from newretail_ml.plots.standings import standings_chart
from newretail_ml.plots.stock import stock_chart

__all__ = [
    "accuracy_coverage_chart",
    "bias_chart",
    "coverage_chart",
    "elasticity_chart",
    "fan_chart",
    "importance_chart",
    "leaderboard_chart",
    "loop_money_chart",
    "loop_profit_chart",
    "losses_chart",
    "markdown_chart",
    "orders_chart",
    "outcomes_chart",
    "plan_chart",
    "price_moves_chart",
    "reliability_chart",
    "residuals_chart",
    "segment_chart",
    "service_cost_chart",
    "slate_cost_chart",
    "standings_chart",
    "stock_chart",
    "waterfall_chart",
    "what_if_chart",
]
