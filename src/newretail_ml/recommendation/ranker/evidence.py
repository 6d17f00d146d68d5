"""What simple models say of all items of some customers: the first stage of the ranker."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from newretail_ml.features.affinity import Affinity
from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.lists.rates import Rates, popularity_rates

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_MOST_ITEMS = 4096
_BASKET_HALF_LIFE = 60.0
_POPULAR_DAYS = 14.0


@dataclass(frozen=True, eq=False)
class Source:
    """One opinion on all items.

    Attributes:
        name: name of the column.
        part: what it is about, in words.
        quota: how many items of a customer that were not bought before become candidates by it.
    """

    name: str
    part: str
    quota: int


SOURCES = (
    Source("items_like_bought", "what others bought with it", 40),
    Source("items_like_lately", "what others bought with it", 40),
    Source("items_like_last_order", "what goes with the last order", 20),
    Source("habits", "bought before", 20),
    Source("popular_here", "popularity", 40),
)


class Evidence:
    """Models of items that share customers and orders, fitted to what was known at a cut.

    EASE (Steck 2019, Embarrassingly shallow autoencoders for sparse data) on customers, on
    customers' orders weighted by how lately they were, and on recent baskets.

    Args:
        known: what is known.
        affinity: sums of it.
    """

    def __init__(self, known: Interactions, affinity: Affinity) -> None:
        self.n_items = known.n_items
        self.width = min(known.n_items, _MOST_ITEMS)
        bought = affinity.bought
        self.pairs = _matrix(affinity, np.minimum(bought.times, 1), known.n_customers)
        self.lately = _matrix(affinity, bought.decayed[1], known.n_customers)
        self.by_orders = _matrix(affinity, bought.by_orders[1], known.n_customers)
        last = (bought.orders_since == 0).astype(np.float32)
        self.last = _matrix(affinity, last, known.n_customers)
        self.customers = ease(self._gram(self.pairs), 300.0)
        self.habits = ease(self._gram(self.by_orders), 20.0)
        self.baskets = ease(self._gram(_baskets(known)), 20.0)
        self.popular: Rates = popularity_rates(known, _POPULAR_DAYS)

    def scores(self, rows: np.ndarray) -> list[np.ndarray]:
        """For each source (len(rows), items) float32 scores."""
        by_orders = self.by_orders[rows, : self.width]
        return [
            self._wide(by_orders @ self.customers),
            self._wide(self.lately[rows, : self.width] @ self.baskets),
            self._wide(self.last[rows, : self.width] @ self.baskets),
            self._wide(by_orders @ self.habits),
            self.popular.rate[self.popular.of(rows)].astype(np.float32),
        ]

    def _gram(self, matrix: csr_matrix) -> np.ndarray:
        part = matrix[:, : self.width]
        return np.asarray((part.T @ part).toarray(), float)

    def _wide(self, scores: np.ndarray) -> np.ndarray:
        missing = self.n_items - self.width
        return np.pad(scores, ((0, 0), (0, missing))) if missing else scores


def ease(gram: np.ndarray, l2: float) -> np.ndarray:
    """(items, items) float32 weights of EASE, zero on the diagonal."""
    gram = gram + l2 * np.eye(len(gram))
    inverse = np.linalg.inv(gram)
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    return weights.astype(np.float32)


def _matrix(affinity: Affinity, values: np.ndarray, n_customers: int) -> csr_matrix:
    """(customers, items) sparse values of the pairs that were bought."""
    from scipy.sparse import csr_matrix

    key = affinity.bought.key[:-1]
    ends = np.searchsorted(key, np.arange(n_customers + 1) * affinity.n_items)
    shape = (n_customers, affinity.n_items)
    matrix = csr_matrix((values[:-1].astype(np.float32), key % affinity.n_items, ends), shape=shape)
    matrix.eliminate_zeros()
    return matrix


def _baskets(known: Interactions) -> csr_matrix:
    """(orders, items) sparse; an order counts half of one that is a half-life later."""
    from scipy.sparse import csr_matrix

    events = known.events
    _, order = np.unique(events.order, return_inverse=True)
    weight = 0.5 ** (events.days_before(known.cut) / _BASKET_HALF_LIFE)
    shape = (order.max(initial=-1) + 1, known.n_items)
    return csr_matrix((weight.astype(np.float32), (order, events.item)), shape=shape)
