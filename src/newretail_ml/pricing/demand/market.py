"""Which products stand beside one another, and what their prices come to for each of them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from scipy import sparse

from newretail_ml import columns as c
from newretail_ml.features.block import group_codes
from newretail_ml.panel import Panel


@dataclass(frozen=True, eq=False)
class Market:
    """Series that customers choose between: those of one location, channel and category.

    Attributes:
        item: (series,) number of the item.
        place: (series,) number of the market.

    >>> market = Market(np.array([0, 1, 0]), np.array([0, 0, 1]))
    >>> market.mean_of_others(np.array([1.0, 3.0, 5.0])).tolist()
    [3.0, 1.0, 0.0]
    """

    item: np.ndarray
    place: np.ndarray

    @classmethod
    def of(cls, panel: Panel) -> Market:
        """The markets of a panel: by location, channel and category, as far as it has them."""
        by = [panel.keys[name] for name in (c.LOCATION, c.CHANNEL) if name in panel.keys]
        if c.CATEGORY in panel.statics:
            by.append(panel.statics[c.CATEGORY])
        place = np.zeros(panel.n_series, np.int64)
        for column in by:
            codes = group_codes(column.reset_index(drop=True).astype("str"))
            place = group_codes(pd.Series(place * (codes.max(initial=0) + 1) + codes))
        return cls(group_codes(panel.keys[c.ITEM].astype("str")), place)

    @property
    def n_items(self) -> int:
        """How many items there are."""
        return int(self.item.max(initial=-1)) + 1

    @property
    def n_places(self) -> int:
        """How many markets there are."""
        return int(self.place.max(initial=-1)) + 1

    @cached_property
    def size(self) -> np.ndarray:
        """(series,) products in the market of each."""
        return np.bincount(self.place)[self.place]

    @cached_property
    def rank(self) -> np.ndarray:
        """(series,) 0, 1, ... within each market."""
        return pd.Series(self.place).groupby(self.place).cumcount().to_numpy()

    @cached_property
    def _member(self) -> sparse.csr_array:
        n = len(self.place)
        shape = (self.n_places, n)
        return sparse.csr_array((np.ones(n), (self.place, np.arange(n))), shape=shape)

    @cached_property
    def _order(self) -> tuple[np.ndarray, np.ndarray]:
        order = np.argsort(self.place, kind="stable")
        return order, np.searchsorted(self.place[order], np.arange(self.n_places))

    def total(self, values: np.ndarray) -> np.ndarray:
        """(..., series) total of each one's market."""
        flat = values.reshape(-1, values.shape[-1])
        return (self._member @ flat.T).T[:, self.place].reshape(values.shape)

    def mean_of_others(self, values: np.ndarray) -> np.ndarray:
        """(..., series) mean over the other products of the market; 0 for one that is alone."""
        others = self.size - 1
        return np.where(others > 0, (self.total(values) - values) / np.maximum(others, 1), 0.0)

    def least_of_others(self, values: np.ndarray) -> np.ndarray:
        """(..., series) least value of the other products; 0 for one that is alone."""
        order, starts = self._order
        ordered, place = values[..., order], self.place[order]
        least = np.minimum.reduceat(ordered, starts, axis=-1)[..., place]
        is_least = ordered == least
        ties = np.add.reduceat(is_least.astype(np.int64), starts, axis=-1)[..., place]
        rest = np.where(is_least, np.inf, ordered)
        second = np.minimum.reduceat(rest, starts, axis=-1)[..., place]
        others = np.where(is_least & (ties == 1), second, least)
        result = np.empty(values.shape)
        result[..., order] = np.where(self.size[order] > 1, others, 0.0)
        return result

    def table(self, values: np.ndarray) -> np.ndarray:
        """(..., markets, items) values (..., series) of each item; 0 where a market lacks it."""
        table = np.zeros((*values.shape[:-1], self.n_places, self.n_items))
        table[..., self.place, self.item] = values
        return table
