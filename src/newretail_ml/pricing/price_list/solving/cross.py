"""Curves with cross effects: mixed-integer programmes that bound them, and close in on them.

A product's demand is its own factor at its price point times, or plus, a level that other prices
set. The product of level and choice is written exactly (McCormick 1976, Mathematical Programming
10), so that linear demand is one exact programme. Where the level is an exponential, secants
between break points lie above it and tangents below; each round adds the levels of the last list
as break points, at which the secants touch.
"""

from __future__ import annotations

import time

import numpy as np

from newretail_ml.pricing.price_list.ruling import Ruling
from newretail_ml.pricing.price_list.solving.curve_model import CurveModel, Effects
from newretail_ml.pricing.price_list.solving.found import Found
from newretail_ml.pricing.price_list.solving.search import improved
from newretail_ml.pricing.price_list.task import Task
from newretail_ml.pricing.response import ConstantElasticity, Curve, Linear

EXACT = "mixed-integer programme"
SECANTS = "mixed-integer programmes of secants, and search"
_MOST_ROUNDS = 30


def effects_of(task: Task, ruling: Ruling, response: Curve) -> Effects:
    """The effects of a curve on the allowed points."""
    board = task.board
    constant = isinstance(response, ConstantElasticity)
    now = board.current[:, None]
    move = np.log(board.prices / now) if constant else board.prices - now
    own = response.own[:, None] * move
    if isinstance(response, Linear):
        own = own + response.base_units[:, None]
    else:
        own = response.base_units[:, None] * np.exp(own)
    cross = response.coefficient - np.diag(response.own)
    least = np.where(ruling.allowed, move, np.inf).min(axis=1)
    most = np.where(ruling.allowed, move, -np.inf).max(axis=1)
    up, down = np.maximum(cross, 0.0), np.minimum(cross, 0.0)
    return Effects(cross, move, own, up @ least + down @ most, up @ most + down @ least)


def best_of_curve(
    task: Task, ruling: Ruling, response: Curve, start: np.ndarray | None
) -> Found | None:
    """The best list under a curve with cross effects; None where no list keeps the rules."""
    if not ruling.allowed.any(axis=1).all():
        return None
    effects = effects_of(task, ruling, response)
    linear = isinstance(response, Linear)
    breaks = [np.unique([low, high]) for low, high in zip(effects.low, effects.high, strict=True)]
    best, bound = _started(task, ruling, start), np.inf
    end = time.monotonic() + task.time_limit
    for _ in range(1 if linear else _MOST_ROUNDS):
        model = CurveModel(task, ruling, effects, None if linear else breaks)
        answer = model.solve(end - time.monotonic())
        if answer.impossible:
            return best
        bound = min(bound, answer.bound)
        if answer.chosen is None:
            break
        best = _best(task, ruling, best, answer.chosen, search=not linear, end=end)
        enough = best is not None and bound - best.value <= task.gap * abs(bound)
        if enough or time.monotonic() > end:
            break
        if not _refine(breaks, effects, answer.chosen, model.weight):
            break
    how = EXACT if linear else SECANTS
    if best is None:
        return Found(np.zeros(len(effects.low), int), -np.inf, bound, how)
    return Found(best.chosen, best.value, max(bound, best.value), how)


def _started(task: Task, ruling: Ruling, start: np.ndarray | None) -> Found | None:
    if start is None or not ruling.kept(start) or not task.holds(ruling.revenues, start):
        return None
    return Found(start, task.worth.value(start) - ruling.paid(start), np.inf, SECANTS)


def _best(
    task: Task,
    ruling: Ruling,
    best: Found | None,
    chosen: np.ndarray,
    *,
    search: bool,
    end: float,
) -> Found | None:
    """The better of the best list yet and of a new one, after a search from that."""
    chosen = improved(task, ruling, chosen, end) if search else chosen
    if not task.holds(ruling.revenues, chosen):
        return best
    value = task.worth.value(chosen) - ruling.paid(chosen)
    if best is not None and best.value >= value:
        return best
    return Found(chosen, value, np.inf, SECANTS)


def _refine(
    breaks: list[np.ndarray], effects: Effects, chosen: np.ndarray, weight: np.ndarray
) -> bool:
    """Adds the levels of a list as break points where secants are too high; whether any was."""
    level = effects.cross @ effects.move[np.arange(len(chosen)), chosen]
    over = np.empty(len(breaks))
    for row, points in enumerate(breaks):
        over[row] = np.interp(level[row], points, np.exp(points)) - np.exp(level[row])
    loss = over * weight[np.arange(len(chosen)), chosen]
    worst = loss > max(1e-12, 0.05 * loss.max())
    for row in np.flatnonzero(worst).tolist():
        breaks[row] = np.unique(np.append(breaks[row], level[row]))
    return bool(worst.any())
