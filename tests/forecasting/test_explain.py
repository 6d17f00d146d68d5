"""The factors of a forecast multiply to it exactly, and point at what was built in."""

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from newretail_ml import columns as c
from newretail_ml.errors import DataError, NotFittedError
from newretail_ml.features import (
    Age,
    AvailableShare,
    ByGroup,
    DayOfWeek,
    DaysToEvent,
    Discount,
    Horizon,
    PriceRatio,
    Promotion,
    RollingMean,
    Static,
)
from newretail_ml.forecasting import AutoForecaster, LightGBMForecaster, MovingAverage
from newretail_ml.forecasting.censoring import recover_demand
from newretail_ml.forecasting.combination import auto
from newretail_ml.forecasting.trees.explain import explain_all, explain_one, group_of
from newretail_ml.panel.what_if import what_if
from tests.forecasting.worlds import NOT_YET, mixed_panel, panel_of

HORIZON, CUT = 7, 150


def weekly_panel(n_series=30, seed=0):
    """Saturdays sell three times as much, and a third off sells twice as much."""
    random = np.random.default_rng(seed)
    shape = n_series, CUT + HORIZON
    off = np.where(random.random(shape) < 0.2, 1 / 3, 0.0)
    off[:, CUT:] = 0.0
    day = np.where(np.arange(shape[1]) % 7 == 5, 3.0, 1.0)
    mean = random.uniform(3.0, 20.0, (n_series, 1)) * day * np.where(off > 0, 2.0, 1.0)
    panel = panel_of(random.poisson(mean[:, :CUT])).reaching(shape[1])
    return replace(panel, plans={c.PRICE: (3.0 * (1 - off)).astype(np.float32)})


def day(panel, step):
    return panel.periods.resized(panel.cut + step).dates[-1]


@pytest.fixture(scope="module")
def panel():
    return weekly_panel()


@pytest.fixture(scope="module", params=["direct", "recursive"])
def model(request, panel):
    model = LightGBMForecaster(HORIZON, strategy=request.param, max_rounds=60, n_threads=1)
    return model.fit(panel)


def test_factors_multiply_to_the_mean(model, panel):
    mean = model.mean(HORIZON)
    for series in (0, 7, 29):
        for step in (1, 4, HORIZON):
            table = explain_one(model, series, day(panel, step))
            assert table["factor"].prod() == pytest.approx(mean[series, step - 1], rel=1e-6)
            assert table["units"].iloc[-1] == pytest.approx(mean[series, step - 1], rel=1e-6)
            assert table["group"].iloc[0] == "base"
            strength = np.log(table["factor"].iloc[1:]).abs()
            assert strength.is_monotonic_decreasing


def test_a_saturday_owes_its_sales_to_the_calendar_and_the_same_day_before(model, panel):
    """CUT is a Tuesday, 150 days after a Monday's start."""
    saturday, monday = (
        explain_one(model, 3, day(panel, step)).set_index("group")["factor"] for step in (3, 6)
    )
    assert saturday["calendar"] * saturday["demand"] > 1.5
    assert monday["calendar"] * monday["demand"] < 1.0


def test_a_price_cut_shows_up_as_price(model, panel):
    cheaper = what_if(panel, HORIZON, price=2.0)
    before, after = (
        explain_one(model, 3, day(panel, 1), panel=world).set_index("group")["factor"]
        for world in (panel, cheaper)
    )
    assert after["price"] / before["price"] == pytest.approx(2.0, rel=0.25)
    assert after["horizon"] == pytest.approx(before["horizon"], rel=0.1)


def test_overall_strengths(model, panel):
    table = explain_all(model)
    assert set(table["group"]) == {group_of(f) for f in model.recipe_.features}
    assert table["strength"].is_monotonic_decreasing
    assert table["share"].sum() == pytest.approx(1.0)
    strength = table.set_index("group")["strength"]
    assert strength["demand"] + strength["calendar"] > 10 * strength["horizon"]
    some = explain_all(model, horizon=1, panel=panel.select([0, 1]))
    assert list(some.columns) == ["group", "strength", "share"]


def test_overall_is_the_mean_of_single_ones(panel):
    model = LightGBMForecaster(2, max_rounds=20, n_threads=1).fit(panel)
    singles = [
        np.log(explain_one(model, series, day(panel, step)).set_index("group")["factor"]).abs()
        for series in range(panel.n_series)
        for step in (1, 2)
    ]
    expected = pd.concat(singles, axis=1).drop("base").mean(axis=1)
    table = explain_all(model).set_index("group")["strength"]
    pd.testing.assert_series_equal(table.sort_index(), expected.sort_index(), check_names=False)


def test_what_is_not_on_sale_and_what_never_sold():
    panel = mixed_panel()
    model = LightGBMForecaster(HORIZON, max_rounds=5, n_threads=1).fit(panel)
    mean = model.mean(HORIZON)
    for series in range(panel.n_series):
        for step in (1, NOT_YET + 1):
            table = explain_one(model, series, day(panel, step))
            assert table["units"].iloc[-1] == pytest.approx(mean[series, step - 1], rel=1e-6)


def test_what_cannot_be_explained(panel):
    with pytest.raises(NotFittedError):
        explain_all(LightGBMForecaster(HORIZON))
    model = LightGBMForecaster(HORIZON, max_rounds=3, n_threads=1).fit(panel)
    with pytest.raises(DataError, match="no series 30"):
        explain_one(model, 30, day(panel, 1))
    for step in (0, HORIZON + 1):
        with pytest.raises(DataError, match="sees 1 to 7"):
            explain_one(model, 0, day(panel, step))
    quantile = LightGBMForecaster(HORIZON, objective="quantile", max_rounds=3, n_threads=1)
    with pytest.raises(DataError, match="objective='tweedie'"):
        explain_all(quantile.fit(panel))


@pytest.mark.parametrize(
    ("feature", "group"),
    [
        (RollingMean(7), "demand"),
        (ByGroup("category", RollingMean(7)), "demand"),
        (AvailableShare(28), "availability"),
        (Promotion(), "promotion"),
        (Discount(), "price"),
        (PriceRatio(28), "price"),
        (DayOfWeek(), "calendar"),
        (DaysToEvent("fair"), "events"),
        (Horizon(), "horizon"),
        (Static("category"), "attributes"),
        (Age(), "attributes"),
    ],
)
def test_groups(feature, group):
    assert group_of(feature) == group


# --- a combination


class QuickTrees(LightGBMForecaster):
    """Fits in a tenth of a second."""

    def __init__(self, horizon, **settings):
        super().__init__(horizon, recipe="lean", num_leaves=8, max_rounds=20, **settings)


def two_members(panel):
    return {"short": MovingAverage(7), "long": MovingAverage(28)}


@pytest.fixture(scope="module")
def combined():
    """Ordinary series, one out of stock now and then, one launched a moment ago, with prices."""
    panel = weekly_panel(12)
    units, launch = panel.units.copy(), panel.launch.copy()
    units[11, : CUT - 5], launch[11] = 0.0, CUT - 5
    censored = panel.censored.copy()
    censored[2, 5::6] = True
    panel = replace(panel, units=units, launch=launch, censored=censored)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(auto, "LightGBMForecaster", QuickTrees)
        patch.setattr(auto, "_pool", two_members)
        yield AutoForecaster(HORIZON, n_threads=1).fit(panel)


def test_factors_of_a_combination_multiply_to_its_mean(combined):
    panel = combined.panel_
    for world in (panel, panel.until(CUT - 10), what_if(panel, HORIZON, price=2.0)):
        mean = combined.mean(HORIZON, panel=world)
        trees = combined.trees.mean(HORIZON, panel=recover_demand(world))
        for series in (0, 2, 11):
            for step in (1, HORIZON):
                table = explain_one(combined, series, day(world, step), panel=world)
                said = mean[series, step - 1]
                assert table["factor"].prod() == pytest.approx(said, rel=1e-5)
                assert table["units"].iloc[-1] == pytest.approx(said, rel=1e-5)
                assert table["group"].iloc[-1] == "other models"
                own = trees[series, step - 1]
                assert table["units"].iloc[-2] == pytest.approx(own if own > 0 else said)


def test_the_trees_of_a_combination_are_explained_as_they_are_alone(combined):
    alone = explain_one(combined.trees, 2, day(combined.panel_, 3))
    whole = explain_one(combined, 2, day(combined.panel_, 3))
    pd.testing.assert_frame_equal(whole.iloc[:-1], alone)
    pd.testing.assert_frame_equal(explain_all(combined), explain_all(combined.trees))


def test_after_an_update_the_newer_days_are_explained(combined):
    """The last three weeks were busy, and only the update knows them."""
    panel = combined.panel_
    busy = panel.units.copy()
    busy[:, -21:] *= 3
    newer = deepcopy(combined).update(replace(panel, units=busy))
    for model in (newer, newer.trees):
        table, before = (
            explain_one(asked, 0, day(panel, 1)).set_index("group")["units"]
            for asked in (model, combined)
        )
        assert table["demand"] != before["demand"]
        assert table.iloc[-1] == pytest.approx(model.mean(1)[0, 0], rel=1e-6)


def test_without_trees_there_is_nothing_to_explain(combined):
    with pytest.raises(NotFittedError, match="AutoForecaster"):
        explain_all(AutoForecaster(HORIZON))
    short = AutoForecaster(HORIZON, n_threads=1).fit(combined.panel_.select([0]).until(10))
    for ask in (explain_all, lambda model: explain_one(model, 0, day(short.panel_, 1))):
        with pytest.raises(DataError, match=r"no trees to explain.*notes_"):
            ask(short)
    with pytest.raises(DataError, match="this MovingAverage has no trees"):
        explain_all(MovingAverage().fit(combined.panel_))
