"""One series of a replay: stock, orders, demand and cost over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.plots.style import BANDS, BLUE, GREY, ORANGE, RED, new_figure, series_name
from newretail_ml.replenishment.replay.totals import (
    HOLDING,
    ORDERING,
    REASONS,
    SHORTAGE,
    TRANSPORT,
    WASTE,
    price,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from newretail_ml.replenishment.replay import Replay

REASON_COLORS = {
    HOLDING: BLUE,
    SHORTAGE: RED,
    WASTE: ORANGE,
    ORDERING: GREY,
    TRANSPORT: BANDS[1][1],
}
_PALE_RED, _PALE_GREY = "#f6dcdd", "#d5d9dd"


def stock_chart(
    outcome: Replay,
    series: int = 0,
    *,
    item_id: str | None = None,
    location_id: str | None = None,
    channel: str | None = None,
    path: int = 0,
) -> Figure:
    """One series of a replay: its stock, orders and deliveries, demand, and the cost so far.

    Stock is that at the end of each period; the background is red where it ended at 0. A dashed
    line is the end of the warm-up, which no cost counts.

    Args:
        outcome: with its records, which `replay` keeps by default.
        series: which series; if ids are given, which of those that have them.
        item_id: leave out other items.
        location_id: leave out other locations.
        channel: leave out other channels.
        path: which path, where demand has several.

    Raises:
        DataError: there is no such series or path, or the records were not kept.
    """
    ids = {c.ITEM: item_id, c.LOCATION: location_id, c.CHANNEL: channel}
    place = (_row(outcome.keys, series, ids), *_path(outcome, path))
    edges, warm_up = _edges(outcome), outcome.setting.warm_up
    figure, panels = new_figure(height=7.6, rows=4)
    _draw_stock(panels[0], outcome, place, edges)
    _draw_orders(panels[1], outcome, place, edges)
    _draw_demand(panels[2], outcome, place, edges)
    _draw_cost(panels[3], outcome, place, edges)
    for axes in panels:
        _finish(axes)
        if warm_up:
            axes.axvline(edges[warm_up], color="black", ls="--", lw=0.8)
    panels[0].set_title(_heading(outcome, place))
    _label_time(panels[3], edges)
    figure.align_ylabels()
    return figure


def amount(money: float) -> str:
    """Money as words show it: with cents where they matter."""
    return f"{money:,.2f}" if 0 < abs(money) < 100 else f"{money:,.0f}"


def _row(keys: pd.DataFrame, series: int, ids: dict[str, str | None]) -> int:
    """The number of a series among all."""
    wanted = {name: str(one) for name, one in ids.items() if one is not None}
    for name in wanted.keys() - set(keys):
        raise DataError(
            f"the series have no {name}", next_step=f"Choose them by {', '.join(keys)}."
        )
    fits = np.ones(len(keys), dtype=bool)
    for name, one in wanted.items():
        fits &= (keys[name] == one).to_numpy()
    rows = np.flatnonzero(fits)
    if not 0 <= series < len(rows):
        which = " | ".join(wanted.values())
        raise DataError(
            f"there is no series {series} among {len(rows):,}{f' of {which}' if which else ''}",
            next_step="Look the series up in the keys of the replay.",
        )
    return int(rows[series])


def _path(outcome: Replay, path: int) -> tuple[int, ...]:
    if outcome.demand.ndim == 2:
        return ()
    if not 0 <= path < outcome.demand.shape[1]:
        raise DataError(
            f"there is no path {path} among {outcome.demand.shape[1]:,}",
            next_step="Choose a smaller number.",
        )
    return (path,)


def _edges(outcome: Replay) -> Any:
    """(periods + 1,) where each period begins, and where the last one ends."""
    count, periods = len(outcome.setting.demand), outcome.setting.history.periods
    return np.arange(count + 1) if periods is None else periods.resized(count + 1).dates


def _draw_stock(axes: Axes, outcome: Replay, place: tuple[int, ...], edges: Any) -> None:
    stock = outcome.on_hand[place]
    empty, full_height = (stock <= 0).astype(float), axes.get_xaxis_transform()
    if empty.any():
        label = "out of stock"
        axes.stairs(empty, edges, fill=True, color=_PALE_RED, transform=full_height, label=label)
    axes.stairs(stock, edges, fill=True, color=BLUE, label="left in stock")
    axes.set_ylabel("units")


def _draw_orders(axes: Axes, outcome: Replay, place: tuple[int, ...], edges: Any) -> None:
    """Deliveries upwards and orders downwards, so that neither hides the other."""
    came, went = outcome.received[place], outcome.orders[place]
    axes.stairs(came, edges, fill=True, color=BLUE, label="delivered (up)")
    axes.stairs(-went, edges, fill=True, color=ORANGE, label="ordered (down)")
    axes.axhline(0, color="black", lw=0.8)
    axes.set_ylabel("units")


def _draw_demand(axes: Axes, outcome: Replay, place: tuple[int, ...], edges: Any) -> None:
    waits = outcome.setting.backorders
    axes.stairs(outcome.demand[place], edges, fill=True, color=_PALE_GREY, label="demand")
    short = "short, waiting" if waits else "short, lost"
    axes.stairs(outcome.short[place], edges, fill=True, color=RED, label=short)
    if outcome.waste[place].any():
        axes.stairs(outcome.waste[place], edges, color=ORANGE, lw=1.2, label="wasted")
    axes.set_ylabel("units")


def _draw_cost(axes: Axes, outcome: Replay, place: tuple[int, ...], edges: Any) -> None:
    """Cost so far, by reason; reasons that cost nothing are left out."""
    costs = {reason: np.cumsum(money) for reason, money in _money(outcome, place).items()}
    floor = np.zeros(len(edges))
    for reason, cost in costs.items():
        if cost[-1] <= 0:
            continue
        top = floor + np.append(0.0, cost)
        color, label = REASON_COLORS[reason], f"{reason} {amount(cost[-1])}"
        axes.fill_between(edges, floor, top, color=color, lw=0, label=label)
        floor = top
    if not floor.any():
        axes.plot(edges, floor, color=GREY, label="no cost")
    axes.set_ylabel("cost so far")


def _money(outcome: Replay, place: tuple[int, ...]) -> dict[str, np.ndarray]:
    """(periods,) cost of each period by reason, nothing in the warm-up."""
    units = {
        HOLDING: outcome.on_hand,
        SHORTAGE: outcome.short,
        WASTE: outcome.waste,
        ORDERING: outcome.orders > 0,
        TRANSPORT: outcome.received,
    }
    counted = np.arange(len(outcome.setting.demand)) >= outcome.setting.warm_up
    return {
        reason: counted * units[reason][place] * price(outcome.setting, reason).ravel()[place[0]]
        for reason in REASONS
    }


def _heading(outcome: Replay, place: tuple[int, ...]) -> str:
    """Name and key figures, of the periods after the warm-up."""
    totals = outcome.totals
    wanted, met = totals.demand[place], totals.met[place]
    fill_rate = met / wanted if wanted > 0 else 1.0
    name = series_name(outcome.keys.iloc[place[0]]) + "".join(f", path {one}" for one in place[1:])
    return (
        f"{name}: {outcome.policy}\nfill rate {fill_rate:.1%}, out of stock at the end of "
        f"{totals.out_of_stock[place]:,} of {totals.periods:,} periods, "
        f"cost {amount(totals.cost[place])}"
    )


def _finish(axes: Axes) -> None:
    """Limits that hold zero and some height, units without a sign, and the legend beside."""
    low, high = axes.dataLim.y0, axes.dataLim.y1
    axes.set_ylim(min(1.06 * low, 0), max(1.06 * high, 1))
    axes.yaxis.set_major_formatter(lambda units, _: f"{abs(units):,.10g}")
    axes.legend(frameon=False, fontsize=8, loc="upper left", bbox_to_anchor=(1, 1.05))


def _label_time(axes: Axes, edges: Any) -> None:
    if not isinstance(edges, pd.DatetimeIndex):
        axes.set_xlabel("period of the replay")
        return
    from matplotlib.dates import ConciseDateFormatter

    axes.xaxis.set_major_formatter(ConciseDateFormatter(axes.xaxis.get_major_locator()))
