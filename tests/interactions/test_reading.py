"""Reading interactions: any usual frame is understood, and what is not is told."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml import DataError
from newretail_ml.interactions import Interactions

BASIC = pd.DataFrame(
    {
        "customer_id": [1, 1, 2, 2, 3],
        "item_id": [10, 11, 10, 12, 13],
        "time": ["2026-05-01 10:00", "2026-05-02", "2026-05-02", "2026-05-03", "2026-05-04"],
    }
)
TIMES = pd.to_datetime(BASIC["time"], format="ISO8601")
SECONDS = TIMES.astype("datetime64[s]").astype(int)


def story(known: Interactions) -> pd.DataFrame:
    """All events with ids in place of positions."""
    events = known.events
    return pd.DataFrame(
        {
            "customer": known.customers["customer_id"].to_numpy(object)[events.customer],
            "item": known.items["item_id"].to_numpy(object)[events.item],
            "time": events.time,
            "order": events.order,
            "units": events.units,
            "price_ratio": events.price_ratio,
        }
    )


@pytest.mark.parametrize(
    "frame",
    [
        BASIC,
        BASIC.rename(columns={"customer_id": "user_id", "time": "timestamp"}),
        BASIC.rename(columns={"time": "date"}),
        BASIC.assign(time=TIMES),
        BASIC.assign(time=pd.to_datetime(SECONDS, unit="s")),
        BASIC.assign(rating=[5, 1, np.nan, 3, 4]),
        BASIC.astype({"customer_id": float, "item_id": str}),
        BASIC.astype({"customer_id": "Int64", "item_id": "category"}),
        BASIC.assign(customer_id=[1, "1", 2.0, "2", 3]),
        BASIC.set_axis([7] * 5),
        pd.concat([BASIC, BASIC.assign(customer_id=None)]),
        BASIC.assign(unit_price=np.nan),
    ],
    ids=[
        "numbers",
        "other names",
        "date",
        "times",
        "seconds",
        "ratings",
        "decimal ids",
        "nullable ids",
        "mixed ids",
        "one index",
        "no customer",
        "no price",
    ],
)
def test_usual_frames_all_tell_the_same(frame):
    known = Interactions.from_frame(frame)
    pd.testing.assert_frame_equal(story(known), story(Interactions.from_frame(BASIC)))
    assert len(known.events) == 5
    assert known.cut == np.datetime64("2026-05-05")
    assert known.rows_of([3, 9]).tolist() == known.rows_of(["3", "9"]).tolist()
    assert known.rows_of([9])[0] == -1
    assert (
        known.columns_of(pd.Series([10.0, 12.0])).tolist()
        == known.columns_of(["10", "12"]).tolist()
    )


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        ([1, 2], "list is not a frame"),
        (BASIC.drop(columns="item_id"), "item_id: the column is missing"),
        (pd.concat([BASIC, BASIC[["item_id"]]], axis=1), "several columns"),
        (BASIC.assign(customer_id=[[1]] * 5), "are not ids"),
        (BASIC.assign(item_id=[10, None, 10, 12, 13]), "item_id: 1 values are missing"),
        (BASIC.assign(time=SECONDS), 'numbers.*unit="s"'),
        (BASIC.assign(time="05/06/2026"), "not times.*2026-05-31"),
        (BASIC.assign(time=[None, *BASIC["time"][1:]]), "1 values are missing or not times"),
        (BASIC.assign(time=TIMES.dt.tz_localize("UTC")), "have a time zone.*tz_localize"),
        (BASIC.assign(time="2026-05-01T10:00:00Z"), "have a time zone.*tz_localize"),
        (BASIC.assign(units=[1, 1, np.nan, 1, 1]), "units: 1 values are not finite"),
        (BASIC.assign(units=np.inf), "units: 5 values are not finite"),
        (BASIC.assign(units="some"), "units: 5 values are not finite"),
        (BASIC.assign(unit_price=[1, 1, np.inf, 1, 1]), "unit_price: 1 values are not finite"),
        (BASIC.assign(units=-1), "no line is a purchase"),
        (BASIC.assign(customer_id=None), "no line is a purchase"),
        (BASIC.iloc[:0], "no line is a purchase"),
    ],
)
def test_what_cannot_be_read_is_told_with_the_next_step(frame, words):
    with pytest.raises(DataError, match=words):
        Interactions.from_frame(frame)


def test_tables_of_customers_and_items_have_one_row_each():
    twice = pd.DataFrame({"customer_id": [1, 1], "segment": "a"})
    with pytest.raises(DataError, match="share customer_id"):
        Interactions.from_frame(BASIC, customers=twice)
    with pytest.raises(DataError, match="are missing"):
        Interactions.from_frame(BASIC, items=pd.DataFrame({"item_id": [10, None]}))
    known = Interactions.from_frame(
        BASIC, items=pd.DataFrame({"item_id": [10, 99], "size": [1, 2]})
    )
    assert known.n_items == 5
    assert known.items.set_index("item_id")["size"].dropna().to_dict() == {"10": 1.0, "99": 2.0}


def test_lines_at_one_time_are_one_order_and_so_are_those_without_a_number():
    together = BASIC.assign(time="2026-05-01")
    assert len(np.unique(Interactions.from_frame(together).events.order)) == 3
    times = ["2026-05-02", *BASIC["time"][1:]]
    numbered = BASIC.assign(time=times, order_id=["a", "a", None, None, None])
    events = Interactions.from_frame(numbered).events
    assert len(np.unique(events.order)) == 4
    shared = together.assign(order_id="the same")
    assert len(np.unique(Interactions.from_frame(shared).events.order)) == 3


def test_an_order_happens_when_its_first_line_does():
    lines = pd.DataFrame({"customer_id": "ann", "item_id": ["tea", "jam"], "order_id": 1})
    lines["time"] = ["2026-05-01 09:05", "2026-05-01 09:00"]
    times = Interactions.from_frame(lines).events.time
    assert (times == np.datetime64("2026-05-01T09:00")).all()


def test_an_order_ends_with_its_day_so_that_none_reaches_beyond_a_cut():
    lines = pd.DataFrame({"customer_id": "ann", "item_id": ["tea", "jam", "jam"], "order_id": 1})
    lines["time"] = ["2026-05-01", "2026-05-20", "2026-05-20"]
    known = Interactions.from_frame(lines)
    assert len(known.events) == 3 - 1
    assert known.until("2026-05-10").items["item_id"].tolist() == ["tea"]
    again = Interactions.from_frame(lines.assign(item_id="tea"))
    assert again.counts.max() == 2


def test_repeated_lines_add_units_and_never_events():
    twice = pd.concat([BASIC, BASIC.assign(units=2)]).fillna({"units": 1.0})
    known = Interactions.from_frame(twice)
    assert len(known.events) == 5
    assert known.events.units.tolist() == [3.0] * 5
    assert known.counts.max() == 1.0


def test_what_comes_back_is_kept_apart():
    known = Interactions.from_frame(BASIC.assign(units=[2, 1, -1, 0, 1]))
    assert len(known.events) == 3
    assert known.returns.units.tolist() == [1.0]


def test_prices_are_compared_with_earlier_days_alone():
    frame = pd.DataFrame(
        {
            "customer_id": list("abcd"),
            "item_id": "tea",
            "time": ["2026-05-01", "2026-05-02", "2026-05-02", "2026-05-03"],
            "unit_price": [10.0, 8.0, 6.0, -1.0],
        }
    )
    ratio = Interactions.from_frame(frame).events.price_ratio
    assert sorted(ratio[1:3].tolist()) == pytest.approx([0.6, 0.8])
    assert np.isnan(ratio[0])
    assert np.isnan(ratio[3])
    regular = Interactions.from_frame(frame.assign(regular_price=10.0)).events.price_ratio
    assert sorted(regular[:3].tolist()) == pytest.approx([0.6, 0.8, 1.0])
