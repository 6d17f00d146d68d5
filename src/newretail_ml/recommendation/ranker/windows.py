"""Past purchases to learn from: what was known then, and what was bought afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from newretail_ml import columns as c
from newretail_ml.interactions import Events, Interactions

# Cuts lie a quarter of a horizon apart, so that a window has ended before the fourth one after it.
APART = 4
_DAY = 86_400
_LEAST_HORIZONS = 4
_FEW = 0.1
_HELD_OUT = 0.2


@dataclass(frozen=True, eq=False)
class Window:
    """What was known, and what followed.

    Attributes:
        known: interactions before.
        key: sorted, customer times items plus item, as positions in `known`: pairs bought after.
    """

    known: Interactions
    key: np.ndarray

    @property
    def customers(self) -> np.ndarray:
        """Positions of the customers who bought something after."""
        return np.unique(self.key // self.known.n_items)


def horizon_seconds(known: Interactions, horizon_days: float) -> int:
    """The horizon, or a quarter of the history where that is shorter."""
    time = known.events.time.astype(np.int64)
    span = int(known.cut.astype("datetime64[s]").astype(np.int64) - time.min())
    return min(round(horizon_days * _DAY), span // _LEAST_HORIZONS)


def windows(
    known: Interactions, horizon_days: float, n: int, random: np.random.Generator
) -> Iterator[Window]:
    """Windows that end at the cut or a quarter of a horizon before one another.

    Where hardly anyone buys twice within horizons, as with ratings that most customers give on
    one day, the last orders of customers are held out too, whenever they were.
    """
    horizon = horizon_seconds(known, horizon_days)
    found = 0
    if horizon > 0:
        for cut in past_cuts(known, horizon, n):
            past = window(known, cut, horizon)
            found += len(past.customers)
            if len(past.key):
                yield past
    if found < _FEW * n * known.n_customers:
        late = held_out(known, random)
        if len(late.key):
            yield late


def past_cuts(known: Interactions, horizon: int, n: int) -> list[np.datetime64]:
    """Cuts at least a horizon before the end and after the first event, the latest first."""
    first = known.events.time.min()
    length = np.timedelta64(horizon, "s")
    cuts = [known.cut - length - place * (length // APART) for place in range(n)]
    return [cut for cut in cuts if cut - length >= first]


def window(known: Interactions, cut: np.datetime64, horizon: int) -> Window:
    """What was known at a cut, and what the customers bought in the seconds after."""
    before = known.until(cut)
    time = known.events.time
    after = known.events.only((time >= cut) & (time < cut + np.timedelta64(horizon, "s")))
    customer = before.rows_of(known.customers[c.CUSTOMER])[after.customer]
    item = before.columns_of(known.items[c.ITEM])[after.item]
    return Window(before, _keys(customer, item, before.n_items))


def held_out(known: Interactions, random: np.random.Generator) -> Window:
    """The last orders of half of the customers, whenever they were.

    A fifth of a customer's orders but at least one; where there is one alone, a fifth of it.
    """
    events = known.events
    late = _late(events, known.n_customers, random)
    late &= random.random(known.n_customers)[events.customer] < 0.5
    held = events.only(late)
    before = replace(known, events=events.only(~late))
    return Window(before, _keys(held.customer, held.item, known.n_items))


def _late(events: Events, n: int, random: np.random.Generator) -> np.ndarray:
    """(events,) whether each is to be held out; every customer keeps some."""
    _, first, order = np.unique(events.order, return_index=True, return_inverse=True)
    owner = events.customer[first]
    orders, items = np.bincount(owner, minlength=n), np.bincount(events.customer, minlength=n)
    several = (orders > 1)[events.customer]
    by_order = _places(owner, np.arange(len(owner)))[order]
    by_chance = _places(events.customer, random.random(len(events)))
    place = np.where(several, by_order, by_chance)
    of = np.where(several, orders[events.customer], items[events.customer])
    return (place >= of - np.maximum(np.floor(_HELD_OUT * of), 1)) & (of > 1)


def _places(group: np.ndarray, value: np.ndarray) -> np.ndarray:
    """(n,) place of each entry in its group, the lowest value first."""
    by = np.lexsort((value, group))
    count = np.bincount(group)
    place = np.empty(len(group), dtype=np.int64)
    place[by] = np.arange(len(group)) - (np.cumsum(count) - count)[group[by]]
    return place


def _keys(customer: np.ndarray, item: np.ndarray, n_items: int) -> np.ndarray:
    """Sorted keys of the pairs whose customer and item are known, each once."""
    there = (customer >= 0) & (item >= 0)
    return np.unique(customer[there] * np.int64(n_items) + item[there])
