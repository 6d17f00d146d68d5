"""Every list tried, where there are few."""

from __future__ import annotations

import math

import numpy as np

from newretail_ml.pricing.price_list.ruling import Ruling
from newretail_ml.pricing.price_list.solving.found import Found
from newretail_ml.pricing.price_list.task import Task
from newretail_ml.pricing.price_list.worth import Joint

EVERY_LIST = "every list tried"
_MOST_LISTS = 20_000


def are_few(ruling: Ruling) -> bool:
    """Whether the points that are allowed make few lists."""
    return math.prod(int(count) for count in ruling.allowed.sum(axis=1)) <= _MOST_LISTS


def best_of_all(task: Task, ruling: Ruling, worth: Joint) -> Found | None:
    """The best of all lists that keep the rules; None where none does."""
    points = [np.flatnonzero(row) for row in ruling.allowed]
    if not all(len(row) for row in points):
        return None
    lists = np.stack([grid.ravel() for grid in np.meshgrid(*points, indexing="ij")], axis=1)
    paid = ruling.charge[np.arange(lists.shape[1]), lists].sum(axis=1)
    values = worth.values(lists) - paid
    for place in np.argsort(-values, kind="stable"):
        chosen = lists[place]
        if ruling.kept(chosen) and task.holds(ruling.revenues, chosen):
            return Found(chosen, float(values[place]), float(values[place]), EVERY_LIST)
    return None
