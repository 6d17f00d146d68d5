"""What hits are worth: price and margin of a unit of each item."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import need_columns, refuse_repeated, refuse_values
from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.judging import names as w
from newretail_ml.tables.parsing import to_text


@dataclass(frozen=True, eq=False)
class Values:
    """Money of a unit.

    Attributes:
        price: (items and one more for unknown ones,) NaN where not known; None without prices.
        margin: the same shape, price less unit cost; None without costs.
    """

    price: np.ndarray | None = None
    margin: np.ndarray | None = None

    @classmethod
    def of(cls, prices: pd.DataFrame, items: pd.Index) -> Values:
        """Of items in their order, from a table of item_id, and price and unit_cost if known."""
        found = prices.set_index(c.ITEM).reindex(items)
        if c.PRICE not in found or found[c.PRICE].isna().all():
            return cls()
        price = np.append(found[c.PRICE].to_numpy(float), np.nan)
        if c.UNIT_COST not in found or found[c.UNIT_COST].isna().all():
            return cls(price)
        return cls(price, price - np.append(found[c.UNIT_COST].to_numpy(float), np.nan))

    def of_slots(
        self, item: np.ndarray, hit: np.ndarray, units: np.ndarray
    ) -> dict[str, np.ndarray]:
        """(customers,) revenue and margin of the units that hits sold, and expected margin.

        Expected is the margin of one unit of each item shown, times the share of all customers
        who bought what they were shown at that rank: what the lists are worth without the luck of
        which item it was. Items without a price or a cost are worth nothing.
        """
        worth: dict[str, np.ndarray] = {}
        if self.price is not None:
            worth[c.REVENUE] = (units * np.nan_to_num(self.price)[item]).sum(axis=1)
        if self.margin is not None:
            margin = np.where(item >= 0, np.nan_to_num(self.margin)[item], 0.0)
            worth[w.MARGIN] = (units * margin).sum(axis=1)
            worth[c.EXPECTED_MARGIN] = margin @ hit.mean(axis=0)
        return worth


def prices_at_cut(history: Interactions | None) -> pd.DataFrame:
    """item_id, and unit_cost and the price of the day after the history where they are known."""
    if history is None:
        return pd.DataFrame({c.ITEM: []})
    table = history.items[[name for name in (c.ITEM, c.UNIT_COST) if name in history.items]]
    if history.prices is None:
        return table
    return table.assign(**{c.PRICE: history.prices.price[history.prices.day(history.cut)]})


def read_prices(prices: pd.DataFrame) -> pd.DataFrame:
    """A table of item_id, price, and unit_cost if it is there, checked.

    Raises:
        DataError: an item has two rows, or an amount is no number of 0 or more.
    """
    need_columns(prices, "prices", [c.ITEM, c.PRICE])
    table = prices.assign(**{c.ITEM: to_text(prices[c.ITEM])})
    refuse_repeated(table, "prices", [c.ITEM])
    for name in (c.PRICE, c.UNIT_COST):
        if name in table:
            numbers = pd.to_numeric(table[name], errors="coerce").to_numpy(float)
            bad = ~(numbers >= 0) | np.isinf(numbers)
            refuse_values(prices[name], bad, "prices", "are no amounts of 0 or more")
            table[name] = numbers
    return table
