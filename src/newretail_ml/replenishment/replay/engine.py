"""The engine: one period after another, for all series and paths at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.replenishment.replay.ages import Ages
from newretail_ml.replenishment.replay.books import Books
from newretail_ml.replenishment.replay.setting import Setting
from newretail_ml.replenishment.replay.shop import Shop
from newretail_ml.replenishment.replay.terms import FIRST_REVIEW

Policy: TypeAlias = Callable[[Shop], np.ndarray]
"""Units to order, (series,) or (series, paths), from what the shop shows."""

_ROUNDING = 1e-9


def play(policy: Policy, setting: Setting, *, progress: bool) -> Books:
    """The books of a policy."""
    from tqdm import tqdm

    engine = _Engine(policy, setting)
    periods = range(len(setting.demand))
    for period in tqdm(periods, desc="replay", delay=3, leave=False, disable=not progress):
        engine.step(period)
    return engine.books


def policy_name(policy: Policy) -> str:
    """What a policy is called in tables and errors."""
    for attribute in ("name", "__name__"):
        name = getattr(policy, attribute, None)
        if isinstance(name, str):
            return name
    return type(policy).__name__


class _Engine:
    """State of a replay, changed in place."""

    def __init__(self, policy: Policy, setting: Setting) -> None:
        self.books = Books.blank(setting)
        self._policy, self._setting = policy, setting
        cells = setting.demand.shape[1:]
        stock, on_order = setting.column(c.ON_HAND), setting.shaped(setting.due.sum(axis=0))
        self._on_hand = np.broadcast_to(stock, cells).copy()
        self._position = np.broadcast_to(stock + on_order, cells).copy()
        self._waiting = np.zeros(cells)
        self._ages = Ages(setting) if self.books.waste is not None else None
        self._pack = setting.column(c.PACK_SIZE)
        self._single = bool((self._pack == 1).all())
        self._supply = _Supply(setting)
        # A policy may write into what it is shown.
        self._shown = setting.terms.copy()

    def step(self, period: int) -> None:
        """Deliveries, orders, demand, waste: the events of a period, in this order."""
        on_hand = self.books.on_hand[period]
        np.add(self._on_hand, self.books.received[period], out=on_hand)
        self._on_hand = on_hand
        if self._ages is not None:
            self._ages.receive(self.books.received[period])
        reviewing = self._supply.reviewing(period)
        if self._supply.always or reviewing.any():
            self._order(period, reviewing)
        if self._setting.backorders:
            self._sell_or_promise(period)
        else:
            self._sell(period)
        if self._ages is not None:
            self._waste(period, self._ages)

    def _order(self, period: int, reviewing: np.ndarray) -> None:
        shop = Shop(
            period=period,
            terms=self._shown,
            reviewing=reviewing,
            _on_hand=self._on_hand,
            _position=self._position,
            _books=self.books,
            _history=self._setting.history,
            _ages=self._ages,
        )
        units = self._in_packs(self._checked(self._policy(shop)))
        if not self._supply.always:
            units = units * self._setting.shaped(reviewing)
        if self._setting.capacity is not None:
            units = self._setting.capacity.cut_back(units, self._position, self._pack)
        self.books.orders[period] += units
        self._position += units
        at_once = self._supply.send(self.books.received, period, units)
        if at_once is not None:
            self._on_hand += at_once
            if self._ages is not None:
                self._ages.receive(at_once)

    def _checked(self, units: object) -> np.ndarray:
        cells = self._on_hand.shape
        try:
            orders = np.asarray(units, dtype=float)
        except (TypeError, ValueError):
            orders = np.empty(0)
        if orders.shape != cells and orders.shape != cells[:1]:
            raise DataError(
                f"the policy {policy_name(self._policy)!r} returned no array of numbers of shape "
                f"{cells}",
                next_step="Return units for each series (and path); 0 where nothing is ordered.",
            )
        if not (orders.min() >= 0 and orders.max() < np.inf):
            bad = ~(np.isfinite(orders) & (orders >= 0))
            raise DataError(
                f"the policy {policy_name(self._policy)!r} ordered {orders[bad][0]} units",
                rows=np.unique(np.nonzero(bad)[0]),
                next_step="Return finite units of at least 0.",
            )
        return orders if orders.shape == cells else np.repeat(orders[:, None], cells[1], axis=1)

    def _in_packs(self, units: np.ndarray) -> np.ndarray:
        if self._single:
            return np.ceil(units - _ROUNDING)
        return np.ceil(units / self._pack - _ROUNDING) * self._pack

    def _sell(self, period: int) -> None:
        sales = self.books.sales[period]
        np.minimum(self._setting.demand[period], self._on_hand, out=sales)
        self._on_hand -= sales
        self._position -= sales
        if self._ages is not None:
            self._ages.issue(sales)

    def _sell_or_promise(self, period: int) -> None:
        demand, sales = self._setting.demand[period], self.books.sales[period]
        wanted = demand + self._waiting
        np.minimum(wanted, self._on_hand, out=sales)
        np.subtract(wanted, sales, out=self._waiting)
        self._on_hand -= sales
        self._position -= demand
        if self.books.waiting is not None:
            self.books.waiting[period] = self._waiting
        self.books.seen[len(self._setting.history.sales) + period] = demand
        if self._ages is not None:
            self._ages.issue(sales)

    def _waste(self, period: int, ages: Ages) -> None:
        wasted = ages.expire()
        self._on_hand -= wasted
        self._position -= wasted
        if self.books.waste is not None:
            self.books.waste[period] = wasted


class _Supply:
    """Who may order when, and when it arrives."""

    def __init__(self, setting: Setting) -> None:
        terms = setting.terms
        self._first = terms[FIRST_REVIEW].to_numpy(int)
        self._every = terms[c.REVIEW_PERIOD].to_numpy(int)
        self.always = bool((self._first == 0).all() and (self._every == 1).all())
        self._all = np.ones(len(terms), dtype=bool)
        self._all.flags.writeable = False
        self._lead = terms[c.LEAD_TIME].to_numpy(int)
        self._same = int(self._lead[0]) if (self._lead == self._lead[0]).all() else None
        self._cells = np.arange(len(terms)) + self._lead * len(terms)
        self._at_once = setting.shaped(self._lead == 0)

    def reviewing(self, period: int) -> np.ndarray:
        """(series,) bool."""
        if self.always:
            return self._all
        since = period - self._first
        may = (since >= 0) & (since % self._every == 0)
        may.flags.writeable = False
        return may

    def send(self, received: np.ndarray, period: int, units: np.ndarray) -> np.ndarray | None:
        """Write the delivery; returns the units that arrive at once, None if none can."""
        if self._same is not None:
            received[period + self._same] += units
            return units if self._same == 0 else None
        flat = received.reshape(-1, *received.shape[2:])
        flat[self._cells + period * len(self._lead)] += units
        return units * self._at_once if self._at_once.any() else None
