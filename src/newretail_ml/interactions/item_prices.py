"""Prices of items by day, planned days included."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.interactions.shelf import columns_or_nan


@dataclass(frozen=True, eq=False)
class ItemPrices:
    """Prices of items by day, the mean over locations and channels.

    Attributes:
        first: the first day.
        price: (days, items) money per unit, NaN where there is none.
        regular: (days, items) money per unit without a promotion.
        promotion: (days, items) share of the places where a promotion runs, 0 to 1.
    """

    first: np.datetime64
    price: np.ndarray
    regular: np.ndarray
    promotion: np.ndarray

    @classmethod
    def from_prices(cls, prices: pd.DataFrame, items: pd.Index) -> ItemPrices:
        """Arrays of a checked prices table; rows of other items are left out."""
        item = items.get_indexer(prices[c.ITEM])
        dates = prices[c.DATE].to_numpy("datetime64[D]")
        first = dates.min()
        day = (dates - first).astype(int)
        inside = item >= 0
        shape = (day.max() + 1, len(items))
        cell = day[inside] * shape[1] + item[inside]

        def mean(name: str) -> np.ndarray:
            values = prices[name].to_numpy(float)[inside]
            known = np.isfinite(values)
            total = np.bincount(cell[known], values[known], shape[0] * shape[1])
            count = np.bincount(cell[known], minlength=shape[0] * shape[1])
            out = np.full(len(total), np.nan)
            return np.divide(total, count, out=out, where=count > 0).reshape(shape)

        price = mean(c.PRICE)
        regular = mean(c.REGULAR_PRICE) if c.REGULAR_PRICE in prices else price
        promotion = mean(c.PROMOTION) if c.PROMOTION in prices else np.zeros(shape)
        return cls(first, price, regular, promotion)

    def of(self, items: np.ndarray) -> ItemPrices:
        """The prices of some items, by position; none where it is -1."""
        arrays = (self.price, self.regular, self.promotion)
        return ItemPrices(self.first, *(columns_or_nan(values, items) for values in arrays))

    def day(self, day: np.datetime64) -> int:
        """Position of a day, of the nearest one with prices where it has none."""
        position = int((day.astype("datetime64[D]") - self.first).astype(int))
        return min(max(position, 0), len(self.price) - 1)
