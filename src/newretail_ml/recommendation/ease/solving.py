"""The weights of EASE: in place for the best-sold items, by neighbours for the rest."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from newretail_ml.errors import DataError
from newretail_ml.recommendation.products import dense_product, fill_upper, mirror
from newretail_ml.recommendation.topk import NOTHING, best_of_rows

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

# Up to so many items in double precision, in single precision beyond.
_DOUBLE = 10_000
_BLOCK = 2_000_000


def precision(n_dense: int) -> type[np.floating]:
    """The type of numbers that many dense items are solved in."""
    return np.float64 if n_dense <= _DOUBLE else np.float32


def products(history: csr_matrix, n_dense: int, n_threads: int | None) -> np.ndarray:
    """(n_dense, n_dense) products of the first columns with one another, whole."""
    gram = np.empty((n_dense, n_dense), precision(n_dense))
    with ThreadPoolExecutor(n_threads) as pool:
        fill_upper(gram, history, pool)
    mirror(gram)
    return gram


def weights_in_place(gram: np.ndarray, penalty: float) -> np.ndarray:
    """Turn products into the weights of EASE; the array itself is overwritten.

    Column j of the weights is the ridge regression of item j on all other items. Source: Steck
    (2019), "Embarrassingly shallow autoencoders for sparse data", equation 8: B = I - P / diag(P)
    by columns, P being the inverse of the products plus the penalty on the diagonal. P is found
    from a Cholesky factor in one triangle of the array, so that no second array is needed.

    Args:
        gram: (items, items) products, symmetric, in rows.
        penalty: what is added to the diagonal, above 0.

    Raises:
        DataError: the penalty is too small for the precision.

    >>> weights_in_place(np.array([[2.0, 1.0], [1.0, 1.0]]), 1.0)
    array([[0.        , 0.33333333],
           [0.5       , 0.        ]])
    """
    from scipy.linalg import lapack

    single = gram.dtype == np.float32
    factor, invert = (lapack.spotrf, lapack.spotri) if single else (lapack.dpotrf, lapack.dpotri)
    diagonal = np.einsum("ii->i", gram)
    diagonal += penalty
    # The transposed view is in columns, as LAPACK wants it: its lower triangle is our upper one.
    _, failed = factor(gram.T, lower=True, clean=False, overwrite_a=True)
    if not failed:
        _, failed = invert(gram.T, lower=True, overwrite_c=True)
    if failed:
        raise DataError("l2 is too small to invert the products", next_step="Make it larger.")
    mirror(gram)
    gram /= -diagonal.copy()
    diagonal[:] = 0.0
    return gram


def local_weights(
    history: csr_matrix, gram: np.ndarray, penalty: float, n_neighbours: int
) -> csr_matrix:
    """(n_dense, other items) sparse weights of the items beyond the dense ones.

    Each is regressed, by the same ridge, on those of the dense items that are nearest to it by
    cosine. A heuristic: it is EASE itself only where the weights of all others are 0.

    Args:
        history: (customers, items) what was bought.
        gram: (n_dense, n_dense) products, as `products` makes them.
        penalty: what is added to the diagonal.
        n_neighbours: dense items that each of the others is regressed on.
    """
    from scipy.sparse import csr_matrix

    n_dense, n_other = len(gram), history.shape[1] - len(gram)
    k = min(n_neighbours, n_dense)
    first, rest = history[:, :n_dense], history[:, n_dense:].T.tocsr()
    norm = np.sqrt(np.maximum(np.diagonal(gram), 1e-12))
    size = max(_BLOCK // max(n_dense, k * k), 1)
    weight = np.zeros((n_other, k))
    nearest = np.full((n_other, k), NOTHING)
    for start in range(0, n_other, size):
        rows = slice(start, start + size)
        shared = dense_product(rest[rows], first)
        found, _ = best_of_rows(np.where(shared > 0, shared / norm, -np.inf), k)
        there = found != NOTHING
        at = np.maximum(found, 0)
        square = gram[at[:, :, None], at[:, None, :]] * (there[:, :, None] & there[:, None, :])
        square = square.astype(np.float64) + penalty * np.eye(k)
        right = np.take_along_axis(shared, at, 1) * there
        weight[rows] = np.linalg.solve(square, right[:, :, None])[:, :, 0]
        nearest[rows] = found
    column, place = np.nonzero(nearest != NOTHING)
    entries = (weight[column, place], (nearest[column, place], column))
    return csr_matrix(entries, shape=(n_dense, n_other))
