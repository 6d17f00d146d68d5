"""How much of what a customer buys is of one category, subcategory or brand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.interactions import Interactions

LABELS = (c.CATEGORY, c.SUBCATEGORY, c.BRAND)
HALF_LIFE = 180.0


@dataclass(frozen=True, eq=False)
class Taste:
    """Shares of the labels of one column among what each customer bought.

    Attributes:
        label: (items,) number of each item's label, -1 where it has none.
        n_labels: how many labels there are.
        key: sorted, customer times labels plus label.
        share: (keys,) share of the customer's orders with items that have the label, the older
            ones counting less; a last entry of 0 stands for labels that a customer never bought.
        popularity: (labels,) share of all customers' orders with items.
    """

    label: np.ndarray
    n_labels: int
    key: np.ndarray
    share: np.ndarray
    popularity: np.ndarray

    def of(self, customer: np.ndarray, item: np.ndarray) -> np.ndarray:
        """(n,) share of the item's label with the customer; missing for items without one."""
        label = self.label[item]
        key = customer.astype(np.int64) * self.n_labels + label
        place = np.minimum(np.searchsorted(self.key, key), len(self.key) - 1)
        found = np.where(self.key[place] == key, place, len(self.share) - 1)
        return np.where(label >= 0, self.share[found], np.float32(np.nan))

    def lift(self, customer: np.ndarray, item: np.ndarray) -> np.ndarray:
        """(n,) the share over that of all customers."""
        usual = np.append(self.popularity, np.nan)[self.label[item]]
        return self.of(customer, item) / np.maximum(usual, 1e-6).astype(np.float32)


def taste(known: Interactions, column: str) -> Taste | None:
    """Shares of the labels of a column; None where the items have no such column."""
    if column not in known.items:
        return None
    label, names = pd.factorize(known.items[column])
    event = label[known.events.item]
    used = np.flatnonzero(event >= 0)
    if not len(used):
        return None
    customer, n = known.events.customer[used].astype(np.int64), len(names)
    weight = 0.5 ** (known.events.days_before(known.cut)[used] / HALF_LIFE)
    key, place = np.unique(customer * n + event[used], return_inverse=True)
    total = np.bincount(customer, weight, known.n_customers)
    share = np.bincount(place, weight) / np.maximum(total[key // n], 1e-30)
    popularity = np.bincount(event[used], weight, n) / weight.sum()
    return Taste(label, n, key, np.append(share, 0.0).astype(np.float32), popularity)
