"""Figures of what a model got wrong: in which series, and when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.forecasting.judging.scores import BIAS_UNITS, EXPECTED, HIGH, LOW
from newretail_ml.plots.style import BANDS, BLUE, GREY, ORANGE, new_figure, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from newretail_ml.forecasting import Backtest

_DIMENSIONS = {
    "abc": "by revenue",
    "xyz": "by variability",
    "demand": "by kind of demand",
    "new": "by age",
}


def bias_chart(
    result: Backtest, segments: pd.DataFrame, model: str, by: Sequence[str] = tuple(_DIMENSIONS)
) -> Figure:
    """Units forecast too much or too little in each class of series, mean over the folds.

    Args:
        result: of ``backtest(..., keep_series=True)``.
        segments: keys and classes of each series, such as `forecasting.segments` gives.
        model: which model.
        by: its columns of classes, one block of bars each.

    Raises:
        DataError: the backtest kept no scores by series, or a column is missing.
    """
    tables = {name: result.by_segment(segments, name).loc[model] for name in by}
    n_rows = sum(len(table) + 1 for table in tables.values())
    figure, axes = new_figure(height=1.4 + 0.27 * n_rows)
    widest = max([0.01, *(table["bias"].abs().max() for table in tables.values())])
    row = 0
    ticks = {}
    for name, table in tables.items():
        heading = _DIMENSIONS.get(name, f"by {name}")
        ticks[row] = heading
        axes.axhline(row, color="#e3e6e9", lw=0.8, zorder=0)
        for label, scores in table.iterrows():
            row += 1
            ticks[row] = f"{label}  ({_share(scores['share_of_units'])} of units)"
            _draw_bias(axes, row, float(scores["bias"]), widest)
        row += 1
    axes.axvline(0, color="black", lw=0.8)
    axes.set_yticks(list(ticks), list(ticks.values()), fontsize=9)
    for tick, text in zip(axes.get_yticklabels(), ticks.values(), strict=True):
        tick.set_fontweight("bold" if text.startswith("by ") else "normal")
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(row - 0.4, -0.6)
    axes.set_xlim(-1.25 * widest, 1.25 * widest)
    axes.xaxis.set_major_formatter(lambda value, _: f"{value:+.0%}" if value else "0%")
    axes.set_xlabel(
        "too little forecast  \N{LEFTWARDS ARROW}  share of units sold  "
        "\N{RIGHTWARDS ARROW}  too much forecast"
    )
    axes.set_title(f"{model}: bias by class of series")
    return figure


def residuals_chart(result: Backtest, model: str) -> Figure:
    """All series together, period by period: what was expected, what was sold, and the gap.

    A gap that keeps its sign is bias; one that follows the calendar is a pattern that the model
    does not know. Dashed lines are the cuts: what lies right of one was forecast from there.
    """
    from matplotlib.dates import ConciseDateFormatter

    table = result.by_period[result.by_period[c.MODEL] == model]
    figure, (above, below) = new_figure(height=5.0, rows=2)
    for _, fold in table.groupby(c.FOLD):
        _draw_fold(above, below, fold)
    below.axhline(0, color="black", lw=0.8)
    above.set_ylim(0, None)
    above.set_ylabel("units")
    below.set_ylabel("expected \N{MINUS SIGN} sold")
    for axes in (above, below):
        axes.yaxis.set_major_formatter("{x:,.0f}")
    above.set_title(f"{model}: all series together, expected and sold")
    below.xaxis.set_major_formatter(ConciseDateFormatter(below.xaxis.get_major_locator()))
    figure.align_ylabels()
    words = dict(zip(*above.get_legend_handles_labels()[::-1], strict=True))
    figure.legend(
        words.values(), words, frameon=False, ncols=4, fontsize=8, loc="outside lower center"
    )
    return figure


def _share(share: float) -> str:
    return "under 1%" if 0 < share < 0.005 else number(share, ".0%")


def _draw_bias(axes: Axes, row: int, bias: float, widest: float) -> None:
    if not np.isfinite(bias):
        axes.text(0.02 * widest, row, "not known", va="center", fontsize=8, color=GREY)
        return
    axes.barh(row, bias, 0.7, color=ORANGE if bias > 0 else BLUE)
    side = 1 if bias > 0 else -1
    axes.text(
        bias + side * 0.02 * widest,
        row,
        format(bias, "+.1%"),
        va="center",
        ha="left" if bias > 0 else "right",
        fontsize=8,
    )


def _draw_fold(above: Axes, below: Axes, fold: pd.DataFrame) -> None:
    """Lines and bars of one fold; the band is half a period longer at both ends."""
    dates: Any = fold[c.DATE].to_numpy()
    gap = fold[BIAS_UNITS].to_numpy()
    width = np.diff(dates).min() if len(dates) > 1 else np.timedelta64(24, "h")
    wider = np.concatenate([dates[:1] - width / 2, dates, dates[-1:] + width / 2])
    low, high = (np.pad(fold[name].to_numpy(), 1, mode="edge") for name in (LOW, HIGH))
    above.fill_between(wider, low, high, color=BANDS[1][1], lw=0, label="80% of paths")
    above.plot(dates, fold[EXPECTED], color=ORANGE, lw=1.8, marker=".", ms=4, label="expected")
    above.plot(dates, fold[c.UNITS], color=BLUE, lw=1.2, marker=".", ms=4, label="sold")
    below.bar(dates, gap, 0.8 * width, color=np.where(gap > 0, ORANGE, BLUE))
    for axes in (above, below):
        axes.axvline(wider[0], color=GREY, ls="--", lw=0.8)
