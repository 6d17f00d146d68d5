"""What every day of the world is: weekday, season, and the pull of holidays and festivals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.world import festivals as f
from newretail_ml.world.categories import CATEGORIES, CHANNELS
from newretail_ml.world.config import ChainConfig


@dataclass(frozen=True)
class Day:
    """One day as demand sees it.

    Attributes:
        number: days since the first day of the world.
        weekday: 0 is Monday.
        day_of_year: 1 to 366.
        event_lift: factor on demand, shape (categories, channels).
    """

    number: int
    weekday: int
    day_of_year: int
    event_lift: np.ndarray


@dataclass(frozen=True, eq=False)
class Calendar:
    """All days of the world, planned ones included.

    Attributes:
        dates: the days.
        festivals: one row per festival, as `shopping_festivals` returns them.
        events: one row per day and event.
        event_lift: factor on demand, shape (days, categories, channels).
    """

    dates: pd.DatetimeIndex
    festivals: pd.DataFrame
    events: pd.DataFrame
    event_lift: np.ndarray

    def day(self, number: int) -> Day:
        """Return one day."""
        date = self.dates[number]
        return Day(number, date.weekday(), date.day_of_year, self.event_lift[number])


def make_calendar(config: ChainConfig, festivals: pd.DataFrame | None = None) -> Calendar:
    """Return the calendar of a chain; `festivals` replaces the usual shopping festivals.

    Raises:
        DataError: the festival table lacks a column, or a festival does not run from its start
            over its peak to its end.
    """
    dates = config.dates
    years = sorted({*dates.year, dates[0].year - 1})
    festivals = f.shopping_festivals(years) if festivals is None else _checked(festivals)
    holidays = f.public_holidays(config.country, years)
    return Calendar(
        dates=dates,
        festivals=festivals,
        events=f.event_table(dates, festivals, holidays),
        event_lift=np.exp(_festival_pull(dates, festivals) + _holiday_pull(dates, holidays)),
    )


def _checked(festivals: pd.DataFrame) -> pd.DataFrame:
    needed = (c.EVENT, f.START, f.PEAK, f.END, f.STORE_LIFT, f.ONLINE_LIFT)
    missing = [name for name in needed if name not in festivals]
    if missing:
        raise DataError(
            f"the column {missing[0]} is missing",
            table="festivals",
            next_step="Start from shopping_festivals(years) and edit its rows.",
        )
    days = festivals[[f.START, f.PEAK, f.END]].apply(pd.to_datetime, errors="coerce")
    lifts = festivals[[f.STORE_LIFT, f.ONLINE_LIFT]].apply(pd.to_numeric, errors="coerce")
    ordered = (days[f.START] <= days[f.PEAK]) & (days[f.PEAK] <= days[f.END])
    wrong = festivals.index[~(ordered & lifts.gt(0).all(axis=1))]
    if len(wrong):
        raise DataError(
            "dates with start <= peak <= end, or lifts above 0, are missing",
            table="festivals",
            rows=wrong,
            next_step="Correct these festivals.",
        )
    return festivals.assign(**days, **lifts)


def _festival_pull(dates: pd.DatetimeIndex, festivals: pd.DataFrame) -> np.ndarray:
    """Log lift by shopping festivals, (days, categories, channels)."""
    appetite = np.array([category.festival_appetite for category in CATEGORIES])
    pull = np.zeros((len(dates), len(CATEGORIES), len(CHANNELS)))
    for row in festivals.to_dict("records"):
        strength = f.festival_strength(dates, row[f.START], row[f.PEAK], row[f.END])
        lift = np.log([row[f.STORE_LIFT], row[f.ONLINE_LIFT]])
        pull += strength[:, None, None] * appetite[:, None] * lift
    return pull


def _holiday_pull(dates: pd.DatetimeIndex, holidays: pd.DataFrame) -> np.ndarray:
    """Log lift by public holidays: stores by category, online shopping falls everywhere."""
    in_stores = np.log([category.holiday_lift for category in CATEGORIES])
    lift = np.stack([in_stores, np.full(len(CATEGORIES), np.log(0.85))], axis=1)
    return dates.isin(holidays[c.DATE])[:, None, None] * lift
