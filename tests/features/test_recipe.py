"""Names, order and refusals of a recipe."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from newretail_ml import columns as c
from newretail_ml import features as f
from newretail_ml.errors import DataError
from newretail_ml.panel import Panel
from tests.features.panels import CUT, FEATURES, N_SERIES, PLANNED, odd_panel


@pytest.fixture(scope="module")
def panel():
    return odd_panel()


def test_features_are_named_after_their_arguments():
    named = {
        f.Lag(7): "lag_7",
        f.SeasonalMean(7, 4): "seasonal_mean_7_4",
        f.ExponentialMean(4.5): "exponential_mean_4.5",
        f.DaysToEvent("fair", 5): "days_to_event_fair_5",
        f.Static("category", ("tea",)): "static_category",
        f.ByGroup("category", f.RollingMean(28)): "by_group_category_rolling_mean_28",
    }
    assert {feature: feature.name for feature in named} == named


def test_equal_features_are_equal():
    assert f.Lag(7) == f.Lag(7)
    assert f.DaysToEvent("fair") != f.DaysAfterEvent("fair")
    assert len({f.RollingMin(7), f.RollingMax(7), f.RollingMin(7)}) == 2


def test_columns_keep_their_order(panel):
    forth = f.Recipe(FEATURES).cube(panel, [40, 41])
    back = f.Recipe(FEATURES[::-1]).cube(panel, [40, 41])
    assert forth.shape == (len(FEATURES), N_SERIES, 2)
    assert forth.dtype == np.float32
    np.testing.assert_array_equal(forth, back[::-1])


def test_a_feature_twice_is_refused():
    with pytest.raises(DataError, match="lag_7 twice"):
        f.Recipe([f.Lag(7), f.Lag(1), f.Lag(7)])


def test_no_targets_are_refused(panel):
    with pytest.raises(DataError, match="at least one"):
        f.Recipe([f.Lag(1)]).cube(panel, [])


@pytest.mark.parametrize(
    "make",
    [
        lambda: f.RollingMean(0),
        lambda: f.RollingStd(-7),
        lambda: f.SeasonalMean(0, 4),
        lambda: f.SeasonalMean(7, 0),
        lambda: f.ExponentialMean(0.0),
        lambda: f.PriceChange(0),
        lambda: f.DaysToHoliday("CN", -1),
    ],
)
def test_arguments_that_mean_nothing_are_refused(make):
    with pytest.raises(DataError, match="above zero"):
        make()


@pytest.mark.parametrize(
    "inner", [f.AvailableShare(7), f.PeriodsSinceStockout(), f.ByGroup("category", f.Lag(1))]
)
def test_groups_have_demand_alone(inner):
    with pytest.raises(DataError, match="more than demand"):
        f.ByGroup("category", inner)


@pytest.mark.parametrize(
    "feature",
    [f.Price(), f.PriceRatio(7), f.PriceChange(1), f.Discount(), f.Promotion()],
    ids=lambda feature: feature.name,
)
def test_a_plan_that_is_missing_is_named(panel, feature):
    with pytest.raises(DataError, match="Add a prices table"):
        f.Recipe([feature]).cube(replace(panel, plans={}), [40])


@pytest.mark.parametrize(
    "feature",
    [f.Static("colour"), f.StaticNumber("colour"), f.ByGroup("colour", f.Lag(1))],
    ids=lambda feature: feature.name,
)
def test_an_attribute_that_is_missing_is_named(panel, feature):
    with pytest.raises(DataError, match=r"no attribute 'colour' \(there are item_id, location_id"):
        f.Recipe([feature]).cube(panel, [40])


def test_an_unknown_country_is_refused(panel):
    with pytest.raises(DataError, match="'ATLANTIS'"):
        f.Recipe([f.Holiday("ATLANTIS")]).cube(panel, [40])


def test_free_goods_give_no_ratio(panel):
    free = {name: np.zeros_like(plan) for name, plan in panel.plans.items()}
    recipe = f.Recipe([f.PriceRatio(7), f.PriceChange(1), f.Discount()])
    with np.errstate(all="raise"):
        cube = recipe.cube(replace(panel, plans=free), [40, 41])
    assert np.isnan(cube).all()


def test_labels_are_fixed_for_other_panels(panel):
    recipe = f.Recipe([f.Static("category"), f.Lag(1)]).fixed(panel)
    whole = recipe.cube(panel, [40])[0, :, 0]
    cups = np.flatnonzero(panel.statics["category"] == "cup")
    assert recipe.cube(panel.select(cups), [40])[0, :, 0].tolist() == whole[cups].tolist()
    assert recipe.fixed(panel.select(cups)).names == recipe.names
    strange = replace(panel, statics=panel.statics.assign(category="kettle"))
    assert np.isnan(recipe.cube(strange, [40])[0]).all()


def test_no_series_give_an_empty_cube(panel):
    assert f.Recipe(FEATURES).cube(panel.select([]), [40, 41]).shape == (len(FEATURES), 0, 2)


def test_targets_may_lie_beyond_the_plan(panel):
    far = CUT + PLANNED + 20
    recipe = f.Recipe([f.Price(), f.Promotion(), f.DayOfMonth()])
    price, promotion, day = recipe.cube(panel, [far], far - CUT + 1)[..., 0]
    regular = panel.plans[c.REGULAR_PRICE][:, -1]
    unknown = np.isnan(panel.plans[c.PRICE][:, -1])
    np.testing.assert_array_equal(price, np.where(unknown, np.nan, regular))
    assert not promotion.any()
    assert set(day) == {panel.periods.resized(far + 1).dates[-1].day}


def test_one_period_is_enough():
    frame = pd.DataFrame({"item_id": ["tea"], "date": ["2026-01-01"], "units": [3]})
    recipe = f.Recipe([f.Lag(1), f.Lag(7), f.RollingMean(28), f.RollingStd(28), f.ZeroShare(7)])
    lag, far, mean, deviation, zeros = recipe.cube(Panel.from_frame(frame), [1]).ravel()
    assert (lag, mean, zeros) == (3.0, 3.0, 0.0)
    assert np.isnan([far, deviation]).all()
