"""The shared calendar: an unbroken run of days, weeks or months."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from newretail_ml.errors import DataError

FREQUENCIES = ("D", "W", "M")
_ALIASES = {"D": "D", "W": "W-SUN", "M": "M"}
# What pandas 3 takes by itself, where pandas 2 takes nanoseconds.
_UNIT = "us"
_SEASONS = {"D": 7, "W": 52, "M": 12}


@dataclass(frozen=True)
class Periods:
    """An unbroken calendar of ``count`` periods from ``first`` on.

    Args:
        first: the first day of the first period. Weeks begin on Monday, months on the 1st.
        count: how many periods.
        freq: "D", "W" or "M".

    >>> weeks = Periods.spanning("2026-01-05", "2026-02-03", "W")
    >>> len(weeks), weeks.position(["2026-01-11", "2026-01-12"]).tolist()
    (5, [0, 1])
    """

    first: pd.Timestamp
    count: int
    freq: str

    @classmethod
    def spanning(cls, first: Any, last: Any, freq: str) -> Periods:
        """The calendar from the period that holds ``first`` to the one that holds ``last``."""
        check_frequency(freq)
        start, end = (pd.Timestamp(day).to_period(_ALIASES[freq]) for day in (first, last))
        return cls(start.start_time.as_unit(_UNIT), end.ordinal - start.ordinal + 1, freq)

    def __len__(self) -> int:
        return self.count

    @cached_property
    def dates(self) -> pd.DatetimeIndex:
        """The first day of each period."""
        periods = pd.period_range(self.first, periods=self.count, freq=_ALIASES[self.freq])
        return periods.to_timestamp(how="start").as_unit(_UNIT)

    @property
    def season(self) -> int:
        """Periods in the season that matters most: 7 days, 52 weeks, 12 months."""
        return _SEASONS[self.freq]

    @property
    def last_day(self) -> pd.Timestamp:
        """The last day of the last period."""
        return self.resized(self.count + 1).dates[-1] - pd.Timedelta(days=1)

    def position(self, dates: Any) -> np.ndarray:
        """Index of the period that holds each date; negative or ``>= count`` outside."""
        ordinals = pd.DatetimeIndex(dates).to_period(_ALIASES[self.freq]).asi8
        return ordinals - self.first.to_period(_ALIASES[self.freq]).ordinal

    def resized(self, count: int) -> Periods:
        """The same calendar, cut or continued to ``count`` periods."""
        return Periods(self.first, count, self.freq)

    def shifted(self, by: int) -> Periods:
        """A calendar of the same length that begins ``by`` periods later."""
        return Periods(self.resized(by + 1).dates[-1], self.count, self.freq)


def check_frequency(freq: str) -> None:
    """Raise a DataError for a frequency that the library does not know."""
    if freq not in FREQUENCIES:
        raise DataError(
            f"the frequency {freq!r} is not known",
            next_step=f"Use one of {', '.join(FREQUENCIES)} (days, weeks, months).",
        )


def infer_frequency(dates: pd.Series) -> str:
    """Days, weeks or months, from the smallest gap between two dates.

    >>> infer_frequency(pd.Series(pd.to_datetime(["2026-01-31", "2026-02-28", "2026-03-31"])))
    'M'
    """
    days = np.unique(dates.to_numpy("datetime64[D]"))
    if len(days) < 2:
        return "D"
    gap = int(np.diff(days).min() / np.timedelta64(1, "D"))
    if gap < 7:
        return "D"
    return "W" if gap < 28 else "M"
