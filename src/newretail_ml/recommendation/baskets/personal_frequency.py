"""What each customer buys most often."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from newretail_ml.checks import check_number
from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.base import Recommender
from newretail_ml.recommendation.lists.rates import Rates, popularity_rates
from newretail_ml.recommendation.pairs import Pairs

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

# Below any difference between numbers of orders, above the precision of floats.
_TIE = 1e-6
_DAYS = 28.0


class PersonalFrequency(Recommender):
    """The items that the customer bought in most orders.

    Ties go to what is popular at the customer's location and segment in the last 28 days; lists
    that run out are filled by popularity. It only offers what was bought before.

    Args:
        half_life: days after which an order counts half; None: all orders count the same.
        returned: what an order counts whose units all came back, from 0 to 1.

    Attributes:
        frequency_: (customers, items) sparse: orders with the item, less what came back.

    >>> import pandas as pd
    >>> orders = pd.DataFrame({"customer_id": ["ann", "ann", "ann", "bob"],
    ...                        "item_id": ["tea", "tea", "jam", "jam"],
    ...                        "time": ["2026-05-01", "2026-05-09", "2026-05-10", "2026-05-11"]})
    >>> model = PersonalFrequency().fit(Interactions.from_frame(orders))
    >>> model.recommend(["ann"], k=2)[["item_id", "slot", "reason"]]
      item_id    slot                                         reason
    0     tea  repeat  bought 2 times, every 8 days, last 3 days ago
    1     jam  repeat                        bought once, 2 days ago
    """

    frequency_: csr_matrix

    def __init__(self, half_life: float | None = None, returned: float = 0.5) -> None:
        self.half_life = half_life
        self.returned = returned

    def _fit(self, known: Interactions) -> None:
        check_number("returned", self.returned, at_most=1.0)
        weight = np.ones(len(known.events))
        if self.half_life is not None:
            check_number("half_life", self.half_life, above=0.0)
            weight = 0.5 ** (known.events.days_before(known.cut) / self.half_life)
        self._pairs = Pairs.of(known)
        kept = 1.0 - (1.0 - self.returned) * self._pairs.share_returned(known)
        self.frequency_ = self._pairs.matrix(self._pairs.sums(weight) * kept)
        self._popular: Rates = popularity_rates(known, _DAYS)

    def _scores(self, rows: np.ndarray) -> np.ndarray:
        scores = np.full((len(rows), self.frequency_.shape[1]), -np.inf)
        part = self.frequency_[rows]
        row = np.repeat(np.arange(len(rows)), np.diff(part.indptr))
        rate = self._popular.rate
        popular = rate[self._popular.of(rows)[row], part.indices] / max(rate.max(), 1e-300)
        scores[row, part.indices] = part.data + _TIE * popular
        return scores

    def _reasons(self, rows: np.ndarray, items: np.ndarray) -> np.ndarray:
        return self._pairs.habits(self._pairs.find(rows, items))
