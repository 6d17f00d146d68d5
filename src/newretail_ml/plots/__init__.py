"""Figures for notebooks, reports and tracked runs.

Each function returns a matplotlib ``Figure`` that belongs to no window, so nothing needs to be
closed and a batch job can draw too.
"""

from newretail_ml.plots.backtests import coverage_chart, leaderboard_chart, reliability_chart
from newretail_ml.plots.forecasts import fan_chart, importance_chart
from newretail_ml.plots.losses import plot_losses, plot_service_cost
from newretail_ml.plots.orders import orders_chart
from newretail_ml.plots.plan import plot_plan
from newretail_ml.plots.residuals import bias_chart, residuals_chart
from newretail_ml.plots.stock import plot_stock

__all__ = [
    "bias_chart",
    "coverage_chart",
    "fan_chart",
    "importance_chart",
    "leaderboard_chart",
    "orders_chart",
    "plot_losses",
    "plot_plan",
    "plot_service_cost",
    "plot_stock",
    "reliability_chart",
    "residuals_chart",
]
