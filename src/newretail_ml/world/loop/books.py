"""The books of a chain in the closed loop: what it knows of itself, evening by evening."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.tables import RetailTables
from newretail_ml.world.baskets import orders_frame
from newretail_ml.world.loop.state import Trade
from newretail_ml.world.make import World, prices_frame
from newretail_ml.world.pricing import prices_to_pay


@dataclass
class Books:
    """Tables that grow by a day every evening. Demand, levels and tastes are not in them.

    Attributes:
        world: where they begin.
        price, regular, promoted: of all days, the planned ones included, (days, items, shops).
        orders, stock: order lines and counts of stock, a frame a day after the history's.
        n_orders: orders so far.
    """

    world: World
    price: np.ndarray
    regular: np.ndarray
    promoted: np.ndarray
    orders: list[pd.DataFrame] = field(default_factory=list)
    stock: list[pd.DataFrame] = field(default_factory=list)
    n_orders: int = 0
    _tables: RetailTables | None = None

    @classmethod
    def of(cls, world: World) -> Self:
        """The books on the last evening of the history."""
        plan, tables = world.chain.prices, world.tables
        first = tables.orders[c.ORDER].nunique()
        arrays = (plan.price.copy(), plan.regular_at_shops.copy(), plan.promoted)
        stock = [] if tables.stock is None else [tables.stock]
        return cls(world, *arrays, [tables.orders], stock, first)

    def plan(self, listed: np.ndarray, from_day: int) -> None:
        """Take (items, shops) regular prices into the plan, from a day on."""
        self._tables = None
        for day in range(from_day, len(self.price)):
            self.regular[day] = listed
            self.price[day], _ = prices_to_pay(self.world.chain, day, listed, True)

    def offer_prices(self, day: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """(items, shops) regular prices, prices to pay, and what is on promotion."""
        return self.regular[day], self.price[day], self.promoted[day]

    def close(self, day: int, happened: Trade) -> None:
        """Write down what was sold on a day, and what was left in the evening."""
        self._tables = None
        chain = self.world.chain
        lines = orders_frame(chain, happened.lines, before=self.n_orders)
        self.n_orders += lines[c.ORDER].nunique()
        item, location = np.nonzero(chain.assortment.on_sale(day))
        counted = pd.DataFrame(
            {
                c.DATE: chain.calendar.dates[day],
                c.LOCATION: chain.locations.ids[location],
                c.ITEM: chain.catalogue.ids[item],
                c.ON_HAND: happened.on_hand[item, location],
            }
        )
        self.orders.append(lines)
        self.stock.append(counted)

    def tables(self) -> RetailTables:
        """What the chain knows tonight; made once an evening."""
        if self._tables is None:
            self._tables = self._made()
        return self._tables

    def _made(self) -> RetailTables:
        first = self.world.tables
        return RetailTables.from_frames(
            pd.concat(self.orders, ignore_index=True),
            items=first.items,
            locations=first.locations,
            stock=pd.concat(self.stock, ignore_index=True),
            prices=prices_frame(self.world.chain, self.price, self.regular, self.promoted),
            customers=first.customers,
            events=first.events,
        )
