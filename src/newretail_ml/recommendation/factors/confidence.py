"""How sure we are that a customer likes an item: from orders, their age, and what came back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.pairs import Pairs

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

# However old, an order is one.
_LEAST = 1e-9


def order_weights(known: Interactions, half_life: float | None) -> np.ndarray:
    """(events,) weight of each event: 1 for the customer's last order, half after a half-life.

    Ages count from the last order of the same customer, so that everybody's latest taste counts
    in full, whenever that was.
    """
    if half_life is None:
        return np.ones(len(known.events))
    age = known.events.days_before(known.cut)
    youngest = np.full(known.n_customers, np.inf)
    np.minimum.at(youngest, known.events.customer, age)
    return np.exp2(-(age - youngest[known.events.customer]) / half_life)


def strength(known: Interactions, half_life: float | None, logarithmic: bool) -> csr_matrix:
    """(customers, items) sparse, how strongly each pair has shown itself.

    The sum of the weights of its orders, times the share of the units that were kept; a pair of
    which all came back is left out.

    Args:
        known: what is known.
        half_life: days after which an order counts half; None: all count the same.
        logarithmic: whether the tenth order adds less than the first: log2(1 + sum).
    """
    from scipy.sparse import csr_matrix

    events, shape = known.events, (known.n_customers, known.n_items)
    weight = np.maximum(order_weights(known, half_life), _LEAST) * _kept(known)
    shown = csr_matrix((weight, (events.customer, events.item)), shape=shape)
    shown.sum_duplicates()
    shown.eliminate_zeros()
    if logarithmic:
        shown.data = np.log2(1.0 + shown.data)
    return shown


def _kept(known: Interactions) -> np.ndarray:
    """(events,) share of the pair's units that did not come back."""
    if not len(known.returns):
        return np.ones(len(known.events))
    pairs = Pairs.of(known)
    return (1.0 - pairs.share_returned(known))[pairs.of_event]


def confidences(shown: csr_matrix, weight: float, mean: float) -> csr_matrix:
    """1 + weight x strength / mean strength; a pair that is not there has 1.

    Hu, Koren and Volinsky (2008), section 4; dividing by the mean makes the weight mean the same
    whether purchases are counted, aged or put on a logarithmic scale.

    >>> from scipy.sparse import csr_matrix
    >>> confidences(csr_matrix([[1.0, 0.0], [0.0, 3.0]]), weight=4.0, mean=2.0).data
    array([3., 7.])
    """
    sure = shown.copy()
    sure.data = 1.0 + weight * shown.data / mean
    return sure


def balancing_weight(shown: csr_matrix) -> float:
    """The weight with which all that was bought weighs a twentieth of all that was not.

    A rule of thumb of this library, kept between 1 and 40; a weight tuned on past cuts may do
    better. How much depends on it: Rendle, Krichene, Zhang and Koren (2022), Revisiting the
    performance of iALS on item recommendation benchmarks.

    >>> from scipy.sparse import csr_matrix
    >>> balancing_weight(csr_matrix(np.eye(100)))
    5.0
    """
    used = _used(shown)
    return float(np.clip(used[0] * used[1] / (20 * max(shown.nnz, 1)), 1.0, 40.0))


def _used(pairs: csr_matrix) -> tuple[int, int]:
    """Number of customers and of items with any pair."""
    return int(np.count_nonzero(np.diff(pairs.indptr))), len(np.unique(pairs.indices))


def chance_level(sure: csr_matrix) -> float:
    """The largest singular value that as many confidences scattered at random would have.

    Root mean square x (sqrt(customers) + sqrt(items)), the edge of the spectrum of a matrix of
    independent entries (Bai and Yin 1993). Factors below it cannot be told from chance, which makes
    it the unit of the regularization, whatever the size of the data.

    >>> from scipy.sparse import csr_matrix
    >>> round(chance_level(csr_matrix(np.diag([2.0, 2.0, 2.0, 2.0]))), 2)
    4.0
    """
    used = _used(sure)
    mean_square = np.square(sure.data, dtype=float).sum() / max(used[0] * used[1], 1)
    return float(np.sqrt(mean_square) * (np.sqrt(used[0]) + np.sqrt(used[1])))
