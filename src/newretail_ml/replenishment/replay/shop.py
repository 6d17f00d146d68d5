"""What a policy is shown when it orders: the present and the past, never the future."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.panel import Panel
from newretail_ml.replenishment.replay.ages import Ages
from newretail_ml.replenishment.replay.books import Books
from newretail_ml.replenishment.replay.setting import History
from newretail_ml.replenishment.replay.terms import PERIOD

_NOTHING = 1e-9


@dataclass(frozen=True, eq=False)
class Shop:
    """The shop at the start of a period, after its deliveries and before its demand.

    Arrays are (series,) or, where demand has paths, (series, paths).

    Attributes:
        period: number of the period that starts; 0 is the first of the replay.
        terms: one row a series, as checked: lead_time, review_period, pack_size, costs.
        reviewing: (series,) bool, the series that may order now.

    >>> from newretail_ml.replenishment.replay import replay
    >>> def one_for_one(now):
    ...     return now.last_sales(1).sum(axis=0)
    >>> terms = pd.DataFrame({"item_id": ["tea"], "on_hand": [5], "lead_time": [1],
    ...                       "review_period": [1], "holding_cost": [1], "shortage_cost": [9]})
    >>> replay(one_for_one, np.array([[3, 4, 1, 2]]), terms).orders.tolist()
    [[0.0, 3.0, 2.0, 1.0]]
    """

    period: int
    terms: pd.DataFrame
    reviewing: np.ndarray
    _on_hand: np.ndarray
    _position: np.ndarray
    _books: Books
    _history: History
    _ages: Ages | None

    @property
    def date(self) -> pd.Timestamp | None:
        """First day of the period, if demand is a panel."""
        periods = self._history.periods
        return None if periods is None else periods.dates[self.period]

    @property
    def on_hand(self) -> np.ndarray:
        """Units in stock, today's delivery included."""
        return self._on_hand.copy()

    @property
    def position(self) -> np.ndarray:
        """Units on hand and on order, less what customers wait for."""
        return self._position.copy()

    @property
    def waiting(self) -> np.ndarray:
        """Units that customers wait for; zero where sales are lost."""
        if self._books.waiting is None or self.period == 0:
            return np.zeros_like(self._on_hand)
        return self._books.waiting[self.period - 1].copy()

    @property
    def backorders(self) -> bool:
        """Whether customers wait where stock is short."""
        return self._books.waiting is not None

    @property
    def on_order(self) -> np.ndarray:
        """Units ordered and not yet delivered."""
        return self.pipeline.sum(axis=0)

    @property
    def pipeline(self) -> np.ndarray:
        """(periods ahead, series[, paths]) units on order; row k arrives k periods from now.

        Row 0 is zero: today's delivery is on hand. There are as many rows as the longest lead
        time plus one, or more if an order open at the start takes longer.
        """
        ahead = len(self._books.received) - len(self._books.orders)
        coming = self._books.received[self.period : self.period + ahead].copy()
        coming[0] = 0.0
        return coming

    @property
    def by_age(self) -> np.ndarray | None:
        """(longest shelf life, series[, paths]) units on hand by age; row 0 arrived today.

        None if nothing perishes; NaN for series that keep.
        """
        return None if self._ages is None else self._ages.shown()

    @property
    def sales(self) -> np.ndarray:
        """(periods so far, series[, paths]) units sold, history before the replay first.

        With backorders: units that customers ordered.
        """
        return self._books.seen[: len(self._history.sales) + self.period].copy()

    def last_sales(self, periods: int) -> np.ndarray:
        """(at most ``periods``, series[, paths]) the end of `sales`, at less cost."""
        end = len(self._history.sales) + self.period
        return self._books.seen[max(end - periods, 0) : end].copy()

    @property
    def sold_out(self) -> np.ndarray:
        """(periods so far, series[, paths]) bool: stock ran out, so sales only bound demand."""
        return np.concatenate([self._history.sold_out, self._ran_out(0)])

    def last_sold_out(self, periods: int) -> np.ndarray:
        """(at most ``periods``, series[, paths]) the end of `sold_out`, at less cost."""
        before = len(self._history.sold_out) - max(periods - self.period, 0)
        ran_out = self._ran_out(max(self.period - periods, 0))
        return np.concatenate([self._history.sold_out[max(before, 0) :], ran_out])

    @cached_property
    def panel(self) -> Panel:
        """Sales until now as a panel: history, then the replay; plans reach beyond.

        Raises:
            DataError: demand is no panel.
        """
        past = self._history.panel
        if past is None:
            raise DataError(
                "demand is an array, so there is no panel to show",
                next_step="Replay a panel, or use now.sales.",
            )
        replayed = self._books.seen[len(self._history.sales) :][: self.period]
        return replace(
            past,
            units=np.concatenate([past.units, replayed.T.astype(np.float32)], axis=1),
            censored=np.concatenate([past.censored, self._ran_out(0).T], axis=1),
        )

    @cached_property
    def state(self) -> pd.DataFrame:
        """The terms with on_hand and on_order as they are now; not for demand with paths."""
        self._check_one_path("state")
        return self.terms.assign(**{c.ON_HAND: self.on_hand, c.ON_ORDER: self.on_order})

    @cached_property
    def due(self) -> pd.DataFrame:
        """Open orders: keys, period (from now on) and units; not for demand with paths."""
        self._check_one_path("due")
        pipeline = self.pipeline
        ahead, series = np.nonzero(pipeline)
        keys = self.terms[[name for name in c.SERIES_KEYS if name in self.terms]]
        units = pipeline[ahead, series]
        return keys.iloc[series].reset_index(drop=True).assign(**{PERIOD: ahead, c.UNITS: units})

    def _ran_out(self, first: int) -> np.ndarray:
        left = self._books.on_hand[first : self.period]
        if self._books.waiting is not None:
            return np.zeros(left.shape, dtype=bool)
        if self._books.waste is not None:
            left = left + self._books.waste[first : self.period]
        return left <= _NOTHING

    def _check_one_path(self, name: str) -> None:
        if self._on_hand.ndim > 1:
            raise DataError(
                f"demand has paths, so {name} is no table",
                next_step="Use the arrays on_hand and pipeline.",
            )
