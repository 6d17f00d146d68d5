"""Rhythms: gaps between purchase days and the silence since, days out of stock left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.pairs import Pairs

_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True, eq=False)
class Cycles:
    """One entry per customer and item, or per customer for visits of any kind.

    Attributes:
        customer, item: (n,) positions; item is 0 for visits.
        repeats: (n,) purchase days after the first one.
        span: (n,) days from the first purchase day to the last.
        log_gaps: (n,) sum of the logarithms of the gaps in days.
        silent: (n,) days from the last purchase day to the cut.
        silent_then: (n,) days from the last purchase day to the customer's last visit.
    """

    customer: np.ndarray
    item: np.ndarray
    repeats: np.ndarray
    span: np.ndarray
    log_gaps: np.ndarray
    silent: np.ndarray
    silent_then: np.ndarray

    def only(self, where: np.ndarray | slice) -> Cycles:
        """Some of the entries."""
        return Cycles(**{name: values[where] for name, values in vars(self).items()})


def item_cycles(known: Interactions, pairs: Pairs) -> Cycles:
    """The cycles of all pairs, in their order."""
    day = _days(known)
    visit = _last(known.events.customer, day, known.n_customers)[pairs.customer]
    return _cycles(pairs.customer, pairs.item, pairs.of_event, day, visit, known)


def visit_cycles(known: Interactions) -> Cycles:
    """The cycles of the visits of each customer who has any."""
    day = _days(known)
    customer, of_event = np.unique(known.events.customer, return_inverse=True)
    visit = _last(known.events.customer, day, known.n_customers)[customer]
    item = np.full(len(customer), -1)
    cycles = _cycles(customer, item, of_event, day, visit, known)
    return Cycles(**(vars(cycles) | {"item": item + 1}))


def _cycles(
    customer: np.ndarray,
    item: np.ndarray,
    of_event: np.ndarray,
    day: np.ndarray,
    visit: np.ndarray,
    known: Interactions,
) -> Cycles:
    n, width = len(customer), int(day.max()) + 1
    one, when = np.divmod(np.unique(of_event * np.int64(width) + day), width)
    again = np.flatnonzero(np.diff(one) == 0)
    owner, out = one[again], OutOfStock(known)
    gap = np.diff(when)[again] - out.between(
        customer[owner], item[owner], when[again], when[again + 1]
    )
    last = _last(one, when, n)
    cut = (known.cut - known.events.time[0].astype("datetime64[D]")) / _DAY
    end = np.full(n, int(np.ceil(cut)))
    # Purchases of a day happen in its middle; the days of the silence are whole.
    silent = cut - last - 0.5 - out.between(customer, item, last, end)
    then = visit - last - out.between(customer, item, last, visit)
    return Cycles(
        customer=customer,
        item=item,
        repeats=np.bincount(owner, minlength=n).astype(float),
        span=np.bincount(owner, gap, minlength=n),
        log_gaps=np.bincount(owner, np.log(gap), minlength=n),
        silent=np.maximum(silent, 0.0),
        silent_then=np.minimum(then, np.maximum(silent, 0.0)),
    )


class OutOfStock:
    """Days on which the customers' locations did not have the items.

    Args:
        known: what is known, with or without a shelf.
    """

    def __init__(self, known: Interactions) -> None:
        self.home = known.home
        self.total = None
        if known.shelf is not None:
            first = known.events.time[0].astype("datetime64[D]")
            self.start = int((known.shelf.first - first) / _DAY)
            missing = known.shelf.on_hand <= 0
            self.total = np.zeros((len(missing) + 1, *missing.shape[1:]), np.int32)
            np.cumsum(missing, axis=0, out=self.total[1:])

    def between(
        self, customer: np.ndarray, item: np.ndarray, after: np.ndarray, before: np.ndarray
    ) -> np.ndarray:
        """(n,) such days after one day and before another; 0 where nothing is known."""
        if self.total is None or not self.total.shape[2]:
            return np.zeros(len(customer))
        end = len(self.total) - 1
        first = np.clip(after + 1 - self.start, 0, end)
        stop = np.maximum(np.clip(before - self.start, 0, end), first)
        place = self.home[customer]
        days = self.total[stop, item, place] - self.total[first, item, place]
        return np.where((place >= 0) & (item >= 0), days, 0).astype(float)


def _days(known: Interactions) -> np.ndarray:
    """(events,) whole days since the first event."""
    day = known.events.time.astype("datetime64[D]")
    return np.asarray((day - day[0]) / _DAY, dtype=np.int64)


def _last(owner: np.ndarray, day: np.ndarray, n: int) -> np.ndarray:
    last = np.zeros(n, np.int64)
    np.maximum.at(last, owner, day)
    return last
