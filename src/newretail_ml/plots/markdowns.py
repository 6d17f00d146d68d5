"""Figures of markdowns."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.plots.stock import amount
from newretail_ml.plots.style import BLUE, GREY, ORANGE, empty, new_figure, series_name
from newretail_ml.pricing.markdown.markdown_plan import (
    EXPECTED_LEFT,
    EXPECTED_PROFIT,
    EXPECTED_STOCK,
    FIXED_PRICE,
    FIXED_PROFIT,
    MEAN_PRICE,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from newretail_ml.pricing.markdown import MarkdownPlan


def markdown_chart(plan: MarkdownPlan, row: int = 0) -> Figure:
    """One line's planned prices and expected stock, period by period.

    Later prices depend on what will have been sold by then: the steps are the most frequent
    prices, the thin line is their mean. Beside them stands the best price that never changes.

    Args:
        plan: of `plan_markdowns`.
        row: which row of its prices.

    Raises:
        DataError: there is no such row.
    """
    if not 0 <= row < len(plan.prices):
        raise DataError(
            f"there is no row {row:,} among {len(plan.prices):,}",
            next_step="Choose one of the rows of plan.prices, counted from 0.",
        )
    line = plan.prices.iloc[row]
    keys = list(plan.path.columns[: plan.path.columns.get_loc(c.DATE)])
    path = plan.path[(plan.path[keys] == line[keys]).all(axis=1)].sort_values(c.DATE)
    path = path[path[c.PRICE].notna()]
    if path.empty or not np.isfinite(line[EXPECTED_PROFIT]):
        return empty("Nothing is planned: there is no forecast, no stock or no time")
    figure, (above, below) = new_figure(height=4.8, rows=2)
    period = np.arange(len(path))
    above.axhline(
        line[FIXED_PRICE], color=GREY, ls="--", lw=1, label="best price that never changes"
    )
    above.step(period, path[c.PRICE], where="post", color=ORANGE, lw=2, label="planned price")
    above.plot(period + 0.5, path[MEAN_PRICE], color=ORANGE, lw=0.8, label="its mean")
    above.hlines(path[c.PRICE].iloc[-1], period[-1], period[-1] + 1, color=ORANGE, lw=2)
    above.set_ylabel("price")
    above.set_ylim(0, 1.1 * max(path[c.PRICE].max(), line[FIXED_PRICE]))
    below.bar(
        period + 0.5, path[EXPECTED_STOCK], 0.7, color=BLUE, label="expected stock at the start"
    )
    below.bar(len(path) + 0.5, line[EXPECTED_LEFT], 0.7, color=GREY, label="left at the end")
    below.set_ylabel("units")
    step = max(1, -(-len(path) // 10))
    dates = [f"{date:%-d %b}" for date in path[c.DATE].iloc[::step]]
    below.set_xticks(period[::step] + 0.5, dates, fontsize=8)
    below.set_xlabel("period that begins on")
    gain = line[EXPECTED_PROFIT] - line[FIXED_PROFIT]
    above.set_title(
        f"{series_name(line[keys])}: profit {amount(line[EXPECTED_PROFIT])}, "
        f"{gain:+,.2f} on the best fixed price",
        fontsize=10,
    )
    figure.legend(frameon=False, ncols=3, fontsize=8, loc="outside lower center")
    return figure
