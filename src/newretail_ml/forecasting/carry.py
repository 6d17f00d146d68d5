"""Which series of a panel a model has fitted already, so that newer days need no new fit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml.panel import Panel

# A fit of fewer known periods, or without a sale, says little about what comes after it: a month
# of days, half a year of weeks, a year and a half of months.
_ENOUGH_PERIODS = {"D": 30, "W": 26, "M": 18}


@dataclass(frozen=True)
class Known:
    """The series of a fit.

    Attributes:
        keys: theirs.
        first: first day of the panel.
        cut: periods that were known.
        enough: (series,) bool: history was long enough for the fit to be kept.
    """

    keys: pd.MultiIndex
    first: pd.Timestamp
    cut: int
    enough: np.ndarray

    @classmethod
    def of(cls, panel: Panel, demand: np.ndarray) -> Known:
        """The series of a panel with (series, periods) demand, NaN where it is not known."""
        known = (~np.isnan(demand)).sum(axis=1)
        enough = (known >= _ENOUGH_PERIODS[panel.periods.freq]) & (demand > 0).any(axis=1)
        keys = pd.MultiIndex.from_frame(panel.keys)
        return cls(keys, panel.periods.first, panel.cut, enough)

    def indexer(self, panel: Panel) -> np.ndarray:
        """(series,) position of a panel's series among those of the fit, -1 for unknown ones."""
        return self.keys.get_indexer(pd.MultiIndex.from_frame(panel.keys))

    def positions(self, panel: Panel) -> tuple[np.ndarray, np.ndarray]:
        """Where each fitted series stands in a panel (-1: nowhere), and series to fit anew.

        A fit that rested on too little is made anew once more is known.
        """
        fitted = self.indexer(panel)
        if panel.periods.first != self.first:
            fitted[:] = -1
        elif panel.cut > self.cut:
            fitted[~self.enough[fitted]] = -1
        position = np.full(len(self.keys), -1)
        position[fitted[fitted >= 0]] = np.flatnonzero(fitted >= 0)
        return position, np.flatnonzero(fitted < 0)
