"""Public holidays and shopping festivals, and what they do to demand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError

START, PEAK, END = "start", "peak", "end"
STORE_LIFT, ONLINE_LIFT = "store_lift", "online_lift"

_TIRED_DAYS = 8
_TIRED_SHARE = 0.35


def public_holidays(country: str, years: Iterable[int]) -> pd.DataFrame:
    """Return the public holidays of a country: date and event (its English name where known).

    Only the holidays themselves: bridge days and substitutes are announced year by year, so
    that they would differ between releases of the `holidays` package.

    Raises:
        DataError: the `holidays` package does not know the country.

    >>> public_holidays("CN", [2026]).iloc[0]["event"]
    "New Year's Day"
    """
    from holidays import country_holidays

    try:
        found = country_holidays(country, years=list(years), observed=False, language="en_US")
    except NotImplementedError as error:
        raise DataError(
            f"no public holidays are known for country {country!r}",
            next_step='Give an ISO 3166 code such as "CN", "DE" or "US".',
        ) from error
    days = [(day, name) for day, name in sorted(found.items()) if not name.startswith("Day off")]
    frame = pd.DataFrame(days, columns=[c.DATE, c.EVENT])
    frame[c.DATE] = pd.to_datetime(frame[c.DATE]).astype("datetime64[ns]")
    return frame


def chinese_new_year(year: int) -> date:
    """Return the first day of the Chinese year that begins in `year`.

    >>> chinese_new_year(2026)
    datetime.date(2026, 2, 17)
    """
    from holidays import country_holidays

    found = country_holidays("CN", years=year, observed=False, language="en_US")
    return min(day for day, name in found.items() if "Spring Festival" in name)


def shopping_festivals(years: Iterable[int]) -> pd.DataFrame:
    """Return the shopping festivals of some years, one row each, to be used or edited.

    Columns: event, start, peak and end (days), store_lift and online_lift (demand on the peak
    day over demand on an ordinary day, for an average category). Add, change or drop rows and
    hand the table to `make_world(config, festivals=...)`.

    >>> shopping_festivals([2026])[["event", "start", "peak", "end"]]
                  event      start       peak        end
    0  Chinese New Year 2026-01-27 2026-02-12 2026-02-16
    1               618 2026-06-01 2026-06-18 2026-06-20
    2         Double 11 2026-11-01 2026-11-11 2026-11-12
    3         Double 12 2026-12-09 2026-12-12 2026-12-13
    """
    return pd.concat([_festivals_of(year) for year in years], ignore_index=True)


def _festivals_of(year: int) -> pd.DataFrame:
    eve = pd.Timestamp(chinese_new_year(year)) - pd.Timedelta(days=1)
    before_eve = [eve - pd.Timedelta(days=days) for days in (20, 4, 0)]
    rows = [
        ("Chinese New Year", *before_eve, 1.7, 1.4),
        ("618", *_days(year, "06-01", "06-18", "06-20"), 1.2, 2.0),
        ("Double 11", *_days(year, "11-01", "11-11", "11-12"), 1.3, 2.5),
        ("Double 12", *_days(year, "12-09", "12-12", "12-13"), 1.1, 1.5),
    ]
    return pd.DataFrame(rows, columns=[c.EVENT, START, PEAK, END, STORE_LIFT, ONLINE_LIFT])


def _days(year: int, *days: str) -> list[pd.Timestamp]:
    return [pd.Timestamp(f"{year}-{day}") for day in days]


def event_table(
    dates: pd.DatetimeIndex, festivals: pd.DataFrame, holidays: pd.DataFrame
) -> pd.DataFrame:
    """Return one row per day and event within `dates`: date, event.

    >>> days = pd.date_range("2026-06-17", "2026-06-19")
    >>> event_table(days, shopping_festivals([2026]), public_holidays("CN", [2026]))
            date                 event
    0 2026-06-17                   618
    1 2026-06-18                   618
    2 2026-06-19                   618
    3 2026-06-19  Dragon Boat Festival
    """
    rows = [
        (day, festival[c.EVENT])
        for festival in festivals.to_dict("records")
        for day in dates[(dates >= festival[START]) & (dates <= festival[END])]
    ]
    inside = holidays[holidays[c.DATE].isin(dates)]
    rows += zip(inside[c.DATE], inside[c.EVENT], strict=True)
    frame = pd.DataFrame(sorted(rows), columns=[c.DATE, c.EVENT])
    return frame.astype({c.DATE: "datetime64[ns]"})


def festival_strength(
    dates: pd.DatetimeIndex, start: pd.Timestamp, peak: pd.Timestamp, end: pd.Timestamp
) -> np.ndarray:
    """Return how strongly each day feels a festival: 1 on the peak day, below 0 soon after it.

    Demand climbs slowly, then fast, to the peak and falls to the end; for some days after it
    shoppers still use up what they bought.
    """
    day = np.asarray((dates - start).days, dtype=float)
    climb, fall = (peak - start).days + 1, (end - peak).days + 1
    rising = ((day + 1) / climb) ** 2
    falling = 1 - (day + 1 - climb) / fall
    after = day + 1 - climb - fall
    tired = -_TIRED_SHARE * (1 - after / _TIRED_DAYS)
    return np.select(
        [day < 0, day < climb, after < 0, after < _TIRED_DAYS], [0.0, rising, falling, tired], 0.0
    )
