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
_BANDS = ((0.95, "#f9e6d4"), (0.8, "#f0c79d"), (0.5, "#e5a665"))
_LONGEST_ID = 24


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
    _draw_fan(axes, forecast, series)
    axes.set_title(_name(forecast.keys.iloc[series]))
    axes.set_ylabel("units")
    axes.set_ylim(0, max(axes.get_ylim()[1], 1))
    axes.xaxis.set_major_formatter(ConciseDateFormatter(axes.xaxis.get_major_locator()))
    figure.legend(frameon=False, ncols=6, fontsize=8, loc="outside lower center")
    return figure


def leaderboard_chart(result: Backtest, metric: str = "weighted_quantile_loss") -> Figure:
    """One bar a model, in the order of the leaderboard, with a dot for each fold."""
    from newretail_ml.forecasting.backtest import METRIC, VALUE

    board = result.leaderboard(metric)[metric][::-1]
    figure, axes = _figure(height=1.2 + 0.5 * len(board))
    rows = {name: row for row, name in enumerate(board.index)}
    axes.barh(list(rows.values()), board, color=_BLUE, height=0.6)
    folds = result.scores[result.scores[METRIC] == metric]
    axes.plot(folds[VALUE], folds[c.MODEL].map(rows), "o", color=_ORANGE, ms=4)
    axes.set_yticks(
        list(rows.values()), [f"{name}  {_number(board[name], '.3f')}" for name in rows]
    )
    axes.set_xlabel(f"{metric.replace('_', ' ')}: {_better(metric)}; each dot is one fold")
    return figure


def coverage_chart(result: Backtest, model: str) -> Figure:
    """How often demand fell inside intervals, for single periods and for lead-time totals."""
    board = result.leaderboard().loc[model]
    names = [name for name in board.index if name.endswith("_80") and "coverage" in name]
    figure, axes = _figure(height=3.4)
    for offset, percent, color in ((-0.2, 80, _BLUE), (0.2, 95, _ORANGE)):
        values = np.array([board[f"{name.removesuffix('80')}{percent}"] for name in names])
        where = np.arange(len(names)) + offset
        axes.bar(where, values, 0.36, color=color, label=f"inside the {percent}% interval")
        axes.hlines(
            np.full(len(names), percent / 100),
            where - 0.18,
            where + 0.18,
            color="black",
            label="as promised" if percent == 95 else None,
        )
        for position, value in zip(where, values, strict=True):
            axes.annotate(
                _number(value, ".0%"),
                (position, 0),
                (0, -3),
                va="top",
                ha="center",
                fontsize=8,
                textcoords="offset points",
            )
    axes.set_xticks(range(len(names)), map(_coverage_words, names))
    axes.tick_params(axis="x", length=0, pad=16)
    axes.yaxis.set_major_formatter("{x:.0%}")
    axes.set_ylim(0, 1.05)
    axes.set_title(f"{model}: how often demand fell inside the interval")
    figure.legend(frameon=False, ncols=3, fontsize=8, loc="outside lower center")
    return figure


def importance_chart(importance: pd.DataFrame, most: int = 15) -> Figure:
    """The features that a model leans on most; columns feature, share."""
    top = importance.head(most)[::-1]
    if top.empty:
        return _empty("No feature was used")
    figure, axes = _figure(height=1.2 + 0.28 * len(top))
    axes.barh(top["feature"], top["share"], color=_BLUE)
    axes.xaxis.set_major_formatter("{x:.0%}")
    axes.set_xlabel("share of what the features explain (gain)")
    return figure


def orders_chart(orders: pd.DataFrame, most: int = 15) -> Figure:
    """The largest order lines: what is there, what comes, and the demand it has to cover."""
    top = orders[orders["order_up_to"].notna()].nlargest(most, c.UNITS)[::-1]
    if top.empty:
        return _empty("There is nothing to order")
    figure, axes = _figure(height=1.6 + 0.3 * len(top))
    names = top[[name for name in c.SERIES_KEYS if name in top]].apply(_name, axis=1)
    rows, position = np.arange(len(top)), top[c.ON_HAND] + top[c.ON_ORDER]
    axes.barh(rows, position, color=_GREY, label="on hand and on order")
    axes.barh(rows, top[c.UNITS], left=position, color=_BLUE, label="order now")
    axes.plot(top["expected_demand"], rows, "D", color=_ORANGE, label="expected demand", ms=5)
    axes.plot(top["order_up_to"], rows, "|", color=_RED, label="order up to", ms=12, mew=2)
    axes.set_yticks(rows, names)
    axes.set_xlim(0, 1.05 * max((position + top[c.UNITS]).max(), top["order_up_to"].max(), 1))
    axes.set_xlabel("units until the delivery of the next order")
    placed = (top[c.UNITS] > 0).any()
    axes.set_title("The largest order lines" if placed else "Nothing to order: the stock is enough")
    figure.legend(frameon=False, ncols=4, fontsize=8, loc="outside lower center")
    return figure


def _draw_history(axes: Axes, panel: Panel, series: int, history: int) -> None:
    first = max(panel.cut - history, 0)
    dates = panel.periods.resized(panel.cut).dates[first:]
    units, censored = panel.units[series, first:], panel.censored[series, first:]
    axes.plot(dates, units, color=_BLUE, lw=1.2, marker=".", ms=3, label="sold")
    if censored.any():
        axes.plot(dates[censored], units[censored], "v", color=_RED, ms=5, label="out of stock")


def _draw_fan(axes: Axes, forecast: Forecast, series: int) -> None:
    """The bands; a single period has no width of its own and gets half a day on either side."""
    dates, paths = forecast.periods.dates, forecast.paths[series]
    if len(dates) == 1:
        half = pd.Timedelta(hours=12)
        dates, paths = dates.repeat(2) + pd.TimedeltaIndex([-half, half]), paths.repeat(2, axis=1)
    for share, color in _BANDS:
        low, high = np.quantile(paths, [(1 - share) / 2, (1 + share) / 2], axis=0)
        axes.fill_between(dates, low, high, color=color, lw=0, label=f"{share:.0%} of paths")
    axes.plot(dates, paths.mean(axis=0), color=_ORANGE, lw=2, label="expected")


def _coverage_words(name: str) -> str:
    """``total_7_coverage_80`` in words."""
    first, *others = name.split("_")
    return f"totals of {others[0]} periods" if first == "total" else "single periods"


def _name(key: pd.Series) -> str:
    """A series by its ids, the end of very long ones left out."""
    ids = map(str, key)
    return " | ".join(f"{one[:_LONGEST_ID]}…" if len(one) > _LONGEST_ID else one for one in ids)


def _number(value: float, form: str) -> str:
    return format(value, form) if np.isfinite(value) else "not known"


def _better(metric: str) -> str:
    """Which values of a metric are good ones."""
    if "coverage" in metric:
        return f"nearer to {metric.rpartition('_')[2]}% is better"
    return "nearer to 0 is better" if metric == "bias" else "less is better"


def _empty(words: str) -> Figure:
    """A figure that says why there is nothing to see."""
    figure, axes = _figure(height=1.5)
    axes.set_axis_off()
    axes.text(0.5, 0.5, words, ha="center", va="center", transform=axes.transAxes)
    return figure


def _figure(width: float = 8.0, height: float = 3.6) -> tuple[Figure, Any]:
    try:
        from newretail_ml.chart import Chart
    except ImportError:
        raise MissingExtraError("matplotlib", extra="plots") from None
    figure = Chart(figsize=(width, height), layout="constrained", dpi=120)
    axes = figure.subplots()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes
