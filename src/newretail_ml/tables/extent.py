"""How far a whole chain reaches, for tables that are a part of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.tables.parsing import to_text
from newretail_ml.tables.schemas import ORDERS
from newretail_ml.tables.views import demand_lines

EXTENT_FILE = "extent.json"


@dataclass(frozen=True, eq=False)
class Extent:
    """The calendar of a chain, and which of its places sell what.

    Series that are looked at by themselves would end with their own last sale, and would not know
    that a shop is open which sold none of them. Tables that are a part of a chain therefore carry
    the extent of all of it.

    Attributes:
        first_order: time of the first order line.
        last_order: time of the last one.
        last_stock: last day of the stock table, None without one.
        last_price: last planned day of the price table, None without one.
        places: location_id and channel that sold anything.
        sells: category and location_id of all order lines; category missing where it is unknown.
    """

    first_order: pd.Timestamp
    last_order: pd.Timestamp
    last_stock: pd.Timestamp | None
    last_price: pd.Timestamp | None
    places: pd.DataFrame
    sells: pd.DataFrame

    @classmethod
    def of(cls, tables: Mapping[str, pd.DataFrame]) -> Self:
        """The extent of checked tables that are all there is."""
        orders = tables[ORDERS]
        return cls(
            orders[c.TIME].min(),
            orders[c.TIME].max(),
            _last_day(tables.get("stock")),
            _last_day(tables.get("prices")),
            _distinct(demand_lines(orders), [c.LOCATION, c.CHANNEL]),
            _sells(orders, tables.get("items")),
        )

    @classmethod
    def together(cls, parts: Sequence[Extent]) -> Self:
        """The extent of a chain from those of its parts."""
        return cls(
            min(part.first_order for part in parts),
            max(part.last_order for part in parts),
            _latest([part.last_stock for part in parts]),
            _latest([part.last_price for part in parts]),
            _distinct(pd.concat([part.places for part in parts]), [c.LOCATION, c.CHANNEL]),
            _distinct(pd.concat([part.sells for part in parts]), [c.CATEGORY, c.LOCATION]),
        )

    def to_json(self) -> str:
        """As it is written beside the tables of a part."""
        days = {
            name: None if getattr(self, name) is None else getattr(self, name).isoformat()
            for name in ("first_order", "last_order", "last_stock", "last_price")
        }
        pairs = {
            name: [[None if pd.isna(cell) else cell for cell in row] for row in frame.to_numpy()]
            for name, frame in (("places", self.places), ("sells", self.sells))
        }
        return json.dumps({**days, **pairs}, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What `to_json` wrote."""
        content: dict[str, Any] = json.loads(text)
        first, last, stock, price = (
            None if content[name] is None else pd.Timestamp(content[name]).as_unit("us")
            for name in ("first_order", "last_order", "last_stock", "last_price")
        )
        places = pd.DataFrame(content["places"], columns=[c.LOCATION, c.CHANNEL]).apply(to_text)
        sells = pd.DataFrame(content["sells"], columns=[c.CATEGORY, c.LOCATION]).apply(to_text)
        return cls(first, last, stock, price, places, sells)

    @classmethod
    def beside(cls, folder: Path) -> Self | None:
        """The extent that lies in a folder of tables, if one does."""
        file = folder / EXTENT_FILE
        return cls.from_json(file.read_text()) if file.is_file() else None


def _last_day(table: pd.DataFrame | None) -> pd.Timestamp | None:
    return None if table is None else table[c.DATE].max()


def _latest(days: Sequence[pd.Timestamp | None]) -> pd.Timestamp | None:
    return max((day for day in days if day is not None), default=None)


def _sells(orders: pd.DataFrame, items: pd.DataFrame | None) -> pd.DataFrame:
    lines = orders[[c.ITEM, c.LOCATION]].drop_duplicates()
    if items is None or c.CATEGORY not in items:
        lines[c.CATEGORY] = to_text(pd.Series(np.nan, index=lines.index))
    else:
        lines[c.CATEGORY] = lines[c.ITEM].map(items.set_index(c.ITEM)[c.CATEGORY])
    return _distinct(lines, [c.CATEGORY, c.LOCATION])


def _distinct(frame: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    return frame[names].drop_duplicates().sort_values(names, ignore_index=True)
