"""Figures of orders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.plots.style import BLUE, GREY, ORANGE, RED, empty, new_figure, series_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ORDER_UP_TO, _EXPECTED_DEMAND = "order_up_to", "expected_demand"


def orders_chart(orders: pd.DataFrame, most: int = 15) -> Figure:
    """The largest order lines: what is there, what comes, and the demand it has to cover.

    Args:
        orders: of `order_up_to`, or of a plan, which has no level to order up to.
        most: how many lines to show at most.
    """
    levels = _ORDER_UP_TO in orders
    decided = orders[_ORDER_UP_TO if levels else _EXPECTED_DEMAND].notna()
    top = orders[decided].nlargest(most, c.UNITS)[::-1]
    if top.empty:
        return empty("There is nothing to order")
    figure, axes = new_figure(height=1.6 + 0.3 * len(top))
    names = top[[name for name in c.SERIES_KEYS if name in top]].apply(series_name, axis=1)
    rows, position = np.arange(len(top)), top[c.ON_HAND] + top[c.ON_ORDER]
    axes.barh(rows, position, color=GREY, label="on hand and on order")
    axes.barh(rows, top[c.UNITS], left=position, color=BLUE, label="order now")
    demand, label = top[_EXPECTED_DEMAND], "expected demand"
    axes.plot(demand, rows, "D", color=ORANGE, label=label, ms=5)
    widest = max((position + top[c.UNITS]).max(), demand.max(), 1)
    if levels:
        axes.plot(top[_ORDER_UP_TO], rows, "|", color=RED, label="order up to", ms=12, mew=2)
        widest = max(widest, top[_ORDER_UP_TO].max())
    axes.set_yticks(rows, names)
    axes.set_xlim(0, 1.05 * widest)
    axes.set_xlabel("units until the delivery of the next order")
    placed = (top[c.UNITS] > 0).any()
    axes.set_title("The largest order lines" if placed else "Nothing to order: the stock is enough")
    figure.legend(frameon=False, ncols=4, fontsize=8, loc="outside lower center")
    return figure
