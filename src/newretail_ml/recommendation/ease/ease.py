"""EASE: each item is regressed on all others, in closed form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from newretail_ml.checks import check_number, check_whole
from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.base import Recommender
from newretail_ml.recommendation.ease.solving import (
    local_weights,
    precision,
    products,
    weights_in_place,
)
from newretail_ml.recommendation.linear import best_in_pieces, bought_parts
from newretail_ml.recommendation.lists.offer import Kind, Offer
from newretail_ml.recommendation.products import dense_product

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


class EASE(Recommender):
    """The linear model of items on items with the least squared error, without self-weights.

    The score of an item is the sum of the weights from what the customer bought to it. Weights
    can be negative: one of two alike items takes from the other. An item that was in n orders of a
    customer counts log(1 + n). In the sum of squared errors a customer with m items weighs
    1 / sqrt(m), so that few large customers do not outweigh all others.

    Source: Steck (2019), "Embarrassingly shallow autoencoders for sparse data".

    Args:
        l2: ridge penalty, above 0, in units of the mean squared length of an item's column (of
            weighted purchases): the same number fits small shops and large ones.
        n_dense: the best-sold items, up to this many, are solved exactly; memory is 8 bytes (4
            beyond 10,000 items) times its square. Items beyond are regressed on the nearest of
            them, and do not count as causes.
        n_neighbours: items that each item beyond `n_dense` is regressed on.
        n_threads: threads of the products, all cores by default; results do not depend on it.

    Attributes:
        weights_: (n_dense, n_dense) the weight from each row's item to each column's item.
        local_: (n_dense, other items) sparse, the same for the items beyond.

    >>> orders = pd.DataFrame({"customer_id": ["ann", "ann", "bob", "bob", "eve"],
    ...                        "item_id": ["tea", "jam", "tea", "jam", "tea"],
    ...                        "time": "2026-05-01"})
    >>> model = EASE().fit(Interactions.from_frame(orders))
    >>> model.recommend(["eve"], k=1, exclude_bought=True)[["item_id", "rank", "reason"]]
      item_id  rank                           reason
    0     jam     1  expected with what was bought
    """

    weights_: np.ndarray
    local_: csr_matrix

    def __init__(
        self,
        l2: float = 2.0,
        n_dense: int = 20_000,
        n_neighbours: int = 50,
        n_threads: int | None = None,
    ) -> None:
        self.l2 = l2
        self.n_dense = n_dense
        self.n_neighbours = n_neighbours
        self.n_threads = n_threads

    def _fit(self, known: Interactions) -> None:
        check_number("l2", self.l2, above=0.0)
        n_dense = min(check_whole("n_dense", self.n_dense, at_least=1), known.n_items)
        n_neighbours = check_whole("n_neighbours", self.n_neighbours, at_least=1)
        if self.n_threads is not None:
            check_whole("n_threads", self.n_threads, at_least=1)
        self._renew(known)
        weighted = _by_customer(self._history)
        gram = products(weighted, n_dense, self.n_threads)
        sold = len(np.unique(weighted.indices))
        penalty = self.l2 * float(weighted.power(2).sum()) / sold
        self.local_ = local_weights(weighted, gram, penalty, n_neighbours)
        self.weights_ = weights_in_place(gram, penalty)

    def _renew(self, known: Interactions) -> None:
        n_dense = min(int(self.n_dense), known.n_items)
        self._history = known.counts.astype(precision(n_dense))
        np.log1p(self._history.data, out=self._history.data)

    def _scores(self, rows: np.ndarray) -> np.ndarray:
        history = self._history[rows]
        n_dense = len(self.weights_)
        scores = np.empty(history.shape, self.weights_.dtype)
        bought = history[:, :n_dense]
        scores[:, :n_dense] = bought.astype(self.weights_.dtype) @ self.weights_
        scores[:, n_dense:] = dense_product(bought, self.local_)
        scores[scores == 0] = -np.inf
        return scores

    def _best(
        self, rows: np.ndarray, k: int, offer: Offer, kind: Kind
    ) -> tuple[np.ndarray, np.ndarray]:
        return best_in_pieces(self._scores, rows, k, offer, kind)

    def _reasons(self, rows: np.ndarray, items: np.ndarray) -> np.ndarray:  # noqa: ARG002
        return np.full(len(rows), "expected with what was bought", dtype=object)

    def _parts(self, rows: np.ndarray, items: np.ndarray) -> pd.DataFrame:
        n_dense, item = len(self.weights_), int(items[0])
        weight = np.zeros(self._history.shape[1])
        weight[:n_dense] = (
            self.weights_[:, item]
            if item < n_dense
            else self.local_[:, item - n_dense].toarray().ravel()
        )
        return bought_parts(self.interactions_, self._history[rows[0]], weight)

    def _similarities(self, items: np.ndarray) -> np.ndarray:
        n_dense = len(self.weights_)
        likeness = np.full((len(items), self._history.shape[1]), -np.inf)
        inside = np.flatnonzero(items < n_dense)
        likeness[inside, :n_dense] = self.weights_[items[inside]]
        likeness[inside, n_dense:] = self.local_[items[inside]].toarray()
        outside = np.flatnonzero(items >= n_dense)
        likeness[outside, :n_dense] = self.local_[:, items[outside] - n_dense].toarray().T
        likeness[likeness <= 0] = -np.inf
        return likeness


def _by_customer(history: csr_matrix) -> csr_matrix:
    """The rows of the customers, each times the fourth root of 1 / its number of items."""
    bought = np.diff(history.indptr)
    weighted = history.copy()
    weighted.data *= np.repeat(np.maximum(bought, 1) ** -0.25, bought)
    return weighted
