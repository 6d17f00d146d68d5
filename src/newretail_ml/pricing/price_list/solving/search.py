"""Search for a good list where nothing exact is known: a heuristic, from several starts.

Around a list, the objective is taken to be the sum of what single moves gain. The best list of
that sum under all rules, among those that differ in at most so many prices, is tried; the number
grows after a success and is halved after a failure (local branching: Fischetti and Lodi 2003,
Mathematical Programming 98). At the end no single move that the rules allow is better.
"""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from newretail_ml.pricing.price_list.board import Rows
from newretail_ml.pricing.price_list.ruling import Ruling
from newretail_ml.pricing.price_list.solving.found import Found
from newretail_ml.pricing.price_list.solving.programme import Programme
from newretail_ml.pricing.price_list.task import Task

SEARCH = "search from several starts, a heuristic"
_RANDOM_STARTS = 2
_STEP_SECONDS = 5.0
_STEP_GAP = 1e-4


def search(task: Task, ruling: Ruling, start: np.ndarray | None) -> Found | None:
    """A good list, with nothing proved; None where no list keeps the rules."""
    if not ruling.allowed.any(axis=1).all():
        return None
    end = time.monotonic() + task.time_limit
    programme = Programme(ruling.allowed, ruling.rows)
    best: Found | None = None
    for chosen in _starts(task, ruling, programme, start, end):
        if chosen is None:
            return best
        climbed = improved(task, ruling, chosen, end)
        if task.holds(ruling.revenues, climbed):
            value = task.worth.value(climbed) - ruling.paid(climbed)
            if best is None or value > best.value:
                best = Found(climbed, value, np.inf, SEARCH)
        if time.monotonic() > end and best is not None:
            break
    return best


def improved(task: Task, ruling: Ruling, start: np.ndarray, end: float) -> np.ndarray:
    """The list at which a search from a start ends: (n,) points.

    A start that does not hold the revenue that rules want is led there first, if it can be.
    """
    chosen, most = start, len(start)
    charge = ruling.charge
    while most and time.monotonic() < end:
        rows = [*ruling.rows, _near(ruling, chosen, most)]
        lacking = [held for held in ruling.revenues if not task.holds([held], chosen)]
        if lacking:
            gains = task.revenue(lacking[0][1]).moves(chosen)
        else:
            rows += [_revenue(task, ruling, chosen, *held) for held in ruling.revenues]
            gains = task.worth.moves(chosen) - charge
        limit = min(_STEP_SECONDS, end - time.monotonic())
        programme = Programme(ruling.allowed, rows)
        answer = programme.solve(gains, time_limit=limit, gap=_STEP_GAP)
        tried = answer.chosen
        if tried is not None and _better(task, ruling, tried, chosen):
            moved = int((tried != chosen).sum())
            chosen, most = tried, min(2 * max(moved, 1), len(start))
        else:
            most //= 2
    return chosen


def _better(task: Task, ruling: Ruling, tried: np.ndarray, chosen: np.ndarray) -> bool:
    holds, held = (task.holds(ruling.revenues, one) for one in (tried, chosen))
    if holds != held:
        return holds
    if not held:
        least = [
            min(
                task.revenue_of(one, among) / max(task.needed(share, among), 1e-12)
                for share, among in ruling.revenues
            )
            for one in (tried, chosen)
        ]
        return least[0] > least[1] * (1 + 1e-12)
    gain = task.worth.value(tried) - ruling.paid(tried)
    before = task.worth.value(chosen) - ruling.paid(chosen)
    return gain > before + 1e-12 * max(1.0, abs(before))


def _near(ruling: Ruling, chosen: np.ndarray, most: int) -> Rows:
    """At most so many prices differ from the chosen ones."""
    n = len(chosen)
    values = np.ones(ruling.board.points.shape)
    values[np.arange(n), chosen] = 0.0
    return Rows(np.arange(n)[None], values[None], np.array([float(most)]))


def _revenue(
    task: Task, ruling: Ruling, chosen: np.ndarray, share: float, among: np.ndarray
) -> Rows:
    """Revenue to be held, as far as single moves tell."""
    moves = task.revenue(among).moves(chosen)
    room = task.revenue_of(chosen, among) - task.needed(share, among)
    return Rows(
        np.arange(len(chosen))[None],
        np.where(ruling.board.real, -moves, 0.0)[None],
        np.array([room]),
    )


def _starts(
    task: Task,
    ruling: Ruling,
    programme: Programme,
    start: np.ndarray | None,
    end: float,
) -> Iterator[np.ndarray | None]:
    """Lists that keep the rules on single prices and sums; None if there are none."""
    if start is not None and ruling.kept(start):
        yield start
    limit = max(end - time.monotonic(), 0.1)
    first = task.worth.around(task.board.current) - ruling.charge
    yield programme.solve(first, time_limit=limit, gap=_STEP_GAP).chosen
    rng = np.random.default_rng(0)
    for _ in range(_RANDOM_STARTS):
        noise = rng.standard_normal(first.shape)
        yield programme.solve(noise, time_limit=_STEP_SECONDS, gap=0.01).chosen
