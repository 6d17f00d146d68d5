"""Item neighbours: what those buy who bought the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from newretail_ml.checks import check_whole
from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.base import Recommender
from newretail_ml.recommendation.linear import best_in_pieces, bought_parts
from newretail_ml.recommendation.lists.offer import Kind, Offer
from newretail_ml.recommendation.neighbours.nearest import nearest
from newretail_ml.recommendation.neighbours.weights import Weighting, weighted
from newretail_ml.recommendation.products import dense_product, products_of_rows
from newretail_ml.recommendation.topk import best_of_sparse_rows

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


# How full the scores of a batch may be to be made in sparse form.
_SPARSE = 0.25


class ItemNeighbours(Recommender):
    """Items are liked that are like what was bought: sums over the nearest neighbours.

    The score of an item is the sum, over what the customer bought, of the number of orders times
    the likeness, where the item is among the `n_neighbours` nearest of what was bought. An item
    is a neighbour of its own, so what was bought before comes first where all are offered.

    Source: Deshpande and Karypis (2004), "Item-based top-N recommendation algorithms".

    Args:
        weighting: "cosine", "tfidf" or "bm25", see `weighted`.
        n_neighbours: neighbours of each item, itself included, at least 1.
        saturation: BM25's k1, above or equal to 0.
        length: BM25's b, between 0 and 1.
        n_threads: threads of the fit, all cores by default; results do not depend on it.

    Attributes:
        similarity_: (items, items) sparse, a row with the neighbours of each item.

    >>> orders = pd.DataFrame({"customer_id": ["ann", "ann", "bob", "bob", "eve"],
    ...                        "item_id": ["tea", "jam", "tea", "jam", "tea"],
    ...                        "time": "2026-05-01"})
    >>> model = ItemNeighbours("cosine").fit(Interactions.from_frame(orders))
    >>> model.explain("eve", "jam")
                                 part  contribution
    0  never bought by this customer           NaN
    1                     bought tea      0.816497
    2                          score      0.816497
    """

    similarity_: csr_matrix

    def __init__(
        self,
        weighting: Weighting = "bm25",
        n_neighbours: int = 50,
        saturation: float = 1.2,
        length: float = 0.75,
        n_threads: int | None = None,
    ) -> None:
        self.weighting = weighting
        self.n_neighbours = n_neighbours
        self.saturation = saturation
        self.length = length
        self.n_threads = n_threads

    def _fit(self, known: Interactions) -> None:
        k = check_whole("n_neighbours", self.n_neighbours, at_least=1)
        if self.n_threads is not None:
            check_whole("n_threads", self.n_threads, at_least=1)
        weights = weighted(known.counts, self.weighting, self.saturation, self.length)
        # Single precision is twice as fast; all terms are positive, so none cancel.
        self.similarity_ = nearest(weights.astype(np.float32), k, self.n_threads)
        self._others = _without_themselves(self.similarity_)
        self._renew(known)

    def _renew(self, known: Interactions) -> None:
        self._history = known.counts.astype(np.float32)

    def _scores(self, rows: np.ndarray) -> np.ndarray:
        scores = dense_product(self._history[rows], self.similarity_)
        scores[scores == 0] = -np.inf
        return scores

    def _best(
        self, rows: np.ndarray, k: int, offer: Offer, kind: Kind
    ) -> tuple[np.ndarray, np.ndarray]:
        history = self._history[rows]
        n_items = history.shape[1]
        work = products_of_rows(history, self.similarity_).sum()
        if kind is not Kind.REPEAT and work < _SPARSE * len(rows) * n_items:
            return self._best_of_few(history, k, offer, kind)
        return best_in_pieces(self._scores, rows, k, offer, kind)

    def _best_of_few(
        self, history: csr_matrix, k: int, offer: Offer, kind: Kind
    ) -> tuple[np.ndarray, np.ndarray]:
        """The best of customers who have a score of few items each."""
        scores = history @ (self._others if kind is Kind.DISCOVERY else self.similarity_)
        if not offer.everything:
            row = np.repeat(np.arange(len(offer.offered)), np.diff(scores.indptr))
            scores.data[~offer.offered[row, scores.indices]] = -np.inf
        return best_of_sparse_rows(scores, k)

    def _reasons(self, rows: np.ndarray, items: np.ndarray) -> np.ndarray:  # noqa: ARG002
        return np.full(len(rows), "goes with what was bought", dtype=object)

    def _parts(self, rows: np.ndarray, items: np.ndarray) -> pd.DataFrame:
        column = self.similarity_[:, items[0]].toarray().ravel()
        return bought_parts(self.interactions_, self._history[rows[0]], column)

    def _similarities(self, items: np.ndarray) -> np.ndarray:
        likeness = self.similarity_[items].toarray()
        likeness[np.arange(len(items)), items] = 0.0
        return np.where(likeness > 0, likeness, -np.inf)


def _without_themselves(similarity: csr_matrix) -> csr_matrix:
    """The same with minus infinity on the diagonal, so that what was bought does not come again."""
    from scipy.sparse import csr_matrix

    n_items = similarity.shape[0]
    row = np.repeat(np.arange(n_items), np.diff(similarity.indptr))
    other = row != similarity.indices
    row = np.append(row[other], np.arange(n_items))
    column = np.append(similarity.indices[other], np.arange(n_items))
    value = np.append(similarity.data[other], np.full(n_items, -np.inf, np.float32))
    return csr_matrix((value, (row, column)), shape=similarity.shape)
