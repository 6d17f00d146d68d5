"""What is known of each customer and each item that they bought."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from newretail_ml.features.affinity.members import Visits
from newretail_ml.interactions import Interactions

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

HALF_LIVES = (14.0, 60.0, 180.0)
ORDER_DECAYS = (0.6, 0.9)


@dataclass(frozen=True, eq=False)
class Bought:
    """Arrays of one entry a pair of a customer and an item that was bought, sorted by `key`.

    A last entry stands for all pairs that never happened.

    Attributes:
        key: customer times items plus item.
        start: (customers + 1,) entry of each customer's first pair; the last one ends them.
        times: orders with the item.
        since_last, since_first: days from the last and first of them to the cut.
        orders_since: visits of the customer after the last one with the item.
        orders_from_first: visits of the customer since the first one with the item.
        gap, gap_spread: mean and standard deviation of the days between orders with the item.
        decayed: (half-lives, pairs) orders with the item, an old one counting less by its days.
        by_orders: (decays, pairs) the same, an old one counting less by the visits after it.
        units: mean units in an order.
        price_ratio: mean price paid over the usual price.
        returned: returns of the item by the customer.
    """

    key: np.ndarray
    start: np.ndarray
    times: np.ndarray
    since_last: np.ndarray
    since_first: np.ndarray
    orders_since: np.ndarray
    orders_from_first: np.ndarray
    gap: np.ndarray
    gap_spread: np.ndarray
    decayed: np.ndarray
    by_orders: np.ndarray
    units: np.ndarray
    price_ratio: np.ndarray
    returned: np.ndarray

    def find(self, key: np.ndarray) -> np.ndarray:
        """(n,) entry of each pair, the last one for a pair that never happened."""
        pairs = self.key[:-1]
        place = np.searchsorted(pairs, key)
        found = place < len(pairs)
        found[found] = pairs[place[found]] == key[found]
        return np.where(found, place, len(pairs))

    def matrix(self, values: np.ndarray, n_items: int) -> csr_matrix:
        """(customers, items) sparse values of the pairs, zeros left out.

        Args:
            values: one an entry, the last one not used.
            n_items: number of items.
        """
        from scipy.sparse import csr_matrix

        shape = (len(self.start) - 1, n_items)
        item = self.key[:-1] % n_items
        matrix = csr_matrix((values[:-1].astype(np.float32), item, self.start), shape=shape)
        matrix.eliminate_zeros()
        return matrix

    def of_customers(
        self, rows: np.ndarray, n_items: int
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """For each pair that some customers bought: place of the customer, item, and weight.

        The weight is `by_orders` with the slowest decay.
        """
        first = self.start[rows]
        count = self.start[rows + 1] - first
        row = np.repeat(np.arange(len(rows)), count)
        entry = np.arange(len(row)) + (first - np.cumsum(count) + count)[row]
        return row, self.key[entry] % n_items, self.by_orders[-1][entry]


def bought(known: Interactions, visits: Visits) -> Bought:
    """All pairs that were bought before the cut."""
    events, n_items = known.events, known.n_items
    key = events.customer.astype(np.int64) * n_items + events.item
    by = np.argsort(key, kind="stable")
    key = key[by]
    start = np.flatnonzero(np.diff(key, prepend=-1))
    age = events.days_before(known.cut)[by]
    ago = visits.ago[visits.of_event[by]]
    times = np.diff(np.append(start, len(key)))
    last, first = age[start + times - 1], age[start]
    gap = np.where(times > 1, (first - last) / np.maximum(times - 1, 1), np.nan)
    between = np.where(np.diff(key, prepend=-1) == 0, -np.diff(age, prepend=0.0), 0.0)
    square = np.add.reduceat(between**2, start) / np.maximum(times - 1, 1)
    spread = np.where(times > 2, np.sqrt(np.maximum(square - gap**2, 0.0)), np.nan)
    ratio = events.price_ratio[by].astype(float)
    sums = {
        "decayed": np.stack([np.add.reduceat(0.5 ** (age / half), start) for half in HALF_LIVES]),
        "by_orders": np.stack([np.add.reduceat(decay**ago, start) for decay in ORDER_DECAYS]),
    }
    back = known.returns.customer.astype(np.int64) * n_items + known.returns.item
    pairs = key[start]
    columns = {
        "times": (times, 0.0),
        "since_last": (last, np.nan),
        "since_first": (first, np.nan),
        "orders_since": (ago[start + times - 1], np.nan),
        "orders_from_first": (ago[start] + 1, np.nan),
        "gap": (gap, np.nan),
        "gap_spread": (spread, np.nan),
        "decayed": (sums["decayed"], 0.0),
        "by_orders": (sums["by_orders"], 0.0),
        "units": (np.add.reduceat(events.units[by].astype(float), start) / times, np.nan),
        "price_ratio": (np.add.reduceat(ratio, start) / times, np.nan),
        "returned": (_counts_of(pairs, back), 0.0),
    }
    ended = {name: _ended(values, never) for name, (values, never) in columns.items()}
    first = np.searchsorted(pairs, np.arange(known.n_customers + 1) * np.int64(n_items))
    return Bought(key=np.append(pairs, np.iinfo(np.int64).max), start=first, **ended)


def _ended(values: np.ndarray, never: float) -> np.ndarray:
    last = np.full((*values.shape[:-1], 1), never)
    return np.concatenate([values, last], axis=-1).astype(np.float32)


def _counts_of(pairs: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """How often each of the sorted pairs is among the wanted ones."""
    wanted = np.sort(wanted)
    return np.searchsorted(wanted, pairs, "right") - np.searchsorted(wanted, pairs, "left")
