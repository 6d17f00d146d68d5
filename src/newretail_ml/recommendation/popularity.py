"""What sells best now, at the customer's shop and in the customer's segment."""

from __future__ import annotations

import numpy as np

from newretail_ml.checks import check_number
from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.base import Recommender
from newretail_ml.recommendation.lists.rates import Rates, popularity_rates


class Popularity(Recommender):
    """The items that were in most orders of the last days.

    Args:
        days: length of the window in days.
        by_group: whether locations and segments have lists of their own, smoothed towards the
            whole chain.

    Attributes:
        rates_: orders with each item per customer, by group.

    >>> import pandas as pd
    >>> orders = pd.DataFrame({"customer_id": ["ann", "bob", "bob", "eve"],
    ...                        "item_id": ["tea", "tea", "jam", "jam"],
    ...                        "time": ["2026-05-01", "2026-05-09", "2026-05-10", "2026-05-11"]})
    >>> model = Popularity(days=7).fit(Interactions.from_frame(orders))
    >>> model.recommend(["ann"], k=2)[["customer_id", "item_id", "rank", "slot"]]
      customer_id item_id  rank       slot
    0         ann     jam     1  discovery
    1         ann     tea     2     repeat
    """

    rates_: Rates

    def __init__(self, days: float = 28, by_group: bool = True) -> None:
        self.days = days
        self.by_group = by_group

    def _fit(self, known: Interactions) -> None:
        check_number("days", self.days, above=0.0)
        self.rates_ = popularity_rates(known, self.days, by_group=self.by_group)

    def _scores(self, rows: np.ndarray) -> np.ndarray:
        rate = self.rates_.rate[self.rates_.of(rows)]
        return np.where(rate > 0, rate, -np.inf)

    def _reasons(self, rows: np.ndarray, items: np.ndarray) -> np.ndarray:  # noqa: ARG002
        names = np.array([f"popular {name}".strip() for name in self.rates_.names], dtype=object)
        return np.asarray(names[self.rates_.of(rows)])
