"""Which solver a price list needs."""

from __future__ import annotations

import numpy as np

from newretail_ml.pricing.price_list.ruling import Ruling
from newretail_ml.pricing.price_list.solving.found import Found
from newretail_ml.pricing.price_list.solving.separable import best_of_table
from newretail_ml.pricing.price_list.task import Task
from newretail_ml.pricing.price_list.worth import Table


def best_list(task: Task, ruling: Ruling, start: np.ndarray | None = None) -> Found | None:
    """The best list under the rules, or None where no list keeps them."""
    worth = task.worth
    if isinstance(worth, Table):
        return best_of_table(
            ruling,
            worth.table,
            time_limit=task.time_limit,
            gap=task.gap,
            extra=task.revenue_rows(ruling.revenues),
        )
    raise NotImplementedError
