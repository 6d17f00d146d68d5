"""What the customer and those with like habits buy: item frequencies and nearest customers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import check_number, check_whole
from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.base import Recommender
from newretail_ml.recommendation.baskets.nearest_customers import Crowd
from newretail_ml.recommendation.baskets.personal_vectors import personal_vectors
from newretail_ml.recommendation.pairs import Pairs

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


class TifuKnn(Recommender):
    """Personal item frequencies that fade with time, mixed with those of the nearest customers.

    The score is `own` times the customer's vector (see `personal_vectors`) plus the rest times the
    mean vector of the nearest other customers by Euclidean distance. The search is exact; it is
    made when lists are asked for, a few customers at a time, so that memory does not grow with
    the square of the customers.

    Source: Hu, He, Gao and Zhang (2020), "Modeling personalized item frequency information for
    next-basket recommendation"; the defaults lie
    among the values that the paper found best on its four data sets.

    Args:
        neighbours: nearest customers, at least 1.
        own: weight of the customer's own vector (alpha in the paper), from 0 to 1.
        groups: groups of a customer's orders, at least 1.
        within_decay: what an order counts against the next one of its group.
        group_decay: what a group counts against the next one.

    Attributes:
        vectors_: (customers, items) sparse personal item frequencies.

    >>> orders = pd.DataFrame({"customer_id": ["ann", "bob", "bob", "eve"],
    ...                        "item_id": ["tea", "tea", "jam", "nut"],
    ...                        "time": ["2026-05-01", "2026-05-09", "2026-05-10", "2026-05-11"]})
    >>> model = TifuKnn(neighbours=1).fit(Interactions.from_frame(orders))
    >>> model.recommend(["ann"], k=2)[["item_id", "slot", "reason"]]
      item_id       slot                            reason
    0     tea     repeat          bought once, 11 days ago
    1     jam  discovery  1 of 1 like customers buys it
    """

    vectors_: csr_matrix

    def __init__(
        self,
        neighbours: int = 100,
        own: float = 0.5,
        groups: int = 3,
        within_decay: float = 0.9,
        group_decay: float = 0.7,
    ) -> None:
        self.neighbours = neighbours
        self.own = own
        self.groups = groups
        self.within_decay = within_decay
        self.group_decay = group_decay

    def _fit(self, known: Interactions) -> None:
        check_whole("neighbours", self.neighbours, at_least=1)
        check_whole("groups", self.groups, at_least=1)
        check_number("own", self.own, at_most=1.0)
        check_number("within_decay", self.within_decay, above=0.0, at_most=1.0)
        check_number("group_decay", self.group_decay, above=0.0, at_most=1.0)
        self._take(known)
        self._crowd = Crowd(known.customers[c.CUSTOMER], self.vectors_)

    def _renew(self, known: Interactions) -> None:
        self._take(known)
        self._crowd = self._crowd.renewed(known.customers[c.CUSTOMER], self.vectors_)

    def _take(self, known: Interactions) -> None:
        self.vectors_ = personal_vectors(
            known, int(self.groups), self.within_decay, self.group_decay
        )
        self._pairs = Pairs.of(known)

    def _scores(self, rows: np.ndarray) -> np.ndarray:
        scores = (1.0 - self.own) * self._crowd.means(rows, int(self.neighbours))
        part = self.vectors_[rows]
        row = np.repeat(np.arange(len(rows)), np.diff(part.indptr))
        scores[row, part.indices] += self.own * part.data
        scores[scores <= 0.0] = -np.inf
        scores[np.diff(part.indptr) == 0] = -np.inf  # nobody is like one who never bought
        return scores

    def _reasons(self, rows: np.ndarray, items: np.ndarray) -> np.ndarray:
        entry = self._pairs.find(rows, items)
        said = np.empty(len(rows), dtype=object)
        said[entry >= 0] = self._pairs.habits(entry[entry >= 0])
        new = np.flatnonzero(entry < 0)
        if len(new):
            said[new] = self._said_of_others(rows[new], items[new])
        return said

    def _said_of_others(self, rows: np.ndarray, items: np.ndarray) -> np.ndarray:
        one, place = np.unique(rows, return_inverse=True)
        buyers, size = self._crowd.buyers(one, int(self.neighbours), place, items)
        return np.array(
            [
                f"{number} of {size} like customers buy{'s' if number == 1 else ''} it"
                for number in buyers
            ],
            dtype=object,
        )

    def _parts(self, rows: np.ndarray, items: np.ndarray) -> pd.DataFrame:
        own = self.own * float(self.vectors_[rows[0], items[0]])
        mean = self._crowd.means(rows, int(self.neighbours))[0, items[0]]
        parts = ["the customer's own orders", "like customers"]
        return pd.DataFrame({c.PART: parts, c.CONTRIBUTION: [own, (1.0 - self.own) * mean]})
