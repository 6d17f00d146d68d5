"""How much of the catalogue lists show, how familiar their items are, and how alike.

Sources: novelty as mean self-information from Zhou, Kuscsik, Liu, Medo, Wakeling and Zhang (2010),
"Solving the apparent diversity-accuracy dilemma of recommender systems", Proceedings of the
National Academy of Sciences 107, 4511-4515; diversity inside a list from Ziegler, McNee, Konstan
and Lausen (2005), "Improving recommendation lists through topic diversification", WWW.

``item`` is (customers, k): positions of the items, -1 in an empty slot.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix, csr_matrix

_ITEMS_AT_ONCE = 256


def novelty(item: np.ndarray, buyers: np.ndarray, n_customers: int) -> np.ndarray:
    """(customers,) mean of -log2(share of customers who bought the item before) over a list.

    An item nobody bought counts as if one had; an empty list has none (NaN).

    Args:
        item: positions of the items shown.
        buyers: (items,) how many customers bought each before.
        n_customers: how many there are.

    >>> novelty(np.array([[0, 1], [0, -1]]), np.array([4, 1]), 4).tolist()
    [1.0, 0.0]
    """
    information = -np.log2(np.maximum(buyers, 1) / n_customers)
    return mean_of_slots(information[item], item >= 0)


def different_labels(item: np.ndarray, label: np.ndarray) -> np.ndarray:
    """(customers,) share of the pairs in a list whose labels differ; NaN with fewer than two.

    Args:
        item: positions of the items shown.
        label: (items,) codes, such as of categories; -1 where not known, which differs from all.

    >>> different_labels(np.array([[0, 1, 2]]), np.array([5, 5, 7])).round(3).tolist()
    [0.667]
    """
    shown = label[item]
    pairs, differ = np.zeros(len(item)), np.zeros(len(item))
    for one, other in combinations(range(item.shape[1]), 2):
        both = (item[:, one] >= 0) & (item[:, other] >= 0)
        pairs += both
        differ += both & ((shown[:, one] != shown[:, other]) | (shown[:, one] < 0))
    return _shares(differ, pairs)


def different_buyers(item: np.ndarray, counts: csr_matrix) -> np.ndarray:
    """(customers,) mean of 1 - cosine between the buyers of the pairs in a list; NaN without any.

    Args:
        item: positions of the items shown.
        counts: (customers, items) orders with each item before.
    """
    places = np.array(list(combinations(range(item.shape[1]), 2)), dtype=int).reshape(-1, 2)
    pair = np.sort(item[:, places], axis=2).reshape(-1, 2)
    row = np.repeat(np.arange(len(item)), len(places))
    whole = pair[:, 0] >= 0
    row, pair = row[whole], pair[whole]
    key, back = np.unique(pair[:, 0] * np.int64(counts.shape[1]) + pair[:, 1], return_inverse=True)
    distance = 1 - _cosines(*np.divmod(key, counts.shape[1]), counts.astype(bool).tocsc())
    total = np.bincount(row, distance[back], len(item))
    return _shares(total, np.bincount(row, minlength=len(item)).astype(float))


def mean_of_slots(values: np.ndarray, filled: np.ndarray) -> np.ndarray:
    """(customers,) mean of the filled slots, NaN where there is none."""
    return _shares(np.where(filled, values, 0.0).sum(axis=1), filled.sum(axis=1).astype(float))


def _cosines(first: np.ndarray, second: np.ndarray, bought: csc_matrix) -> np.ndarray:
    """(pairs,) cosine between two columns, zero where one is empty; `first` is sorted."""
    bought = bought.astype(np.float64)
    size = np.sqrt(np.maximum(np.asarray(bought.sum(axis=0)).ravel(), 1))
    cosine = np.empty(len(first))
    distinct = np.unique(first)
    for start in range(0, len(distinct), _ITEMS_AT_ONCE):
        some = distinct[start : start + _ITEMS_AT_ONCE]
        these = slice(*np.searchsorted(first, [some[0], some[-1] + 1]))
        together = (bought[:, some].T @ bought).toarray()
        cosine[these] = together[np.searchsorted(some, first[these]), second[these]]
    return cosine / (size[first] * size[second])


def _shares(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(len(whole), np.nan), where=whole > 0)
