"""Which rule holds each price where it is, and what that costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.pricing.price_list.board import Said
from newretail_ml.pricing.price_list.ruling import Ruling, move_breaks
from newretail_ml.pricing.price_list.task import Task


@dataclass(frozen=True, eq=False)
class Binding:
    """The rule that keeps each product from a better point, all other prices as in the list.

    Attributes:
        rule: (n,) its name, or names of rules that only together do; empty where none does.
        cost: (n,) what the product's best other point would add to the objective.
        price: (n,) that point's price.
    """

    rule: np.ndarray
    cost: np.ndarray
    price: np.ndarray


def binding_rules(task: Task, ruling: Ruling, chosen: np.ndarray) -> Binding:
    """What single moves would gain, and which rules forbid them."""
    rows = np.arange(len(chosen))
    charge = ruling.charge
    gains = task.worth.moves(chosen) - (charge - charge[rows, chosen][:, None])
    gains = np.where(task.board.real, gains, -np.inf)
    least = 1e-9 * max(1.0, abs(task.worth.value(chosen)))
    titles = ruling.titles
    broken = np.stack(
        [np.zeros(gains.shape, bool)]
        + [_breaks(task, said, chosen) for said in ruling.said.values()]
    )[1:]
    count = broken.sum(axis=0)
    rule, cost = np.full(len(chosen), "", dtype=object), np.zeros(len(chosen))
    point = chosen.copy()
    for title, breaks in zip(titles, broken, strict=True):
        alone = np.where(breaks & (count == 1), gains, -np.inf)
        best = alone.argmax(axis=1)
        better = alone[rows, best] > np.maximum(cost, least)
        rule[better], cost[better], point[better] = title, alone[rows, best][better], best[better]
    # Where it takes several rules to forbid a better point: the one that fewest forbid.
    several = np.where((count > 1) & (gains > least), count, len(titles) + 1)
    best = np.lexsort((-gains, several), axis=1)[:, 0]
    for row in np.flatnonzero((several[rows, best] <= len(titles)) & (rule == "")):
        names = [title for title, one in zip(titles, broken[:, row, best[row]], strict=True) if one]
        rule[row], cost[row], point[row] = " and ".join(names), gains[row, best[row]], best[row]
    return Binding(rule, cost, task.board.at(point))


def _breaks(task: Task, said: Said, chosen: np.ndarray) -> np.ndarray:
    broken = move_breaks(said, task.board, chosen)
    if said.revenue is None or said.among is None:
        return broken
    room = task.revenue_of(chosen, said.among) - task.needed(said.revenue, said.among)
    return broken | (task.revenue(said.among).moves(chosen) < -room)
