"""Figures of the closed loop: what decisions earned, day by day and by kind of money."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.plots.style import BLUE, GREY, ORANGE, RED, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from newretail_ml.world import LoopResult

_COLORS = (BLUE, ORANGE, RED, "#4c8c4a", "#7b5ea7", "#2b9c9c")
_SIGNS = {c.REVENUE: 1, c.COST_OF_GOODS: -1, c.HOLDING: -1, c.WASTE: -1, c.PROFIT: 1}


def loop_profit_chart(results: Sequence[LoopResult]) -> Figure:
    """Profit of several runs over that of the first, adding up day by day.

    Args:
        results: runs of one world over the same days; the first is what the others are measured
            against.

    Raises:
        DataError: there are fewer than two runs, or their days differ.
    """
    daily = [_by_day(one) for one in _checked(results)]
    figure, axes = new_figure()
    axes.axhline(0, color=GREY, lw=1)
    for one, profit, color in zip(results[1:], daily[1:], _cycled(len(results) - 1), strict=True):
        ahead = (profit - daily[0]).cumsum()
        axes.plot(ahead.index, ahead, color=color, lw=1.8, label=one.name)
        axes.annotate(
            f" {ahead.iloc[-1]:+,.0f}", (ahead.index[-1], ahead.iloc[-1]), color=color, va="center"
        )
    axes.set_ylabel(f"profit over {results[0].name}")
    axes.yaxis.set_major_formatter("{x:,.10g}")
    axes.set_title(f"What decisions earned beside {results[0].name}, day by day")
    axes.legend(frameon=False, fontsize=8)
    figure.autofmt_xdate()
    return figure


def loop_money_chart(results: Sequence[LoopResult]) -> Figure:
    """Where the difference to the first run comes from: revenue, goods, holding, waste.

    Args:
        results: runs of one world over the same days; the first is what the others are measured
            against.

    Raises:
        DataError: there are fewer than two runs, or their days differ.
    """
    totals = [one.ledger.totals().iloc[0] for one in _checked(results)]
    names = list(_SIGNS)
    change = np.array(
        [[sign * (one[name] - totals[0][name]) for name, sign in _SIGNS.items()] for one in totals]
    )[1:]
    figure, axes = new_figure(height=1.4 + 0.3 * change.size)
    rows = np.arange(len(names))
    height = 0.8 / len(change)
    for place, (one, values) in enumerate(zip(results[1:], change, strict=True)):
        spots = rows + (place - (len(change) - 1) / 2) * height
        axes.barh(spots, values, height, color=_cycled(len(change))[place], label=one.name)
        for spot, value in zip(spots, values, strict=True):
            side = "left" if value >= 0 else "right"
            axes.text(value, spot, f" {value:+,.0f} ", va="center", ha=side, fontsize=8)
    axes.axvline(0, color="black", lw=0.8)
    axes.margins(x=0.15)
    axes.set_yticks(rows, [name.replace("_", " ") for name in names])
    axes.invert_yaxis()
    axes.xaxis.set_major_formatter("{x:,.10g}")
    axes.set_xlabel("money gained (right) or given up (left)")
    axes.set_title(f"Where the difference to {results[0].name} comes from")
    axes.legend(frameon=False, fontsize=8)
    return figure


def _by_day(result: LoopResult) -> pd.Series:
    return result.ledger.totals(c.DATE).set_index(c.DATE)[c.PROFIT]


def _checked(results: Sequence[LoopResult]) -> Sequence[LoopResult]:
    if len(results) < 2:
        raise DataError(
            f"{len(results)} run is nothing to compare", next_step="Pass a baseline and others."
        )
    first = _by_day(results[0]).index
    for one in results[1:]:
        if not _by_day(one).index.equals(first):
            raise DataError(
                f"{one.name} ran over other days than {results[0].name}",
                next_step="Run all policies in one world over the same days.",
            )
    return results


def _cycled(n: int) -> list[str]:
    return [_COLORS[place % len(_COLORS)] for place in range(n)]
