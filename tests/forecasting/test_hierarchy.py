"""Nodes, their sums, and the panel and the forecast of all of them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.forecasting import MovingAverage
from newretail_ml.forecasting.hierarchy import Hierarchy
from newretail_ml.panel import Panel, Periods
from tests.forecasting.worlds import MONDAY, panel_of

NAN = np.nan
KEYS = pd.DataFrame({c.ITEM: ["tea", "tea", "cup"], c.LOCATION: ["A", "B", "A"]})
STATICS = pd.DataFrame(
    {c.CATEGORY: ["food", "food", "ware"], c.REGION: ["north", "south", "north"]}
)
# total, then two items, then three series
ITEMS = Hierarchy.of_keys(KEYS, levels=[(), c.ITEM])
TOTAL, CUP, TEA = 0, 1, 2


def chain(units, **changes):
    return panel_of(units, keys=KEYS, statics=STATICS, **changes)


def forecast_of(keys, paths):
    paths = np.asarray(paths, dtype=np.float32)
    periods = Periods.spanning(MONDAY, MONDAY, "D").resized(paths.shape[2])
    return Forecast(keys, periods, paths)


def test_usual_levels_are_what_tells_some_series_apart():
    hierarchy = Hierarchy.of(chain(np.ones((3, 2))))
    expected = ("total", "region", "location_id", "category", "item_id", "item_id x location_id")
    assert hierarchy.levels == expected
    only_total = Hierarchy.of_keys(KEYS[[c.ITEM]].iloc[1:], STATICS[[c.CATEGORY]].iloc[:2] * 1)
    assert only_total.levels == ("total", "item_id")


def test_summing_matrix_by_hand():
    hierarchy = Hierarchy.of_keys(KEYS, STATICS, levels=[(c.REGION, c.CATEGORY), ()])
    assert hierarchy.keys[c.REGION].tolist()[:4] == ["north", "north", "south", "all"]
    assert hierarchy.keys[c.ITEM].tolist() == [*["all"] * 4, "tea", "tea", "cup"]
    above = [[1, 0, 0], [0, 0, 1], [0, 1, 0], [1, 1, 1]]
    np.testing.assert_array_equal(hierarchy.summing.toarray(), np.vstack([above, np.eye(3)]))
    assert (hierarchy.n_above, hierarchy.n_series) == (4, 3)
    assert hierarchy.rows((c.REGION, c.CATEGORY)).tolist() == [0, 1, 2]
    assert hierarchy.rows("total").tolist() == [3]


def test_the_series_are_a_level_once_however_named():
    hierarchy = Hierarchy.of_keys(KEYS, levels=[(c.LOCATION, c.ITEM), (), ()])
    assert hierarchy.levels == ("total", "item_id x location_id")


def test_missing_labels_are_a_node_so_that_levels_add_up():
    statics = pd.DataFrame({c.CATEGORY: ["food", None, "food"]})
    hierarchy = Hierarchy.of_keys(KEYS, statics, levels=[c.CATEGORY])
    assert hierarchy.keys[c.CATEGORY].tolist()[:2] == ["food", "unknown"]
    assert hierarchy.summing.toarray()[:2].tolist() == [[1, 0, 1], [0, 1, 0]]


def test_labels_that_follow_from_a_node_are_told():
    keys = Hierarchy.of_keys(KEYS, STATICS, levels=[(), c.ITEM, c.REGION, c.CATEGORY]).keys
    of_items = keys[keys["level"] == c.ITEM]
    assert of_items[c.CATEGORY].tolist() == ["ware", "food"]
    assert of_items[c.REGION].tolist() == ["north", "all"]
    assert of_items[c.LOCATION].tolist() == ["all", "all"]  # a key, even where there is but one
    assert keys.iloc[-3:][c.REGION].tolist() == STATICS[c.REGION].tolist()


def test_numbers_as_keys():
    keys = pd.DataFrame({c.ITEM: [3, 1, 2], c.LOCATION: [7, 7, 8]})
    hierarchy = Hierarchy.of_keys(keys, levels=[(), c.LOCATION])
    assert hierarchy.keys[c.LOCATION].tolist() == ["all", "7", "8", "7", "7", "8"]
    assert hierarchy.series[c.ITEM].tolist() == [3, 1, 2]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Hierarchy.of_keys(KEYS, levels=["colour"]), "no column colour"),
        (lambda: Hierarchy.of_keys(KEYS.iloc[:0]), "no series"),
        (lambda: Hierarchy.of_keys(KEYS.iloc[[0, 0]]), "share their keys"),
        (lambda: Hierarchy.of_keys(KEYS, STATICS.iloc[:2]), "2 rows for 3 series"),
        (lambda: ITEMS.rows("region"), "no level region"),
        (lambda: ITEMS.rows((c.REGION, c.ITEM)), "no level region x item_id"),
        (lambda: ITEMS.aggregate(chain(np.ones((3, 2))).select([1, 0, 2])), "another order"),
        (lambda: ITEMS.sum(forecast_of(KEYS.iloc[:2], np.ones((2, 1, 1)))), "its 2 series"),
        (lambda: ITEMS.bottom(forecast_of(KEYS, np.ones((3, 1, 1)))), "its 3 series"),
        (lambda: ITEMS.combine([]), "there are none"),
        (lambda: ITEMS.combine([forecast_of(KEYS, np.ones((3, 1, 1)))]), "its 3 series"),
    ],
)
def test_what_does_not_fit_is_refused(make, message):
    with pytest.raises(DataError, match=message):
        make()


def test_sums_of_a_forecast_path_by_path():
    paths = np.array([[[1, 2], [3, 4]], [[10, 20], [30, 40]], [[5, 6], [7, 8]]])
    nodes = ITEMS.sum(forecast_of(KEYS, paths))
    assert nodes.paths[TOTAL].tolist() == [[16, 28], [40, 52]]
    assert nodes.paths[CUP].tolist() == [[5, 6], [7, 8]]
    assert nodes.paths[TEA].tolist() == [[11, 22], [33, 44]]
    back = ITEMS.bottom(nodes)
    np.testing.assert_array_equal(back.paths, paths)
    pd.testing.assert_frame_equal(back.keys, KEYS)


def test_sums_agree_with_sum_by():
    paths = np.random.default_rng(0).poisson(3.0, (3, 5, 4))
    forecast = forecast_of(KEYS, paths)
    nodes = ITEMS.sum(forecast).select(ITEMS.rows(c.ITEM))
    np.testing.assert_array_equal(nodes.paths, forecast.sum_by([c.ITEM]).paths)


def test_levels_are_combined_in_the_order_of_the_nodes():
    nodes = ITEMS.sum(forecast_of(KEYS, np.arange(12.0).reshape(3, 2, 2)))
    parts = [nodes.select(ITEMS.rows(level)) for level in reversed(ITEMS.levels)]
    combined = ITEMS.combine(parts)
    np.testing.assert_array_equal(combined.paths, nodes.paths)
    pd.testing.assert_frame_equal(combined.keys, nodes.keys)
    with pytest.raises(DataError, match="its 5 series"):
        ITEMS.combine(parts[:2])
    with pytest.raises(DataError, match="differ in periods"):
        ITEMS.combine([parts[0], replace(parts[1], paths=parts[1].paths[:, :1])])


def test_units_of_nodes_add_up_and_what_is_not_on_sale_adds_nothing():
    units = [[NAN, NAN, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0], [1.0, 1.0, 0.0, 9.0]]
    delisting = np.array([Panel.NEVER, Panel.NEVER, 3], dtype=np.int32)
    nodes = ITEMS.aggregate(chain(units, delisting=delisting))
    assert nodes.units[TEA].tolist() == [4, 5, 8, 10]
    assert nodes.units[CUP].tolist() == [1, 1, 0, 0]
    assert nodes.units[TOTAL].tolist() == [5, 6, 8, 10]
    np.testing.assert_array_equal(nodes.units[ITEMS.n_above :], np.float32(units))
    assert not nodes.censored.any()
    assert nodes.delisting[: ITEMS.n_above].tolist() == [Panel.NEVER, 3, Panel.NEVER]


def test_out_of_stock_series_censor_nodes_of_which_they_are_much():
    units = np.array([[1.0] * 4, [99.0] * 4, [100.0] * 4])
    censored = np.zeros(units.shape, dtype=bool)
    censored[0, 2], censored[1, 3] = True, True
    nodes = ITEMS.aggregate(chain(units, censored=censored))
    assert nodes.censored[TEA].tolist() == [False, False, False, True]
    assert nodes.censored[CUP].tolist() == [False] * 4
    strict = ITEMS.aggregate(chain(units, censored=censored), tolerance=0.0)
    assert strict.censored[TOTAL].tolist() == [False, False, True, True]
    np.testing.assert_array_equal(strict.units[TEA], [100] * 4)


def test_a_long_stock_out_is_not_forgotten():
    units, censored = np.full((3, 900), 50.0), np.zeros((3, 900), dtype=bool)
    units[0, 100:], censored[0, 100:] = 0.0, True
    nodes = ITEMS.aggregate(chain(units, censored=censored))
    assert nodes.censored[TEA, 100:].all()
    assert not nodes.censored[CUP].any()


def test_unknown_sales_make_a_node_unknown():
    units = np.array([[50.0, NAN, 50.0], [50.0, 50.0, 50.0], [1.0, 1.0, NAN]])
    nodes = ITEMS.aggregate(chain(units))
    np.testing.assert_array_equal(nodes.units[TEA], [100, NAN, 100])
    np.testing.assert_array_equal(nodes.units[CUP], [1, 1, NAN])
    np.testing.assert_array_equal(nodes.units[TOTAL], [101, NAN, 100])  # cups hardly count
    strict = ITEMS.aggregate(chain(units), tolerance=0.0)
    np.testing.assert_array_equal(strict.units[TOTAL], [101, NAN, NAN])


def test_what_nodes_know_does_not_depend_on_the_future():
    random = np.random.default_rng(1)
    units = random.poisson(3.0, (3, 600)).astype(np.float32)
    censored = random.random(units.shape) < 0.2
    panel = chain(units, censored=censored)
    edited = units.copy()
    edited[:, 300:] *= 50
    for t in (1, 299, 300):
        before = ITEMS.aggregate(panel.until(t))
        after = ITEMS.aggregate(replace(panel, units=edited)).until(t)
        np.testing.assert_array_equal(before.units, after.units)
        np.testing.assert_array_equal(before.censored, after.censored)


def test_launches_plans_and_statics_of_nodes():
    launch = np.array([2, 0, -1], dtype=np.int32)
    price = np.array([[1.0, NAN], [3.0, 4.0], [7.0, 8.0]], dtype=np.float32)
    statics = STATICS.assign(cost=[1.0, 1.0, 2.0])
    panel = replace(chain(np.ones((3, 2)), launch=launch, plans={c.PRICE: price}), statics=statics)
    nodes = ITEMS.aggregate(panel)
    assert nodes.launch.tolist() == [-1, -1, 0, 2, 0, -1]
    np.testing.assert_allclose(nodes.plans[c.PRICE][TEA], [2, 4])
    np.testing.assert_allclose(nodes.plans[c.PRICE][TOTAL], [11 / 3, 6])
    assert nodes.statics[c.CATEGORY].fillna("-").tolist()[:3] == ["-", "ware", "food"]
    assert nodes.statics[c.REGION].fillna("-").tolist()[:3] == ["-", "north", "-"]
    np.testing.assert_array_equal(nodes.statics["cost"], [NAN, 2, 1, 1, 1, 2])


def test_a_model_fits_each_level():
    panel = chain(np.tile([[1.5], [2.5], [4.5]], 140))
    hierarchy = Hierarchy.of(panel)
    nodes = hierarchy.aggregate(panel)
    parts = [
        MovingAverage().fit(nodes.select(hierarchy.rows(level))).forecast(3, n_paths=4)
        for level in hierarchy.levels
    ]
    mean = hierarchy.combine(parts).mean()
    np.testing.assert_allclose(
        mean, hierarchy.summing @ np.tile([[1.5], [2.5], [4.5]], 3), rtol=1e-6
    )
