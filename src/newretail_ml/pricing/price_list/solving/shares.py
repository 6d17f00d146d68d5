"""Several ratios at once: one programme in the shares of customers (Charnes and Cooper 1962)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from newretail_ml.pricing.price_list.board import Rows
from newretail_ml.pricing.price_list.ruling import Ruling
from newretail_ml.pricing.price_list.solving.found import Found
from newretail_ml.pricing.price_list.solving.programme import Programme
from newretail_ml.pricing.price_list.solving.ratio import Ratio, margin_of
from newretail_ml.pricing.price_list.task import Task

SHARES = "mixed-integer programme in shares"


def best_in_shares(task: Task, ruling: Ruling, ratios: Sequence[Ratio]) -> Found | None:
    """All ratios at once: s is a ratio's share of customers who buy nothing, and w = s x.

    With s + sum of attraction x w = 1 and sum over a product's points of w = s, profit is linear
    in w; rows within one ratio hold for w as they do for x, times s, which tightens the programme.
    """
    allowed = ruling.allowed
    if not allowed.any(axis=1).all():
        return None
    programme = Programme(allowed, ruling.rows)
    worth: list[np.ndarray] = []
    parts = [_add_ratio(programme, task, one, ruling.rows, worth) for one in ratios]
    for share, among in ruling.revenues:
        _add_revenue(programme, task, ratios, parts, share, among)
    answer = programme.solve(
        -ruling.charge, np.concatenate(worth), time_limit=task.time_limit, gap=task.gap
    )
    if answer.chosen is None:
        if answer.impossible:
            return None
        return Found(np.zeros(len(allowed), int), -np.inf, answer.bound, SHARES)
    value = task.worth.value(answer.chosen) - ruling.paid(answer.chosen)
    return Found(answer.chosen, value, max(value, answer.bound), SHARES)


def _add_ratio(
    programme: Programme, task: Task, one: Ratio, rows: Sequence[Rows], worth: list[np.ndarray]
) -> np.ndarray:
    """(q, m) columns of w of one ratio, -1 where a point is not allowed; tells their worth."""
    allowed = programme.allowed[one.members]
    attraction = np.where(allowed, one.attraction, np.nan)
    low = 1.0 / (1.0 + np.nanmax(attraction, axis=1).sum())
    high = 1.0 / (1.0 + np.nanmin(attraction, axis=1).sum())
    share = programme.add_columns(np.array([low]), np.array([high]))[0]
    product, point = np.nonzero(allowed)
    many = len(product)
    columns = programme.add_columns(np.zeros(many), np.full(many, high))
    x = programme.position[one.members][product, point]
    each = np.arange(many)
    ones = np.ones(many)
    everywhere = np.full(len(one.members), 1.0)
    programme.add_rows(
        np.concatenate([np.zeros(many, int), [0]]),
        np.concatenate([columns, [share]]),
        np.concatenate([one.attraction[product, point], [1.0]]),
        np.ones(1),
        np.ones(1),
    )
    programme.add_rows(
        np.concatenate([product, np.arange(len(one.members))]),
        np.concatenate([columns, np.full(len(one.members), share)]),
        np.concatenate([ones, -everywhere]),
        0 * everywhere,
        0 * everywhere,
    )
    for limit, low_side, high_side in ((high, -np.inf, 0.0), (low, 0.0, np.inf)):
        programme.add_rows(
            np.concatenate([each, each]),
            np.concatenate([columns, x]),
            np.concatenate([ones, np.full(many, -limit)]),
            np.full(many, low_side),
            np.full(many, high_side),
        )
    positions = np.full(allowed.shape, -1)
    positions[product, point] = columns
    _add_tight(programme, one, rows, positions, share)
    margin = margin_of(task, one)
    worth += [np.zeros(1), one.size * (one.attraction * margin)[product, point]]
    return positions


def _add_tight(
    programme: Programme, one: Ratio, rows: Sequence[Rows], positions: np.ndarray, share: int
) -> None:
    """Rows whose products all belong to the ratio, times its share."""
    inside = np.full(len(programme.allowed), -1)
    inside[one.members] = np.arange(len(one.members))
    for block in rows:
        some = np.flatnonzero((inside[block.products] >= 0).all(axis=1))
        if not len(some):
            continue
        values = block.values[some]
        column = positions[inside[block.products[some]]]
        row = np.broadcast_to(np.arange(len(some))[:, None, None], values.shape)
        used = (values != 0) & (column >= 0)
        high = block.at_most[some] + block.slack()[some]
        programme.add_rows(
            np.concatenate([row[used], np.arange(len(some))]),
            np.concatenate([column[used], np.full(len(some), share)]),
            np.concatenate([values[used], -high]),
            np.full(len(some), -np.inf),
            np.zeros(len(some)),
        )


def _add_revenue(
    programme: Programme,
    task: Task,
    ratios: Sequence[Ratio],
    parts: Sequence[np.ndarray],
    share: float,
    among: np.ndarray,
) -> None:
    columns, values = [], []
    for one, positions in zip(ratios, parts, strict=True):
        used = (positions >= 0) & among[one.members][:, None]
        columns.append(positions[used])
        prices = task.board.prices[one.members]
        values.append((one.size * one.attraction * prices)[used])
    column = np.concatenate(columns)
    needed = np.array([task.needed(share, among)])
    programme.add_rows(
        np.zeros(len(column), int), column, np.concatenate(values), needed, np.array([np.inf])
    )
