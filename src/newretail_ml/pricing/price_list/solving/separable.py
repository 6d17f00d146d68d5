"""Products that do not touch each other: the best point of each, or a programme where rules tie."""

from __future__ import annotations

import numpy as np

from newretail_ml.pricing.price_list.board import Rows
from newretail_ml.pricing.price_list.ruling import Ruling
from newretail_ml.pricing.price_list.solving.found import Found
from newretail_ml.pricing.price_list.solving.large import (
    FEW_SUMS,
    MANY_CHOICES,
    best_of_many,
)
from newretail_ml.pricing.price_list.solving.programme import Answer, Programme, packed

EACH = "best point of each product"
PROGRAMME = "mixed-integer programme"


def best_of_table(
    ruling: Ruling, table: np.ndarray, *, time_limit: float, gap: float, extra: list[Rows]
) -> Found | None:
    """The choice of the largest sum of a table, or None where no choice keeps the rules.

    Products that no rule ties take their best point; the others go into one programme.

    Args:
        ruling: the rules.
        table: (n, m) worth of each point, charges not yet paid.
        time_limit: seconds for the programme.
        gap: share of the objective that may be missing.
        extra: sums beyond those of the rules, such as revenue.
    """
    allowed, rows = ruling.allowed, [*ruling.rows, *extra]
    if not allowed.any(axis=1).all():
        return None
    worth = np.where(allowed, table - ruling.charge, -np.inf)
    chosen = first_best(worth, ~ruling.board.changed)
    tied = np.unique(np.concatenate([np.empty(0, int), *(one.products.ravel() for one in rows)]))
    best = np.take_along_axis(worth, chosen[:, None], axis=1)[:, 0]
    if all(one.kept(chosen) for one in rows):
        return Found(chosen, float(best.sum()), float(best.sum()), EACH)
    total = float(best.sum())
    # Each product's best counts as zero, so that large numbers do not hide small ones.
    shifted = np.where(allowed, worth - best[:, None], 0.0)[tied]
    answer = _tied(shifted, allowed[tied], packed(rows, tied), total, time_limit, gap)
    if answer.chosen is None:
        return None if answer.impossible else Found(chosen, -np.inf, total, PROGRAMME)
    chosen[tied] = answer.chosen
    value = float(np.take_along_axis(worth, chosen[:, None], axis=1).sum())
    return Found(chosen, value, max(value, answer.bound), PROGRAMME)


def _tied(
    worth: np.ndarray,
    allowed: np.ndarray,
    rows: list[Rows],
    offset: float,
    time_limit: float,
    gap: float,
) -> Answer:
    sums = sum(len(one.at_most) for one in rows)
    if allowed.sum() >= MANY_CHOICES and sums <= FEW_SUMS:
        answer = best_of_many(worth, allowed, rows, offset=offset, time_limit=time_limit, gap=gap)
        if answer is not None:
            return answer
    return Programme(allowed, rows).solve(worth, offset=offset, time_limit=time_limit, gap=gap)


def first_best(worth: np.ndarray, current: np.ndarray) -> np.ndarray:
    """(n,) the best point; of equally good ones the current price, or else the lowest."""
    best = worth.max(axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):
        good = worth >= best - 1e-12 * np.abs(best)
    held = good & current
    return np.where(held.any(axis=1, keepdims=True), held, good).argmax(axis=1)
