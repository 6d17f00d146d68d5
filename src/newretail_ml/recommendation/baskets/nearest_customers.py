"""The nearest customers by what they buy, exactly, a few customers at a time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from newretail_ml.recommendation.batches import batches
from newretail_ml.recommendation.products import dense_product
from newretail_ml.recommendation.topk import NOTHING, best_of_rows

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

# Distances that are computed at once.
_CELLS = 1 << 22


class Crowd:
    """Customers among whom the nearest are looked for; the first ones are those who ask.

    Args:
        ids: ids of the customers.
        vectors: (customers, items) sparse numbers of at least 0.
    """

    def __init__(self, ids: pd.Series | pd.Index, vectors: csr_matrix) -> None:
        self.ids = pd.Index(ids)
        self.vectors = vectors
        self.by_item = vectors.T.tocsr()
        self.square = np.asarray(vectors.multiply(vectors).sum(axis=1)).ravel()
        # Who never bought has no habits to be like.
        self.square[np.diff(vectors.indptr) == 0] = np.inf

    def renewed(self, ids: pd.Series, vectors: csr_matrix) -> Crowd:
        """Newer vectors of some customers, and of new ones, before all others."""
        from scipy.sparse import vstack

        others = np.flatnonzero(~self.ids.isin(pd.Index(ids)))
        every = vstack([vectors, self.vectors[others]], format="csr")
        return Crowd(pd.Index(ids).append(self.ids[others]), every)

    def nearest(self, rows: np.ndarray, k: int) -> csr_matrix:
        """(rows, customers) sparse ones at the k nearest other customers of each.

        By Euclidean distance; ties go to lower positions. Where all others are fewer than k, all.
        """
        from scipy.sparse import csr_matrix

        n = len(self.square)
        # The squared distance, less that to nothing: the order within a row is the same.
        near = 2.0 * dense_product(self.vectors[rows], self.by_item) - self.square
        near[np.arange(len(rows)), rows] = -np.inf
        position, _ = best_of_rows(near, min(k, n))
        row, place = np.nonzero(position != NOTHING)
        ones = np.ones(len(row))
        return csr_matrix((ones, (row, position[row, place])), shape=(len(rows), n))

    def means(self, rows: np.ndarray, k: int) -> np.ndarray:
        """(rows, items) mean vectors of the k nearest others; 0 where there is nobody."""
        mean = np.zeros((len(rows), self.vectors.shape[1]))
        for part in self._batches(len(rows)):
            near = self.nearest(rows[part], k)
            found = np.maximum(np.diff(near.indptr), 1)
            mean[part] = dense_product(near, self.vectors) / found[:, None]
        return mean

    def buyers(
        self, rows: np.ndarray, k: int, place: np.ndarray, items: np.ndarray
    ) -> tuple[np.ndarray, int]:
        """How many of the k nearest others of rows[place] buy each item, and how many they are."""
        bought = self.vectors.astype(bool).astype(np.float64)
        count, size = np.zeros(len(place), int), 0
        for part in self._batches(len(rows)):
            near = self.nearest(rows[part], k)
            size = max(size, int(np.diff(near.indptr).max(initial=0)))
            here = np.flatnonzero((place >= part.start) & (place < part.stop))
            buying = dense_product(near, bought)
            count[here] = np.rint(buying[place[here] - part.start, items[here]])
        return count, size

    def _batches(self, n: int) -> Iterator[slice]:
        return batches(n, max(self.vectors.shape), _CELLS)
