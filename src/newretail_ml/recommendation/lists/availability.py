"""Which items each customer can be offered."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import need_columns, refuse_unknown, refuse_values
from newretail_ml.errors import DataError
from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.lists.ids import as_ids
from newretail_ml.recommendation.lists.offer import Offer
from newretail_ml.tables.parsing import to_text

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

_TABLE = "available"
_KEYS = (c.CUSTOMER, c.LOCATION, c.CHANNEL)
Available: TypeAlias = pd.DataFrame | Sequence[str] | None


@dataclass(frozen=True, eq=False)
class Availability:
    """Which items each of some customers can be offered.

    Attributes:
        offers: (groups, items and new items) sparse flags; a group shares one offer.
        group: (customers,) the group of each customer.
        new_items: ids of available items that the interactions do not know; their columns follow
            those of the known items.
    """

    offers: csr_matrix
    group: np.ndarray
    new_items: np.ndarray

    def offer(self, part: slice, rows: np.ndarray, known: Interactions) -> Offer:
        """What can be offered to a batch of the customers, at these rows of the interactions."""
        shape = (len(rows), self.offers.shape[1])
        everything = self.offers.nnz == self.offers.shape[0] * shape[1]
        if everything:
            offered = np.broadcast_to(np.ones(1, dtype=bool), shape)
        else:
            offered = self.offers[self.group[part]].toarray() > 0
        bought = known.counts[np.maximum(rows, 0)]
        bought.data[np.repeat(rows < 0, np.diff(bought.indptr))] = 0.0
        bought.eliminate_zeros()
        bought.resize(shape)
        return Offer(offered, bought, everything)

    @classmethod
    def of(
        cls,
        available: Available,
        known: Interactions,
        customers: pd.Index,
        channel: str | None,
    ) -> Availability:
        """What can be offered to customers in a channel.

        Args:
            available: item ids; or a table with item_id, and customer_id, location_id or channel
                where the offer differs; rows with units of zero or less are not available. A
                customer is offered what the own location has; one whose location is not known, or
                does not serve the channel, what any location has. None: all items that are
                launched and not delisted.
            known: what the model learned from.
            customers: ids of the customers.
            channel: the channel of the slates; None: each customer's favourite.

        Raises:
            DataError: the table cannot be used, or says nothing of the channel.

        Warns:
            UserWarning: the model does not know some of the items.
        """
        if available is None:
            _refuse_channel(pd.DataFrame(), channel)
            return _of_all(known, len(customers))
        table = _checked(available)
        _refuse_channel(table, channel)
        item, new_items = _item_columns(table[c.ITEM], known)
        _warn_of_unknown(table[c.ITEM], item >= known.n_items)
        places = _places(known, customers, channel)
        if c.CUSTOMER in table:
            group, pairs = _by_customer(table, item, customers, places)
        else:
            group, pairs = _by_place(table, item, places)
        shape = (int(group.max(initial=0)) + 1, known.n_items + len(new_items))
        return cls(_flags(*pairs, shape), group, new_items)


def for_sale(items: pd.DataFrame, time: np.datetime64) -> np.ndarray:
    """(items,) whether each is launched and not delisted at a time; without a date it is."""
    there = np.ones(len(items), dtype=bool)
    if c.DELISTING_DATE in items:
        there &= ~(items[c.DELISTING_DATE] <= pd.Timestamp(time)).to_numpy(bool)
    if c.LAUNCH_DATE in items:
        there &= ~(items[c.LAUNCH_DATE] > pd.Timestamp(time)).to_numpy(bool)
    return there


def _of_all(known: Interactions, n: int) -> Availability:
    """Every item that is launched and not delisted yet."""
    item = np.flatnonzero(for_sale(known.items, known.cut))
    offers = _flags(np.zeros_like(item), item, (1, known.n_items))
    return Availability(offers, np.zeros(n, dtype=int), np.array([], dtype=object))


def _flags(group: np.ndarray, item: np.ndarray, shape: tuple[int, int]) -> csr_matrix:
    from scipy.sparse import csr_matrix

    return csr_matrix((np.ones(len(item), np.float32), (group, item)), shape=shape)


def _checked(available: pd.DataFrame | Sequence[str]) -> pd.DataFrame:
    table = available
    if not isinstance(table, pd.DataFrame):
        table = pd.DataFrame({c.ITEM: pd.Series(as_ids("available", available), dtype=object)})
    need_columns(table, _TABLE, [c.ITEM])
    refuse_unknown(table, _TABLE, (c.ITEM, *_KEYS, c.UNITS))
    ids = [name for name in (c.ITEM, *_KEYS) if name in table]
    table = table.assign(**{name: to_text(table[name]) for name in ids})
    for name in ids:
        refuse_values(table[name], table[name].isna().to_numpy(), _TABLE, "are missing")
    if c.UNITS in table:
        units = pd.to_numeric(table[c.UNITS], errors="coerce")
        refuse_values(table[c.UNITS], units.isna().to_numpy(), _TABLE, "are not numbers")
        return table.assign(**{c.UNITS: units})
    return table.assign(**{c.UNITS: 1.0})


def _refuse_channel(table: pd.DataFrame, channel: str | None) -> None:
    """Raise if nothing is said of the channel: a typing error would empty or fill all lists."""
    if channel is not None and c.CHANNEL not in table:
        raise DataError(
            f"nothing says what the channel {channel!r} can offer",
            table=_TABLE,
            column=c.CHANNEL,
            next_step="Pass a table with that column, as available_items(..., channels=...) gives "
            "it, or leave the channel out.",
        )
    if channel is not None and len(table):
        channels = sorted(table[c.CHANNEL].unique())
        if channel not in channels:
            raise DataError(
                f"no row is about the channel {channel!r} (there are {', '.join(channels)})",
                table=_TABLE,
                column=c.CHANNEL,
                next_step="Name one of these, or add its rows, with units of 0 if all is out.",
            )


def _item_columns(items: pd.Series, known: Interactions) -> tuple[np.ndarray, np.ndarray]:
    """Column of each row's item; items that nobody ever saw come after the known ones."""
    column = known.columns_of(items)
    new = column < 0
    new_items = np.sort(items[new].unique().astype(object))
    column[new] = known.n_items + np.searchsorted(new_items, items[new].to_numpy(object))
    return column, new_items


def _warn_of_unknown(items: pd.Series, unknown: np.ndarray) -> None:
    """Tell of ids that the model does not know: of items launched since, or typing errors."""
    if unknown.any():
        said = DataError(
            f"{unknown.sum():,} values are not known to the model, the first is "
            f"{items[unknown].iloc[0]}",
            table=_TABLE,
            column=c.ITEM,
            rows=items.index[unknown],
            next_step="Correct them, or leave them if they are new: new items are offered last.",
        )
        warnings.warn(str(said), stacklevel=4)


def _places(known: Interactions, customers: pd.Index, channel: str | None) -> pd.DataFrame:
    """Location and channel of each customer, None where not known."""
    row = known.rows_of(customers)
    location = _labels(known.locations, np.where(row >= 0, known.home[row], -1))
    usual = _labels(known.channels, np.where(row >= 0, known.favourite_channel[row], -1))
    chosen = usual if channel is None else np.full(len(row), channel, dtype=object)
    return pd.DataFrame({c.LOCATION: location, c.CHANNEL: chosen}, dtype=object)


def _labels(labels: pd.Index, position: np.ndarray) -> np.ndarray:
    padded = np.array([*labels, None], dtype=object)
    return np.asarray(padded[position])


def _by_customer(
    table: pd.DataFrame, item: np.ndarray, customers: pd.Index, places: pd.DataFrame
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """A group a customer: the rows that name the customer, in the own location and channel."""
    row = customers.get_indexer(table[c.CUSTOMER])
    good = (row >= 0) & (table[c.UNITS] > 0).to_numpy()
    for column in (c.CHANNEL, c.LOCATION):
        if column in table:
            own = places[column].to_numpy()[row]
            good &= (own == table[column].to_numpy(object)) | pd.isna(own)
    return np.arange(len(customers)), (row[good], item[good])


def _by_place(
    table: pd.DataFrame, item: np.ndarray, places: pd.DataFrame
) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """A group for each location and channel of the customers."""
    group, keys = pd.factorize(pd.MultiIndex.from_frame(places.fillna("")))
    parts = [_rows_of_place(table, location, channel) for location, channel in keys]
    numbers = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    rows = np.concatenate([*parts, np.array([], dtype=int)])
    return group, (numbers, item[rows])


def _rows_of_place(table: pd.DataFrame, location: str, channel: str) -> np.ndarray:
    """Rows of what can be bought there."""
    here = np.ones(len(table), dtype=bool)
    for column, label in ((c.CHANNEL, channel), (c.LOCATION, location)):
        if column in table and label:
            named = here & (table[column] == label).to_numpy()
            elsewhere = column == c.LOCATION and c.CHANNEL in table and channel
            here = named if named.any() or not elsewhere else here
    return np.flatnonzero(here & (table[c.UNITS] > 0).to_numpy())
