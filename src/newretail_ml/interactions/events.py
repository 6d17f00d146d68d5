"""Events as arrays: one entry per customer, order and item."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_DAY_SECONDS = 86_400


@dataclass(frozen=True, eq=False)
class Events:
    """Events as arrays of positions, sorted by time.

    Attributes:
        customer, item: (n,) positions among the customers and items.
        order: (n,) number of the order (the basket), growing with time.
        time: (n,) datetime64[s], when the order began.
        units: (n,) units bought, or brought back where these are returns.
        price_ratio: (n,) price paid over the usual price of the item; NaN where not known.
        channel, location: (n,) positions among the labels, -1 where not known.
    """

    customer: np.ndarray
    item: np.ndarray
    order: np.ndarray
    time: np.ndarray
    units: np.ndarray
    price_ratio: np.ndarray
    channel: np.ndarray
    location: np.ndarray

    def __len__(self) -> int:
        return len(self.customer)

    def only(self, where: np.ndarray | slice) -> Events:
        """Some of the events."""
        return Events(**{name: values[where] for name, values in vars(self).items()})

    def days_before(self, cut: np.datetime64) -> np.ndarray:
        """(n,) days between each event and a time, with fractions."""
        return (cut - self.time).astype(np.int64) / _DAY_SECONDS

    def at(self, customer: np.ndarray, item: np.ndarray) -> Events:
        """The events with each customer and each item at its new position."""
        moved = {
            "customer": customer[self.customer].astype(np.int32),
            "item": item[self.item].astype(np.int32),
        }
        return Events(**(vars(self) | moved))
