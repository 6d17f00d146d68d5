"""Features of the calendar: known for every day to come."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.features.base import PlannedFeature
from newretail_ml.features.block import Block, Rows
from newretail_ml.panel import Panel


class _CalendarFeature(PlannedFeature):
    """A feature that is the same for all series."""

    def values(self, block: Block, rows: Rows) -> np.ndarray:
        """One row of values, repeated for each series."""
        row = block.source.shared(self, lambda: self._row(block.panel, rows))
        return np.broadcast_to(row, (len(block.demand), len(row)))

    def _row(self, panel: Panel, rows: Rows) -> np.ndarray:
        first, last = int(rows.targets.min()), int(rows.targets.max())
        calendar = panel.periods.dates[first : last + 1]
        return np.asarray(self.of_dates(calendar), dtype=float)[rows.targets - first]

    def of_dates(self, dates: pd.DatetimeIndex) -> Any:
        """One value a date."""
        raise NotImplementedError


@dataclass(frozen=True)
class DayOfWeek(_CalendarFeature):
    """0 on Monday to 6 on Sunday."""

    def of_dates(self, dates: pd.DatetimeIndex) -> Any:
        """The weekday."""
        return dates.day_of_week


@dataclass(frozen=True)
class DayOfMonth(_CalendarFeature):
    """1 to 31."""

    def of_dates(self, dates: pd.DatetimeIndex) -> Any:
        """The day."""
        return dates.day


@dataclass(frozen=True)
class DayOfYear(_CalendarFeature):
    """1 to 366."""

    def of_dates(self, dates: pd.DatetimeIndex) -> Any:
        """The day."""
        return dates.day_of_year


@dataclass(frozen=True)
class Month(_CalendarFeature):
    """1 to 12."""

    def of_dates(self, dates: pd.DatetimeIndex) -> Any:
        """The month."""
        return dates.month


@dataclass(frozen=True)
class Horizon(PlannedFeature):
    """How many periods ahead the target is."""

    def values(self, block: Block, rows: Rows) -> np.ndarray:
        """The horizon of each row."""
        return np.broadcast_to(rows.horizons.astype(float), (len(block.demand), len(rows)))


@dataclass(frozen=True)
class Holiday(_CalendarFeature):
    """Whether the day is a public holiday of a country, by the ``holidays`` package.

    Args:
        country: ISO code, such as "CN" or "GB".
    """

    country: str

    def of_dates(self, dates: pd.DatetimeIndex) -> Any:
        """1 on a holiday, else 0."""
        return dates.isin(holiday_dates(self.country, *_years(dates)))


@dataclass(frozen=True)
class DaysToHoliday(_CalendarFeature):
    """Days until the next public holiday; ``within`` + 1 where it is further away."""

    country: str
    within: int = 7

    def of_dates(self, dates: pd.DatetimeIndex) -> Any:
        """Days, capped."""
        return days_to(dates, holiday_dates(self.country, *_years(dates)), self.within)


@dataclass(frozen=True)
class _EventFeature(PlannedFeature):
    """Distance to an event of the panel's event table.

    Args:
        event: its name in the table; "any" for the nearest of all.
        within: distances beyond this many days are all the same, ``within`` + 1.
    """

    event: str
    within: int = 14

    def values(self, block: Block, rows: Rows) -> np.ndarray:
        """One row of distances for each place, given to its series."""
        number, places = block.source.shared("places", lambda: _places(block.panel))
        distances = block.source.shared(self, lambda: self._distances(block.panel, rows, places))
        return distances[number[block.series]]

    def _distances(self, panel: Panel, rows: Rows, places: list[dict[str, Any]]) -> np.ndarray:
        """(places, rows) distances."""
        dates = panel.periods.dates[rows.targets]
        happens = (_event_dates(panel.events, self.event, place) for place in places)
        return np.array([self.distance(dates, days) for days in happens], dtype=float)

    def distance(self, dates: pd.DatetimeIndex, happens: pd.DatetimeIndex) -> np.ndarray:
        """Days between each date and the event."""
        raise NotImplementedError


class DaysToEvent(_EventFeature):
    """Days until the event; 0 on its day."""

    def distance(self, dates: pd.DatetimeIndex, happens: pd.DatetimeIndex) -> np.ndarray:
        """Days ahead, capped."""
        return days_to(dates, happens, self.within)


class DaysAfterEvent(_EventFeature):
    """Days since the event; 0 on its day."""

    def distance(self, dates: pd.DatetimeIndex, happens: pd.DatetimeIndex) -> np.ndarray:
        """Days back, capped."""
        day, events = _days(dates), np.sort(_days(happens))
        previous = np.searchsorted(events, day, side="right") - 1
        distance = np.full(len(day), self.within + 1)
        seen = previous >= 0
        distance[seen] = day[seen] - events[previous[seen]]
        return np.minimum(distance, self.within + 1)


def days_to(dates: pd.DatetimeIndex, happens: pd.DatetimeIndex, within: int) -> np.ndarray:
    """Days from each date to the next of ``happens``; ``within`` + 1 where it is further away.

    >>> days = pd.date_range("2026-11-09", "2026-11-12")
    >>> days_to(days, pd.DatetimeIndex(["2026-11-11"]), within=7).tolist()
    [2, 1, 0, 8]
    """
    day, events = _days(dates), np.sort(_days(happens))
    following = np.searchsorted(events, day)
    distance = np.full(len(day), within + 1)
    seen = following < len(events)
    distance[seen] = events[following[seen]] - day[seen]
    return np.minimum(distance, within + 1)


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


def _years(dates: pd.DatetimeIndex) -> tuple[int, int]:
    return int(dates[0].year), int(dates[-1].year) + 1


def _days(dates: pd.DatetimeIndex) -> np.ndarray:
    return dates.to_numpy("datetime64[D]").astype(np.int64)


def _places(panel: Panel) -> tuple[np.ndarray, list[dict[str, Any]]]:
    """Number of each series' place, and the places, as far as events are local."""
    frame = pd.concat([panel.keys, panel.statics], axis=1)
    local = [name for name in (c.LOCATION, c.REGION) if name in panel.events and name in frame]
    if not local:
        return np.zeros(panel.n_series, dtype=int), [{}]
    number = frame.groupby(local, sort=False, dropna=False, observed=True).ngroup()
    return number.to_numpy(), frame[local].drop_duplicates().to_dict("records")


def _event_dates(events: pd.DataFrame, event: str, place: dict[str, Any]) -> pd.DatetimeIndex:
    here = np.ones(len(events), dtype=bool) if event == "any" else (events[c.EVENT] == event)
    for column, value in place.items():
        here = here & (events[column].isna() | (events[column] == value))
    return pd.DatetimeIndex(events.loc[here, c.DATE])
