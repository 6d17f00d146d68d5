"""Figures of a forecast and of the model behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from newretail_ml.plots.style import BANDS, BLUE, ORANGE, RED, empty, new_figure, series_name

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from newretail_ml.forecast import Forecast
    from newretail_ml.panel import Panel


def fan_chart(panel: Panel, forecast: Forecast, series: int = 0, *, history: int = 84) -> Figure:
    """History of one series and the fan of its paths: central 50, 80 and 95 percent.

    Args:
        panel: history.
        forecast: of the panel's series, in the same order.
        series: which series.
        history: periods of history to show.
    """
    figure, axes = new_figure()
    from matplotlib.dates import ConciseDateFormatter

    _draw_history(axes, panel, series, history)
    _draw_fan(axes, forecast, series)
    axes.set_title(series_name(forecast.keys.iloc[series]))
    axes.set_ylabel("units")
    axes.set_ylim(0, max(axes.get_ylim()[1], 1))
    axes.xaxis.set_major_formatter(ConciseDateFormatter(axes.xaxis.get_major_locator()))
    figure.legend(frameon=False, ncols=6, fontsize=8, loc="outside lower center")
    return figure


def importance_chart(importance: pd.DataFrame, most: int = 15) -> Figure:
    """The features that a model leans on most; columns feature, share."""
    top = importance.head(most)[::-1]
    if top.empty:
        return empty("No feature was used")
    figure, axes = new_figure(height=1.2 + 0.28 * len(top))
    axes.barh(top["feature"], top["share"], color=BLUE)
    axes.xaxis.set_major_formatter("{x:.0%}")
    axes.set_xlabel("share of what the features explain (gain)")
    return figure


def _draw_history(axes: Axes, panel: Panel, series: int, history: int) -> None:
    first = max(panel.cut - history, 0)
    dates = panel.periods.resized(panel.cut).dates[first:]
    units, censored = panel.units[series, first:], panel.censored[series, first:]
    axes.plot(dates, units, color=BLUE, lw=1.2, marker=".", ms=3, label="sold")
    if censored.any():
        axes.plot(dates[censored], units[censored], "v", color=RED, ms=5, label="out of stock")


def _draw_fan(axes: Axes, forecast: Forecast, series: int) -> None:
    """The bands; a single period has no width of its own and gets half a day on either side."""
    dates, paths = forecast.periods.dates, forecast.paths[series]
    if len(dates) == 1:
        half = pd.Timedelta(hours=12)
        dates, paths = dates.repeat(2) + pd.TimedeltaIndex([-half, half]), paths.repeat(2, axis=1)
    for share, color in BANDS:
        low, high = np.quantile(paths, [(1 - share) / 2, (1 + share) / 2], axis=0)
        axes.fill_between(dates, low, high, color=color, lw=0, label=f"{share:.0%} of paths")
    axes.plot(dates, paths.mean(axis=0), color=ORANGE, lw=2, label="expected")
