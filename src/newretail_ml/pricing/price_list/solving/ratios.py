"""Logit demand: sums over markets and kinds of customers of a ratio of sums over points.

Of a market of M customers, profit is M times N / D: N adds margin x attraction over the chosen
points, and D is 1 plus the attractions. One ratio is solved by Dinkelbach's method (1967,
Management Science 13; Megiddo 1979, Mathematics of Operations Research 4): the list that maximizes
N - r D for the best ratio r yet is the next list, and the best one once that maximum is zero.
Several ratios are one programme in the shares themselves (Charnes and Cooper 1962, Naval Research
Logistics Quarterly 9).
"""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from newretail_ml.pricing.choice import MultinomialLogit
from newretail_ml.pricing.choice.base import ChoiceResponse
from newretail_ml.pricing.price_list.board import Rows
from newretail_ml.pricing.price_list.ruling import Ruling
from newretail_ml.pricing.price_list.solving.found import Found
from newretail_ml.pricing.price_list.solving.programme import Programme
from newretail_ml.pricing.price_list.solving.ratio import Ratio, margin_of, ratios_of
from newretail_ml.pricing.price_list.solving.shares import best_in_shares
from newretail_ml.pricing.price_list.task import Task

DINKELBACH = "Dinkelbach's method on mixed-integer programmes"
_MOST_STEPS = 50
_ROUGH = 1e-3


def best_of_ratios(
    task: Task, ruling: Ruling, response: ChoiceResponse, start: np.ndarray | None
) -> Found | None:
    """The best list of logit demand, or None where no list keeps the rules."""
    ratios = ratios_of(task.board, response)
    if len(ratios) == 1 and not ruling.charge.any():
        return _dinkelbach(task, ruling, ratios[0], start)
    return best_in_shares(task, ruling, ratios)


def _dinkelbach(task: Task, ruling: Ruling, one: Ratio, start: np.ndarray | None) -> Found | None:
    allowed = ruling.allowed
    if not allowed.any(axis=1).all():
        return None
    rows = [*ruling.rows, *(_revenue(task, one, *held) for held in ruling.revenues)]
    chosen = start if start is not None and _kept(allowed, rows, start) else None
    chosen, bound = _climb(task, one, Programme(allowed, rows), chosen)
    if chosen is None:
        none = np.zeros(len(allowed), int)
        return None if bound == -np.inf else Found(none, -np.inf, one.size * bound, DINKELBACH)
    value = task.worth.value(chosen)
    return Found(chosen, value, max(value, one.size * bound), DINKELBACH)


def _climb(
    task: Task, one: Ratio, programme: Programme, chosen: np.ndarray | None
) -> tuple[np.ndarray | None, float]:
    """The list of the best ratio and a bound on it, minus infinity where no list is allowed.

    N / D <= r + max(N - r D) / D, and D is at least `least`; the 1 in D is no point's. Early
    steps need no proof: any better list will do.
    """
    margin = margin_of(task, one)
    ratio = 0.0 if chosen is None else _ratio(one, margin, chosen)
    bound, end, fine = np.inf, time.monotonic() + task.time_limit, task.gap / 4
    least = 1.0 + np.where(programme.allowed, one.attraction, np.inf).min(axis=1).sum()
    gap = max(_ROUGH, fine)
    for _ in range(_MOST_STEPS):
        worth = one.attraction * (margin - ratio)
        answer = programme.solve(worth, time_limit=end - time.monotonic(), gap=gap)
        if answer.impossible:
            return None, -np.inf
        bound = min(bound, ratio + max(answer.bound - ratio, 0.0) / least)
        last = gap <= fine
        better = -np.inf if answer.chosen is None else _ratio(one, margin, answer.chosen)
        gap = gap if better > ratio + _ROUGH * abs(ratio) else fine
        if better > (-np.inf if chosen is None else ratio + 1e-12 * abs(ratio)):
            chosen, ratio = answer.chosen, better
        elif last or chosen is None:
            break
        if bound - ratio <= task.gap * abs(ratio) or time.monotonic() > end:
            break
    return chosen, bound


def _revenue(task: Task, one: Ratio, share: float, among: np.ndarray) -> Rows:
    """Revenue held, N / D >= needed: sum of (needed - size x price) x attraction <= -needed."""
    needed = task.needed(share, among)
    prices = task.board.prices[one.members] * among[one.members][:, None]
    values = (needed - one.size * prices) * one.attraction
    return Rows(one.members[None], values[None], np.array([-needed]))


def revenue_rows(task: Task, ruling: Ruling) -> list[Rows] | None:
    """Revenue held as sums over points where demand is one ratio, None where it is not."""
    response = task.response
    if not isinstance(response, MultinomialLogit) or len(response.markets) > 1:
        return None
    one = ratios_of(task.board, response)[0]
    return [_revenue(task, one, *held) for held in ruling.revenues]


def _ratio(one: Ratio, margin: np.ndarray, chosen: np.ndarray) -> float:
    at = np.arange(len(one.members)), chosen[one.members]
    return float((one.attraction * margin)[at].sum() / (1.0 + one.attraction[at].sum()))


def _kept(allowed: np.ndarray, rows: Sequence[Rows], chosen: np.ndarray) -> bool:
    inside = bool(allowed[np.arange(len(chosen)), chosen].all())
    return inside and all(block.kept(chosen) for block in rows)
