import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newretail_ml.tables.parsing import parsed, to_text
from newretail_ml.tables.schemas import Kind


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([17850, 1], ["17850", "1"]),
        ([17850.0, np.nan], ["17850", None]),
        (["00123", None], ["00123", None]),
        (["17850.0", "", "3.0"], ["17850", None, "3"]),
        (["17850.0", "A1"], ["17850.0", "A1"]),
        ([71053, "85123A", 1.5, Decimal("3.0"), np.int64(4)], ["71053", "85123A", "1.5", "3", "4"]),
        (pd.Categorical(["b", "a"]), ["b", "a"]),
        (pd.array([1, None], dtype="Int64"), ["1", None]),
        ([None, None], [None, None]),
    ],
)
def test_ids_become_text(values, expected):
    text = to_text(pd.Series(values, name="item_id"))
    assert [None if pd.isna(one) else one for one in text] == expected
    assert text.name == "item_id"


@given(st.lists(st.integers(min_value=-(2**53), max_value=2**53), min_size=1))
def test_integers_and_whole_floats_give_the_same_ids(numbers):
    from_integers = to_text(pd.Series(numbers, dtype="int64"))
    from_floats = to_text(pd.Series(numbers, dtype="float64"))
    assert from_integers.tolist() == from_floats.tolist() == [str(number) for number in numbers]


@given(st.lists(st.text(min_size=1)))
def test_reading_text_twice_changes_nothing(texts):
    once = to_text(pd.Series(texts, dtype="object"))
    assert to_text(once).equals(once)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1", " 2.5", None, "nan", ""], [1, 2.5, np.nan, np.nan, np.nan]),
        ([Decimal("1.5"), 2], [1.5, 2]),
        ([True, False], [1, 0]),
        (pd.array([1, None], dtype="Int64"), [1, np.nan]),
    ],
)
def test_numbers_are_read(values, expected):
    numbers, problems = parsed(pd.Series(values), Kind.NUMBER)
    np.testing.assert_array_equal(numbers, expected)
    assert problems == []


@pytest.mark.parametrize("values", [["1", "two"], [1.0, "1,5"], [1, pd.Timestamp("2024-05-01")]])
def test_what_is_no_number_is_named(values):
    _, problems = parsed(pd.Series(values, name="units"), Kind.NUMBER)
    assert [problem.what for problem in problems] == ["not a number"]
    assert problems[0].positions.tolist() == [1]


def test_times_are_no_numbers():
    _, (problem,) = parsed(pd.Series(pd.to_datetime(["2024-05-01"])), Kind.NUMBER)
    assert problem.what == "not a number"


@pytest.mark.parametrize(
    "values",
    [
        ["2024-05-01 10:30", "2024-05-02"],
        ["2024-05-01T10:30:00", "20240502"],
        [dt.datetime(2024, 5, 1, 10, 30), dt.date(2024, 5, 2)],
        pd.to_datetime(["2024-05-01 10:30", "2024-05-02 00:00"]).astype("datetime64[ns]"),
    ],
)
def test_times_are_read(values):
    times, problems = parsed(pd.Series(values), Kind.TIME)
    assert problems == []
    assert times.dtype == "datetime64[us]"
    assert times.tolist() == [pd.Timestamp("2024-05-01 10:30"), pd.Timestamp("2024-05-02")]


def test_days_lose_the_time_of_day():
    days, _ = parsed(pd.Series(["2024-05-01 23:59"]), Kind.DAY)
    assert days[0] == pd.Timestamp("2024-05-01")


@pytest.mark.parametrize("value", ["13/05/2024", "soon", 1704067200, 1704067200.5, "2024-13-01"])
def test_what_is_no_date_is_named(value):
    _, (problem,) = parsed(pd.Series(["2024-05-01", value], dtype="object"), Kind.TIME)
    assert problem.what == "not a date"
    assert problem.positions.tolist() == [1]
    assert "2024-05-31" in problem.next_step


SUMMER_NOON = pd.Timestamp("2024-07-01 12:00", tz="Europe/London")


@pytest.mark.parametrize(
    "values",
    [
        [SUMMER_NOON],
        ["2024-07-01T12:00:00+01:00"],
        ["2024-07-01 11:00Z"],
        pd.DatetimeIndex([SUMMER_NOON]),
        pd.DatetimeIndex([SUMMER_NOON]).tz_convert("Asia/Shanghai"),
    ],
)
def test_zoned_times_become_the_wall_clock_of_the_chain(values):
    times, problems = parsed(pd.Series(values), Kind.TIME, "Europe/London")
    assert problems == []
    assert times.tolist() == [pd.Timestamp("2024-07-01 12:00")]


def test_several_zones_meet_on_one_wall_clock():
    values = pd.Series(["2024-01-01T12:00+00:00", "2024-01-01T13:00+01:00"])
    times, _ = parsed(values, Kind.TIME, "Europe/London")
    assert times.tolist() == [pd.Timestamp("2024-01-01 12:00")] * 2


def test_zoned_times_without_a_wall_clock_are_refused():
    _, (problem,) = parsed(pd.Series(["2024-01-01T12:00Z"]), Kind.TIME)
    assert "time zone" in problem.what
    assert "timezone" in problem.next_step


def test_zoned_and_naive_times_do_not_mix():
    values = pd.Series(["2024-01-01T12:00Z", "2024-01-01T12:00"])
    _, (problem,) = parsed(values, Kind.TIME, "Europe/London")
    assert problem.positions.tolist() == [1]
