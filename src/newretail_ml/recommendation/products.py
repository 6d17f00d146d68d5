"""Products of sparse matrices whose result is dense, a piece at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

# Entries that are copied at once: few enough for the processor's cache.
_PIECE = 200_000
_HEAVY = 50_000
_ROWS = 100
_STAGE = 400


def dense_product(left: csr_matrix, right: csr_matrix) -> np.ndarray:
    """`left @ right` as a dense array, far faster than by way of a sparse one.

    Rows of `right` are copied, weighted, and summed by making them dense. The result of a row
    does not depend on the rows beside it.

    >>> from scipy.sparse import csr_matrix
    >>> dense_product(csr_matrix([[1.0, 2.0]]), csr_matrix([[3.0, 0.0], [4.0, 5.0]]))
    array([[11., 10.]])
    """
    out = np.empty((left.shape[0], right.shape[1]), right.dtype)
    work = products_of_rows(left, right)
    at = np.concatenate([[0], np.cumsum(work)])
    row = 0
    while row < len(out):
        if work[row] > _HEAVY:
            _one_row(left[row], right, int(work[row]), out[row])
            row += 1
            continue
        end = max(int(np.searchsorted(at, at[row] + _PIECE, side="right")) - 1, row + 1)
        heavy = np.flatnonzero(work[row:end] > _HEAVY)
        end = row + int(heavy[0]) if len(heavy) else end
        _light_rows(left[row:end], right, out[row:end])
        row = end
    return out


def products_of_rows(left: csr_matrix, right: csr_matrix) -> np.ndarray:
    """(rows,) how many products each row of `left @ right` is the sum of."""
    entries = np.diff(right.indptr).astype(np.int64)[left.indices]
    return np.diff(np.concatenate([[0], np.cumsum(entries)])[left.indptr])


def _one_row(left: csr_matrix, right: csr_matrix, work: int, out: np.ndarray) -> None:
    out[:] = 0.0
    size = max(left.nnz * _PIECE // work, 1)
    for start in range(0, left.nnz, size):
        part = slice(start, start + size)
        out += right[left.indices[part]].T @ left.data[part]


def _light_rows(left: csr_matrix, right: csr_matrix, out: np.ndarray) -> None:
    from scipy.sparse import csr_matrix

    part = right[left.indices]
    part.data *= np.repeat(left.data, np.diff(part.indptr))
    summed = csr_matrix((part.data, part.indices, part.indptr[left.indptr]), shape=out.shape)
    summed.toarray(out=out)


def fill_upper(out: np.ndarray, weights: csr_matrix, pool: ThreadPoolExecutor) -> None:
    """Fill the first rows of `weights.T @ weights`, from the diagonal on.

    Cells far left of the diagonal are not written to.

    Args:
        out: (rows, items) what is filled.
        weights: (customers, items) weights, of at least as many items as `out` has.
        pool: threads that share the work.
    """
    by_item = weights[:, : len(out)].T.tocsr()
    for start in range(0, len(out), _STAGE):
        end = min(start + _STAGE, len(out))
        # One copy of what is right of the diagonal serves several blocks.
        right = weights[:, start : out.shape[1]]

        def fill(first: int, start: int = start, end: int = end, right: csr_matrix = right) -> None:
            rows = slice(first, min(first + _ROWS, end))
            out[rows, start:] = dense_product(by_item[rows], right)

        list(pool.map(fill, range(start, end, _ROWS)))


def mirror(square: np.ndarray) -> None:
    """Copy what is above the diagonal below it, in place, a block at a time."""
    for start in range(0, len(square), _ROWS):
        rows = slice(start, start + _ROWS)
        block = square[rows, rows]
        block[:] = np.triu(block) + np.triu(block, 1).T
        square[start + _ROWS :, rows] = square[rows, start + _ROWS :].T
