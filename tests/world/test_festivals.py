"""Holidays and festivals, and a festival table that users edit."""

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.world import ChainConfig, make_world, shopping_festivals
from newretail_ml.world.calendar import make_calendar
from newretail_ml.world.festivals import chinese_new_year, festival_strength, public_holidays

YEAR = ChainConfig(start="2025-01-01", days=365, plan_days=0)


@pytest.mark.parametrize("day", [date(2024, 2, 10), date(2025, 1, 29), date(2026, 2, 17)])
def test_chinese_new_year_moves(day):
    assert chinese_new_year(day.year) == day


def test_holidays_come_without_days_that_are_announced_year_by_year():
    names = public_holidays("CN", [2025])[c.EVENT]
    assert "National Day" in set(names)
    assert not names.str.contains("Day off|observed").any()


def test_an_unknown_country_is_an_error_with_a_next_step():
    with pytest.raises(DataError, match="ISO 3166"):
        public_holidays("XX", [2025])


def test_another_country_has_its_own_holidays():
    events = make_calendar(replace(YEAR, country="DE")).events
    assert "German Unity Day" in set(events[c.EVENT])
    assert "National Day" not in set(events[c.EVENT])


def test_a_festival_climbs_to_its_peak_and_leaves_tired_shoppers():
    days = pd.date_range("2025-05-25", "2025-07-10")
    start, peak, end = (pd.Timestamp(f"2025-06-{day}") for day in ("01", "18", "20"))
    strength = pd.Series(festival_strength(days, start, peak, end), index=days)
    assert strength.idxmax() == peak
    assert strength[peak] == 1
    assert strength[start:peak].is_monotonic_increasing
    assert (strength[: start - pd.Timedelta(days=1)] == 0).all()
    assert (strength["2025-06-21":"2025-06-27"] < 0).all()
    assert strength.iloc[-1] == 0


def test_a_festival_that_a_user_adds_is_in_the_events_and_lifts_demand(small):
    birthday = pd.DataFrame(
        [("Anniversary", "2025-02-10", "2025-02-12", "2025-02-13", 3.0, 3.0)],
        columns=["event", "start", "peak", "end", "store_lift", "online_lift"],
    )
    usual, edited = make_world(small, birthday.iloc[:0]), make_world(small, birthday)
    peak = int(np.flatnonzero(edited.truth.dates == "2025-02-12")[0])
    before = edited.tables.events[edited.tables.events[c.EVENT] == "Anniversary"]
    assert before[c.DATE].dt.day.tolist() == [10, 11, 12, 13]
    assert edited.truth.expected[peak].sum() > 1.5 * usual.truth.expected[peak].sum()
    assert "618" not in set(edited.tables.events[c.EVENT])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"peak": pd.Timestamp("2024-01-01")}, "start <= peak <= end"),
        ({"end": "no date"}, "start <= peak <= end"),
        ({"store_lift": -1.0}, "lifts above 0"),
        ({"online_lift": "much"}, "lifts above 0"),
    ],
)
def test_a_wrong_festival_is_named(change, words):
    festivals = shopping_festivals([2025]).astype(object)
    festivals.loc[2, list(change)] = list(change.values())
    with pytest.raises(DataError, match=words) as error:
        make_calendar(YEAR, festivals)
    assert error.value.rows == (2,)


def test_a_missing_column_is_named():
    with pytest.raises(DataError, match="online_lift"):
        make_calendar(YEAR, shopping_festivals([2025]).drop(columns="online_lift"))
