"""What is known of each customer at the cut: how often, how much and how lately they buy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.interactions import Interactions


@dataclass(frozen=True, eq=False)
class Members:
    """Arrays of one entry a customer; missing where a customer has no order.

    Attributes:
        orders: number of visits, days with an order.
        items: different items bought.
        events: items bought, one for each order with it.
        since_last, since_first: days from the last and the first visit to the cut.
        cycle: mean days between visits.
        recent_orders: visits of the last 28 days.
        basket: items in a mean visit.
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
class Visits:
    """The days on which each customer bought, by customer and time.

    Orders of one day are one visit: a basket that was paid in two parts, or what someone rated in
    one sitting.

    Attributes:
        customer: (visits,) position of the customer.
        age: (visits,) days before the cut.
        ago: (visits,) how many visits of the customer came after.
        of_event: (events,) position of each event's visit.
    """

    customer: np.ndarray
    age: np.ndarray
    ago: np.ndarray
    of_event: np.ndarray

    @classmethod
    def of(cls, known: Interactions) -> Visits:
        """The visits before the cut."""
        events = known.events
        day = events.time.astype("datetime64[D]").astype(np.int64)
        first_day = int(day.min(initial=0))
        days = int(day.max(initial=0)) - first_day + 1
        key = events.customer.astype(np.int64) * days + day - first_day
        visit, first, of_event = np.unique(key, return_index=True, return_inverse=True)
        customer = visit // days
        end = np.cumsum(np.bincount(customer, minlength=known.n_customers))
        ago = end[customer] - 1 - np.arange(len(visit))
        return cls(customer, events.days_before(known.cut)[first], ago, of_event)


def members(known: Interactions, visits: Visits, items: np.ndarray) -> Members:
    """The customers' sums.

    Args:
        known: what is known.
        visits: the visits in it.
        items: (customers,) different items that each one bought.
    """
    n = known.n_customers
    count = _counts(visits.customer, n)
    events = _counts(known.events.customer, n)
    last, first = np.full(n, np.nan), np.full(n, np.nan)
    last[visits.customer] = visits.age
    first[visits.customer[::-1]] = visits.age[::-1]
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
        recent_orders=_counts(visits.customer[visits.age <= 28], n),
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
