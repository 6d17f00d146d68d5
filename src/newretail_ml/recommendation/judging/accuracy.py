"""How well lists meet what was bought, customer by customer.

Sources: ndcg from Järvelin and Kekäläinen (2002), "Cumulated gain-based evaluation of IR
techniques", ACM Transactions on Information Systems 20, 422-446, with a gain of 1 and the discount
log2(rank + 1); average precision and reciprocal rank as in Manning, Raghavan and Schütze (2008),
Introduction to Information Retrieval, chapter 8, cut off at k.

``hit`` is (customers, k): whether the item at each rank was bought. An empty slot is no hit.
``true_items`` is (customers,): how many different items were bought, at least 1.
"""

from __future__ import annotations

import numpy as np


def recall(hit: np.ndarray, true_items: np.ndarray) -> np.ndarray:
    """(customers,) share of all true items that were shown, also where there are more than k."""
    return np.asarray(hit.sum(axis=1) / true_items)


def precision(hit: np.ndarray) -> np.ndarray:
    """(customers,) share of the k slots that were hits; slots left empty count as misses."""
    return np.asarray(hit.mean(axis=1))


def ndcg(hit: np.ndarray, true_items: np.ndarray) -> np.ndarray:
    """(customers,) gain of the hits, over that of a list with min(k, true items) hits on top.

    >>> ndcg(np.array([[True, False, True]]), np.array([2])).round(4).tolist()
    [0.9197]
    """
    discount = 1 / np.log2(np.arange(2, hit.shape[1] + 2))
    ideal = np.cumsum(discount)[np.minimum(true_items, hit.shape[1]) - 1]
    return np.asarray(hit @ discount / ideal)


def average_precision(hit: np.ndarray, true_items: np.ndarray) -> np.ndarray:
    """(customers,) precision down to the rank of each hit, summed, over min(k, true items).

    Its mean over customers is known as MAP at k.

    >>> average_precision(np.array([[True, False, True]]), np.array([2])).round(4).tolist()
    [0.8333]
    """
    so_far = np.cumsum(hit, axis=1) / np.arange(1, hit.shape[1] + 1)
    return np.asarray((so_far * hit).sum(axis=1) / np.minimum(true_items, hit.shape[1]))


def hit_rate(hit: np.ndarray) -> np.ndarray:
    """(customers,) 1 where any slot was a hit, else 0."""
    return hit.any(axis=1).astype(float)


def reciprocal_rank(hit: np.ndarray) -> np.ndarray:
    """(customers,) 1 over the rank of the first hit, 0 where there is none within k."""
    return np.where(hit.any(axis=1), 1 / (hit.argmax(axis=1) + 1.0), 0.0)
