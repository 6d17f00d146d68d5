"""Another plan for the periods to come, and the same history."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.panel import Panel
from newretail_ml.panel.what_if import what_if

DAYS = pd.date_range("2026-01-01", periods=6)


@pytest.fixture
def panel():
    """Two items over four known days, with plans for two more."""
    rows = [
        {
            c.ITEM: item,
            c.DATE: day,
            c.UNITS: 2.0 if at < 4 else None,
            c.PRICE: price,
            c.PROMOTION: 0,
        }
        for item, price in (("jam", 3.0), ("tea", 2.0))
        for at, day in enumerate(DAYS)
    ]
    return Panel.from_frame(pd.DataFrame(rows))


def test_without_a_plan_nothing_changes(panel):
    assert what_if(panel, 2) is panel


def test_history_keeps_its_prices(panel):
    changed = what_if(panel, 2, price=1.0)
    np.testing.assert_array_equal(changed.plans[c.PRICE][:, :4], panel.plans[c.PRICE][:, :4])
    assert (changed.plans[c.PRICE][:, 4:] == 1.0).all()
    assert panel.plans[c.PRICE][:, 4:].tolist() == [[3.0, 3.0], [2.0, 2.0]]


def test_an_array_has_a_row_for_each_series(panel):
    changed = what_if(panel, 2, price=np.array([[1.0], [4.0]]), promotion=np.eye(2))
    assert changed.plans[c.PRICE][:, 4:].tolist() == [[1.0, 1.0], [4.0, 4.0]]
    assert changed.plans[c.PROMOTION][:, 4:].tolist() == [[1.0, 0.0], [0.0, 1.0]]


def test_a_frame_changes_only_the_cells_it_names(panel):
    frame = pd.DataFrame({c.ITEM: ["tea"], c.DATE: [DAYS[5]], c.PRICE: [1.5]})
    assert what_if(panel, 2, price=frame).plans[c.PRICE][:, 4:].tolist() == [[3.0, 3.0], [2.0, 1.5]]


def test_a_frame_that_names_a_cell_twice_is_refused(panel):
    frame = pd.DataFrame({c.ITEM: ["tea", "jam", "tea"], c.DATE: [DAYS[5]] * 3, c.PRICE: 1.5})
    with pytest.raises(DataError, match=r"1 rows repeat a series and period \(row 2\)"):
        what_if(panel, 2, price=frame)
    frame[c.DATE] = [DAYS[4], DAYS[4], DAYS[5]]
    assert what_if(panel, 2, price=frame).plans[c.PRICE][1, 4:].tolist() == [1.5, 1.5]


def test_a_plan_reaches_beyond_the_calendar(panel):
    assert what_if(panel, 5, price=1.0).plans[c.PRICE][0].tolist() == [3.0] * 4 + [1.0] * 5


@pytest.mark.parametrize("price", [0.0, -1.0, np.nan, np.inf])
def test_impossible_prices_are_refused(panel, price):
    with pytest.raises(DataError, match="not possible") as refusal:
        what_if(panel, 2, price=price)
    assert refusal.value.column == c.PRICE


def test_impossible_promotions_are_refused(panel):
    with pytest.raises(DataError, match="not possible"):
        what_if(panel, 2, promotion=1.5)


@pytest.mark.parametrize("shape", [(2,), (3, 2), (2, 3), (1, 2, 2)])
def test_other_shapes_are_refused(panel, shape):
    with pytest.raises(DataError, match="a plan of shape"):
        what_if(panel, 2, price=np.ones(shape))


@pytest.mark.parametrize(
    ("item", "day"), [("rum", DAYS[4]), ("tea", DAYS[0]), ("tea", "2027-01-01")]
)
def test_unknown_series_and_periods_are_refused(panel, item, day):
    frame = pd.DataFrame({c.ITEM: [item], c.DATE: [day], c.PRICE: [1.5]})
    with pytest.raises(DataError, match="unknown series") as refusal:
        what_if(panel, 2, price=frame)
    assert list(refusal.value.rows) == [0]


def test_a_frame_without_keys_is_refused(panel):
    with pytest.raises(DataError, match="lacks item_id"):
        what_if(panel, 2, price=pd.DataFrame({c.DATE: [DAYS[4]], c.PRICE: [1.5]}))


def test_a_plan_that_the_panel_does_not_have_is_refused(panel):
    bare = Panel.from_frame(panel.to_frame())
    with pytest.raises(DataError, match="no promotion plan"):
        what_if(bare, 2, promotion=1.0)


def test_nan_in_an_array_stays_as_planned(panel):
    changed = what_if(panel, 2, price=np.array([[1.0, np.nan], [np.nan, 4.0]]))
    assert changed.plans[c.PRICE][:, 4:].tolist() == [[1.0, 3.0], [2.0, 4.0]]
