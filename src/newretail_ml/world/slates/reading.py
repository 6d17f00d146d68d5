"""Slates and stock of a user, read into positions; what cannot be used is named."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import need_columns, refuse_repeated, refuse_values
from newretail_ml.errors import DataError
from newretail_ml.world.categories import CHANNELS
from newretail_ml.world.chain import Chain

NO_LIMIT = -1


@dataclass(frozen=True, eq=False)
class Slots:
    """The slots of slates as positions, sorted by customer and rank.

    Attributes:
        row: the row of the slate as it was given.
        customer, item: positions.
        rank: from 1.
        channel: position of the channel, -1 for slots that are shown in all.
        first: the first slot of each customer; one entry more than there are customers.
    """

    row: np.ndarray
    customer: np.ndarray
    item: np.ndarray
    rank: np.ndarray
    channel: np.ndarray
    first: np.ndarray

    def shown_by(self, channel: int | np.ndarray, slot: np.ndarray | None = None) -> np.ndarray:
        """Whether a visit by a channel shows each slot."""
        own = self.channel if slot is None else self.channel[slot]
        return np.asarray((own < 0) | (own == channel))


def read_slate(chain: Chain, slate: pd.DataFrame) -> Slots:
    """The slots of a slate.

    Raises:
        DataError: a column is missing, a customer, item or channel is not known, a rank is not
            whole or below 1, or a customer has a rank or an item twice.
    """
    table = "slate"
    need_frame(slate, table)
    need_columns(slate, table, [c.CUSTOMER, c.ITEM, c.RANK])
    customer = places(slate[c.CUSTOMER], chain.customers.ids, table)
    item = places(slate[c.ITEM], chain.catalogue.ids, table)
    rank = _whole(slate[c.RANK], table, 1)
    whose = [c.CUSTOMER]
    channel = np.full(len(slate), -1)
    if c.CHANNEL in slate:
        channel = places(slate[c.CHANNEL], np.array(CHANNELS, dtype=object), table)
        whose = [c.CUSTOMER, c.CHANNEL]
    refuse_repeated(slate, table, [*whose, c.ITEM], "Show an item once.")
    refuse_repeated(slate, table, [*whose, c.RANK], "Give each item a rank of its own.")
    row = np.lexsort((rank, customer))
    first = np.searchsorted(customer[row], np.arange(len(chain.customers.ids) + 1))
    return Slots(row, customer[row], item[row], rank[row], channel[row], first)


@dataclass(frozen=True, eq=False)
class Stock:
    """Units that visitors share.

    Attributes:
        pool: the pool from which an item is sold at a shop, -1 where it does not run out,
            (items, shops).
        units: units in each pool.
    """

    pool: np.ndarray
    units: np.ndarray

    def served(self, item: np.ndarray, shop: np.ndarray, wanted: np.ndarray) -> np.ndarray:
        """Units that each wish gets, first come, first served."""
        pool = self.pool[item, shop]
        order = np.argsort(pool, kind="stable")
        order = order[pool[order] != NO_LIMIT]
        asked, of = wanted[order], pool[order]
        before = np.cumsum(asked) - asked
        if len(of):
            before -= before[np.searchsorted(of, of)]
        served = wanted.copy()
        served[order] = np.clip(self.units[of] - before, 0, asked)
        return served

    def without(self, item: np.ndarray, shop: np.ndarray, units: np.ndarray) -> Stock:
        """What is left when units were sold."""
        pool = self.pool[item, shop]
        limited = pool != NO_LIMIT
        sold = np.bincount(pool[limited], units[limited], minlength=len(self.units))
        return replace(self, units=self.units - sold.astype(np.int64))


def read_stock(chain: Chain, stock: pd.DataFrame | None) -> Stock:
    """The pools of a stock table.

    Raises:
        DataError: a column is missing, an item or shop is not known or there twice, or units are
            not whole or below 0.
    """
    table, shops = "stock", chain.locations.n_shops
    pool = np.full((len(chain.catalogue.ids), shops), NO_LIMIT)
    if stock is None:
        return Stock(pool, np.zeros(0, np.int64))
    need_frame(stock, table)
    need_columns(stock, table, [c.ITEM, c.UNITS])
    item = places(stock[c.ITEM], chain.catalogue.ids, table)
    units = _whole(stock[c.UNITS], table, 0)
    if c.LOCATION in stock:
        refuse_repeated(stock, table, [c.ITEM, c.LOCATION])
        pool[item, places(stock[c.LOCATION], chain.locations.ids[:shops], table)] = np.arange(
            len(stock)
        )
    else:
        refuse_repeated(stock, table, [c.ITEM])
        pool[item] = np.arange(len(stock))[:, None]
    return Stock(pool, units)


def need_frame(value: object, table: str) -> None:
    """Raise unless the value is a table."""
    if not isinstance(value, pd.DataFrame):
        raise DataError(f"a {type(value).__name__} is no table", table=table, next_step="Pass one.")


def places(names: pd.Series, known: np.ndarray, table: str) -> np.ndarray:
    """(n,) positions of names among the known ones."""
    found = np.asarray(pd.Index(known).get_indexer(pd.Index(names)))
    refuse_values(names, found < 0, table, "are not known to the world")
    return found


def _whole(values: pd.Series, table: str, least: int) -> np.ndarray:
    number = pd.to_numeric(values, errors="coerce").to_numpy(float)
    bad = ~np.isfinite(number) | (number < least) | (number != np.floor(number))
    refuse_values(values, bad, table, f"are not whole numbers of at least {least}")
    return number.astype(np.int64)
