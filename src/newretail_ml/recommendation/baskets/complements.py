"""What goes into the basket with what is in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, get_args

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import check_number, check_whole
from newretail_ml.errors import DataError
from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.base import Recommender
from newretail_ml.recommendation.baskets.together import (
    Measure,
    Support,
    Together,
    at,
    bought_together,
)
from newretail_ml.recommendation.lists.ids import known_columns
from newretail_ml.recommendation.products import dense_product
from newretail_ml.recommendation.topk import NOTHING, best_of_rows

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


class BasketComplements(Recommender):
    """Items that are in orders with what the basket holds, more often than by chance.

    Pairs count that enough orders have, and whose lift, P(both) / (P(first) P(second)), is above
    1 even at its lower limit, so that rare pairs do not win by luck. The score of an item is the
    sum of the measure over the items of the basket. As a recommender it completes the customer's
    last order.

    Source: Brin, Motwani, Ullman and Tsur (1997), "Dynamic itemset counting and implication rules
    for market basket data", where lift is called interest.

    Args:
        by: "gain": by how much the chance of an item rises at least, P(second | first) at its
            lower limit less P(second). "lift": the logarithm of how many times it rises at
            least, which favours what is seldom bought without the first item.
        least_orders: orders that must have both items, at least 1.
        certainty: of the lower limits, one-sided, at least 0.5 and below 1.
        pairs: pairs kept of each item, at least 1.

    Attributes:
        together_: the pairs: counts, lifts and their lower limits.

    >>> orders = pd.DataFrame({"order_id": [1, 1, 2, 2, 3, 4, 5], "customer_id": "ann",
    ...                        "item_id": ["tea", "milk", "tea", "milk", "tea", "nut", "nut"],
    ...                        "time": "2026-05-01"})
    >>> model = BasketComplements(least_orders=2, certainty=0.5).fit(
    ...     Interactions.from_frame(orders))
    >>> model.complements(["milk"], k=1)[["item_id", "orders", "confidence", "lift"]]
      item_id  orders  confidence      lift
    0     tea       2         1.0  1.666667
    """

    together_: Together

    def __init__(
        self,
        by: Measure = "gain",
        least_orders: int = 5,
        certainty: float = 0.95,
        pairs: int = 200,
    ) -> None:
        self.by = by
        self.least_orders = least_orders
        self.certainty = certainty
        self.pairs = pairs

    def _fit(self, known: Interactions) -> None:
        if self.by not in get_args(Measure):
            raise DataError(
                f"{self.by!r} is no measure of complements",
                next_step=f"Choose one of {', '.join(get_args(Measure))}.",
            )
        least = check_whole("least_orders", self.least_orders, at_least=1)
        check_number("certainty", self.certainty, at_least=0.5, at_most=1.0 - 1e-9)
        pairs = check_whole("pairs", self.pairs, at_least=1)
        support = Support(self.by, least, self.certainty, pairs)
        self.together_ = bought_together(known, support)
        self._renew(known)

    def _renew(self, known: Interactions) -> None:
        self._last = last_baskets(known)

    def complements(self, items: Sequence[str] | pd.Series | pd.Index, k: int = 10) -> pd.DataFrame:
        """The k items that go best with a basket, those in it left out.

        Args:
            items: ids of the items in the basket.
            k: how many at most; fewer where fewer pairs have support.

        Returns:
            item_id, rank, score, with (the item of the basket that says most for it), orders
            (with both), confidence (share of the orders with that item), lift, least_lift.

        Raises:
            NotFittedError: `fit` was not called.
            DataError: an item is not known.
        """
        known = self._fitted()
        check_whole("k", k, at_least=1)
        basket = np.unique(known_columns(known, items))
        flags = _flags(np.zeros(len(basket), int), basket, (1, known.n_items))
        position, score = best_of_rows(self._of_baskets(flags), min(k, known.n_items))
        found = position[0] != NOTHING
        item, score = position[0][found], score[0][found]
        source = self._strongest(flags, np.zeros(len(item), int), item)
        names = known.items[c.ITEM].to_numpy(object)
        both = at(self.together_.count, source, item)
        return pd.DataFrame(
            {
                c.ITEM: names[item].astype(str),
                c.RANK: np.arange(1, len(item) + 1),
                c.SCORE: score,
                c.WITH: names[source].astype(str),
                c.ORDERS: both.astype(int),
                c.CONFIDENCE: both / self.together_.orders[source],
                c.LIFT: at(self.together_.lift, source, item),
                c.LEAST_LIFT: at(self.together_.least_lift, source, item),
            }
        )

    def _of_baskets(self, flags: csr_matrix) -> np.ndarray:
        """(baskets, items) evidence, -inf where there is none and for what is in the basket."""
        scores = dense_product(flags, self.together_.evidence)
        scores[scores <= 0.0] = -np.inf
        row = np.repeat(np.arange(flags.shape[0]), np.diff(flags.indptr))
        scores[row, flags.indices] = -np.inf
        return scores

    def _strongest(self, flags: csr_matrix, row: np.ndarray, items: np.ndarray) -> np.ndarray:
        """(m,) the item of the basket of each row that says most for each item."""
        size = np.diff(flags.indptr)[row]
        first = np.cumsum(size) - size
        of = np.repeat(np.arange(len(items)), size)
        inside = flags.indices[np.arange(len(of)) - first[of] + flags.indptr[row[of]]]
        said = at(self.together_.evidence, inside, items[of])
        by = np.lexsort((inside, -said, of))
        return np.asarray(inside[by[first]], int)

    def _scores(self, rows: np.ndarray) -> np.ndarray:
        return self._of_baskets(self._last[rows])

    def _reasons(self, rows: np.ndarray, items: np.ndarray) -> np.ndarray:
        source = self._strongest(self._last, rows, items)
        names = self.interactions_.items[c.ITEM].to_numpy(object)[source]
        both = at(self.together_.count, source, items).astype(int)
        told = zip(names, both, self.together_.orders[source], strict=True)
        said = [f"goes with {name} in {number:,} of {of:,} baskets" for name, number, of in told]
        return np.array(said, dtype=object)

    def _parts(self, rows: np.ndarray, items: np.ndarray) -> pd.DataFrame:
        inside = self._last[rows[0]].indices
        added = at(self.together_.evidence, inside, np.full(len(inside), items[0]))
        if items[0] in inside:
            added[:] = 0.0
        by = np.lexsort((inside, -added))
        by = by[added[by] > 0]
        names = self.interactions_.items[c.ITEM].to_numpy(object)[inside[by]]
        parts = pd.Series([f"{name} in the last order" for name in names], dtype=object)
        return pd.DataFrame({c.PART: parts, c.CONTRIBUTION: added[by]})

    def _similarities(self, items: np.ndarray) -> np.ndarray:
        likeness = self.together_.evidence[items].toarray()
        return np.where(likeness > 0, likeness, -np.inf)


def last_baskets(known: Interactions) -> csr_matrix:
    """(customers, items) sparse ones: the last order of each customer."""
    events = known.events
    latest = np.full(known.n_customers, -1)
    np.maximum.at(latest, events.customer, events.order)
    inside = events.order == latest[events.customer]
    shape = (known.n_customers, known.n_items)
    return _flags(events.customer[inside], events.item[inside], shape)


def _flags(row: np.ndarray, column: np.ndarray, shape: tuple[int, int]) -> csr_matrix:
    from scipy.sparse import csr_matrix

    return csr_matrix((np.ones(len(row)), (row, column)), shape=shape)
