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
from dataclasses import dataclass

import numpy as np

from newretail_ml.pricing.choice import LatentClassLogit, MultinomialLogit
from newretail_ml.pricing.choice.base import ChoiceResponse
from newretail_ml.pricing.price_list.board import Board, Rows
from newretail_ml.pricing.price_list.ruling import Ruling
from newretail_ml.pricing.price_list.solving.found import Found
from newretail_ml.pricing.price_list.solving.programme import Programme
from newretail_ml.pricing.price_list.task import Task

DINKELBACH = "Dinkelbach's method on mixed-integer programmes"
SHARES = "mixed-integer programme in shares"
_MOST_STEPS = 50


@dataclass(frozen=True, eq=False)
class Ratio:
    """Customers of one kind in one market.

    Attributes:
        members: (q,) positions of the products that they choose among.
        size: how many customers.
        attraction: (q, m) of each product at each of its points, beside 1 for buying nothing.
    """

    members: np.ndarray
    size: float
    attraction: np.ndarray


def ratios_of(board: Board, response: ChoiceResponse) -> list[Ratio]:
    """One ratio for each market and kind of customer of a multinomial or latent-class logit."""
    made = []
    for members in response.markets.members():
        size = float(response.market_size[members[0]])
        weights = response.weights if isinstance(response, LatentClassLogit) else np.ones(1)
        utilities = np.atleast_2d(response.utility)
        coefficients = np.atleast_2d(response.price_coefficient)
        for weight, utility, coefficient in zip(weights, utilities, coefficients, strict=True):
            worth = utility[members, None] + coefficient[members, None] * board.prices[members]
            attraction = np.where(board.real[members], np.exp(worth), 0.0)
            made.append(Ratio(members, float(weight) * size, attraction))
    return made


def best_of_ratios(
    task: Task, ruling: Ruling, response: ChoiceResponse, start: np.ndarray | None
) -> Found | None:
    """The best list of logit demand, or None where no list keeps the rules."""
    ratios = ratios_of(task.board, response)
    if len(ratios) == 1 and not ruling.charge.any():
        return _dinkelbach(task, ruling, ratios[0], start)
    return _in_shares(task, ruling, ratios)


def _dinkelbach(task: Task, ruling: Ruling, one: Ratio, start: np.ndarray | None) -> Found | None:
    allowed = ruling.allowed
    if not allowed.any(axis=1).all():
        return None
    margin = _margin(task, one)
    rows = [*ruling.rows, *(_revenue(task, one, *held) for held in ruling.revenues)]
    programme = Programme(allowed, rows)
    chosen = start if start is not None and _kept(allowed, rows, start) else None
    ratio = 0.0 if chosen is None else _ratio(one, margin, chosen)
    bound, end = np.inf, time.monotonic() + task.time_limit
    least = 1.0 + np.where(allowed, one.attraction, np.inf).min(axis=1).sum()
    for _ in range(_MOST_STEPS):
        worth = one.attraction * (margin - ratio)
        answer = programme.solve(worth, time_limit=end - time.monotonic(), gap=task.gap / 4)
        if answer.impossible:
            return None
        # N / D <= r + max(N - r D) / D, and D is at least `least`; the 1 in D is no point's.
        bound = min(bound, ratio + max(answer.bound - ratio, 0.0) / least)
        if answer.chosen is None:
            break
        better = _ratio(one, margin, answer.chosen)
        if chosen is not None and better <= ratio * (1 + 1e-12):
            break
        chosen, ratio = answer.chosen, better
        if bound - ratio <= task.gap * abs(ratio) or time.monotonic() > end:
            break
    if chosen is None:
        return Found(np.zeros(len(allowed), int), -np.inf, one.size * bound, DINKELBACH)
    value = task.worth.value(chosen)
    return Found(chosen, value, max(value, one.size * bound), DINKELBACH)


def _in_shares(task: Task, ruling: Ruling, ratios: Sequence[Ratio]) -> Found | None:
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
    margin = _margin(task, one)
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


def _margin(task: Task, one: Ratio) -> np.ndarray:
    board = task.board
    return board.prices[one.members] - task.share * board.cost[one.members][:, None]


def _ratio(one: Ratio, margin: np.ndarray, chosen: np.ndarray) -> float:
    at = np.arange(len(one.members)), chosen[one.members]
    return float((one.attraction * margin)[at].sum() / (1.0 + one.attraction[at].sum()))


def _kept(allowed: np.ndarray, rows: Sequence[Rows], chosen: np.ndarray) -> bool:
    inside = bool(allowed[np.arange(len(chosen)), chosen].all())
    return inside and all(block.kept(chosen) for block in rows)
