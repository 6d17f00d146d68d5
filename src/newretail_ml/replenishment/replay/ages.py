"""Stock by age, for the series that perish."""

from __future__ import annotations

import numpy as np

from newretail_ml import columns as c
from newretail_ml.replenishment.perishable import FIFO
from newretail_ml.replenishment.replay.setting import Setting


class Ages:
    """Units by age of the series with a shelf life.

    Attributes:
        stock: (longest shelf life, series that perish[, paths]) units; row 0 arrived in this
            period. What is on hand at the start counts as fresh.
    """

    def __init__(self, setting: Setting) -> None:
        perishable = setting.perishable
        self._rows = slice(None) if perishable.all() else np.flatnonzero(perishable)
        life = setting.terms.loc[perishable, c.SHELF_LIFE].to_numpy(int)
        # No unit grows older than the replay is long.
        self._last = np.minimum(life, len(setting.demand)) - 1
        self._fifo = setting.issuing == FIFO
        cells = setting.demand.shape[1:]
        self.stock = np.zeros((self._last.max() + 1, len(life), *cells[1:]))
        self._wasted = np.zeros(cells)
        self._old = life > len(setting.demand)
        self.receive(np.broadcast_to(setting.column(c.ON_HAND), cells))

    def receive(self, units: np.ndarray) -> None:
        """Fresh units arrive: (series[, paths])."""
        self.stock[0] += units[self._rows]

    def issue(self, units: np.ndarray) -> None:
        """Units leave in the order of issuing: (series[, paths]), no more than there are."""
        queue = self.stock[::-1] if self._fifo else self.stock
        left = np.cumsum(queue, axis=0)
        left -= units[self._rows]
        np.maximum(left, 0.0, out=left)
        np.minimum(queue, left, out=queue)

    def expire(self) -> np.ndarray:
        """(series[, paths]) units that end their shelf life now; the others grow a period older."""
        place = (self._last, np.arange(len(self._last)))
        wasted = self.stock[place]
        wasted[self._old] = 0.0
        self.stock[place] = 0.0
        self.stock[1:] = self.stock[:-1]
        self.stock[0] = 0.0
        self._wasted[self._rows] = wasted
        return self._wasted

    def shown(self) -> np.ndarray:
        """(longest shelf life, series[, paths]) units by age; NaN for series that keep."""
        by_age = np.full((len(self.stock), *self._wasted.shape), np.nan)
        by_age[:, self._rows] = self.stock
        return by_age
