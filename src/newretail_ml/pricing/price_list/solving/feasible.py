"""Whether rules can be kept at all."""

from __future__ import annotations

import numpy as np

from newretail_ml.pricing.price_list.ruling import Ruling
from newretail_ml.pricing.price_list.solving.programme import Programme, packed
from newretail_ml.pricing.price_list.task import Task
from newretail_ml.pricing.price_list.worth import Table


def can_be_kept(task: Task, ruling: Ruling) -> bool:
    """Whether some list keeps the rules.

    Revenue to be held is looked at where products do not touch each other, or demand is a
    multinomial logit; elsewhere by the list of most revenue that is found.
    """
    allowed, rows = ruling.allowed, ruling.rows
    if not allowed.any(axis=1).all():
        return False
    if ruling.revenues and isinstance(task.worth, Table):
        rows = [*rows, *task.revenue_rows(ruling.revenues)]
    if not rows:
        return True
    tied = np.unique(np.concatenate([one.products.ravel() for one in rows]))
    programme = Programme(allowed[tied], packed(rows, tied))
    answer = programme.solve(np.zeros(programme.allowed.shape), time_limit=task.time_limit)
    return not answer.impossible
