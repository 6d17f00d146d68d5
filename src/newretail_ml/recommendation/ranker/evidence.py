"""What simple models say of the items of some customers: the first stage of the ranker."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.features.affinity import Affinity
from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.lists.rates import Rates, popularity_rates
from newretail_ml.recommendation.ranker.item_models import ItemModels

_POPULAR_DAYS = 14.0


@dataclass(frozen=True, eq=False)
class Source:
    """One opinion on items.

    Attributes:
        name: name of the column.
        part: what it is about, in words.
        quota: how many items that a customer did not buy before become candidates by it.
    """

    name: str
    part: str
    quota: int


SOURCES = (
    Source("items_like_bought", "what others bought with it", 40),
    Source("items_like_lately", "what others bought with it", 40),
    Source("items_like_last_order", "what goes with the last order", 20),
    Source("habits", "bought before", 20),
    Source("popular_here", "popularity", 40),
)


class Evidence:
    """Scores of the models' items for any customers.

    Args:
        known: what is known.
        affinity: sums of it.
        models: of items.
    """

    def __init__(self, known: Interactions, affinity: Affinity, models: ItemModels) -> None:
        bought = affinity.bought
        last = (bought.orders_since == 0).astype(np.float32)
        self.models = models
        self.pairs = models.narrow(affinity, np.minimum(bought.times, 1.0))
        self.lately = models.narrow(affinity, bought.decayed[1])
        self.by_orders = models.narrow(affinity, bought.by_orders[1])
        self.last = models.narrow(affinity, last)
        rates: Rates = popularity_rates(known, _POPULAR_DAYS)
        self.group, self.group_names = rates.group, rates.names
        self.popular = rates.rate[:, models.columns].astype(np.float32)

    def scores(self, rows: np.ndarray) -> list[np.ndarray]:
        """For each source (len(rows), width) float32 scores."""
        models = self.models
        return [
            self.pairs[rows] @ models.customers,
            self.lately[rows] @ models.baskets,
            self.last[rows] @ models.baskets,
            self.by_orders[rows] @ models.habits,
            self.popular[self.group[rows]],
        ]
