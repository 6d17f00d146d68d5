"""Figures of price elasticities."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from newretail_ml.checks import check_whole, need_columns
from newretail_ml.plots.style import BLUE, GREY, ORANGE, empty, new_figure, series_name
from newretail_ml.pricing.demand.local_level.answer import (
    ELASTICITY,
    IDENTIFIED,
    LOWER,
    UPPER,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_NEEDED = (ELASTICITY, LOWER, UPPER, IDENTIFIED)


def elasticity_chart(
    table: pd.DataFrame, most: int = 30, truth: pd.Series | np.ndarray | None = None
) -> Figure:
    """Price elasticities with their intervals, the most elastic on top, and their mean as a line.

    Items whose elasticity the data does not tell are grey. Where there are more items than room,
    evenly spaced ones are shown, from the most to the least elastic.

    Args:
        table: `elasticity_` of a model: key columns, elasticity, lower, upper and identified.
        most: how many items to show at most.
        truth: (items,) true elasticities in the order of the table, where they are known, as in
            a simulated chain.

    Raises:
        DataError: a column is missing, or there is not one true elasticity an item.
    """
    need_columns(table, "table", list(_NEEDED))
    check_whole("most", most, at_least=1)
    if table.empty:
        return empty("There are no elasticities to show")
    keys = table.columns[: table.columns.get_loc(ELASTICITY)]
    lines = table[[*keys, *_NEEDED]].reset_index(drop=True)
    if truth is not None:
        lines["truth"] = np.asarray(truth, float)
    ordered = lines.sort_values(ELASTICITY, kind="stable", ignore_index=True)
    rows = np.unique(np.linspace(0, len(ordered) - 1, min(most, len(ordered))).round().astype(int))
    shown = ordered.iloc[rows].reset_index(drop=True)
    figure, axes = new_figure(height=1.7 + 0.2 * len(shown))
    _draw(axes, shown)
    mean = lines[ELASTICITY].mean()
    axes.axvline(
        mean, color="black", lw=0.8, ls="--", label=f"mean of all {len(lines):,}: {mean:.2f}"
    )
    axes.axvline(0, color=GREY, lw=0.8)
    axes.set_yticks(range(len(shown)), shown[list(keys)].apply(series_name, axis=1), fontsize=7)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.set_xlabel("price elasticity: change of demand, in percent, where the price rises by 1%")
    axes.set_title(_title(len(shown), len(lines)))
    figure.legend(frameon=False, ncols=4, fontsize=8, loc="outside lower center")
    return figure


def _draw(axes: Axes, shown: pd.DataFrame) -> None:
    known = shown[IDENTIFIED].to_numpy(bool)
    kinds = ((known, BLUE, "known from its own prices"), (~known, GREY, "not told by the data"))
    for rows, color, label in kinds:
        some = shown[rows]
        if some.empty:
            continue
        axes.hlines(some.index, some[LOWER], some[UPPER], color=color, lw=2.2, alpha=0.45)
        axes.plot(some[ELASTICITY], some.index, "o", color=color, ms=4, label=label)
    if "truth" in shown:
        axes.plot(shown["truth"], shown.index, "|", color=ORANGE, ms=9, mew=2, label="truth")


def _title(shown: int, count: int) -> str:
    if shown == count:
        return "How demand answers to prices, with intervals"
    return f"How demand answers to prices: {shown:,} of {count:,} items, with intervals"
