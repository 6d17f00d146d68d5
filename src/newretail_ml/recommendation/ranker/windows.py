"""Past cuts to learn from: what was known then, and what was bought in the days after."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml import columns as c
from newretail_ml.interactions import Interactions


@dataclass(frozen=True, eq=False)
class Window:
    """What was known at a past cut, and what followed.

    Attributes:
        known: interactions before the cut.
        customer, item: (pairs,) positions, in `known`, of what was bought after it, each pair
            once, sorted.
    """

    known: Interactions
    customer: np.ndarray
    item: np.ndarray


def past_cuts(known: Interactions, horizon_days: float, n_windows: int) -> list[np.datetime64]:
    """Cuts before the last horizon, the latest first, a quarter of a horizon apart.

    Each has at least as long a history as its horizon.
    """
    horizon = np.timedelta64(round(horizon_days * 86_400), "s")
    first = known.events.time.min()
    cuts = [known.cut - horizon - place * (horizon // 4) for place in range(n_windows)]
    return [cut for cut in cuts if cut - horizon >= first]


def window(known: Interactions, cut: np.datetime64, horizon_days: float) -> Window:
    """What was known at a cut, and what known customers bought of known items in the days after."""
    before = known.until(cut)
    time = known.events.time
    end = cut + np.timedelta64(round(horizon_days * 86_400), "s")
    after = known.events.only((time >= cut) & (time < end))
    customer = before.rows_of(known.customers[c.CUSTOMER])[after.customer]
    item = before.columns_of(known.items[c.ITEM])[after.item]
    there = (customer >= 0) & (item >= 0)
    key = np.unique(customer[there] * np.int64(before.n_items) + item[there])
    return Window(before, key // before.n_items, key % before.n_items)
