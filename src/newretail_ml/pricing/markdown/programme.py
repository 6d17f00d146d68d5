"""The dynamic programme over stock, price, changes so far and class of demand so far."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.pricing.markdown.lines import Lines, Setting
from newretail_ml.pricing.markdown.sales_so_far import class_edges
from newretail_ml.pricing.markdown.transitions import Transitions, grid_steps, stock_in_play

NEVER = np.float32(-1e30)


@dataclass(frozen=True, eq=False)
class Policy:
    """What each price is worth, in each state of each period.

    Attributes:
        worth: one array a period, (3, n, prices, counts, classes, points): expected profit from
            there on with a price, after so many changes, by stock on the grid. Learned from the
            even paths, the odd ones, and all.
        edges: (n, horizon, classes - 1) that divide demand so far.
        steps: (n,) units of a step of the stock grid.
        beyond: (n,) units that cannot be sold at any price; the grid begins with them.
    """

    worth: list[np.ndarray]
    edges: np.ndarray
    steps: np.ndarray
    beyond: np.ndarray


def solve(lines: Lines, setting: Setting) -> Policy:
    """The best prices in all states, backwards from the last period.

    Exact for whole stock of at most `grid` - 1 units, whole demand at each price, and demand of
    a period that depends on demand before only through its class.
    """
    in_play = stock_in_play(lines)
    steps = grid_steps(in_play, setting)
    points = int(np.rint(in_play / steps).max(initial=1)) + 1
    edges = class_edges(lines.paths, setting.classes)
    transitions = Transitions(lines, setting, edges, steps, points)
    stock = (np.arange(points) * steps[:, None]).astype(np.float32)
    left = (lines.salvage[:, None] * stock).astype(np.float32)[:, None, None, None]
    shape = (3, len(lines), lines.prices.shape[1], setting.counts, setting.classes, points)
    value = np.broadcast_to(left, shape)
    worth: list[np.ndarray] = []
    for period in range(lines.horizon - 1, -1, -1):
        lasting = _without_waste(value, lines.lasting[:, period] / steps)
        gained = _worth(lines, lasting, transitions.at(period), stock)
        worth.append(gained)
        value = _best(gained, lines, setting, bool(setting.open[period]))
        selling = (period < lines.periods)[:, None, None, None, None]
        value = np.where(selling, value, left)
    return Policy(worth[::-1], edges, steps, lines.stock - in_play)


def _without_waste(value: np.ndarray, most: np.ndarray) -> np.ndarray:
    """Value by stock before units go off; `most` (n,) steps of stock stay. Waste earns nothing."""
    points = value.shape[-1]
    if (most >= points - 1).all():
        return value
    kept = np.minimum(np.arange(points), np.maximum(most, 0.0)[:, None])
    low = np.minimum(kept.astype(np.intp), points - 2)
    part = (kept - low).astype(np.float32)[:, None, None, None]
    places = [np.broadcast_to(place[:, None, None, None], value.shape) for place in (low, low + 1)]
    below, above = (np.take_along_axis(value, place, axis=-1) for place in places)
    return below + part * (above - below)


def _worth(lines: Lines, value: np.ndarray, chances: np.ndarray, stock: np.ndarray) -> np.ndarray:
    """(3, n, prices, counts, classes, points) expected profit of charging each price.

    With stock x, demand d and price p: p min(x, d) + E V(x - d) = p x + E[V(y) - p y], where y is
    what is left, so that products of matrices give all expectations.
    """
    price = np.nan_to_num(lines.prices).astype(np.float32)[:, :, None, None, None]
    holding = lines.holding.astype(np.float32)[:, None, None, None, None]
    units = stock[:, None, None, None, :]
    left = value - (price + holding) * units
    gained = np.empty_like(left)
    for place in range(lines.prices.shape[1]):
        taken = np.flatnonzero(chances[:, :, place].any(axis=(0, 1, 2, 3)))
        most = int(taken[-1]) + 1 if len(taken) else 1
        gained[:, :, place] = _expected(left[:, :, place], chances[:, :, place, :, :, :most])
    gained += price * units
    gained[:, np.isnan(lines.prices)] = NEVER
    return gained


def _expected(left: np.ndarray, chances: np.ndarray) -> np.ndarray:
    """(3, n, counts, classes, points) means over demand.

    Args:
        left: (3, n, counts, next classes, points) worth by what is left.
        chances: (3, n, classes, next classes, steps taken).
    """
    folds, items, counts, classes, points = left.shape
    most = chances.shape[-1]
    after = np.zeros((*left.shape[:-1], most - 1 + points), np.float32)
    after[..., most - 1 :] = left
    # [j, m] of the window is what is left of j after m steps: nothing, for m above j.
    windows = np.lib.stride_tricks.sliding_window_view(after, most, axis=-1)[..., ::-1]
    matrix = np.ascontiguousarray(windows.transpose(0, 1, 3, 5, 2, 4)).reshape(
        folds, items, classes * most, counts * points
    )
    rows = np.ascontiguousarray(chances).reshape(folds, items, classes, classes * most)
    expected = (rows @ matrix).reshape(folds, items, classes, counts, points)
    return expected.swapaxes(2, 3)


def _best(gained: np.ndarray, lines: Lines, setting: Setting, is_open: bool) -> np.ndarray:
    """Value of entering a period with a price: keep it, or move to another one."""
    if not is_open:
        return gained
    value = gained.copy()
    prices = gained.shape[2]
    for count in range(setting.counts):
        counted = setting.counted(count)
        if counted is None:
            continue
        for before in range(prices):
            for after in range(prices):
                moves = lines.moves[:, before, after]
                if after != before and moves.any():
                    best = np.maximum(value[:, :, before, count], gained[:, :, after, counted])
                    value[:, :, before, count] = np.where(
                        moves[:, None, None], best, value[:, :, before, count]
                    )
    return value
