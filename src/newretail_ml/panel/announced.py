"""Items that are announced, and where they are going to be sold."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from newretail_ml import columns as c

if TYPE_CHECKING:
    from newretail_ml.tables import RetailTables

# An item this new may not have reached every shop, or found its first buyer.
_NEW_DAYS = 28


def announced(tables: RetailTables) -> pd.DataFrame:
    """Item and location of what was launched in the last four weeks of orders, or will be.

    It is going to be sold where the price plan or the stock has it; where neither tells, at each
    location that sells its category, and at all of them if none does.
    """
    items, sold = tables.items, tables.orders[[c.ITEM, c.LOCATION]].drop_duplicates()
    if items is None or c.LAUNCH_DATE not in items:
        return sold.iloc[:0]
    last_day = tables.extent.last_order.normalize()
    new = items[items[c.LAUNCH_DATE] > last_day - pd.Timedelta(days=_NEW_DAYS)]
    if c.DELISTING_DATE in new:
        new = new[~(new[c.DELISTING_DATE] <= last_day)]
    known = [_listed(tables.prices, new), _listed(tables.stock, new)]
    told = pd.concat([*known, sold.iloc[:0]])
    untold = new[~new[c.ITEM].isin(told[c.ITEM])]
    return pd.concat([told, _by_category(tables.extent.sells, untold)])


def _listed(table: pd.DataFrame | None, new: pd.DataFrame) -> pd.DataFrame | None:
    """Items and locations of a table that names locations."""
    if table is None or c.LOCATION not in table:
        return None
    rows = table.loc[table[c.ITEM].isin(new[c.ITEM]), [c.ITEM, c.LOCATION]]
    return rows.dropna().drop_duplicates()


def _by_category(sells: pd.DataFrame, new: pd.DataFrame) -> pd.DataFrame:
    """The items, at each location that sells their category; everywhere if none does."""
    everywhere = new[[c.ITEM]].merge(sells[[c.LOCATION]].drop_duplicates(), how="cross")
    if c.CATEGORY not in new:
        return everywhere
    known = sells.dropna(subset=[c.CATEGORY])
    there = new[[c.ITEM, c.CATEGORY]].dropna().merge(known, on=c.CATEGORY)
    rest = everywhere[~everywhere[c.ITEM].isin(there[c.ITEM])]
    return pd.concat([there[[c.ITEM, c.LOCATION]], rest])
