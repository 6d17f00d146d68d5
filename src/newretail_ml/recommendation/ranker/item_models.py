"""Models of which items go together, fitted to what was known at a cut."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from newretail_ml.features.affinity import Affinity, Visits
from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.ease.solving import products, weights_in_place
from newretail_ml.recommendation.lists.rates import popularity_rates

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

MOST_ITEMS = 4096
_MOST_EVENTS = 4_000_000
_BASKET_HALF_LIFE = 60.0
_RECENT_DAYS = 28.0
_LEAST_PENALTY = 1e-6


class ItemModels:
    """Three times EASE: on customers, on their habits, and on recent baskets.

    A large catalogue is cut down to the items that sell best now or ever; the other ones are
    offered to those who bought them. Steck (2019), Embarrassingly shallow autoencoders for sparse
    data.

    Args:
        known: what is known.
        affinity: sums of it.

    Attributes:
        columns: (width,) positions of the items in the models, sorted.
        place: (items,) place of each item among the columns, -1 where it has none.
        customers, habits, baskets: (width, width) float32 weights.
    """

    def __init__(self, known: Interactions, affinity: Affinity) -> None:
        self.columns = _shelf(known)
        self.place = np.full(known.n_items, -1)
        self.place[self.columns] = np.arange(len(self.columns))
        some = _some_customers(known)
        bought = self.narrow(affinity, np.minimum(affinity.bought.times, 1.0))[some]
        habits = self.narrow(affinity, affinity.bought.by_orders[1])[some]
        self.customers = _weights(bought, 4.0)
        self.habits = _weights(habits, 0.3)
        self.baskets = _weights(_baskets(known)[:, self.columns], 1.0)

    def narrow(self, affinity: Affinity, values: np.ndarray) -> csr_matrix:
        """(customers, width) sparse values of pairs that were bought, of the models' items."""
        return affinity.bought.matrix(values, affinity.n_items)[:, self.columns]


def _shelf(known: Interactions) -> np.ndarray:
    """Items that sell best, over all days or lately."""
    if known.n_items <= MOST_ITEMS:
        return np.arange(known.n_items)
    lately, ever = (
        popularity_rates(known, days, by_group=False).rate[0] for days in (_RECENT_DAYS, np.inf)
    )
    share = lately / lately.sum() + ever / ever.sum()
    return np.sort(np.argsort(-share, kind="stable")[:MOST_ITEMS])


def _some_customers(known: Interactions) -> slice:
    """Every nth customer, as millions of events tell all there is to know of items."""
    return slice(None, None, len(known.events) // _MOST_EVENTS + 1)


def _weights(matrix: csr_matrix, l2: float) -> np.ndarray:
    """(width, width) float32 weights of EASE; the penalty grows with what an item sums to."""
    history = matrix.astype(np.float64)
    sold = max(len(np.unique(history.indices)), 1)
    penalty = l2 * history.power(2).sum() / sold
    gram = products(history, history.shape[1], None)
    return weights_in_place(gram, max(penalty, _LEAST_PENALTY)).astype(np.float32)


def _baskets(known: Interactions) -> csr_matrix:
    """(visits, items) sparse; a visit counts half of one that is a half-life later."""
    from scipy.sparse import csr_matrix

    events = known.events.only(slice(-_MOST_EVENTS, None))
    visit = Visits.of(replace(known, events=events)).of_event
    weight = 0.5 ** (events.days_before(known.cut) / _BASKET_HALF_LIFE)
    shape = (visit.max(initial=-1) + 1, known.n_items)
    return csr_matrix((weight.astype(np.float32), (visit, events.item)), shape=shape)
