"""The best k of each row, exactly, with ties to the lower position."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

NOTHING = -1
_GROUPS = 64


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
    row, column = np.divmod(np.flatnonzero(_candidates(scores, k)), n_items)
    found = scores[row, column]
    by = np.lexsort((column, -found, row))
    place = np.arange(len(row)) - np.searchsorted(row, row)
    first = place < k
    row, place, by = row[first], place[first], by[first]
    position[row, place], value[row, place] = column[by], found[by]
    return position, value


def best_of_sparse_rows(matrix: csr_matrix, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The same for the entries of a sparse matrix; what has no entry does not count.

    >>> from scipy.sparse import csr_matrix
    >>> best_of_sparse_rows(csr_matrix([[0.0, -2.0, 4.0], [0.0, 0.0, 1.0]]), 2)
    (array([[ 2,  1],
           [ 2, -1]]), array([[  4.,  -2.],
           [  1., -inf]]))
    """
    matrix.sort_indices()
    size = np.diff(matrix.indptr)
    position = np.full((len(size), k), NOTHING)
    value = np.full((len(size), k), -np.inf, dtype=matrix.dtype)
    # Rows of like length go together, so that filling them up doubles them at most.
    length_class = np.frexp(size)[1]
    for one in np.unique(length_class[size > 0]):
        rows = np.flatnonzero(length_class == one)
        place = np.arange(size[rows].max())
        entry = matrix.indptr[rows, None] + place
        entry[place >= size[rows, None]] = 0
        scores = np.where(place < size[rows, None], matrix.data[entry], -np.inf)
        best, value[rows] = best_of_rows(scores, k)
        column = matrix.indices[np.take_along_axis(entry, np.maximum(best, 0), 1)]
        position[rows] = np.where(best == NOTHING, NOTHING, column)
    return position, value


def _candidates(scores: np.ndarray, k: int) -> np.ndarray:
    """(rows, items) flags of all that can be among the best k, and not many more."""
    n_rows, n_items = scores.shape
    lowest = np.nextafter(scores.dtype.type(-np.inf), scores.dtype.type(0))
    if k >= n_items:
        return np.asarray(scores >= lowest)
    # The k-th best of the groups' best is a bound on the k-th best of all, and cheap.
    width = n_items // _GROUPS
    grouped = scores[:, : width * _GROUPS].reshape(n_rows, _GROUPS, width).max(axis=1)
    bound = grouped if width >= 2 * k else scores
    least = np.maximum(np.partition(bound, -k, axis=1)[:, -k, None], lowest)
    good = np.asarray(scores >= least)
    crowded = np.flatnonzero(np.count_nonzero(good, axis=1) > 4 * k + _GROUPS)
    if len(crowded):
        good[crowded] = _exactly(scores[crowded], k, lowest)
    return good


def _exactly(scores: np.ndarray, k: int, lowest: float) -> np.ndarray:
    """(rows, items) whether an item is among the best k of its row."""
    least = np.maximum(np.partition(scores, -k, axis=1)[:, -k, None], lowest)
    above = scores > least
    tied = scores == least
    room = k - above.sum(axis=1, keepdims=True)
    return np.asarray(above | (tied & (np.cumsum(tied, axis=1) <= room)))
