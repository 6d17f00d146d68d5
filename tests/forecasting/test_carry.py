"""Which of the fitted series a newer panel still holds."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from newretail_ml import columns as c
from newretail_ml.forecasting.carry import Known
from newretail_ml.panel import Panel, Periods
from tests.forecasting.worlds import negative_binomial, panel_of

CUT = 60


@pytest.fixture
def panel():
    return panel_of(negative_binomial((6, CUT), seed=0))


def known_of(panel):
    return Known.of(panel, panel.demand())


def test_the_same_panel_needs_no_new_fit(panel):
    position, anew = known_of(panel).positions(panel)
    assert position.tolist() == [0, 1, 2, 3, 4, 5]
    assert anew.tolist() == []


def test_newer_days_need_no_new_fit(panel):
    position, anew = known_of(panel.until(CUT - 10)).positions(panel)
    assert position.tolist() == [0, 1, 2, 3, 4, 5]
    assert anew.tolist() == []


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_fitted_series_are_found_wherever_they_stand(panel, seed):
    order = np.random.default_rng(seed).permutation(6)[:4]
    position, anew = known_of(panel).positions(panel.select(order))
    for fitted in range(6):
        assert position[fitted] == (order.tolist().index(fitted) if fitted in order else -1)
    assert anew.tolist() == []
    assert known_of(panel).indexer(panel.select(order)).tolist() == order.tolist()


def test_new_series_are_fitted_anew(panel):
    known = known_of(panel.select(np.array([4, 1])))
    position, anew = known.positions(panel)
    assert position.tolist() == [4, 1]
    assert anew.tolist() == [0, 2, 3, 5]
    assert known.indexer(panel).tolist() == [-1, 1, -1, -1, 0, -1]


def test_a_fit_of_little_is_made_anew_once_more_is_known(panel):
    units = panel.units.copy()
    units[2, : CUT - 15] = 0.0  # on sale for 5 periods at the earlier cut
    units[4] = 0.0  # never sold
    panel = replace(panel, units=units)
    earlier = panel.until(CUT - 10)
    assert known_of(earlier).enough.tolist() == [True, True, False, True, False, True]
    position, anew = known_of(earlier).positions(panel)
    assert position.tolist() == [0, 1, -1, 3, -1, 5]
    assert anew.tolist() == [2, 4]
    assert known_of(earlier).positions(earlier)[1].tolist() == []
    assert known_of(earlier).positions(panel.until(CUT - 20))[1].tolist() == []


@pytest.mark.parametrize(("freq", "least"), [("D", 30), ("W", 26), ("M", 18)])
def test_how_much_is_enough(freq, least):
    for periods, enough in ((least - 1, False), (least, True)):
        known = known_of(panel_of(np.full((1, periods), 2.0), freq))
        assert known.enough.tolist() == [enough]


def test_two_years_of_months_need_no_new_fit():
    panel = panel_of(negative_binomial((6, 28), seed=0), "M")
    assert known_of(panel.until(24)).positions(panel)[1].tolist() == []


def test_unknown_periods_do_not_count(panel):
    units = panel.units.copy()
    units[0, :40] = np.nan
    known = known_of(replace(panel, units=units, launch=np.zeros(6, dtype=np.int32)))
    assert known.enough.tolist() == [False, True, True, True, True, True]


def test_a_calendar_that_begins_elsewhere_is_fitted_anew(panel):
    shifted = replace(panel, periods=Periods.spanning("2024-01-01", "2024-01-01", "D").resized(CUT))
    position, anew = known_of(panel).positions(shifted)
    assert position.tolist() == [-1] * 6
    assert anew.tolist() == [0, 1, 2, 3, 4, 5]


def test_nothing_was_fitted_and_nothing_is_asked_for(panel):
    none = panel.select(np.array([], dtype=int))
    position, anew = known_of(none).positions(panel)
    assert position.tolist() == []
    assert anew.tolist() == [0, 1, 2, 3, 4, 5]
    position, anew = known_of(panel).positions(none)
    assert position.tolist() == [-1] * 6
    assert anew.tolist() == []


def test_series_of_several_keys():
    rows = [
        {c.ITEM: item, c.LOCATION: shop, c.DATE: day, c.UNITS: 1.0}
        for item in ("tea", "jam")
        for shop in ("north", "south")
        for day in pd.date_range("2026-01-05", periods=40)
    ]
    panel = Panel.from_frame(pd.DataFrame(rows))
    position, anew = known_of(panel).positions(panel.select(np.array([3, 0])))
    assert position.tolist() == [1, -1, -1, 0]
    assert anew.tolist() == []


def test_another_panel_of_the_same_names_is_told_by_its_first_day_alone(panel):
    """Sales may have been corrected since the fit; the fit is kept."""
    position, _ = known_of(panel).positions(replace(panel, units=panel.units + 1))
    assert (position >= 0).all()
