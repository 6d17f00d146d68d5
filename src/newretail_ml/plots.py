"""Figures for notebooks, reports and tracked runs.

Each function returns a matplotlib ``Figure`` that belongs to no window, so nothing needs to be
closed and a batch job can draw too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import MissingExtraError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from newretail_ml.forecast import Forecast
    from newretail_ml.forecasting import Backtest
    from newretail_ml.panel import Panel

_BLUE, _ORANGE, _GREY, _RED = "#1f5a94", "#d9822b", "#8a9199", "#b3282d"
_BANDS = ((0.95, 0.15), (0.8, 0.25), (0.5, 0.4))


def fan_chart(panel: Panel, forecast: Forecast, series: int = 0, *, history: int = 84) -> Figure:
    """History of one series and the fan of its paths: central 50, 80 and 95 percent.

    Args:
        panel: history.
        forecast: of the panel's series, in the same order.
        series: which series.
        history: periods of history to show.
    """
    figure, axes = _figure()
    from matplotlib.dates import ConciseDateFormatter

    _draw_history(axes, panel, series, history)
    dates = forecast.periods.dates
    paths = forecast.paths[series]
    for share, shade in _BANDS:
        low, high = np.quantile(paths, [(1 - share) / 2, (1 + share) / 2], axis=0)
        label = f"{share:.0%} of paths"
        axes.fill_between(dates, low, high, color=_ORANGE, alpha=shade, lw=0, label=label)
    axes.plot(dates, paths.mean(axis=0), color=_ORANGE, lw=2, label="expected")
    axes.set_title(" | ".join(str(key) for key in forecast.keys.iloc[series]))
    axes.set_ylabel("units")
    axes.set_ylim(bottom=0)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(axes.xaxis.get_major_locator()))
    figure.legend(frameon=False, ncols=6, fontsize=8, loc="outside lower center")
    return figure


def leaderboard_chart(result: Backtest, metric: str = "weighted_quantile_loss") -> Figure:
    """One bar a model, with a dot for each fold; shorter is better."""
    from newretail_ml.forecasting.backtest import METRIC, VALUE

    board = result.leaderboard(metric)[metric][::-1]
    figure, axes = _figure(height=1.2 + 0.5 * len(board))
    axes.barh(board.index, board, color=_BLUE, height=0.6)
    folds = result.scores[result.scores[METRIC] == metric]
    axes.plot(folds[VALUE], folds[c.MODEL], "o", color=_ORANGE, ms=4, label="fold")
    axes.bar_label(axes.containers[0], fmt="%.3f", padding=-36, color="white", fontsize=9)
    axes.set_xlabel(f"{metric.replace('_', ' ')} (less is better)")
    axes.legend(frameon=False)
    return figure


def coverage_chart(result: Backtest, model: str) -> Figure:
    """How often demand fell inside intervals, for single periods and for lead-time totals."""
    board = result.leaderboard().loc[model]
    promised = {80: 0.8, 95: 0.95}
    figure, axes = _figure(height=3)
    names = [name for name in board.index if name.endswith("_80") and "coverage" in name]
    words = [
        name.removesuffix("_coverage_80").replace("_", " ").replace("coverage 80", "single periods")
        for name in names
    ]
    for offset, (percent, share) in zip((-0.2, 0.2), promised.items(), strict=True):
        values = [board[name.removesuffix("80") + str(percent)] for name in names]
        where = np.arange(len(names)) + offset
        bars = axes.bar(where, values, 0.38, color=(_BLUE, _ORANGE)[percent == 95])
        axes.bar_label(bars, fmt="{:.0%}", fontsize=8)
        axes.hlines(share, -0.5, len(names) - 0.5, color=_GREY, ls="--", lw=1)
    axes.set_xticks(range(len(names)), words)
    axes.set_ylim(0, 1.1)
    axes.set_title(f"{model}: inside the 80% and 95% interval (dashed: as promised)")
    return figure


def importance_chart(importance: pd.DataFrame, most: int = 15) -> Figure:
    """The features that a model leans on most; columns feature, share."""
    top = importance.head(most)[::-1]
    figure, axes = _figure(height=1 + 0.28 * len(top))
    axes.barh(top["feature"], top["share"], color=_BLUE)
    axes.set_xlabel("share of the total gain")
    return figure


def orders_chart(orders: pd.DataFrame, most: int = 15) -> Figure:
    """The largest order lines: what is there, what comes, and the demand it has to cover."""
    top = orders.nlargest(most, c.UNITS)[::-1]
    names = top[[name for name in c.SERIES_KEYS if name in top]].agg(" | ".join, axis=1)
    figure, axes = _figure(height=1.2 + 0.3 * len(top))
    position = top[c.ON_HAND] + top[c.ON_ORDER]
    axes.barh(names, position, color=_GREY, label="on hand and on order")
    axes.barh(names, top[c.UNITS], left=position, color=_BLUE, label="order now")
    axes.plot(top["expected_demand"], names, "D", color=_ORANGE, label="expected demand", ms=5)
    axes.plot(top["order_up_to"], names, "|", color=_RED, label="order up to", ms=12, mew=2)
    axes.set_xlabel("units over the protection interval")
    axes.legend(frameon=False, fontsize=8, loc="lower right")
    return figure


def _draw_history(axes: Axes, panel: Panel, series: int, history: int) -> None:
    first = max(panel.cut - history, 0)
    dates = panel.periods.resized(panel.cut).dates[first:]
    units, censored = panel.units[series, first:], panel.censored[series, first:]
    axes.plot(dates, units, color=_BLUE, lw=1.2, label="sold")
    if censored.any():
        axes.plot(dates[censored], units[censored], "v", color=_RED, ms=4, label="out of stock")


def _figure(width: float = 8.0, height: float = 3.6) -> tuple[Figure, Any]:
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise MissingExtraError("matplotlib", extra="plots") from None
    figure = Figure(figsize=(width, height), layout="constrained", dpi=120)
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes
