"""Figures of a backtest: which model is best, and whether its probabilities hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from newretail_ml import columns as c
from newretail_ml.forecasting.judging.backtest import METRIC, VALUE
from newretail_ml.forecasting.judging.scores import BELOW, LEVEL, TOTAL_OF
from newretail_ml.plots.style import BLUE, GREY, ORANGE, RED, new_figure, number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from newretail_ml.forecasting import Backtest


def leaderboard_chart(result: Backtest, metric: str = "weighted_quantile_loss") -> Figure:
    """One bar a model, in the order of the leaderboard, with a dot for each fold."""
    board = result.leaderboard(metric)[metric][::-1]
    figure, axes = new_figure(height=1.2 + 0.5 * len(board))
    rows = {name: row for row, name in enumerate(board.index)}
    axes.barh(list(rows.values()), board, color=BLUE, height=0.6)
    folds = result.scores[result.scores[METRIC] == metric]
    axes.plot(folds[VALUE], folds[c.MODEL].map(rows), "o", color=ORANGE, ms=4)
    axes.set_yticks(list(rows.values()), [f"{name}  {number(board[name], '.3f')}" for name in rows])
    axes.set_xlabel(f"{metric.replace('_', ' ')}: {_better(metric)}; each dot is one fold")
    return figure


def coverage_chart(result: Backtest, model: str) -> Figure:
    """How often demand fell inside intervals, for single periods and for lead-time totals.

    Demand that equals a bound counts in part, as `newretail_ml.forecasting.judging.calibration`
    says, so that the promise holds for counts too.
    """
    board = result.leaderboard().loc[model]
    names = [name for name in board.index if name.endswith("_80") and "coverage" in name]
    figure, axes = new_figure(height=3.4)
    for offset, percent, color in ((-0.2, 80, BLUE), (0.2, 95, ORANGE)):
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
                number(value, ".0%"),
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
    axes.set_title(f"{model}: how often demand fell inside the interval, ties in part")
    figure.legend(frameon=False, ncols=3, fontsize=8, loc="outside lower center")
    return figure


def reliability_chart(result: Backtest, model: str) -> Figure:
    """Share of demand below each level of the forecast, for single periods and for totals.

    On the diagonal the forecast keeps its promises. Steeper in the middle than the diagonal is a
    forecast that is too wide, flatter one that is too narrow. Demand that equals many paths
    counts in part, as `newretail_ml.forecasting.judging.calibration` says.
    """
    table = result.reliability[result.reliability[c.MODEL] == model]
    figure, axes = new_figure(5.2, 5.4)
    axes.plot([0, 1], [0, 1], "--", color=GREY, lw=1, label="as promised")
    below = table.pivot_table(BELOW, TOTAL_OF, LEVEL, dropna=False)
    colors = [BLUE, ORANGE, RED, GREY]
    for position, (total_of, shares) in enumerate(below.iterrows()):
        words = f"totals of {total_of} periods" if total_of else "single periods"
        color = colors[position % len(colors)]
        axes.plot(shares.index, shares, "o-", color=color, ms=3.5, lw=1.5, label=words)
    for x, y, side, words in ((0.03, 0.97, "left", "lower"), (0.97, 0.03, "right", "higher")):
        up = "top" if side == "left" else "bottom"
        axes.text(x, y, f"demand is {words}\nthan forecast", ha=side, va=up, color=GREY, fontsize=9)
    axes.set(xlim=(0, 1), ylim=(0, 1), aspect="equal")
    axes.xaxis.set_major_formatter("{x:.0%}")
    axes.yaxis.set_major_formatter("{x:.0%}")
    axes.set_xlabel("level of the forecast")
    axes.set_ylabel("share of demand below it")
    axes.set_title(f"{model}: does demand fall where it should?")
    figure.legend(frameon=False, ncols=2, fontsize=8, loc="outside lower center")
    return figure


def _coverage_words(name: str) -> str:
    """``total_7_coverage_80`` in words."""
    first, *others = name.split("_")
    return f"totals of {others[0]} periods" if first == "total" else "single periods"


def _better(metric: str) -> str:
    """Which values of a metric are good ones."""
    if "coverage" in metric:
        return f"nearer to {metric.rpartition('_')[2]}% is better"
    if "inside" in metric:
        return "nearer to what is expected of it is better"
    return "nearer to 0 is better" if metric == "bias" else "less is better"
