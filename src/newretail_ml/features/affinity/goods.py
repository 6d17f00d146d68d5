"""What is known of each item at the cut: how well it sells, lately and before, and to whom."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.features.affinity.bought import Bought
from newretail_ml.features.affinity.members import divided, medians
from newretail_ml.interactions import Interactions, recent_share

WINDOWS = (7.0, 28.0, 90.0)
YEAR = 365.0


@dataclass(frozen=True, eq=False)
class Goods:
    """Arrays of one entry an item.

    Attributes:
        sold: (windows and ever, items) orders with the item in the last days, per day that it was
            available.
        share: share of all orders that had it.
        rising: orders with it in the last 28 days over those of the last 90, as rates.
        buyers: customers who bought it.
        repeats: orders with it per buyer.
        again: share of the buyers who bought it again.
        gap: mean days between orders of one customer with it.
        age: days since it was first sold or launched.
        since_sold: days since it was last sold.
        units: median units in an order.
        last_year: orders with it a year ago, in the 28 days that correspond to those to come.
        price_ratio, promotion: planned price over the usual one and share of promotions, in the
            week from the cut on.
        price_change: planned price over the mean of the 28 days before.
        price: planned price.
        returned: returns per order.
        available: share of shops and of the last 28 days with the item on the shelf.
    """

    sold: np.ndarray
    share: np.ndarray
    rising: np.ndarray
    buyers: np.ndarray
    repeats: np.ndarray
    again: np.ndarray
    gap: np.ndarray
    age: np.ndarray
    since_sold: np.ndarray
    units: np.ndarray
    last_year: np.ndarray
    price_ratio: np.ndarray
    promotion: np.ndarray
    price_change: np.ndarray
    price: np.ndarray
    returned: np.ndarray
    available: np.ndarray


def goods(known: Interactions, bought: Bought) -> Goods:
    """The items' sums."""
    events, n = known.events, known.n_items
    age = events.days_before(known.cut)
    available = recent_share(known.shelf, n, 28.0)
    sold = np.stack([_rates(known, age, days) for days in (*WINDOWS, np.inf)])
    item = bought.key[:-1] % n
    times = bought.times[:-1]
    buyers = np.bincount(item, minlength=n)
    again = np.bincount(item[times > 1], minlength=n)
    gaps = np.where(times > 1, bought.gap[:-1] * (times - 1), 0.0)
    last_year = (age > YEAR - 28.0) & (age <= YEAR)
    covered = age.max(initial=0.0) >= YEAR
    first, last = np.full(n, np.nan), np.full(n, np.nan)
    first[events.item[::-1]] = age[::-1]
    last[events.item] = age
    total = np.bincount(events.item, minlength=n)
    return Goods(
        sold=sold.astype(np.float32),
        share=(total / len(np.unique(events.order))).astype(np.float32),
        rising=((sold[1] + 0.01) / (sold[2] + 0.01)).astype(np.float32),
        buyers=buyers.astype(np.float32),
        repeats=divided(total, buyers),
        again=divided(again + 0.0, buyers),
        gap=divided(np.bincount(item, gaps, n), np.bincount(item, np.maximum(times - 1, 0), n)),
        age=_ages(known, first).astype(np.float32),
        since_sold=last.astype(np.float32),
        units=medians(events.item, events.units, n),
        last_year=(
            np.bincount(events.item[last_year], minlength=n) if covered else np.full(n, np.nan)
        ).astype(np.float32),
        returned=divided(np.bincount(known.returns.item, minlength=n), total),
        available=available.astype(np.float32),
        **_planned(known),
    )


def _rates(known: Interactions, age: np.ndarray, days: float) -> np.ndarray:
    """(items,) orders with each item a day in the last days; a day without stock is no day."""
    inside = age <= days
    span = max(min(days, float(age.max(initial=1.0))), 1.0)
    counts = np.bincount(known.events.item[inside], minlength=known.n_items)
    return counts / (span * recent_share(known.shelf, known.n_items, days))


def _ages(known: Interactions, first: np.ndarray) -> np.ndarray:
    """(items,) days since the launch, or else since the first sale."""
    if c.LAUNCH_DATE not in known.items:
        return first
    launched = known.items[c.LAUNCH_DATE]
    days = (pd.Timestamp(known.cut) - launched).dt.total_seconds().to_numpy(float) / 86_400
    return np.where(np.isfinite(days), days, first)


def _planned(known: Interactions) -> dict[str, np.ndarray]:
    """Prices and promotions that are planned for the week from the cut on."""
    prices = known.prices
    missing = np.full(known.n_items, np.nan, np.float32)
    if prices is None:
        return dict.fromkeys(("price_ratio", "promotion", "price_change", "price"), missing)
    today = prices.day(known.cut)
    coming = slice(today, today + 7)
    price = _mean(prices.price[coming])
    before = _mean(prices.price[max(today - 28, 0) : max(today, 1)])
    return {
        "price_ratio": divided(price, _mean(prices.regular[coming])),
        "promotion": _mean(prices.promotion[coming]).astype(np.float32),
        "price_change": divided(price, before),
        "price": price.astype(np.float32),
    }


def _mean(values: np.ndarray) -> np.ndarray:
    """Mean over the days of what is known."""
    known = np.isfinite(values)
    total = np.where(known, values, 0.0).sum(axis=0)
    out = np.full(values.shape[1], np.nan)
    return np.divide(total, known.sum(axis=0), out=out, where=known.any(axis=0))
