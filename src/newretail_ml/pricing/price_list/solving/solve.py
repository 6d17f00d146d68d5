"""Which solver a price list needs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from newretail_ml.pricing.choice import LatentClassLogit, MultinomialLogit
from newretail_ml.pricing.price_list.board import Rows
from newretail_ml.pricing.price_list.ruling import Ruling
from newretail_ml.pricing.price_list.solving.cross import best_of_curve
from newretail_ml.pricing.price_list.solving.enumerated import are_few, best_of_all
from newretail_ml.pricing.price_list.solving.found import Found
from newretail_ml.pricing.price_list.solving.programme import Programme, packed
from newretail_ml.pricing.price_list.solving.ratios import best_of_ratios, revenue_rows
from newretail_ml.pricing.price_list.solving.search import search
from newretail_ml.pricing.price_list.solving.separable import best_of_table
from newretail_ml.pricing.price_list.task import EXPECTED, Task
from newretail_ml.pricing.price_list.worth import Joint, Table
from newretail_ml.pricing.response import ConstantElasticity, Linear, SemiLog


def best_list(task: Task, ruling: Ruling, start: np.ndarray | None = None) -> Found | None:
    """The best list under the rules, or None where none that keeps them was found.

    Args:
        task: demand and objective on a board.
        ruling: the rules.
        start: (n,) points of a list that keeps the rules, if one is known.
    """
    worth = task.worth
    if isinstance(worth, Table):
        return best_of_table(
            ruling,
            worth.table,
            time_limit=task.time_limit,
            gap=task.gap,
            extra=task.revenue_rows(ruling.revenues),
        )
    if task.uncertainty == EXPECTED:
        if isinstance(task.response, MultinomialLogit | LatentClassLogit):
            return best_of_ratios(task, ruling, task.response, start)
        if isinstance(task.response, ConstantElasticity | Linear | SemiLog):
            return best_of_curve(task, ruling, task.response, start)
    if isinstance(worth, Joint) and are_few(ruling):
        return best_of_all(task, ruling, worth)
    return search(task, ruling, start)


def can_be_kept(task: Task, ruling: Ruling) -> bool:
    """Whether some list keeps the rules.

    Revenue to be held is looked at exactly where products do not touch each other or demand is
    a multinomial logit; elsewhere by the list of most revenue that is found.
    """
    allowed, rows = ruling.allowed, ruling.rows
    if not allowed.any(axis=1).all():
        return False
    held = _revenue_rows(task, ruling)
    if held is None:
        return _most_revenue_holds(task, ruling)
    rows = [*rows, *held]
    if not rows:
        return True
    tied = np.unique(np.concatenate([one.products.ravel() for one in rows]))
    programme = Programme(allowed[tied], packed(rows, tied))
    answer = programme.solve(np.zeros(programme.allowed.shape), time_limit=task.time_limit)
    return not answer.impossible


def _revenue_rows(task: Task, ruling: Ruling) -> list[Rows] | None:
    if not ruling.revenues:
        return []
    if isinstance(task.worth, Table):
        return task.revenue_rows(ruling.revenues)
    return revenue_rows(task, ruling)


def _most_revenue_holds(task: Task, ruling: Ruling) -> bool:
    others = [title for title, said in ruling.said.items() if said.revenue is None]
    for_revenue = replace(task, share=0.0, uncertainty=EXPECTED)
    found = best_list(for_revenue, ruling.only(others))
    return found is not None and task.holds(ruling.revenues, found.chosen)
