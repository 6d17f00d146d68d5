"""A panel from a long frame, however the frame comes."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.panel import Panel

NAN = float("nan")


def long(**columns: object) -> pd.DataFrame:
    """Two series on three days."""
    days = pd.date_range("2026-01-01", periods=3)
    frame = pd.DataFrame(
        {"item_id": ["tea"] * 3 + ["cup"] * 3, "date": [*days, *days], "units": range(1, 7)}
    )
    return frame.assign(**columns)


def test_series_are_sorted_and_values_stand_on_their_day():
    panel = Panel.from_frame(long())
    assert panel.keys["item_id"].tolist() == ["cup", "tea"]
    assert panel.units.tolist() == [[4.0, 5.0, 6.0], [1.0, 2.0, 3.0]]
    assert panel.units.dtype == np.float32
    assert panel.periods.freq == "D"
    assert panel.last_date == pd.Timestamp("2026-01-03")
    assert not panel.censored.any()
    assert not panel.plans


def test_order_and_index_of_the_rows_do_not_matter():
    shuffled = long().sample(frac=1.0, random_state=1)
    for frame in (shuffled, shuffled.set_index(np.zeros(6, int)), shuffled.set_index("item_id")):
        frame = frame.reset_index() if frame.index.name else frame
        assert Panel.from_frame(frame).units.tolist() == [[4.0, 5.0, 6.0], [1.0, 2.0, 3.0]]


def test_the_frame_stays_as_it_is():
    frame = long(censored=False)
    copy = frame.copy(deep=True)
    Panel.from_frame(frame)
    pd.testing.assert_frame_equal(frame, copy)


def test_names_of_nixtla_are_read():
    frame = long().rename(columns={"item_id": "unique_id", "date": "ds", "units": "y"})
    panel = Panel.from_frame(frame)
    assert list(panel.keys.columns) == ["item_id"]
    assert panel.units.sum() == 21


def test_all_key_columns_make_a_series():
    frame = long(location_id=["n", "n", "n", "n", "s", "s"], channel="store")
    panel = Panel.from_frame(frame)
    expected = [["cup", "n", "store"], ["cup", "s", "store"], ["tea", "n", "store"]]
    assert panel.keys.to_numpy().tolist() == expected
    np.testing.assert_array_equal(panel.units[1], [NAN, 5.0, 6.0])


def test_gaps_are_zero_late_starts_and_empty_units_unknown():
    frame = long(units=[1, None, 3, 4, 5, 6]).drop(index=[3, 4])
    frame = pd.concat([frame, long().iloc[[0]].assign(item_id="ape")])
    panel = Panel.from_frame(frame)
    expected = [[1, 0, 0], [NAN, NAN, 6], [1, NAN, 3]]
    np.testing.assert_array_equal(panel.units, np.array(expected, dtype=float))


@pytest.mark.parametrize(
    "dates",
    [
        ["2026-01-01", "2026-01-02", "2026-01-03"] * 2,
        [pd.Timestamp(day).date() for day in pd.date_range("2026-01-01", periods=3)] * 2,
        list(pd.date_range("2026-01-01 09:30", periods=3)) * 2,
        list(pd.date_range("2026-01-01 23:30", periods=3, tz="Asia/Shanghai")) * 2,
        ["2026-01-01T00:15:00+08:00", "2026-01-02T23:15:00+0100", "2026-01-03 01:00:00Z"] * 2,
        np.array(["2026-01-01", "2026-01-02", "2026-01-03"] * 2, dtype="datetime64[s]"),
    ],
    ids=["text", "dates", "times", "zone", "zones as text", "seconds"],
)
def test_dates_are_read_as_the_clock_on_the_wall_shows_them(dates):
    panel = Panel.from_frame(long(date=dates))
    assert panel.periods.dates.strftime("%F").tolist() == ["2026-01-01", "2026-01-02", "2026-01-03"]
    assert panel.units.tolist() == [[4.0, 5.0, 6.0], [1.0, 2.0, 3.0]]


@pytest.mark.parametrize(
    "units",
    [
        ["1", "2", "3", "4", "5", "6"],
        pd.array([1, 2, 3, 4, 5, 6], dtype="Int64"),
        pd.array([1, 2, 3, 4, 5, 6], dtype="float32"),
    ],
    ids=["text", "nullable", "float32"],
)
def test_numbers_are_read_in_any_form(units):
    assert Panel.from_frame(long(units=units)).units.sum() == 21


@pytest.mark.parametrize("freq", [None, "W"])
def test_weeks(freq):
    saturdays = pd.date_range("2026-01-03", periods=3, freq="W-SAT")
    frame = long(date=[*saturdays, *saturdays])
    panel = Panel.from_frame(frame, freq=freq)
    assert panel.periods.freq == "W"
    assert panel.periods.dates[0] == pd.Timestamp("2025-12-29")
    assert panel.units.tolist() == [[4.0, 5.0, 6.0], [1.0, 2.0, 3.0]]


def test_months():
    ends = pd.date_range("2026-01-31", periods=3, freq="ME")
    panel = Panel.from_frame(long(date=[*ends, *ends]))
    assert panel.periods.freq == "M"
    assert panel.last_date == pd.Timestamp("2026-03-01")


def test_days_do_not_fit_into_weeks():
    with pytest.raises(DataError, match=r"share item_id and period .* shorter period as freq"):
        Panel.from_frame(long(), freq="W")


def test_one_row():
    panel = Panel.from_frame(long().iloc[[1]])
    assert panel.units.tolist() == [[2.0]]
    assert panel.start.tolist() == [0]


def test_all_zeros_are_a_panel_of_series_that_never_sold():
    panel = Panel.from_frame(long(units=0))
    assert panel.units.tolist() == [[0.0] * 3] * 2
    assert np.isnan(panel.demand()).all()
    assert panel.to_frame().empty


def test_stockouts_are_marked_where_the_flag_is_set():
    flags = {
        "bool": [True, False, False, False, True, False],
        "gaps": [True, None, False, NAN, True, None],
        "numbers": [1, 0, 0, 0, 1, 0],
        "nullable": pd.array([True, None, False, False, True, None], dtype="boolean"),
    }
    for name, flag in flags.items():
        censored = Panel.from_frame(long(censored=flag)).censored
        assert censored.tolist() == [[False, True, False], [True, False, False]], name


def test_plans_reach_into_the_future():
    frame = long(price=[2.0, NAN, 3.0, NAN, 5.0, 5.0], promotion=[0, 1, 0, 0, 0, 1])
    later = pd.DataFrame(
        {
            "item_id": ["tea", "tea", "cup"],
            "date": pd.to_datetime(["2026-01-04", "2026-01-05", "2026-01-05"]),
            "price": [3.5, 4.0, 6.0],
            "promotion": [1, 0, 0],
        }
    )
    panel = Panel.from_frame(pd.concat([frame, later]))
    assert (panel.cut, len(panel.periods)) == (3, 5)
    np.testing.assert_array_equal(
        panel.plans[c.PRICE], [[NAN, 5.0, 5.0, 5.0, 6.0], [2.0, 2.0, 3.0, 3.5, 4.0]]
    )
    assert panel.plans[c.PROMOTION][1].tolist() == [0, 1, 0, 1, 0]


def test_a_series_that_is_only_planned_has_no_known_sales():
    later = long().iloc[[0]].assign(item_id="new", units=None, date=pd.Timestamp("2026-01-05"))
    panel = Panel.from_frame(pd.concat([long(), later]))
    assert panel.keys["item_id"].tolist() == ["cup", "new", "tea"]
    assert panel.cut == 3
    assert np.isnan(panel.units[1]).all()


def test_attributes_are_joined_by_key():
    statics = pd.DataFrame({"item_id": ["pot", "tea"], "category": ["kitchen", "drinks"]})
    panel = Panel.from_frame(long(), statics=statics)
    assert panel.statics["category"].isna().tolist() == [True, False]
    assert panel.statics["category"].tolist()[1] == "drinks"


@pytest.mark.parametrize(
    "statics",
    [
        pd.DataFrame({"category": ["drinks"]}),
        pd.DataFrame({"item_id": ["tea", "tea"], "category": ["drinks", "leaves"]}),
    ],
    ids=["no key", "a key twice"],
)
def test_attributes_need_one_row_a_key(statics):
    with pytest.raises(DataError, match="one row for each item_id"):
        Panel.from_frame(long(), statics=statics)


REFUSED = {
    "no item": (long().drop(columns="item_id"), "frame.item_id: the column is missing"),
    "no date": (long().drop(columns="date"), "frame.date: the column is missing"),
    "no units": (long().drop(columns="units"), "frame.units: the column is missing"),
    "no rows": (long().iloc[:0], "frame: there are no rows"),
    "a key twice": (pd.concat([long(), long().iloc[[4]]]), r"2 rows share item_id .*rows 4, 6"),
    "text in units": (long(units=[1, "two", 3, 4, 5, 6]), r"not numbers.*'two' \(row 1\)"),
    "negative units": (long(units=[1, 2, -3, 4, 5, -6]), r"2 values are negative.*rows 2, 5"),
    "infinite units": (long(units=[1, 2, 3, np.inf, 5, 6]), r"infinite.*\(row 3\)"),
    "nothing known": (long(units=None), "no value is known"),
    "a missing key": (long(item_id=["tea"] * 5 + [None]), r"item_id: 1 values are missing.*row 5"),
    "a missing date": (long(date=[None, *long()["date"][1:]]), r"not dates.*\(row 0\)"),
    "text in dates": (long(date=["soon", *["2026-01-01"] * 5]), r"not dates.*'soon' \(row 0\)"),
    "days before months": (long(date="03/01/2026"), "6 values are not dates.*YYYY-MM-DD"),
    "numbers as dates": (long(date=range(6)), "6 values are not dates"),
    "text in prices": (long(price=["cheap", 1, 1, 1, 1, 1]), r"price: 1 values are not numbers"),
    "text in censored": (long(censored=["no", 0, 0, 0, 0, 0]), "censored: 1 values are not"),
}


@pytest.mark.parametrize(("frame", "message"), REFUSED.values(), ids=REFUSED)
def test_bad_frames_are_refused_with_the_rows(frame, message):
    with pytest.raises(DataError, match=message) as caught:
        Panel.from_frame(frame)
    assert str(caught.value).endswith(caught.value.next_step)


def test_an_unknown_frequency_is_refused():
    with pytest.raises(DataError, match="'15min' is not known"):
        Panel.from_frame(long(), freq="15min")


# --- launches and delistings


def lives(**columns: object) -> pd.DataFrame:
    return pd.DataFrame({"item_id": ["tea", "cup"], **columns})


@pytest.mark.parametrize("names", [("launch_date", "delisting_date"), ("launch", "delisting")])
@pytest.mark.parametrize("as_text", [True, False])
def test_launches_and_delistings_are_periods_and_no_attributes(names, as_text):
    dates = pd.DataFrame(
        {names[0]: ["2026-01-02", None], names[1]: ["2026-01-09", "2026-01-03"]}, dtype=object
    )
    dates = dates if as_text else dates.apply(pd.to_datetime)
    statics = lives(category=["drinks", "kitchen"]).join(dates)
    copy = statics.copy(deep=True)
    panel = Panel.from_frame(long(), statics=statics)
    assert panel.launch.tolist() == [-1, 1]
    assert panel.delisting.tolist() == [2, 8]
    assert panel.launch.dtype == panel.delisting.dtype == np.int32
    assert list(panel.statics) == ["category"]
    np.testing.assert_array_equal(panel.demand()[0], [4.0, 5.0, NAN])
    pd.testing.assert_frame_equal(statics, copy)


def test_without_dates_nothing_is_launched_nor_delisted():
    for statics in (None, lives(), lives(launch_date=None, delisting_date=NAN)):
        panel = Panel.from_frame(long(), statics=statics)
        assert panel.launch.tolist() == [-1, -1]
        assert panel.delisting.tolist() == [Panel.NEVER] * 2
        assert list(panel.statics) == []


def test_a_life_that_began_or_ended_before_the_panel_and_one_within_a_week():
    statics = lives(launch_date=["2025-06-01", "2026-01-06"], delisting_date=["2025-12-01", None])
    panel = Panel.from_frame(long(), statics=statics)
    assert panel.launch.tolist() == [5, 0]
    assert panel.delisting.tolist() == [Panel.NEVER, 0]
    mondays = pd.date_range("2025-12-29", periods=3, freq="7D")
    weekly = Panel.from_frame(long(date=[*mondays, *mondays]), statics=statics)
    assert weekly.launch.tolist() == [1, 0]


def test_periods_left_out_after_a_launch_are_days_without_a_sale():
    """Tea was on the shelf from the 2nd and first sold on the 3rd; of the 1st nothing is known."""
    frame = long().drop(index=[0, 1])
    told = Panel.from_frame(frame, statics=lives(launch_date=["2026-01-02", None]))
    np.testing.assert_array_equal(told.units[1], [NAN, 0.0, 3.0])
    np.testing.assert_array_equal(Panel.from_frame(frame).units[1], [NAN, NAN, 3.0])


def test_an_item_is_announced_by_its_launch_and_a_row_without_units():
    row = pd.DataFrame({"item_id": ["new"], "date": [pd.Timestamp("2026-01-05")], "units": [None]})
    statics = pd.DataFrame({"item_id": ["new"], "launch_date": ["2026-01-20"]})
    panel = Panel.from_frame(pd.concat([long(), row.astype({"units": float})]), statics=statics)
    assert panel.keys["item_id"].tolist() == ["cup", "new", "tea"]
    assert panel.launch.tolist() == [-1, 19, -1]
    assert np.isnan(panel.units[1]).all()


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"launch_date": ["soon", None]}, r"statics.launch_date: .*not dates.*'soon' \(row 0\)"),
        ({"launch": ["spring", None]}, r"statics.launch_date: .*not dates.*'spring'"),
        ({"delisting_date": [None, 20260101]}, r"statics.delisting_date: .*not dates.*\(row 1\)"),
        (
            {"launch_date": [None, "2026-01-02"], "delisting_date": ["2026-01-02", "2026-01-01"]},
            r"statics.delisting_date: 1 values lie before launch_date.*\(row 1\)",
        ),
    ],
)
def test_lives_that_cannot_be_are_refused(columns, message):
    with pytest.raises(DataError, match=message):
        Panel.from_frame(long(), statics=lives(**columns))


def test_a_launch_and_delisting_of_the_same_day_are_taken():
    same = ["2026-01-02", "2026-01-02"]
    panel = Panel.from_frame(long(), statics=lives(launch_date=same, delisting_date=same))
    assert panel.launch.tolist() == panel.delisting.tolist() == [1, 1]


def test_further_columns_are_plans_if_asked_for():
    frame = long(display=[0, 1, 1, 0, 0, 1], competitor_price=[0.9, 2, 2, 3, 3, 3])
    assert not Panel.from_frame(frame).plans
    panel = Panel.from_frame(frame, plans=("display", "competitor_price"))
    assert list(panel.plans) == ["display", "competitor_price"]
    assert panel.plans["display"].tolist() == [[0, 0, 1], [0, 1, 1]]


def test_over_gaps_and_later_a_display_ends_and_a_competitors_price_goes_on():
    frame = long(display=1, competitor_price=[2, 2, 2, 3, 3, 3]).drop(index=4)
    panel = Panel.from_frame(frame, plans=["display", "competitor_price"]).reaching(4)
    assert panel.plans["display"].tolist() == [[1, 0, 1, 0], [1, 1, 1, 0]]
    assert panel.plans["competitor_price"].tolist() == [[3] * 4, [2] * 4]


@pytest.mark.parametrize(
    ("column", "values", "message"),
    [
        ("feature", None, "missing"),
        ("display", ["yes"] * 6, "not numbers"),
        ("display", [np.inf] * 6, "infinite"),
        ("units", [1] * 6, "no plan"),
    ],
)
def test_plans_that_cannot_be_are_refused(column, values, message):
    frame = long() if values is None else long(**{column: values})
    with pytest.raises(DataError, match=message):
        Panel.from_frame(frame, plans=[column])
