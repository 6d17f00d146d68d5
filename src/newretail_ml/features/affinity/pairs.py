"""Pairs of customers and items, and what is known of them at the cut."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from newretail_ml.features.affinity.bought import Bought, bought
from newretail_ml.features.affinity.goods import Goods, goods
from newretail_ml.features.affinity.members import Members, Visits, members
from newretail_ml.features.affinity.tastes import LABELS, Taste, taste
from newretail_ml.interactions import Interactions


@dataclass(frozen=True, eq=False)
class Affinity:
    """What interactions say at their cut of customers, items and both together.

    Attributes:
        n_items: number of items.
        members: by customer.
        goods: by item.
        bought: by pair.
        tastes: by column of labels (category, subcategory, brand) that the items have.
    """

    n_items: int
    members: Members
    goods: Goods
    bought: Bought
    tastes: dict[str, Taste]

    @classmethod
    def of(cls, known: Interactions) -> Affinity:
        """All sums, from events before the cut alone; planned prices are known in advance."""
        visits = Visits.of(known)
        pairs = bought(known, visits)
        items = np.bincount(pairs.key[:-1] // known.n_items, minlength=known.n_customers)
        found = {name: taste(known, name) for name in LABELS}
        return cls(
            n_items=known.n_items,
            members=members(known, visits, items),
            goods=goods(known, pairs),
            bought=pairs,
            tastes={name: one for name, one in found.items() if one is not None},
        )

    def with_goods_of(self, other: Affinity) -> Affinity:
        """The same customers, and what others' events say of the same items."""
        return replace(self, goods=other.goods)

    def pairs(self, customer: np.ndarray, item: np.ndarray) -> Pairs:
        """Pairs of positions, to compute features of."""
        return Pairs(self, customer, item)


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of a customer and an item.

    Attributes:
        known: what is known.
        customer, item: (n,) positions.
    """

    known: Affinity
    customer: np.ndarray
    item: np.ndarray

    @cached_property
    def entry(self) -> np.ndarray:
        """(n,) entry of each pair among those bought."""
        key = self.customer.astype(np.int64) * self.known.n_items + self.item
        return self.known.bought.find(key)

    def own(self, name: str, part: int | None = None) -> np.ndarray:
        """(n,) what is known of the pair, by name."""
        values = getattr(self.known.bought, name)
        return np.asarray((values if part is None else values[part])[self.entry])

    def member(self, name: str) -> np.ndarray:
        """(n,) what is known of the customer, by name."""
        return np.asarray(getattr(self.known.members, name)[self.customer])

    def good(self, name: str, part: int | None = None) -> np.ndarray:
        """(n,) what is known of the item, by name."""
        values = getattr(self.known.goods, name)
        return np.asarray((values if part is None else values[part])[self.item])

    def label_share(self, column: str) -> np.ndarray:
        """(n,) share of the item's label in what the customer buys; missing without labels."""
        taste = self.known.tastes.get(column)
        missing = np.full(len(self.item), np.nan, np.float32)
        return missing if taste is None else taste.of(self.customer, self.item)

    def label_lift(self, column: str) -> np.ndarray:
        """(n,) the share over that of all customers."""
        taste = self.known.tastes.get(column)
        missing = np.full(len(self.item), np.nan, np.float32)
        return missing if taste is None else taste.lift(self.customer, self.item)
