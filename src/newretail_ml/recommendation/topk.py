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
    if not n_rows or not n_items:
        return np.full((n_rows, k), NOTHING), np.full((n_rows, k), -np.inf, scores.dtype)
    good = np.asarray(scores >= _bound(scores, k))
    crowded = np.flatnonzero(np.count_nonzero(good, axis=1) > 4 * k + _GROUPS)
    if len(crowded) and k < n_items:
        good[crowded] = _exactly(scores[crowded], k)
    row, column = np.divmod(np.flatnonzero(good), n_items)
    return best_of_cells(row, column, scores[row, column], (n_rows, k))


def best_of_sparse_rows(matrix: csr_matrix, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The same for the entries of a sparse matrix; what has no entry does not count.

    >>> from scipy.sparse import csr_matrix
    >>> best_of_sparse_rows(csr_matrix([[0.0, -2.0, 4.0], [0.0, 0.0, 1.0]]), 2)
    (array([[ 2,  1],
           [ 2, -1]]), array([[  4.,  -2.],
           [  1., -inf]]))
    """
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
        row, at = np.divmod(np.flatnonzero(scores >= _bound(scores, k)), len(place))
        column = matrix.indices[entry[row, at]]
        position[rows], value[rows] = best_of_cells(row, column, scores[row, at], (len(rows), k))
    return position, value


def best_of_cells(
    row: np.ndarray, column: np.ndarray, found: np.ndarray, shape: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """The same for some cells of a matrix; what is not among them does not count.

    Args:
        row: (cells,) in rising order.
        column: (cells,)
        found: (cells,) their scores.
        shape: rows, and how many of each.

    >>> best_of_cells(np.array([0, 0, 2]), np.array([5, 3, 4]), np.array([1.0, 1.0, 2.0]), (3, 1))
    (array([[ 3],
           [-1],
           [ 4]]), array([[  1.],
           [-inf],
           [  2.]]))
    """
    position, value = np.full(shape, NOTHING), np.full(shape, -np.inf, dtype=found.dtype)
    by = np.lexsort((column, -found, row))
    place = np.arange(len(row)) - np.searchsorted(row, row)
    first = place < shape[1]
    row, place, by = row[first], place[first], by[first]
    position[row, place], value[row, place] = column[by], found[by]
    return position, value


def _bound(scores: np.ndarray, k: int) -> np.ndarray:
    """(rows, 1) a score that all of the best k reach, and not many others."""
    n_rows, n_items = scores.shape
    lowest = _lowest(scores)
    if k >= n_items:
        return np.full((n_rows, 1), lowest)
    # The k-th best of the groups' best is a bound on the k-th best of all, and cheap.
    width = n_items // _GROUPS
    if width >= 2 * k:
        scores = scores[:, : width * _GROUPS].reshape(n_rows, _GROUPS, width).max(axis=1)
    return np.asarray(np.maximum(np.partition(scores, -k, axis=1)[:, -k, None], lowest))


def _lowest(scores: np.ndarray) -> np.floating:
    """The lowest score that counts."""
    return np.nextafter(scores.dtype.type(-np.inf), scores.dtype.type(0))


def _exactly(scores: np.ndarray, k: int) -> np.ndarray:
    """(rows, items) whether an item is among the best k of its row."""
    least = np.maximum(np.partition(scores, -k, axis=1)[:, -k, None], _lowest(scores))
    above = scores > least
    tied = scores == least
    room = k - above.sum(axis=1, keepdims=True)
    return np.asarray(above | (tied & (np.cumsum(tied, axis=1) <= room)))
