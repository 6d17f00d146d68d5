"""What a panel can do once it is there."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.panel import Panel

NAN = float("nan")


def panel_of(units: list[list[float]], freq: str = "D", first: str = "2026-01-01") -> Panel:
    """One series a row; items are a, b, c, ..."""
    alias = {"D": "D", "W": "W-MON", "M": "MS"}[freq]
    dates = pd.date_range(first, periods=len(units[0]), freq=alias)
    rows = [
        {"item_id": item, "date": date, "units": value}
        for item, row in zip("abcdefgh", units, strict=False)
        for date, value in zip(dates, row, strict=True)
    ]
    return Panel.from_frame(pd.DataFrame(rows), freq=freq)


@pytest.fixture
def panel():
    return panel_of([[0, 2, 0, 4, 0], [1, 1, 1, 1, 1], [0, 0, 0, 0, 0], [0, 0, 0, 9, NAN]])


def test_start_is_the_launch_or_an_earlier_first_sale(panel):
    assert panel.start.tolist() == [1, 0, 5, 3]
    launched = replace(panel, launch=np.array([3, -1, 2, 0]))
    assert launched.start.tolist() == [1, 0, 2, 0]


def test_demand_is_known_while_on_sale_and_in_stock(panel):
    censored = np.zeros_like(panel.censored)
    censored[1, 2] = True
    delisting = np.array([4, 3, Panel.NEVER, Panel.NEVER])
    seen = replace(panel, censored=censored, delisting=delisting).demand()
    expected = [
        [NAN, 2, 0, 4, NAN],
        [1, 1, NAN, NAN, NAN],
        [NAN] * 5,
        [NAN, NAN, NAN, 9, NAN],
    ]
    np.testing.assert_array_equal(seen, np.array(expected, dtype=np.float32))
    assert seen.dtype == np.float32


def test_demand_of_a_part_is_a_part_of_demand(panel):
    part = panel.demand(slice(0, 2), slice(1, 4))
    np.testing.assert_array_equal(part, panel.demand()[0:2, 1:4])


@pytest.mark.parametrize("t", ["2026-01-03", pd.Timestamp("2026-01-03 17:00"), 3, np.int64(3)])
def test_until_moves_the_cut_back(panel, t):
    past = panel.until(t)
    assert past.cut == past.units.shape[1] == past.censored.shape[1] == 3
    assert len(past.periods) == 5
    assert past.start.tolist() == [1, 0, 3, 3]
    assert past.last_date == pd.Timestamp("2026-01-03")
    assert panel.cut == 5


@pytest.mark.parametrize("t", ["2025-12-31", "2026-01-06", 0, -1, 6])
def test_until_stays_inside_the_known_sales(panel, t):
    with pytest.raises(DataError, match=r"2026-01-01 to 2026-01-05.*inside"):
        panel.until(t)


@pytest.mark.parametrize(
    ("freq", "t", "cut"),
    [
        ("W", "2026-01-11", 1),  # a Sunday ends the first week
        ("W", "2026-01-14", 1),  # a Wednesday does not end the second
        ("W", "2026-01-18", 2),
        ("M", "2026-01-31", 1),
        ("M", "2026-02-27", 1),
        ("M", "2026-02-28", 2),
    ],
)
def test_until_leaves_out_periods_that_are_not_over(freq, t, cut):
    first = {"W": "2026-01-05", "M": "2026-01-01"}[freq]
    assert panel_of([[1, 2, 3, 4]], freq, first).until(t).cut == cut


def test_until_before_the_first_week_is_over_is_refused():
    with pytest.raises(DataError, match="lies outside"):
        panel_of([[1, 2]], "W", "2026-01-05").until("2026-01-08")


def test_until_keeps_what_is_planned(panel):
    plan = np.arange(20, dtype=np.float32).reshape(4, 5)
    past = replace(panel, plans={c.PRICE: plan}).until(2)
    np.testing.assert_array_equal(past.plans[c.PRICE], plan)


@pytest.mark.parametrize("series", [[3, 1], np.array([3, 1]), (3, -3)])
def test_select_by_position(panel, series):
    statics = pd.DataFrame({"size": [10, 11, 12, 13]})
    plans = {c.PRICE: np.arange(20.0).reshape(4, 5)}
    chosen = replace(panel, statics=statics, plans=plans).select(series)
    assert chosen.keys["item_id"].tolist() == ["d", "b"]
    assert chosen.statics["size"].tolist() == [13, 11]
    assert chosen.plans[c.PRICE][:, 0].tolist() == [15.0, 5.0]
    assert chosen.start.tolist() == [3, 0]


def test_select_by_mask(panel):
    mask = panel.keys["item_id"].isin(["a", "d"])
    for series in (mask, mask.to_numpy(), mask.tolist()):
        assert panel.select(series).keys["item_id"].tolist() == ["a", "d"]


def test_select_nothing(panel):
    for series in ([], np.zeros(4, dtype=bool)):
        assert panel.select(series).n_series == 0


def test_select_without_attributes(panel):
    bare = Panel(
        keys=panel.keys,
        periods=panel.periods,
        units=panel.units,
        censored=panel.censored,
        launch=panel.launch,
        delisting=panel.delisting,
    )
    assert bare.select([2]).keys["item_id"].tolist() == ["c"]


def test_most_sold_counts_periods_with_sales(panel):
    assert panel.most_sold(2).keys["item_id"].tolist() == ["a", "b"]
    assert panel.most_sold(3).keys["item_id"].tolist() == ["a", "b", "d"]
    assert panel.most_sold(99).n_series == 4


def test_reaching_continues_prices_but_not_promotions(panel):
    plans = {
        c.PRICE: np.full((4, 5), 2.0, dtype=np.float32),
        c.PROMOTION: np.ones((4, 5), dtype=np.float32),
    }
    longer = replace(panel, plans=plans).reaching(7)
    assert len(longer.periods) == 7
    assert longer.cut == 5
    assert longer.plans[c.PRICE][0].tolist() == [2.0] * 7
    assert longer.plans[c.PROMOTION][0].tolist() == [1.0] * 5 + [0.0] * 2
    assert panel.reaching(3) is panel


def test_plans_that_reach_the_future_stay(panel):
    plans = {
        c.PRICE: np.float32([[10, 10, 10, 10, 10, 8, 7]] * 4),
        c.PROMOTION: np.float32([[0, 0, 0, 0, 0, 1, 1]] * 4),
    }
    longer = replace(panel, periods=panel.periods.resized(7), plans=plans)
    assert longer.reaching(7) is longer
    for name, after in ((c.PRICE, [10.0, 10.0]), (c.PROMOTION, [0.0, 0.0])):
        np.testing.assert_array_equal(longer.reaching(9).plans[name][:, :7], plans[name])
        assert longer.reaching(9).plans[name][:, 7:].tolist() == [after] * 4


def test_after_a_promotion_the_price_goes_back(panel):
    """To that of the last period without one; where no period tells it, the last price stays."""
    price = np.float32([[10, 10, 12, 6, 6], [10, 10, 10, 10, 9], [6] * 5, [10, NAN, NAN, NAN, 6]])
    promotion = np.float32([[0, 0, 0, 0.5, 1], [0, 0, 0, 0, 0], [1] * 5, [0, 0, 0, 1, 1]])
    plans = {c.PRICE: price, c.PROMOTION: promotion}
    after = replace(panel, plans=plans).reaching(7).plans[c.PRICE]
    np.testing.assert_array_equal(after[:, :5], price)
    assert after[:, 5:].tolist() == [[12.0] * 2, [9.0] * 2, [6.0] * 2, [10.0] * 2]
    assert after.dtype == np.float32


@pytest.mark.parametrize("promotions", [True, False])
def test_the_price_goes_back_to_the_regular_one_where_that_is_known(panel, promotions):
    plans = {
        c.PRICE: np.float32([[10, 10, 10, 6, 6]] * 2 + [[NAN] * 5, [10, 10, 10, 6, 6]]),
        c.REGULAR_PRICE: np.float32([[10, 10, 10, 10, 11]] * 3 + [[10, 10, 10, 10, NAN]]),
    }
    if promotions:
        plans[c.PROMOTION] = np.float32([[0, 0, 0, 1, 1]] * 4)
    longer = replace(panel, plans=plans).reaching(6).plans
    np.testing.assert_array_equal(longer[c.PRICE][:, 5], [11.0, 11.0, NAN, 6.0])
    np.testing.assert_array_equal(longer[c.REGULAR_PRICE][:, 5], [11.0, 11.0, 11.0, NAN])


def test_frame_and_back(panel):
    censored = np.zeros_like(panel.censored)
    censored[1, 2] = True
    panel = replace(panel, censored=censored).select([0, 1, 3])
    frame = panel.to_frame()
    assert list(frame.columns) == ["item_id", "date", "units", "censored"]
    assert len(frame) == 4 + 5 + 2
    back = Panel.from_frame(frame)
    pd.testing.assert_frame_equal(back.keys, panel.keys)
    assert back.periods == panel.periods
    np.testing.assert_array_equal(back.demand(), panel.demand())


def test_frame_and_back_of_weeks_at_several_places():
    days = pd.date_range("2026-01-05", periods=6, freq="W-MON")
    index = pd.MultiIndex.from_product([["a", "b"], ["n", "s"], days])
    frame = index.to_frame(index=False, name=[c.ITEM, c.LOCATION, c.DATE])
    frame[c.UNITS] = np.arange(1.0, 25.0)
    panel = Panel.from_frame(frame)
    back = Panel.from_frame(panel.to_frame())
    assert back.periods == panel.periods
    np.testing.assert_array_equal(back.units, panel.units)


def test_repr_tells_size_and_dates(panel):
    shown = repr(replace(panel, plans={c.PRICE: np.ones((4, 5))}))
    assert shown == (
        "Panel(4 series x 5 days, 2026-01-01 to 2026-01-05, 0.0% censored, plans: price)"
    )
    assert "weeks" in repr(panel_of([[1, 2]], "W", "2026-01-05"))
