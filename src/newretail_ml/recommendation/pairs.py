"""What is known of each customer and each item that they bought, as sorted pairs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from newretail_ml.interactions import Interactions
from newretail_ml.wording import counted

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


@dataclass(frozen=True, eq=False)
class Pairs:
    """One entry per customer and item bought, sorted by customer, then by item.

    Attributes:
        customer, item: (n,) positions.
        of_event: (events,) pair of each event.
        times: (n,) orders with the item.
        first, last: (n,) days from the first and last of them to the cut.
        shape: customers and items.
    """

    customer: np.ndarray
    item: np.ndarray
    of_event: np.ndarray
    times: np.ndarray
    first: np.ndarray
    last: np.ndarray
    shape: tuple[int, int]

    @classmethod
    def of(cls, known: Interactions) -> Pairs:
        """The pairs of all events."""
        events = known.events
        key = events.customer.astype(np.int64) * known.n_items + events.item
        pair, of_event = np.unique(key, return_inverse=True)
        age = events.days_before(known.cut)
        first, last = np.full(len(pair), -np.inf), np.full(len(pair), np.inf)
        np.maximum.at(first, of_event, age)
        np.minimum.at(last, of_event, age)
        customer, item = np.divmod(pair, max(known.n_items, 1))
        times = np.bincount(of_event, minlength=len(pair))
        shape = (known.n_customers, known.n_items)
        return cls(customer, item, of_event, times, first, last, shape)

    def sums(self, values: np.ndarray) -> np.ndarray:
        """(n,) sums over the events of each pair."""
        return np.bincount(self.of_event, values, minlength=len(self.item))

    def matrix(self, values: np.ndarray) -> csr_matrix:
        """(customers, items) sparse values of the pairs."""
        from scipy.sparse import csr_matrix

        start = np.searchsorted(self.customer, np.arange(self.shape[0] + 1))
        return csr_matrix((values, self.item, start), shape=self.shape)

    def share_returned(self, known: Interactions) -> np.ndarray:
        """(n,) share of the units of each pair that came back, at most 1."""
        back = known.returns
        if not len(back):
            return np.zeros(len(self.item))
        entry = self.find(back.customer, back.item)
        bought = entry >= 0
        returned = np.bincount(entry[bought], back.units[bought], minlength=len(self.item))
        return np.minimum(returned / np.maximum(self.sums(known.events.units), 1e-12), 1.0)

    def find(self, rows: np.ndarray, items: np.ndarray) -> np.ndarray:
        """(m,) entry of each customer with each item, -1 where it was never bought.

        Positions of -1 are customers or items that are not known.
        """
        width = max(self.shape[1], 1)
        keys = self.customer.astype(np.int64) * width + self.item
        wanted = np.asarray(rows, np.int64) * width + items
        wanted[(np.asarray(rows) < 0) | (np.asarray(items) < 0)] = -1
        place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        return np.where(keys[place] == wanted, place, -1)

    def habits(self, entry: np.ndarray) -> np.ndarray:
        """(m,) how often, in which rhythm and how long ago, in words.

        >>> import pandas as pd
        >>> orders = pd.DataFrame({"customer_id": "ann", "item_id": "tea",
        ...                        "time": ["2026-05-01", "2026-05-15", "2026-05-30"]})
        >>> Pairs.of(Interactions.from_frame(orders)).habits(np.array([0]))[0]
        'bought 3 times, every 14 days, last 1 day ago'
        """
        times, first, last = self.times[entry], self.first[entry], self.last[entry]
        gap = (first - last) / np.maximum(times - 1, 1)
        said = [
            f"bought once, {days(ago)} ago"
            if number == 1
            else f"bought {number} times, every {days(every)}, last {days(ago)} ago"
            for number, every, ago in zip(times, gap, last, strict=True)
        ]
        return np.array(said, dtype=object)


def days(number: float) -> str:
    """A number of days in words; less than half a day is one.

    >>> days(13.6)
    '14 days'
    """
    return counted(max(round(float(number)), 1), "day")
