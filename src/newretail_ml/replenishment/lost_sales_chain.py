"""Markov chains of a lost-sales item: stock on hand and what arrives in the next periods."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from newretail_ml.errors import DataError
from newretail_ml.replenishment.long_run import long_run_shares

_MOST_STATES = 400_000
_MOST_MOVES = 30_000_000


def average_cost(
    chances: np.ndarray,
    lead_time: int,
    level: int,
    cap: int,
    one_period: Callable[[np.ndarray], np.ndarray],
) -> float:
    """Average cost a period of ordering up to a level with a cap, starting with the level on hand.

    Args:
        chances: of 0, 1, 2, ... units of demand.
        lead_time: periods.
        level: units on hand and on order after ordering.
        cap: most units an order.
        one_period: expected cost by the stock that meets demand.

    >>> round(average_cost(np.array([0.0, 1.0]), 1, 2, 2, lambda stock: 3.0 * stock), 6)
    3.0
    """
    places = max(lead_time, 1)
    weights = (level + 1) ** np.arange(places)
    if (level + 1) ** places > 2**62:
        _refuse((level + 1) ** places)
    known = np.array([level])
    frontier, edges = known, []
    while frontier.size:
        if frontier.size * min(len(chances), level + 1) > _MOST_MOVES:
            _refuse(frontier.size)
        edges.append(_edges(frontier, weights, chances, lead_time, level, cap))
        found = np.unique(edges[-1][1])
        frontier = found[~np.isin(found, known)]
        known = np.union1d(known, frontier)
        if known.size > _MOST_STATES:
            _refuse(known.size)
    source, target, chance = (np.concatenate(parts) for parts in zip(*edges, strict=True))
    shares = _long_run_shares(
        np.searchsorted(known, source), np.searchsorted(known, target), chance, known == level
    )
    on_hand = known % (level + 1)
    if lead_time == 0:
        on_hand = on_hand + np.minimum(cap, level - on_hand)
    return float(shares @ one_period(on_hand))


def _edges(
    codes: np.ndarray,
    weights: np.ndarray,
    chances: np.ndarray,
    lead_time: int,
    level: int,
    cap: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Transitions out of states; a state's code lists on hand and arrivals as digits."""
    states = codes[:, None] // weights % (level + 1)
    order = np.minimum(cap, level - states.sum(axis=1))
    on_hand = states[:, 0] + (order if lead_time == 0 else 0)
    arrivals = np.column_stack([states[:, 1:], order]) if lead_time else np.zeros((len(codes), 1))
    shift = (arrivals @ weights).astype(np.int64)
    sold = np.arange(min(len(chances) - 1, int(on_hand.max())) + 1)
    exceed = np.append(np.cumsum(chances[::-1])[::-1], 0.0)
    chance = np.where(
        sold < on_hand[:, None], chances[sold], np.where(sold == on_hand[:, None], exceed[sold], 0)
    )
    row, column = np.nonzero(chance)
    return codes[row], shift[row] + on_hand[row] - sold[column], chance[row, column]


def _long_run_shares(
    source: np.ndarray, target: np.ndarray, chance: np.ndarray, start: np.ndarray
) -> np.ndarray:
    from scipy.sparse import csr_matrix

    size = len(start)
    move = csr_matrix((chance, (target, source)), shape=(size, size))
    return long_run_shares(move, start.astype(float))


def least_average_cost(
    chances: np.ndarray, lead_time: int, one_period: np.ndarray, most: int
) -> tuple[float, np.ndarray]:
    """Least average cost and optimal orders by relative value iteration.

    Args:
        chances: of 0, 1, 2, ... units of demand.
        lead_time: periods, at least 1.
        one_period: expected cost by units on hand, 0, 1, ...
        most: most units an order.

    >>> cost, orders = least_average_cost(np.array([0.0, 1.0]), 1, np.array([9.0, 2.0, 3.0]), 1)
    >>> round(cost, 6), orders
    (2.0, array([1, 1, 0]))
    """
    stock = np.arange(len(one_period))
    chances = np.pad(chances, (0, max(len(stock) - len(chances), 0)))
    left = stock[:, None] - stock
    remains = np.where(left >= 0, chances[np.maximum(left, 0)], 0.0)
    remains[:, 0] = np.cumsum(chances[::-1])[::-1][stock]
    arrives = np.minimum(stock[:, None] + np.arange(most + 1), stock[-1])
    shape = (len(stock),) + (most + 1,) * (lead_time - 1)
    cost = one_period.reshape(-1, *(1,) * lead_time)
    values = np.zeros(shape)
    for _ in range(100_000):
        later = values[arrives].reshape(len(stock), -1)
        options = cost + (remains @ later).reshape(*shape, most + 1)
        better = options.min(axis=-1)
        change = better - values
        low, high = change.min(), change.max()
        if high - low <= 1e-9 * max(abs(high), 1e-3):
            break
        # A part of the old values keeps chains that alternate from never settling.
        values = 0.05 * values + 0.95 * (better - low)
    return float(low + high) / 2, options.argmin(axis=-1)


def _refuse(states: int) -> None:
    raise DataError(
        f"{states:,} states or more are too many for the exact chain",
        next_step="Measure in packs, or replay the policy on sampled demand.",
    )
