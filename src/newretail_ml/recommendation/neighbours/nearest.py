"""The nearest neighbours of every item, exactly."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from newretail_ml.recommendation.products import (
    dense_product,
    fill_upper,
    mirror,
    products_of_rows,
)
from newretail_ml.recommendation.topk import NOTHING, best_of_rows, best_of_sparse_rows

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

# Cells of a block of rows, or products it is the sum of where few cells have an entry.
_BLOCK = 2_000_000
_SPARSE = 0.05
# Cells of the rows that are kept whole, as columns for the rows after them.
_HEAD = 40_000_000


def nearest(weights: csr_matrix, k: int, n_threads: int | None = None) -> csr_matrix:
    """The k largest products of each column with all columns, itself included.

    Products are exact, none is skipped; ties go to the lower position. Memory does not grow with
    the square of the items: blocks of rows are made one after another. It is fastest where the
    first columns have the most entries.

    Args:
        weights: (customers, items) weights, as `weighted` makes them.
        k: how many for each, at least 1.
        n_threads: threads, all cores by default; the result does not depend on it.

    Returns:
        (items, items) sparse: each row has the neighbours of an item, products above 0 alone.

    >>> from scipy.sparse import csr_matrix
    >>> nearest(csr_matrix([[1.0, 2.0, 0.0], [0.0, 1.0, 1.0]]), k=2).toarray()
    array([[1., 2., 0.],
           [2., 5., 0.],
           [0., 1., 1.]])
    """
    from scipy.sparse import csr_matrix

    n_items = weights.shape[1]
    by_item = weights.T.tocsr()
    k = min(k, n_items)
    with ThreadPoolExecutor(n_threads) as pool:
        work = products_of_rows(by_item, weights)
        if work.sum() < _SPARSE * n_items**2:
            parts = list(
                pool.map(
                    lambda rows: best_of_sparse_rows(by_item[rows] @ weights, k), _blocks(work)
                )
            )
        else:
            parts = _best_of_dense(weights, by_item, k, pool)
    position, value = (np.concatenate(part) for part in zip(*parts, strict=True))
    row, place = np.nonzero((position != NOTHING) & (value > 0))
    entries = (value[row, place], (row, position[row, place]))
    return csr_matrix(entries, shape=(n_items, n_items))


def _best_of_dense(
    weights: csr_matrix, by_item: csr_matrix, k: int, pool: ThreadPoolExecutor
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Positions and values of the best of each block; each product of the head is made once."""
    n_items = len(by_item.indptr) - 1
    n_head = min(_HEAD // n_items, n_items)
    head = np.empty((n_head, n_items), weights.dtype)
    tail = weights[:, n_head:]

    def best(rows: slice) -> tuple[np.ndarray, np.ndarray]:
        if rows.stop <= n_head:
            return best_of_rows(head[rows], k)
        return best_of_rows(np.hstack([head[:, rows].T, dense_product(by_item[rows], tail)]), k)

    fill_upper(head, weights, pool)
    mirror(head[:, :n_head])
    cells = np.full(n_head, n_items), np.full(n_items - n_head, n_items)
    first, second = (_blocks(part) for part in cells)
    rest = [slice(rows.start + n_head, rows.stop + n_head) for rows in second]
    return list(pool.map(best, [*first, *rest]))


def _blocks(work: np.ndarray) -> list[slice]:
    """Slices of rows, each of about as much work, at least one row each."""
    block = np.cumsum(work) // _BLOCK
    starts = np.flatnonzero(np.diff(block, prepend=-1))
    ends = np.append(starts, len(work))[1:]
    return [slice(int(a), int(b)) for a, b in zip(starts, ends, strict=True)]
