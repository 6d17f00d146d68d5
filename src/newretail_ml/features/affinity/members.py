"""What is known of each customer at the cut: how often, how much and how lately they buy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.interactions import Interactions

NEVER = np.float32(np.nan)


@dataclass(frozen=True, eq=False)
class Members:
    """Arrays of one entry a customer; missing where a customer has no order.

    Attributes:
        orders: number of orders.
        items: different items bought.
        events: items bought, one for each order with it.
        since_last, since_first: days from the last and the first order to the cut.
        cycle: mean days between orders.
        recent_orders: orders of the last 28 days.
        basket: items in a mean order.
        units: median units of an item in an order.
        price_ratio: mean price paid over the usual price.
    """

    orders: np.ndarray
    items: np.ndarray
    events: np.ndarray
    since_last: np.ndarray
    since_first: np.ndarray
    cycle: np.ndarray
    recent_orders: np.ndarray
    basket: np.ndarray
    units: np.ndarray
    price_ratio: np.ndarray


@dataclass(frozen=True, eq=False)
class Orders:
    """The orders of each customer, by customer and time.

    Attributes:
        customer: (orders,) position of the customer.
        age: (orders,) days before the cut.
        ago: (orders,) how many orders of the customer came after.
        of_event: (events,) position of each event's order.
    """

    customer: np.ndarray
    age: np.ndarray
    ago: np.ndarray
    of_event: np.ndarray

    @classmethod
    def of(cls, known: Interactions) -> Orders:
        """The orders before the cut."""
        events = known.events
        _, first, order = np.unique(events.order, return_index=True, return_inverse=True)
        by = np.lexsort((first, events.customer[first]))
        place = np.empty(len(by), dtype=np.int64)
        place[by] = np.arange(len(by))
        customer = events.customer[first[by]]
        end = np.cumsum(np.bincount(customer, minlength=known.n_customers))
        ago = end[customer] - 1 - np.arange(len(by))
        return cls(customer, events.days_before(known.cut)[first[by]], ago, place[order])


def members(known: Interactions, orders: Orders, items: np.ndarray) -> Members:
    """The customers' sums.

    Args:
        known: what is known.
        orders: the orders in it.
        items: (customers,) different items that each one bought.
    """
    n = known.n_customers
    count = _counts(orders.customer, n)
    events = _counts(known.events.customer, n)
    last, first = np.full(n, np.nan), np.full(n, np.nan)
    last[orders.customer] = orders.age
    first[orders.customer[::-1]] = orders.age[::-1]
    ratio = known.events.price_ratio
    priced = np.isfinite(ratio)
    paid = np.bincount(known.events.customer[priced], ratio[priced], n)
    return Members(
        orders=count,
        items=items.astype(np.float32),
        events=events,
        since_last=last.astype(np.float32),
        since_first=first.astype(np.float32),
        cycle=divided(first - last, count - 1),
        recent_orders=_counts(orders.customer[orders.age <= 28], n),
        basket=divided(events, count),
        units=medians(known.events.customer, known.events.units, n),
        price_ratio=divided(paid, _counts(known.events.customer[priced], n)),
    )


def divided(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    """Float32 ratios, missing where the divisor is not above zero."""
    out = np.full(len(top), np.nan)
    return np.divide(top, bottom, out=out, where=bottom > 0).astype(np.float32)


def medians(position: np.ndarray, values: np.ndarray, n: int) -> np.ndarray:
    """(n,) lower median of the values at each position, missing where there are none."""
    by = np.lexsort((values, position))
    count = np.bincount(position, minlength=n)
    start = np.cumsum(count) - count
    out = np.full(n, np.nan, np.float32)
    some = count > 0
    out[some] = values[by[start[some] + (count[some] - 1) // 2]]
    return out


def _counts(position: np.ndarray, n: int) -> np.ndarray:
    return np.bincount(position, minlength=n).astype(np.float32)
