"""The plots of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.plots.style import BLUE, GREY, ORANGE, RED, new_figure
from newretail_ml.pricing.price_list import names as w
from newretail_ml.report.figures import MONEY_AT_RISK, Accuracy

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from newretail_ml.report.week import Week

_HISTORY, _MOST = 56, 12


def chain_chart(week: Week) -> Figure:
    """Sales of the chain, what had been forecast of the last two weeks, and what comes."""
    figure, axes = new_figure(height=3.4)
    panel, forecast = week.panel, week.forecast
    dates = panel.periods.resized(panel.cut).dates[-_HISTORY:]
    sold = np.nansum(panel.units[:, : panel.cut], axis=0)[-_HISTORY:]
    axes.plot(dates, sold, color=BLUE, lw=1.4, label="sold")
    paths = forecast.paths.sum(axis=0, dtype=float)
    low, high = np.quantile(paths, [0.1, 0.9], axis=0)
    coming = forecast.periods.dates
    axes.fill_between(coming, low, high, color=ORANGE, alpha=0.3, lw=0, label="8 of 10 cases")
    axes.plot(coming, paths.mean(axis=0), color=ORANGE, lw=1.6, label="forecast")
    if week.accuracy is not None:
        _draw_earlier(axes, week.accuracy)
    axes.set_ylim(bottom=0)
    axes.set_ylabel("units a day")
    axes.legend(frameon=False, fontsize=8, ncols=4, loc="lower left")
    figure.autofmt_xdate()
    return figure


def _draw_earlier(axes: object, accuracy: Accuracy) -> None:
    days = accuracy.by_day
    axes.plot(  # type: ignore[attr-defined]
        days[c.DATE], days["forecast"], color=GREY, ls="--", lw=1.4, label="forecast before"
    )


def bars_chart(labels: pd.Series, values: pd.Series, axis: str) -> Figure:
    """The largest values as bars, the largest on top."""
    figure, axes = new_figure(height=1.0 + 0.28 * min(len(values), _MOST))
    values = values.iloc[:_MOST].to_numpy(float)
    rows = np.arange(len(values))
    axes.barh(rows, values, 0.7, color=np.where(values < 0, RED, BLUE).tolist())
    axes.set_yticks(rows, [_short(name) for name in labels.iloc[:_MOST]], fontsize=8)
    axes.invert_yaxis()
    axes.xaxis.set_major_formatter("{x:,.10g}")
    axes.set_xlabel(axis)
    return figure


def risk_chart(risk: pd.DataFrame) -> Figure:
    """Where most money is at risk."""
    keys = [name for name in c.SERIES_KEYS if name in risk]
    names = risk[keys].astype(str).agg(" | ".join, axis=1)
    return bars_chart(names, risk[MONEY_AT_RISK], "margin at risk until an order can arrive")


def moves_chart(moves: pd.DataFrame) -> Figure:
    """Which price moves matter, with their doubt."""
    figure = bars_chart(moves[c.ITEM], moves[w.PROFIT_GAIN], "expected gain of profit a day")
    axes, shown = figure.axes[0], moves.iloc[:_MOST]
    gain = shown[w.PROFIT_GAIN].to_numpy(float)
    below = np.maximum(gain - shown[w.PROFIT_GAIN_LOWER].to_numpy(float), 0)
    above = np.maximum(shown[w.PROFIT_GAIN_UPPER].to_numpy(float) - gain, 0)
    axes.errorbar(
        gain, np.arange(len(gain)), xerr=[below, above], fmt="none", ecolor="black", lw=0.8
    )
    axes.axvline(0, color="black", lw=0.8)
    return figure


def slates_chart(segments: pd.DataFrame) -> Figure:
    """Slots by segment and category."""
    wide = segments.pivot_table("slots", c.SEGMENT, c.CATEGORY, aggfunc="sum", fill_value=0)
    share = wide.div(wide.sum(axis=1), axis=0)
    figure, axes = new_figure(height=1.4 + 0.4 * len(share))
    left = np.zeros(len(share))
    shades = np.linspace(0.15, 0.95, max(len(share.columns), 1))
    for name, shade in zip(share, shades, strict=True):
        part = share[name].to_numpy()
        axes.barh(range(len(share)), part, 0.7, left=left, label=_short(name), color=_tone(shade))
        left = left + part
    axes.set_yticks(range(len(share)), [_short(name) for name in share.index], fontsize=8)
    axes.xaxis.set_major_formatter("{x:.0%}")
    axes.set_xlabel("share of slots")
    figure.legend(frameon=False, fontsize=7, ncols=4, loc="outside upper left")
    return figure


def _tone(shade: float) -> tuple[float, float, float]:
    """From blue to orange."""
    blue, orange = np.array([0.12, 0.35, 0.58]), np.array([0.92, 0.62, 0.28])
    return tuple((1 - shade) * blue + shade * orange)


def _short(name: object, longest: int = 32) -> str:
    text = str(name).replace("$", r"\$")
    return text if len(text) <= longest else f"{text[:longest]}…"
