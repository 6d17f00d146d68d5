"""What fills a list where the model has nothing to say: what is popular there."""

from __future__ import annotations

import numpy as np

from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.lists.rates import popularity_rates

_DAYS = 28.0


class FillIn:
    """Popularity at a customer's location and segment, the whole history behind the last days.

    Args:
        known: what is known.
    """

    def __init__(self, known: Interactions) -> None:
        recent = popularity_rates(known, _DAYS)
        ever = popularity_rates(known, np.inf, by_group=False).rate[0]
        rate = recent.rate + ever * (recent.rate[recent.rate > 0].min() / (2 * ever.max()))
        self.popular = (rate / rate.max(axis=1, keepdims=True)).astype(np.float32)
        self.rates = recent
        self.sold = np.unique(known.events.item)
        self.idle = np.bincount(known.events.customer, minlength=known.n_customers) == 0

    def scores(self, rows: np.ndarray, n_items: int) -> np.ndarray:
        """(n, items and new items) popularity from 0 to 1, 0 for new items."""
        popular = self.popular[self.rates.of(rows)]
        return np.pad(popular, ((0, 0), (0, n_items - popular.shape[1])))

    def reasons(self, rows: np.ndarray, items: np.ndarray) -> np.ndarray:
        """(n,) why each item fills the list of each customer, in words."""
        names = np.array([f"popular {name}".strip() for name in self.rates.names], dtype=object)
        said = names[self.rates.of(rows)]
        said[~np.isin(items, self.sold)] = "not sold before"
        said[items >= self.popular.shape[1]] = "not known to the model"
        who = np.where(rows < 0, "customer not known: ", "")
        who[(rows >= 0) & self.idle[rows]] = "no purchase yet: "
        return np.asarray(who.astype(object) + said)
