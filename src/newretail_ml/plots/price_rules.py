"""Figures of the rules of a price list."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from newretail_ml.plots.stock import amount
from newretail_ml.plots.style import BLUE, GREY, ORANGE, RED, new_figure
from newretail_ml.pricing.price_list import names as w

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from newretail_ml.pricing.price_list import PriceList

_LONGEST_RULE = 60


def waterfall_chart(plan: PriceList) -> Figure:
    """What each rule takes from the gain of a list, as rules are added one by one.

    The first bar is what the best list without rules is expected to gain over current prices,
    the last one what this list gains. Each step is a list solved anew; what a rule takes depends
    on those before it.
    """
    steps = plan.waterfall()
    current = float(steps[w.PROFIT].iloc[0])
    gain = steps[w.PROFIT].to_numpy()[1:] - current
    names = ["best prices without rules", *map(_short, steps[w.STEP].iloc[2:]), "this list"]
    left = np.concatenate([[0.0], gain[:-1], [0.0]])
    width = np.concatenate([gain[:1], np.diff(gain), gain[-1:]])
    colors = [GREY, *np.where(width[1:-1] < 0, RED, ORANGE), BLUE]
    figure, axes = new_figure(height=1.6 + 0.36 * len(names))
    rows = np.arange(len(names))
    axes.barh(rows, width, 0.66, left=left, color=colors)
    for row in rows[:-1]:
        axes.vlines(left[row] + width[row], row, row + 1, color=GREY, lw=0.7, ls=":")
    ends = np.maximum(left, left + width)
    for row, end in enumerate(ends):
        axes.text(end, row, f" {_signed(width[row])}", va="center", fontsize=8)
    axes.axvline(0, color="black", lw=0.8)
    axes.set_yticks(rows, names, fontsize=8)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(names) - 0.4, -0.6)
    low, high = min(0.0, (left + width).min()), max(ends.max(), 1e-12)
    axes.set_xlim(low, high + 0.12 * (high - low))
    axes.xaxis.set_major_formatter("{x:,.10g}")
    axes.set_xlabel("expected gain of profit a period, over current prices")
    axes.set_title(f"What rules take, beside a profit of {amount(current)} at current prices")
    return figure


def _short(name: str) -> str:
    return f"{name[:_LONGEST_RULE]}…" if len(name) > _LONGEST_RULE else name


def _signed(value: float) -> str:
    return (
        "nothing"
        if abs(value) < 5e-3
        else f"{value:+,.2f}"
        if abs(value) < 100
        else f"{value:+,.0f}"
    )
