"""What the shelves held at the end of each day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c

_LEAST_SHARE = 0.1


@dataclass(frozen=True, eq=False)
class Shelf:
    """Stock by day, item and location.

    Attributes:
        first: the first day.
        on_hand: (days, items, locations) float32 units at the close; NaN where the location did
            not count the item, as one that does not carry it.
    """

    first: np.datetime64
    on_hand: np.ndarray

    @classmethod
    def from_stock(cls, stock: pd.DataFrame, items: pd.Index, locations: pd.Index) -> Shelf:
        """Arrays of a checked stock table; rows of other items or locations are left out."""
        item = items.get_indexer(stock[c.ITEM])
        location = locations.get_indexer(stock[c.LOCATION])
        dates = stock[c.DATE].to_numpy("datetime64[D]")
        first = dates.min()
        day = (dates - first).astype(int)
        inside = (item >= 0) & (location >= 0)
        on_hand = np.full((day.max() + 1, len(items), len(locations)), np.nan, np.float32)
        units = stock[c.ON_HAND].to_numpy(np.float32)
        on_hand[day[inside], item[inside], location[inside]] = units[inside]
        return cls(first, on_hand)

    def until(self, cut: np.datetime64) -> Shelf | None:
        """The days before a cut; None where there is none."""
        days = int((cut.astype("datetime64[D]") - self.first).astype(int))
        return Shelf(self.first, self.on_hand[:days]) if days > 0 else None

    def of(self, items: np.ndarray) -> Shelf:
        """The shelf of some items, by position; of nothing where it is -1."""
        return Shelf(self.first, columns_or_nan(self.on_hand, items))

    def last(self, days: int = 7) -> np.ndarray:
        """(items, locations) units at the last count of some days; NaN where there was none."""
        counted = np.isfinite(self.on_hand[-days:])
        newest = counted.shape[0] - 1 - counted[::-1].argmax(axis=0)
        return np.take_along_axis(self.on_hand[-days:], newest[None], axis=0)[0]

    def available_share(self) -> np.ndarray:
        """(days, items) share of the locations carrying an item that had it at the close.

        1 where no location carried it: nothing is known against it.
        """
        carried = np.isfinite(self.on_hand).sum(axis=2)
        available = (self.on_hand > 0).sum(axis=2)
        return np.divide(available, carried, out=np.ones(carried.shape), where=carried > 0)


def recent_share(shelf: Shelf | None, n_items: int, days: float) -> np.ndarray:
    """(items,) mean share of shops that had an item over the last days, a tenth at least.

    1 where no stock is known.
    """
    if shelf is None:
        return np.ones(n_items)
    share = shelf.available_share()
    return np.maximum(share[-int(min(max(days, 1), len(share))) :].mean(axis=0), _LEAST_SHARE)


def columns_or_nan(values: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """values[:, columns], NaN where a column is -1."""
    chosen = values[:, columns]
    chosen[:, columns < 0] = np.nan
    return chosen
