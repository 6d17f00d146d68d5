"""Features of the calendar: known for every day to come."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from newretail_ml.errors import DataError
from newretail_ml.features.base import PlannedFeature
from newretail_ml.features.block import Block, Rows
from newretail_ml.panel import Periods


@dataclass(frozen=True)
class Days:
    """First and last day of each period; the same day in a daily calendar."""

    first: pd.DatetimeIndex
    last: pd.DatetimeIndex

    @classmethod
    def of(cls, periods: Periods, start: int, end: int) -> Days:
        """Those of the periods ``start`` to ``end``, inclusive."""
        dates = periods.resized(end + 2).dates
        return cls(dates[start:-1], dates[start + 1 :] - pd.Timedelta(days=1))

    def until(self, happens: pd.DatetimeIndex, within: int) -> np.ndarray:
        """Days to the next of ``happens``; 0 in its period, ``within`` + 1 if further away.

        >>> weeks = Days.of(Periods.spanning("2026-11-02", "2026-11-20", "W"), 0, 2)
        >>> weeks.until(pd.DatetimeIndex(["2026-11-11"]), within=7).tolist()
        [3, 0, 8]
        """
        first, last, events = _number(self.first), _number(self.last), np.sort(_number(happens))
        following = np.searchsorted(events, first)
        distance = np.full(len(first), within + 1)
        ahead = following < len(events)
        distance[ahead] = np.maximum(events[following[ahead]] - last[ahead], 0)
        return np.minimum(distance, within + 1)

    def since(self, happens: pd.DatetimeIndex, within: int) -> np.ndarray:
        """Days since the last of ``happens``; 0 in its period, ``within`` + 1 if longer ago."""
        first, last, events = _number(self.first), _number(self.last), np.sort(_number(happens))
        previous = np.searchsorted(events, last, side="right") - 1
        distance = np.full(len(first), within + 1)
        past = previous >= 0
        distance[past] = np.maximum(first[past] - events[previous[past]], 0)
        return np.minimum(distance, within + 1)


def days_of(block: Block, rows: Rows) -> tuple[int, Days]:
    """The first target, and the days of it and all later ones; made once for all features."""
    first, last = int(rows.targets.min()), int(rows.targets.max())
    return first, block.source.shared(Days, lambda: Days.of(block.panel.periods, first, last))


class _CalendarFeature(PlannedFeature):
    """A feature that is the same for all series."""

    def values(self, block: Block, rows: Rows) -> np.ndarray:
        """One row of values, repeated for each series."""
        row = block.source.shared(self, lambda: self._row(block, rows))
        return np.broadcast_to(row, (len(block.demand), len(row)))

    def _row(self, block: Block, rows: Rows) -> np.ndarray:
        first, days = days_of(block, rows)
        return np.asarray(self.of_days(days), dtype=float)[rows.targets - first]

    @abstractmethod
    def of_days(self, days: Days) -> Any:
        """One value a period."""


@dataclass(frozen=True)
class DayOfWeek(_CalendarFeature):
    """0 on Monday to 6 on Sunday."""

    def of_days(self, days: Days) -> Any:
        """The weekday."""
        return days.first.day_of_week


@dataclass(frozen=True)
class DayOfMonth(_CalendarFeature):
    """1 to 31."""

    def of_days(self, days: Days) -> Any:
        """The day."""
        return days.first.day


@dataclass(frozen=True)
class DayOfYear(_CalendarFeature):
    """1 to 366."""

    def of_days(self, days: Days) -> Any:
        """The day."""
        return days.first.day_of_year


@dataclass(frozen=True)
class Month(_CalendarFeature):
    """1 to 12."""

    def of_days(self, days: Days) -> Any:
        """The month."""
        return days.first.month


@dataclass(frozen=True)
class Horizon(PlannedFeature):
    """How many periods ahead the target is."""

    def values(self, block: Block, rows: Rows) -> np.ndarray:
        """The horizon of each row."""
        return np.broadcast_to(rows.horizons.astype(float), (len(block.demand), len(rows)))


@dataclass(frozen=True)
class Holiday(_CalendarFeature):
    """Public holidays in the period (1 or 0 for a day), by the ``holidays`` package.

    Args:
        country: ISO code, such as "CN" or "GB".
    """

    country: str

    def of_days(self, days: Days) -> Any:
        """How many holidays there are from the first day to the last."""
        events = _number(holiday_dates(self.country, *_years(days)))
        upto = np.searchsorted(events, _number(days.last), side="right")
        return upto - np.searchsorted(events, _number(days.first))


@dataclass(frozen=True)
class DaysToHoliday(_CalendarFeature):
    """Days until the next public holiday; ``within`` + 1 where it is further away."""

    country: str
    within: int = 7

    def of_days(self, days: Days) -> Any:
        """Days, capped."""
        return days.until(holiday_dates(self.country, *_years(days)), self.within)


@lru_cache(maxsize=32)
def holiday_dates(country: str, first_year: int, last_year: int) -> pd.DatetimeIndex:
    """Public holidays of a country, first to last year inclusive."""
    import holidays

    try:
        calendar = holidays.country_holidays(country, years=range(first_year, last_year + 1))
    except NotImplementedError:
        raise DataError(
            f"no public holidays are known for country {country!r}",
            next_step="Use a two-letter ISO code such as CN, TW or GB.",
        ) from None
    return pd.DatetimeIndex(sorted(calendar))


def _years(days: Days) -> tuple[int, int]:
    return int(days.first[0].year), int(days.last[-1].year) + 1


def _number(dates: pd.DatetimeIndex) -> np.ndarray:
    return dates.to_numpy("datetime64[D]").astype(np.int64)
