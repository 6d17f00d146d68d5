"""Factors of customers as the exact least squares of what they bought, and what each item adds."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np

from newretail_ml.recommendation.factors.implicit_package import one_blas_thread

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_BLOCK = 128


class CustomerSolver:
    """The equations of a customer's factors, the item factors being fixed.

    x = (Y'Y + Y'(C - I)Y + regularization I)^-1 Y'C p: Hu, Koren and Volinsky (2008), equation 4.

    Args:
        item_factors: (items, factors).
        regularization: added to the diagonal, above 0.
    """

    def __init__(self, item_factors: np.ndarray, regularization: float) -> None:
        self.items = item_factors
        with one_blas_thread():
            self.gram = item_factors.T @ item_factors
        self.gram[np.diag_indices_from(self.gram)] += regularization

    def factors(self, sure: csr_matrix, n_threads: int | None = None) -> np.ndarray:
        """(customers, factors) of confidences, (customers, items), 0 where nothing was bought.

        The result does not depend on the number of threads.
        """
        found = np.zeros((sure.shape[0], self.items.shape[1]))
        blocks = _blocks(np.flatnonzero(np.diff(sure.indptr)))
        with one_blas_thread(), ThreadPoolExecutor(n_threads) as pool:
            solved = pool.map(lambda rows: (rows, self._block(sure, rows)), blocks)
            for rows, values in solved:
                found[rows] = values
        return found

    def _block(self, sure: csr_matrix, rows: np.ndarray) -> np.ndarray:
        systems = [self._system(*_row(sure, row)) for row in rows]
        sides = [self.items[item].T @ trust for item, trust in (_row(sure, row) for row in rows)]
        return np.asarray(np.linalg.solve(np.stack(systems), np.stack(sides)[..., None])[..., 0])

    def _system(self, item: np.ndarray, trust: np.ndarray) -> np.ndarray:
        bought = self.items[item]
        return np.asarray(self.gram + (bought.T * (trust - 1.0)) @ bought)

    def contributions(
        self, sure: csr_matrix, row: int, items: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """What each bought item adds to a customer's scores of some items.

        Section 5 of the paper: the score is y_i' W Y'C p with W the inverse of the customer's
        system, a sum over the bought items j of c_j y_i' W y_j.

        Returns:
            Positions of the items that the customer bought, (bought,), and contributions,
            (len(items), bought); rows add up to the scores.
        """
        item, trust = _row(sure, row)
        shared = np.linalg.solve(self._system(item, trust), self.items[items].T)
        return item, shared.T @ self.items[item].T * trust


def _row(sure: csr_matrix, row: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions and confidences of what a customer bought."""
    part = slice(sure.indptr[row], sure.indptr[row + 1])
    return sure.indices[part], sure.data[part].astype(float)


def _blocks(rows: np.ndarray) -> Iterator[np.ndarray]:
    return (rows[start : start + _BLOCK] for start in range(0, len(rows), _BLOCK))
