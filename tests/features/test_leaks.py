"""Nothing after a row's origin matters, but for what is planned."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.features import (
    Age,
    ByGroup,
    HistoryFeature,
    Lag,
    PlannedFeature,
    PriceRatio,
    Recipe,
    SeasonalMean,
)
from newretail_ml.panel import Panel
from tests.features.panels import CUT, FEATURES, PLANNED, edited_after, odd_panel

RECIPE = Recipe(FEATURES)
HISTORY = [feature for feature in FEATURES if isinstance(feature, HistoryFeature)]
NEEDS_NO_STATICS = [feature for feature in HISTORY if not isinstance(feature, ByGroup)]
OF_PLANS = [
    number
    for number, feature in enumerate(FEATURES)
    if feature.name.startswith(("price", "discount", "promotion", "periods_since_promotion"))
]


@pytest.fixture(scope="module")
def panel():
    return odd_panel()


@pytest.mark.parametrize("cut", [1, 18, 33, 57, CUT - 1])
@pytest.mark.parametrize("seed", [5, 6])
def test_later_sales_and_stockouts_do_not_matter(panel, cut, seed):
    horizons = np.array([1, 2, 7, 9, 28, 3, 1])
    origins = np.maximum(cut - 1 - np.array([0, 0, 0, 0, 0, 1, 12]), 0)
    before = RECIPE.cube(panel, origins + horizons, horizons)
    edited = edited_after(panel, cut, seed)
    assert not np.array_equal(edited.start, panel.start)
    after = RECIPE.cube(edited, origins + horizons, horizons)
    for feature, one, other in zip(FEATURES, before, after, strict=True):
        assert one.tobytes() == other.tobytes(), feature.name


def test_edits_before_the_origin_do_matter(panel):
    """The test above can fail."""
    before = RECIPE.cube(panel, [50, 57], 7)
    after = RECIPE.cube(edited_after(panel, 43, 5), [50, 57], 7)
    changed = {
        feature.name
        for feature, one, other in zip(FEATURES, before, after, strict=True)
        if not np.array_equal(one, other, equal_nan=True)
    }
    history = {feature.name for feature in HISTORY}
    assert changed <= history | {"age_91", "age_30"}
    assert len(changed) > 0.8 * len(history)


def test_later_rows_of_a_frame_do_not_matter():
    random = np.random.default_rng(8)
    days = pd.date_range("2026-01-01", periods=60)
    frame = pd.MultiIndex.from_product([["a", "b", "c"], days], names=["item_id", "date"])
    frame = frame.to_frame(index=False)
    frame["units"] = random.poisson(1.0, len(frame)).astype(float)
    frame["censored"] = random.random(len(frame)) < 0.2
    frame["price"] = random.uniform(1, 2, len(frame))
    never_sold = frame["item_id"] == "c"
    frame.loc[never_sold, "units"] = 0.0
    edited = frame.copy()
    later = edited["date"] >= days[40]
    edited.loc[later, "units"] = random.poisson(9.0, later.sum()).astype(float)
    edited.loc[later, "censored"] = ~edited.loc[later, "censored"]
    recipe = Recipe([*NEEDS_NO_STATICS, Age(), PriceRatio(20)])
    horizons = np.array([1, 5, 20])
    cubes = [recipe.cube(Panel.from_frame(one), 39 + horizons, horizons) for one in (frame, edited)]
    assert cubes[0].tobytes() == cubes[1].tobytes()


@pytest.mark.parametrize("plan", [c.PRICE, c.REGULAR_PRICE, c.PROMOTION])
def test_plans_change_only_the_features_made_of_them(panel, plan):
    changed = panel.plans[plan].copy()
    changed[:, 60 : CUT + PLANNED] = np.where(changed[:, 60:] == 0.5, 0.25, 0.5)
    edited = replace(panel, plans={**panel.plans, plan: changed})
    asked = np.arange(58, 75), 3
    before, after = RECIPE.cube(panel, *asked), RECIPE.cube(edited, *asked)
    different = {i for i in range(len(FEATURES)) if before[i].tobytes() != after[i].tobytes()}
    assert different
    assert different <= set(OF_PLANS)
    assert before[:, :, :2].tobytes() == after[:, :, :2].tobytes()


@pytest.mark.parametrize("feature", HISTORY, ids=lambda feature: feature.name)
def test_no_delay_is_shorter_than_the_horizon(feature):
    horizons = np.arange(1, 61)
    delay = feature.delay(horizons)
    assert (delay >= horizons).all()
    assert (delay >= feature.shortest_lag).all()
    assert ((delay - feature.shortest_lag) % feature.season == 0).all()
    assert (delay - horizons < max(feature.season, feature.shortest_lag)).all()


@pytest.mark.parametrize("lag", [-5, 0])
def test_a_lag_that_would_look_ahead_is_refused(lag):
    with pytest.raises(DataError, match="above zero"):
        Lag(lag)


def test_seasons_keep_the_phase():
    assert SeasonalMean(7, 4).delay(np.array([1, 7, 8, 14, 15])).tolist() == [7, 7, 14, 14, 21]


def test_planned_features_look_at_the_target():
    assert {one.shortest_lag for one in FEATURES if isinstance(one, PlannedFeature)} == {0}


@pytest.mark.parametrize(("target", "horizon"), [(CUT + 1, 1), (CUT + 7, 7), (CUT, 0), (30, -2)])
def test_a_target_further_than_its_horizon_is_refused(panel, target, horizon):
    with pytest.raises(DataError, match="Raise the horizon"):
        RECIPE.cube(panel, [target], horizon)


def test_a_target_before_the_first_origin_is_refused(panel):
    with pytest.raises(DataError, match="origins -2 to 2"):
        RECIPE.cube(panel, [1, 5], 3)
