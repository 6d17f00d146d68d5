"""Events from order lines: positions in an order that neither ids nor rows decide."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.interactions.events import Events

UNKNOWN = -1
_ROUNDS = 3


@dataclass(frozen=True, eq=False)
class Lines:
    """Lines of known customers as arrays, with the labels that their positions refer to.

    Attributes:
        customers, items, channels, locations: labels.
        customer, item, channel, location: (n,) positions, -1 where not known.
        order: (n,) number of the order.
        time: (n,) datetime64[s].
        units: (n,) units, negative where they came back.
        price, usual: (n,) money per unit, paid and usual; NaN where not known.
    """

    customers: pd.Index
    items: pd.Index
    channels: pd.Index
    locations: pd.Index
    customer: np.ndarray
    item: np.ndarray
    channel: np.ndarray
    location: np.ndarray
    order: np.ndarray
    time: np.ndarray
    units: np.ndarray
    price: np.ndarray
    usual: np.ndarray


def make_events(lines: Lines) -> tuple[Events, Events, pd.Index, pd.Index]:
    """What was bought, what came back, and the customers and items in their order.

    The order of customers and items depends on what happened alone: the most bought item comes
    first. A model that breaks ties by position gives permuted lists for permuted ids.
    """
    bought = _joined(lines, lines.units > 0)
    back = _joined(lines, lines.units < 0)
    customer, item = places(bought, lines.customers, lines.items)
    events = [_sorted(part.at(customer, item)) for part in (bought, back)]
    return (
        events[0],
        events[1],
        lines.customers[np.argsort(customer)],
        lines.items[np.argsort(item)],
    )


def _joined(lines: Lines, where: np.ndarray) -> Events:
    """One event per customer, order and item: duplicated lines add units, never events."""
    rows = np.flatnonzero(where)
    n_items = max(len(lines.items), 1)
    pair = lines.customer[rows].astype(np.int64) * n_items + lines.item[rows]
    # Values decide the order within a pair, so that sums are the same to the bit for any rows.
    values = (lines.location, lines.channel, lines.usual, lines.price, lines.units, lines.time)
    by = np.lexsort((*(value[rows] for value in values), pair, lines.order[rows]))
    rows, pair = rows[by], pair[by]
    order = lines.order[rows]
    new = np.ones(len(rows), dtype=bool)
    new[1:] = (pair[1:] != pair[:-1]) | (order[1:] != order[:-1])
    start = np.flatnonzero(new)
    first = rows[start]
    units = np.abs(lines.units[rows])
    total = _sums(units, start)
    ratio = lines.price[rows] / lines.usual[rows]
    return Events(
        customer=lines.customer[first],
        item=lines.item[first],
        order=lines.order[first],
        time=_order_times(lines)[lines.order[first]],
        units=total.astype(np.float32),
        price_ratio=(_sums(ratio * units, start) / total).astype(np.float32),
        channel=lines.channel[first],
        location=lines.location[first],
    )


def _sums(values: np.ndarray, start: np.ndarray) -> np.ndarray:
    return np.add.reduceat(values, start) if len(start) else np.zeros(0)


def _order_times(lines: Lines) -> np.ndarray:
    """An order happens when its first line does."""
    times = np.full(lines.order.max(initial=-1) + 1, np.iinfo(np.int64).max)
    np.minimum.at(times, lines.order, lines.time.astype(np.int64))
    return times.astype("datetime64[s]")


def places(bought: Events, customers: pd.Index, items: pd.Index) -> tuple[np.ndarray, np.ndarray]:
    """Position of each customer and item: more events first, then the later and the more units.

    Among those who are still alike what they were bought with decides, and only then the id.
    """
    marks = _marks(bought, len(customers), len(items))
    return (
        _places(bought.customer, bought, marks[0], customers),
        _places(bought.item, bought, marks[1], items),
    )


def _places(whose: np.ndarray, bought: Events, mark: np.ndarray, labels: pd.Index) -> np.ndarray:
    n = len(labels)
    latest = np.full(n, np.iinfo(np.int64).min)
    np.maximum.at(latest, whose, bought.time.astype(np.int64))
    total = np.bincount(whose, np.rint(bought.units * 1_000), n)
    count = np.bincount(whose, minlength=n)
    return _ranks((np.argsort(np.argsort(labels)), mark, -total, -latest, -count))


def _marks(bought: Events, n_customers: int, n_items: int) -> tuple[np.ndarray, np.ndarray]:
    """A number for each customer and item that tells what happened to it, whatever its id.

    Each is a sum over its events of scrambled numbers of the other side, some times over: colour
    refinement of the graph of events (Weisfeiler and Leman 1968).
    """
    when = _scrambled(bought.time.astype(np.int64).astype(np.uint64))
    when += np.rint(bought.units * 1_000).astype(np.int64).astype(np.uint64)
    customer, item = np.zeros(n_customers, np.uint64), np.zeros(n_items, np.uint64)
    for _ in range(_ROUNDS):
        item = _whole_sums(bought.item, _scrambled(customer[bought.customer] ^ when), n_items)
        seen = _scrambled(item[bought.item] ^ when)
        customer = _whole_sums(bought.customer, seen, n_customers)
    return customer, item


def _scrambled(values: np.ndarray) -> np.ndarray:
    """Numbers without a pattern, the same for the same (the mixing steps of SplitMix64)."""
    mixed = values + np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))


def _whole_sums(position: np.ndarray, values: np.ndarray, n: int) -> np.ndarray:
    """Exact sums of whole numbers, that the order of rows cannot change."""
    total = np.zeros(n, dtype=np.uint64)
    np.add.at(total, position, values)
    return total


def _ranks(keys: tuple[np.ndarray, ...]) -> np.ndarray:
    """Rank of each entry, the last key first."""
    by = np.lexsort(keys)
    place = np.empty(len(by), dtype=np.int64)
    place[by] = np.arange(len(by))
    return place


def _sorted(events: Events) -> Events:
    """Sorted by time, customer, order and item; orders numbered anew in that order."""
    by = np.lexsort((events.item, events.order, events.customer, events.time))
    events = events.only(by)
    new = np.ones(len(events), dtype=bool)
    new[1:] = (events.order[1:] != events.order[:-1]) | (
        events.customer[1:] != events.customer[:-1]
    )
    return Events(**(vars(events) | {"order": np.cumsum(new) - 1}))


def usual_price(item: np.ndarray, time: np.ndarray, price: np.ndarray) -> np.ndarray:
    """(n,) mean price of the item's lines on the days before; NaN on its first day.

    It looks back only, so that what happens later changes no event.
    """
    day = time.astype("datetime64[D]").astype(np.int64)
    frame = pd.DataFrame({c.ITEM: item, c.DATE: day, c.PRICE: price})
    sorted_prices = frame.sort_values(c.PRICE)
    daily = sorted_prices.groupby([c.ITEM, c.DATE])[c.PRICE].agg(["sum", "count"])
    total = daily.groupby(level=c.ITEM).cumsum()
    before = total.groupby(level=c.ITEM).shift(1)
    usual = (before["sum"] / before["count"]).rename("usual")
    return frame.join(usual, on=[c.ITEM, c.DATE])["usual"].to_numpy(float)
