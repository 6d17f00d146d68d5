"""The dynamic programme over weeks, of many items at once."""

from __future__ import annotations

import numpy as np

from newretail_ml.pricing.promotions.memory import Memory


def best_levels(
    profit: np.ndarray,
    factor: np.ndarray,
    memory: Memory,
    at_most: int,
    plain: np.ndarray | None = None,
    start: np.ndarray | None = None,
) -> np.ndarray:
    """(items, weeks) levels of most profit.

    Args:
        profit: (items, weeks, levels) without dips.
        factor: (items, states) or (states,) of demand in each state.
        memory: states and moves.
        at_most: weeks with a promotion.
        plain: (items, weeks, levels) profit that does not dip; minus infinity where a level is
            not allowed.
        start: (items,) states before the first week; by default no promotion is remembered.
    """
    items, weeks, levels = profit.shape
    factor = np.broadcast_to(factor, (items, len(memory.level)))
    value = np.zeros((items, at_most + 1, len(memory.level)))
    chosen = np.empty((weeks, *value.shape), np.int8)
    for week in range(weeks - 1, -1, -1):
        options = np.stack(
            [
                _option(value, profit[:, week, level], factor, memory, level)
                + (0.0 if plain is None else plain[:, week, level, None, None])
                for level in range(levels)
            ]
        )
        chosen[week] = options.argmax(axis=0)
        value = options.max(axis=0)
    return _followed(chosen, memory, at_most, _begun(start, items))


def _option(
    value: np.ndarray, profit: np.ndarray, factor: np.ndarray, memory: Memory, level: int
) -> np.ndarray:
    """(items, promotions left, states) value of one level this week."""
    later = value[:, :, memory.following[:, level]]
    if level:
        later = np.concatenate([np.full_like(later[:, :1], -np.inf), later[:, :-1]], axis=1)
        later[:, :, ~memory.allowed[:, level]] = -np.inf
    return later + (profit[:, None] * factor)[:, None, :]


def _begun(start: np.ndarray | None, items: int) -> np.ndarray:
    return np.zeros(items, np.intp) if start is None else start


def _followed(chosen: np.ndarray, memory: Memory, at_most: int, state: np.ndarray) -> np.ndarray:
    weeks, items = chosen.shape[:2]
    left = np.full(items, at_most)
    levels = np.empty((items, weeks), np.intp)
    rows = np.arange(items)
    for week in range(weeks):
        levels[:, week] = chosen[week, rows, left, state]
        left = left - (levels[:, week] > 0)
        state = memory.following[state, levels[:, week]]
    return levels


def factors_along(
    levels: np.ndarray, memory: Memory, factor: np.ndarray, start: np.ndarray | None = None
) -> np.ndarray:
    """(items, weeks) dip of each week of calendars, (items, weeks), from states (items,) on."""
    factor = np.broadcast_to(factor, (len(levels), len(memory.level)))
    rows, state = np.arange(len(levels)), _begun(start, len(levels))
    made = np.empty(levels.shape)
    for week in range(levels.shape[1]):
        made[:, week] = factor[rows, state]
        state = memory.following[state, levels[:, week]]
    return made
