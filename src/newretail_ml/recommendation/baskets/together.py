"""Which items are in orders together, how often, and what that proves at least."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.topk import NOTHING, best_of_sparse_rows

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Measure = Literal["gain", "lift"]
# Products of pairs that are summed at once.
_WORK = 1 << 23


@dataclass(frozen=True)
class Support:
    """Which pairs are kept, and how they are ranked.

    Attributes:
        by: "gain": by how much the chance of the second item rises at least with the first one.
            "lift": the logarithm of how many times it rises at least.
        least_orders: orders that must have both items.
        certainty: of the lower limits, one-sided, at least 0.5 and below 1.
        pairs: pairs kept of each first item.
    """

    by: Measure
    least_orders: int
    certainty: float
    pairs: int

    def evidence(self, least: np.ndarray, chance: np.ndarray) -> np.ndarray:
        """(m,) the measure of pairs with these lower limits of lift and chances of the second."""
        return (least - 1.0) * chance if self.by == "gain" else np.log(least)


@dataclass(frozen=True, eq=False)
class Together:
    """Pairs of items in orders; the first item is given, the second one goes with it.

    Attributes:
        n_orders: all orders.
        orders: (items,) orders with each item.
        count: (items, items) sparse: orders with both, of the pairs that were kept.
        lift: (items, items) sparse: P(both) / (P(first) P(second)), of the same pairs.
        least_lift: (items, items) sparse: its lower limit, above 1, of the same pairs.
        evidence: (items, items) sparse: what pairs are ranked by, above 0.
    """

    n_orders: int
    orders: np.ndarray
    count: csr_matrix
    lift: csr_matrix
    least_lift: csr_matrix
    evidence: csr_matrix


def baskets(known: Interactions) -> csr_matrix:
    """(orders, items) sparse ones."""
    from scipy.sparse import csr_matrix

    order, row = np.unique(known.events.order, return_inverse=True)
    ones = np.ones(len(row))
    return csr_matrix((ones, (row, known.events.item)), shape=(len(order), known.n_items))


def bought_together(known: Interactions, support: Support) -> Together:
    """Pairs with support whose lift is above 1 even at its lower limit.

    Exact: no pair is skipped. Blocks of items are counted one after another, so that memory does
    not grow with the square of the items.

    Args:
        known: what was bought.
        support: which pairs are kept.
    """
    from scipy.sparse import csr_matrix, vstack

    basket = baskets(known)
    by_item = basket.T.tocsr()
    n, orders = basket.shape[0], np.diff(by_item.indptr)
    parts = [
        _kept((by_item[block] @ basket).tocsr(), block.start, orders, n, support)
        for block in _blocks(basket, by_item)
    ]
    count = vstack(parts, format="csr")
    first = np.repeat(np.arange(known.n_items), np.diff(count.indptr))
    second = count.indices

    def of_pairs(values: np.ndarray) -> csr_matrix:
        return csr_matrix((values, second, count.indptr), shape=count.shape)

    lift = count.data * n / (orders[first] * orders[second].astype(float))
    least = least_lift(count.data, orders[first], orders[second], n, support.certainty)
    evidence = support.evidence(least, orders[second] / n)
    return Together(n, orders, count, of_pairs(lift), of_pairs(least), of_pairs(evidence))


def least_lift(
    both: np.ndarray, first: np.ndarray, second: np.ndarray, n: int, certainty: float
) -> np.ndarray:
    """Lower limit of the lift: that of the share of second among orders with first, over P(second).

    Source: Wilson (1927), "Probable inference, the law of succession, and statistical inference".

    Args:
        both: orders with both items.
        first: orders with the first one.
        second: orders with the second one.
        n: all orders.
        certainty: one-sided, between 0.5 and 1.

    >>> least_lift(np.array([12.0]), np.array([40]), np.array([100]), 1000, 0.95).round(3)
    array([1.966])
    """
    from scipy.special import ndtri

    z = float(ndtri(certainty))
    share = both / first
    middle = share + z**2 / (2 * first)
    width = z * np.sqrt(share * (1 - share) / first + z**2 / (4 * first**2.0))
    return np.asarray((middle - width) / (1 + z**2 / first) * n / second)


def _kept(both: csr_matrix, start: int, orders: np.ndarray, n: int, support: Support) -> csr_matrix:
    """The counts of the best pairs of each row that have support."""
    from scipy.sparse import csr_matrix

    row = np.repeat(np.arange(both.shape[0]), np.diff(both.indptr))
    item = both.indices
    least = least_lift(both.data, orders[row + start], orders[item], n, support.certainty)
    good = (both.data >= support.least_orders) & (item != row + start) & (least > 1.0)
    row, item, count = row[good], item[good], both.data[good]
    value = support.evidence(least[good], orders[item] / n)
    place, _ = best_of_sparse_rows(
        csr_matrix((value, (row, item)), shape=both.shape), min(support.pairs, both.shape[1])
    )
    row_kept, column = np.nonzero(place != NOTHING)
    item_kept = place[row_kept, column]
    counts = csr_matrix((count, (row, item)), shape=both.shape)
    kept = at(counts, row_kept, item_kept)
    return csr_matrix((kept, (row_kept, item_kept)), shape=both.shape)


def at(matrix: csr_matrix, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """(m,) entries, 0 where there is none."""
    return np.asarray(matrix[row, column], dtype=float).ravel() if len(row) else np.zeros(0)


def _blocks(basket: csr_matrix, by_item: csr_matrix) -> Iterator[slice]:
    """Slices of the items, each of about as much work, at least one item each."""
    work = by_item @ np.diff(basket.indptr).astype(float)
    block = np.cumsum(work) // _WORK
    starts = np.flatnonzero(np.diff(block, prepend=-1.0))
    return (slice(a, b) for a, b in zip(starts, [*starts[1:], len(work)], strict=True))
