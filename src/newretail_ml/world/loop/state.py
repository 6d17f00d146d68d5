"""What the closed loop carries from one day to the next, and what customers are offered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.world.baskets import Lines
from newretail_ml.world.chain import Chain
from newretail_ml.world.make import World
from newretail_ml.world.slates.reading import Slots
from newretail_ml.world.stock import StockState


@dataclass(frozen=True)
class Habits:
    """How customers behave where the world's demand alone does not say it.

    Args:
        patience: chance that a visitor looks on from one rank of a slate to the next.
        impulse: share of the wishes met on a slate that would not have been bought without it.
        switching: share of the customers who take another item of the subcategory, if the shop
            has one, when theirs is sold out; the others leave.
        liked, disliked: factor on a member's liking of an item after the first purchase of it, if
            it is liked more, or less, than the member's mean.
    """

    patience: float = 0.9
    impulse: float = 0.5
    switching: float = 0.4
    liked: float = 1.5
    disliked: float = 0.5


@dataclass(frozen=True, eq=False)
class LoopState:
    """A chain and its members between two days.

    Attributes:
        stock: on hand and on order.
        bought: whether a member has ever bought an item, (customers, items).
        learned: factor on a member's liking by what was learned from a first purchase,
            (customers, items).
    """

    stock: StockState
    bought: np.ndarray
    learned: np.ndarray

    @classmethod
    def tonight(cls, world: World) -> LoopState:
        """The state on the last evening of the history."""
        chain, orders = world.chain, world.tables.orders
        orders = orders[orders[c.CUSTOMER].notna()]
        customer = pd.Index(chain.customers.ids).get_indexer(orders[c.CUSTOMER])
        item = pd.Index(chain.catalogue.ids).get_indexer(orders[c.ITEM])
        bought = np.zeros(chain.customers.taste.shape, dtype=bool)
        bought[customer, item] = True
        return cls(world.stock, bought, np.ones(bought.shape, dtype=np.float32))


@dataclass(frozen=True, eq=False)
class Offer:
    """What customers find on one day.

    Attributes:
        regular: regular price in money per unit, (items, shops).
        price: price to pay, (items, shops).
        promoted: whether a promotion runs, (items, shops).
        slots: the slates that members are shown.
    """

    regular: np.ndarray
    price: np.ndarray
    promoted: np.ndarray
    slots: Slots


@dataclass(frozen=True, eq=False)
class Trade:
    """What happened between opening and closing, in units.

    Attributes:
        wanted: what customers came for, (items, shops, channels).
        sold: all that was sold, (items, shops, channels).
        substituted: the part of `sold` that was taken in place of what was sold out.
        by_slates: the part of `sold` that a slate brought.
        on_hand: stock when the doors closed, (items, locations).
        wasted: what was thrown away, (items, locations).
        lines: the order lines.
    """

    wanted: np.ndarray
    sold: np.ndarray
    substituted: np.ndarray
    by_slates: np.ndarray
    on_hand: np.ndarray
    wasted: np.ndarray
    lines: Lines

    @property
    def lost(self) -> np.ndarray:
        """(items, shops, channels) units that customers came for, less all they got instead."""
        met = self.sold - self.substituted - self.by_slates
        return self.wanted - met


def no_slates(chain: Chain) -> Slots:
    """Nothing is shown to anybody."""
    nothing = np.zeros(0, dtype=np.int64)
    first = np.zeros(len(chain.customers.ids) + 1, dtype=np.int64)
    return Slots(nothing, nothing, nothing, nothing, nothing, first)
