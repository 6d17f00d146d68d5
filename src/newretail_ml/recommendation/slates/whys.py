"""Which rule brought an item into a slate."""

from __future__ import annotations

import numpy as np

from newretail_ml.recommendation.slates.ruling import Limits, Ruling
from newretail_ml.recommendation.slates.solving.greedy import filled, ordered
from newretail_ml.recommendation.slates.solving.placing import Answer
from newretail_ml.recommendation.slates.worth import Task

STOCK = "shared stock"
_OTHERS = "rules together"


def whys(task: Task, ruling: Ruling, answer: Answer, values: np.ndarray) -> np.ndarray:
    """(n, k) the rule for which each item is shown; "" where it would be without any.

    The slate is set against that of the most valuable candidates, whatever the rules. The best
    item that came in stands for the best that was left out, and names the rule that did so.

    Args:
        task: what slates are worth.
        ruling: the rules.
        answer: the slates.
        values: (n, m) worth of each candidate, whatever the rules.
    """
    slate = answer.slate
    k = len(task.attention)
    free = ordered(filled(values, k, []), values, k)
    out = _absent(free, slate, task.candidates.line.shape[1])
    came = _absent(slate, free, task.candidates.line.shape[1])
    cause = _causes(task, ruling, slate, free, out)
    # The i-th that came in stands for the i-th that was left out.
    left_out = np.argsort(~out, axis=1, kind="stable")
    place = np.clip(np.cumsum(came, axis=1) - 1, 0, None)
    reason = np.take_along_axis(np.take_along_axis(cause, left_out, axis=1), place, axis=1)
    reason = np.where(came, reason, "")
    for title, showing in ruling.showings.items():
        at = np.maximum(slate, 0).astype(np.int64)
        member = np.take_along_axis(showing.member & answer.forced, at, axis=1) & (slate >= 0)
        reason = np.where(member & came, title, reason)
    return reason


def _absent(one: np.ndarray, other: np.ndarray, m: int) -> np.ndarray:
    """(n, k) which slots of one hold what the other has not."""
    inside = np.zeros((len(one), m + 1), dtype=bool)
    np.put_along_axis(inside, np.where(other >= 0, other, m).astype(np.int64), True, axis=1)
    there = np.take_along_axis(inside, np.maximum(one, 0).astype(np.int64), axis=1)
    return np.asarray((one >= 0) & ~there)


def _causes(
    task: Task, ruling: Ruling, slate: np.ndarray, free: np.ndarray, out: np.ndarray
) -> np.ndarray:
    """(n, k) the first rule that keeps each candidate out of the slate."""
    cause = np.full(free.shape, _OTHERS, dtype=object)
    rows, place = np.nonzero(out)
    column = free[rows, place]
    found = np.full(len(rows), "", dtype=object)

    def say(title: str, where: np.ndarray) -> None:
        found[(found == "") & where] = title

    for title, said in ruling.said.items():
        if said.allowed is not None:
            say(title, ~said.allowed[rows, column])
    say(STOCK, ~task.there[rows, column])
    for title, limits in ruling.limits.items():
        say(title, _full(limits, slate)[rows, limits.group[rows, column]])
    if task.stock is not None:
        say(STOCK, task.group[rows, column] >= 0)
    for title, limits in ruling.limits.items():
        say(title, np.full(len(rows), limits.needs))
    for title in ruling.showings:
        say(title, np.ones(len(rows), dtype=bool))
    cause[rows, place] = np.where(found == "", STOCK if task.stock is not None else _OTHERS, found)
    return cause


def _full(limits: Limits, slate: np.ndarray) -> np.ndarray:
    """(n, m + 1) groups of which a slate has all that a rule allows."""
    n, m = limits.group.shape
    row, place = np.nonzero(slate >= 0)
    group = limits.group[row, slate[row, place]].astype(np.int64)
    used = np.bincount(row * (m + 1) + group, minlength=n * (m + 1)).reshape(n, m + 1)
    return np.asarray(used >= limits.at_most)
