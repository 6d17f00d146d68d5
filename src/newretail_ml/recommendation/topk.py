"""The best k of each row, exactly, with ties to the lower position."""

from __future__ import annotations

import numpy as np

NOTHING = -1


def best_of_rows(scores: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions and scores of the best k of each row, best first; ties go to lower positions.

    Args:
        scores: (rows, items) numbers; -inf where an item does not count.
        k: how many, at least 1.

    Returns:
        Positions, (rows, k), -1 where a row has fewer than k that count; scores, -inf there.

    >>> best_of_rows(np.array([[1.0, 3.0, 3.0, -np.inf]]), 2)
    (array([[1, 2]]), array([[3., 3.]]))
    """
    n_rows, n_items = scores.shape
    position = np.full((n_rows, k), NOTHING)
    value = np.full((n_rows, k), -np.inf, dtype=scores.dtype)
    if not n_rows or not n_items:
        return position, value
    row, column = np.nonzero(_chosen(scores, k))
    found = scores[row, column]
    by = np.lexsort((column, -found, row))
    place = np.arange(len(row)) - np.searchsorted(row, row)
    position[row, place], value[row, place] = column[by], found[by]
    return position, value


def _chosen(scores: np.ndarray, k: int) -> np.ndarray:
    """(rows, items) whether an item is among the best k of its row."""
    counts = scores > -np.inf
    if k >= scores.shape[1]:
        return counts
    least = np.partition(scores, -k, axis=1)[:, -k, None]
    above = scores > least
    tied = (scores == least) & counts
    room = k - above.sum(axis=1, keepdims=True)
    crowded = np.flatnonzero(tied.sum(axis=1) > room[:, 0])
    tied[crowded] &= np.cumsum(tied[crowded], axis=1) <= room[crowded]
    return above | tied
