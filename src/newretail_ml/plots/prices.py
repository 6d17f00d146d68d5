"""Figures of prices: what demand and profit would be, and what a new list moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import check_number, check_whole, need_columns
from newretail_ml.errors import DataError
from newretail_ml.plots.stock import amount
from newretail_ml.plots.style import BLUE, GREY, ORANGE, RED, empty, new_figure, series_name
from newretail_ml.pricing.price_list import names as w

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from newretail_ml.pricing.price_list import PriceList

SHARE = "share"
_BAND, _UNSEEN = "#cfdcea", "#eeeeee"


def what_if_chart(curve: pd.DataFrame, price: float | None = None) -> Figure:
    """Units and profit of one product along its price, with bands of doubt.

    Prices that the data never saw are shaded: there the curve's form decides.

    Args:
        curve: of `what_if`, for one product.
        price: a chosen price to mark beside the current one.

    Raises:
        DataError: a column is missing, or there are several products.
    """
    need_columns(curve, "curve", [SHARE, c.PRICE, c.UNITS, w.PROFIT, w.BEYOND_DATA])
    if curve.empty:
        return empty("There is no price to show")
    keys = curve.columns[: curve.columns.get_loc(SHARE)]
    if len(curve[list(keys)].drop_duplicates()) > 1:
        raise DataError(
            "the curves of several products do not fit one figure",
            table="curve",
            next_step="Choose one: what_if(response, costs, where={'item_id': ...}).",
        )
    if price is not None:
        check_number("price", price, above=0.0)
    curve = curve.sort_values(c.PRICE, ignore_index=True)
    current = float((curve[c.PRICE] / curve[SHARE]).iloc[0])
    figure, (above, below) = new_figure(height=5.2, rows=2)
    for axes, name, color in ((above, c.UNITS, BLUE), (below, w.PROFIT, ORANGE)):
        _draw_curve(axes, curve, name, color)
        axes.axvline(current, color="black", lw=0.9, ls=":", label=f"current price {current:,.4g}")
        if price is not None:
            axes.axvline(price, color=RED, lw=1.2, label=f"chosen price {price:,.4g}")
    above.set_ylabel("units a period")
    below.set_ylabel("profit a period")
    below.set_xlabel("price")
    above.set_title(f"What if the price were another: {series_name(curve[list(keys)].iloc[0])}")
    pairs = [zip(*axes.get_legend_handles_labels(), strict=True) for axes in (above, below)]
    handles = {label: handle for pair in pairs for handle, label in pair}
    figure.legend(
        list(handles.values()),
        list(handles),
        frameon=False,
        ncols=4,
        fontsize=8,
        loc="outside lower center",
    )
    return figure


def price_moves_chart(plan: PriceList, most: int = 20) -> Figure:
    """Who gains and who loses under a new list: price, units and profit of each product.

    A product whose price stays can gain or lose as well: what its substitutes lose or win. Shown
    are the products with the largest changes of profit, those that gain most on top.

    Args:
        plan: of `plan_prices`.
        most: how many products to show at most.
    """
    check_whole("most", most, at_least=1)
    lines = plan.prices
    moved = (lines[w.CHANGE] != 0) | ~np.isclose(lines[w.UNITS_GAIN], 0)
    if not moved.any():
        return empty("The list changes no price")
    order = lines.loc[moved, w.PROFIT_GAIN].abs().sort_values(ascending=False, kind="stable").index
    shown = lines.loc[order[:most]].sort_values(w.PROFIT_GAIN, ascending=False, ignore_index=True)
    keys = lines.columns[: lines.columns.get_loc(w.CURRENT_PRICE)]
    figure, axes = new_figure(width=9.5, height=1.9 + 0.24 * len(shown), columns=3)
    _draw_bars(axes[0], 100 * shown[w.CHANGE], BLUE, BLUE)
    _draw_bars(axes[1], shown[w.UNITS_GAIN], GREY, GREY)
    _draw_bars(axes[2], shown[w.PROFIT_GAIN], ORANGE, RED)
    ends = shown[w.PROFIT_GAIN_LOWER], shown[w.PROFIT_GAIN_UPPER]
    axes[2].hlines(range(len(shown)), *ends, color="black", lw=1)
    for one, words in zip(
        axes, ("price, percent", "units a period", "profit a period"), strict=True
    ):
        one.set_xlabel(f"change of {words}")
    axes[0].set_yticks(range(len(shown)), shown[list(keys)].apply(series_name, axis=1), fontsize=8)
    axes[0].set_ylim(len(shown) - 0.4, -0.6)
    figure.suptitle(_moves_title(plan, len(shown), int(moved.sum())), fontsize=11)
    return figure


def _draw_curve(axes: Axes, curve: pd.DataFrame, name: str, color: str) -> None:
    price, beyond = curve[c.PRICE].to_numpy(), curve[w.BEYOND_DATA].to_numpy(bool)
    if f"{name}_lower" in curve:
        low, high = curve[f"{name}_lower"], curve[f"{name}_upper"]
        axes.fill_between(price, low, high, color=color, alpha=0.2, lw=0, label=f"{name}: interval")
    axes.plot(price, curve[name], color=color, lw=1.6, label=f"{name}: expected")
    edges = np.concatenate([price[:1], (price[1:] + price[:-1]) / 2, price[-1:]])
    for row in np.flatnonzero(beyond):
        label = "prices never seen" if row == np.flatnonzero(beyond)[0] else None
        axes.axvspan(edges[row], edges[row + 1], color=_UNSEEN, zorder=0, lw=0, label=label)
    axes.yaxis.set_major_formatter("{x:,.10g}")


def _draw_bars(axes: Axes, values: pd.Series, up: str, down: str) -> None:
    axes.barh(range(len(values)), values, 0.7, color=np.where(values >= 0, up, down))
    axes.axvline(0, color="black", lw=0.8)
    axes.tick_params(axis="y", length=0)
    axes.xaxis.set_major_formatter("{x:,.10g}")


def _moves_title(plan: PriceList, shown: int, moved: int) -> str:
    profit = plan.totals.set_index(w.MEASURE).loc[w.PROFIT]
    who = f"the {shown:,} largest of {moved:,} changes" if shown < moved else "who gains, who loses"
    return (
        f"A new list: {who}; profit {profit[w.GAIN]:+,.4g} on {amount(profit[w.NOW])}, "
        f"90% interval {profit[w.LOWER]:+,.4g} to {profit[w.UPPER]:+,.4g}"
    )
