"""Interactions: what known customers bought, one event per customer, order and item."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.interactions.events import Events
from newretail_ml.interactions.item_prices import ItemPrices
from newretail_ml.interactions.making import places
from newretail_ml.interactions.positions import as_time, found, known_at, positions, usual_place
from newretail_ml.interactions.shelf import Shelf
from newretail_ml.wording import counted

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from newretail_ml.tables import RetailTables


@dataclass(frozen=True, eq=False, repr=False)
class Interactions:
    """What known customers bought until a cut. Make it with `from_tables` or `from_frame`.

    Positions of customers and items depend on what happened, not on ids or on the order of rows:
    the item that was bought most often has position 0. Ties broken by position are broken alike
    whatever the ids are.

    Attributes:
        customers: one row a customer: customer_id, and what the customers table says.
        items: one row an item: item_id, and what the items table says.
        events: what was bought.
        returns: what was brought back, units above zero.
        channels, locations: labels of the events' positions.
        cut: everything before this time is known, nothing from it on.
        shelf: stock by day, if it is known.
        prices: prices by day, planned ones included, if they are known.

    >>> orders = pd.DataFrame({"customer_id": ["ann", "ann", "bob", "bob"],
    ...                        "order_id": [1, 2, 3, 3], "item_id": ["tea", "tea", "tea", "jam"],
    ...                        "time": ["2026-05-01", "2026-05-09", "2026-05-10", "2026-05-10"]})
    >>> known = Interactions.from_frame(orders)
    >>> known
    Interactions: 4 events, 2 customers, 2 items, 3 orders, before 2026-05-11
    >>> known.until("2026-05-10")
    Interactions: 2 events, 1 customer, 1 item, 2 orders, before 2026-05-10
    """

    customers: pd.DataFrame
    items: pd.DataFrame
    events: Events
    returns: Events
    channels: pd.Index
    locations: pd.Index
    cut: np.datetime64
    shelf: Shelf | None = None
    prices: ItemPrices | None = None

    @classmethod
    def from_tables(cls, tables: RetailTables) -> Interactions:
        """The order lines that have a customer, with all that the other tables know.

        Args:
            tables: the chain's tables. Lines of negative units are returns; the usual price is
                the regular price where the tables have one, else the mean price so far.

        Raises:
            DataError: no order line has a customer.
        """
        from newretail_ml.interactions.reading import from_tables

        return from_tables(tables)

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        customers: pd.DataFrame | None = None,
        items: pd.DataFrame | None = None,
    ) -> Interactions:
        """Events of a long frame.

        Args:
            frame: one row a line: customer_id, item_id, time (user_id, timestamp and date are
                read as well); if given order_id (else lines at one time are one order), units
                (else 1; negative: returned), unit_price (below zero: not known), regular_price,
                channel, location_id. Ids may be numbers. Rows without a customer are left out, as
                are other columns: a rating counts as a purchase, whatever it says.
            customers: customer_id, and anything known of them, such as segment.
            items: item_id, and anything known of them, such as category.

        Raises:
            DataError: a column is missing or cannot be read, or no row has a customer.
        """
        from newretail_ml.interactions.reading import from_frame

        return from_frame(frame, customers, items)

    @property
    def n_customers(self) -> int:
        """Number of customers."""
        return len(self.customers)

    @property
    def n_items(self) -> int:
        """Number of items."""
        return len(self.items)

    def until(self, time: str | pd.Timestamp | np.datetime64) -> Interactions:
        """What was known at a time: earlier events alone, and who and what was there then.

        A customer is known who bought, or had joined; an item that was sold, or launched. Prices
        stay whole, as a plan is known in advance.

        Raises:
            DataError: the time cannot be read, or lies after the cut.
        """
        cut = as_time(time)
        if cut > self.cut:
            raise DataError(
                f"{cut} lies after {self.cut}, until which events are known",
                next_step="Choose an earlier time.",
            )
        events = self.events.only(self.events.time < cut)
        returns = self.returns.only(self.returns.time < cut)
        shelf = self.shelf.until(cut) if self.shelf else None
        known = replace(self, events=events, returns=returns, cut=cut, shelf=shelf)
        bought = (np.unique(events.customer), np.unique(events.item))
        return known._only(
            known_at(self.customers, c.JOINED, cut, bought[0]),
            known_at(self.items, c.LAUNCH_DATE, cut, bought[1]),
        )

    def between(
        self, start: str | pd.Timestamp | np.datetime64, end: str | pd.Timestamp | np.datetime64
    ) -> pd.DataFrame:
        """Events from a time on, before another: customer_id, item_id, order_id, time, units."""
        time = self.events.time
        part = self.events.only((time >= as_time(start)) & (time < as_time(end)))
        return pd.DataFrame(
            {
                c.CUSTOMER: self.customers[c.CUSTOMER].to_numpy()[part.customer],
                c.ITEM: self.items[c.ITEM].to_numpy()[part.item],
                c.ORDER: part.order,
                c.TIME: part.time,
                c.UNITS: part.units.astype(float),
            }
        )

    def on_items_of(self, other: Interactions) -> Interactions:
        """The same customers and events with the items of others, at their positions.

        Events of items that the others do not have are left out.
        """
        position = other.columns_of(self.items[c.ITEM])
        back = self.columns_of(other.items[c.ITEM])
        rows = np.arange(self.n_customers)
        events, returns = (
            part.only(position[part.item] >= 0).at(rows, position)
            for part in (self.events, self.returns)
        )
        return replace(
            self,
            items=other.items,
            events=events,
            returns=returns,
            shelf=self.shelf.of(back) if self.shelf else None,
            prices=self.prices.of(back) if self.prices else None,
        )

    def rows_of(self, customers: pd.Series | pd.Index | np.ndarray | list) -> np.ndarray:
        """(n,) position of each customer id, -1 where it is not known."""
        return found(self._customer_index, customers)

    def columns_of(self, items: pd.Series | pd.Index | np.ndarray | list) -> np.ndarray:
        """(n,) position of each item id, -1 where it is not known."""
        return found(self._item_index, items)

    @cached_property
    def counts(self) -> csr_matrix:
        """(customers, items) sparse float32: number of events, that is of orders with the item."""
        from scipy.sparse import csr_matrix

        shape = (self.n_customers, self.n_items)
        ones = np.ones(len(self.events), np.float32)
        matrix = csr_matrix((ones, (self.events.customer, self.events.item)), shape=shape)
        matrix.sum_duplicates()
        return matrix

    def bought(self, rows: np.ndarray, items: np.ndarray) -> np.ndarray:
        """(n,) whether the customer of each row bought its item; False where either is -1.

        Args:
            rows: (n,) positions of customers.
            items: (n,) positions of items.
        """
        known = (np.asarray(rows) >= 0) & (np.asarray(items) >= 0)
        if known.any():
            known[known] = np.asarray(self.counts[rows[known], items[known]]).ravel() > 0
        return known

    @cached_property
    def home(self) -> np.ndarray:
        """(customers,) position of each one's location: home, or else where most was bought."""
        return usual_place(self, c.HOME_LOCATION, self.events.location, self.locations)

    @cached_property
    def favourite_channel(self) -> np.ndarray:
        """(customers,) position of each one's channel: favourite, or else the most used."""
        return usual_place(self, c.FAVOURITE_CHANNEL, self.events.channel, self.channels)

    @cached_property
    def _customer_index(self) -> pd.Index:
        return pd.Index(self.customers[c.CUSTOMER])

    @cached_property
    def _item_index(self) -> pd.Index:
        return pd.Index(self.items[c.ITEM])

    def _only(self, customers: np.ndarray, items: np.ndarray) -> Interactions:
        """Some customers and items, with all their events, in the order of what happened."""
        customer, item = places(self.events, self._customer_index, self._item_index)
        customers = customers[np.argsort(customer[customers])]
        items = items[np.argsort(item[items])]
        moved = (positions(customers, self.n_customers), positions(items, self.n_items))
        back = self.returns
        known = (moved[0][back.customer] >= 0) & (moved[1][back.item] >= 0)
        return replace(
            self,
            customers=self.customers.iloc[customers].reset_index(drop=True),
            items=self.items.iloc[items].reset_index(drop=True),
            events=self.events.at(*moved),
            returns=back.only(known).at(*moved),
            shelf=self.shelf.of(items) if self.shelf else None,
            prices=self.prices.of(items) if self.prices else None,
        )

    def __repr__(self) -> str:
        events = self.events
        sizes = (len(events), self.n_customers, self.n_items, len(np.unique(events.order)))
        said = ", ".join(map(counted, sizes, ("event", "customer", "item", "order")))
        return f"Interactions: {said}, before {pd.Timestamp(self.cut):%Y-%m-%d}"
