"""The calendar of days, weeks and months."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newretail_ml.errors import DataError
from newretail_ml.panel import Periods
from newretail_ml.panel.periods import infer_frequency

DAYS = st.dates(pd.Timestamp("2000-01-01").date(), pd.Timestamp("2040-12-31").date())


@given(DAYS, st.integers(0, 400), st.sampled_from(["D", "W", "M"]))
def test_each_day_lies_in_its_period(first, length, freq):
    days = pd.date_range(first, periods=length + 1)
    periods = Periods.spanning(days[0], days[-1], freq)
    position = periods.position(days)
    assert position[0] == 0
    assert position[-1] == len(periods) - 1
    assert (np.diff(position) >= 0).all()
    starts = periods.dates[position]
    ends = periods.resized(len(periods) + 1).dates[position + 1]
    assert ((starts <= days) & (days < ends)).all()
    assert periods.last_day == ends[-1] - pd.Timedelta(days=1)


def test_weeks_begin_on_monday_and_months_on_the_first():
    weeks = Periods.spanning("2026-01-01", "2026-01-31", "W")
    assert weeks.dates[0] == pd.Timestamp("2025-12-29")
    assert set(weeks.dates.day_of_week) == {0}
    months = Periods.spanning("2026-01-31", "2026-03-01", "M")
    assert [str(day.date()) for day in months.dates] == ["2026-01-01", "2026-02-01", "2026-03-01"]


def test_days_outside_have_positions_outside():
    days = Periods.spanning("2026-01-05", "2026-01-09", "D")
    assert days.position(["2026-01-03", "2026-01-05", "2026-01-10"]).tolist() == [-2, 0, 5]


def test_resized_and_shifted():
    weeks = Periods.spanning("2026-01-05", "2026-01-25", "W")
    assert len(weeks.resized(10)) == 10
    assert weeks.resized(10).first == weeks.first
    later = weeks.shifted(2)
    assert later.first == pd.Timestamp("2026-01-19")
    assert len(later) == len(weeks)
    assert weeks.shifted(0) == weeks


@pytest.mark.parametrize(("freq", "season"), [("D", 7), ("W", 52), ("M", 12)])
def test_season(freq, season):
    assert Periods.spanning("2026-01-05", "2026-01-05", freq).season == season


@pytest.mark.parametrize("freq", ["H", "d", "", None, "W-SUN"])
def test_other_frequencies_are_refused(freq):
    with pytest.raises(DataError, match="Use one of D, W, M"):
        Periods.spanning("2026-01-05", "2026-01-06", freq)


@pytest.mark.parametrize(
    ("pandas_freq", "expected"),
    [("D", "D"), ("2D", "D"), ("W-SAT", "W"), ("2W", "W"), ("MS", "M"), ("ME", "M"), ("QS", "M")],
)
def test_frequency_is_inferred_from_the_smallest_gap(pandas_freq, expected):
    dates = pd.Series(pd.date_range("2026-01-05", periods=6, freq=pandas_freq))
    assert infer_frequency(dates.sample(frac=1.0, random_state=0)) == expected


def test_one_date_counts_as_a_day():
    assert infer_frequency(pd.Series(pd.to_datetime(["2026-01-05"]))) == "D"
