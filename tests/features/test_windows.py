"""Window totals and extremes against loops."""

import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from newretail_ml.features import ExpandingMean, ExponentialMean, Recipe, RollingMean, RollingStd
from newretail_ml.features.block import WindowTotals, combined, group_codes, window_extreme
from newretail_ml.features.lags import periods_since
from newretail_ml.panel import Panel

SHAPES = array_shapes(min_dims=2, max_dims=2, max_side=20)
WHOLE = arrays(float, SHAPES, elements=st.integers(-1000, 1000).map(float))
GAPPY = arrays(float, SHAPES, elements=st.one_of(st.just(np.nan), st.integers(-50, 50).map(float)))
WINDOWS = st.integers(1, 40)


def looped(values: np.ndarray, window: int, function) -> np.ndarray:
    result = np.empty(values.shape)
    for series, row in enumerate(values):
        for period in range(len(row)):
            result[series, period] = function(row[max(period + 1 - window, 0) : period + 1])
    return result


@given(WHOLE, WINDOWS)
@settings(max_examples=60, deadline=None)
def test_totals_equal_a_loop(values, window):
    np.testing.assert_array_equal(WindowTotals(values).over(window), looped(values, window, np.sum))


@given(WHOLE, st.lists(WINDOWS, min_size=2, max_size=5))
@settings(max_examples=50, deadline=None)
def test_totals_of_one_window_leave_the_others_alone(values, windows):
    shared = WindowTotals(values)
    for window in [*windows, *windows]:
        fresh = WindowTotals(values.copy()).over(window)
        np.testing.assert_array_equal(shared.over(window), fresh)


@given(arrays(float, (3, 60), elements=st.floats(-1e6, 1e6)), WINDOWS, st.integers(0, 59))
@settings(max_examples=50, deadline=None)
def test_totals_depend_on_their_window_alone(values, window, begin):
    whole = WindowTotals(values).over(window)[:, begin:]
    part = WindowTotals(values[:, begin:]).over(window)
    complete = slice(min(window - 1, part.shape[1]), None) if begin else slice(None)
    assert whole[:, complete].tobytes() == part[:, complete].tobytes()


@given(GAPPY, WINDOWS)
@settings(max_examples=60, deadline=None)
def test_extremes_equal_a_loop(values, window):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # windows in which nothing is known
        least, most = looped(values, window, np.nanmin), looped(values, window, np.nanmax)
    np.testing.assert_array_equal(window_extreme(values, window, np.fmin), least)
    np.testing.assert_array_equal(window_extreme(values, window, np.fmax), most)


@given(arrays(bool, SHAPES))
@settings(max_examples=50, deadline=None)
def test_periods_since_equals_a_loop(happened):
    def since(past: np.ndarray) -> float:
        return len(past) - 1 - np.flatnonzero(past)[-1] if past.any() else np.nan

    np.testing.assert_array_equal(periods_since(happened), looped(happened, 99, since))


@given(st.lists(st.one_of(st.none(), st.sampled_from(["tea", "cup", "pot"])), max_size=12))
def test_group_codes_tell_the_values_apart(values):
    codes = group_codes(pd.Series(values, dtype=object))
    pairs = set(zip(values, codes.tolist(), strict=True))
    assert len(pairs) == len(set(values)) == len(set(codes.tolist()))
    assert codes.max(initial=-1) == len(set(values)) - 1


@given(GAPPY, st.integers(1, 30))
@settings(max_examples=50, deadline=None)
def test_combined_reads_any_memory_layout(values, by):
    straight = combined(np.fmax, values, values, by)
    for layout in (np.asfortranarray(values), np.repeat(values, 2, axis=1)[:, ::2]):
        np.testing.assert_array_equal(combined(np.fmax, layout, layout, by), straight)


@pytest.mark.parametrize("level", [1.0, 1e3, 1e6])
def test_windows_stay_precise_where_sales_are_large(level):
    random = np.random.default_rng(1)
    units = (level + random.normal(0.0, level / 100, (2, 400))).astype(np.float32)
    panel = Panel.from_frame(
        pd.DataFrame(
            {
                "item_id": np.repeat(["tea", "cup"], 400),
                "date": np.tile(pd.date_range("2026-01-01", periods=400), 2),
                "units": units.ravel(),
            }
        )
    )
    features = [RollingMean(56), RollingStd(28), ExpandingMean(), ExponentialMean(60.0)]
    mean, deviation, expanding, exponential = Recipe(features).cube(panel, [400])[..., 0]
    exact = panel.units.astype(float)
    np.testing.assert_allclose(mean, exact[:, -56:].mean(axis=1), rtol=1e-6)
    np.testing.assert_allclose(deviation, exact[:, -28:].std(axis=1, ddof=1), rtol=1e-5)
    np.testing.assert_allclose(expanding, exact.mean(axis=1), rtol=1e-6)
    weight = 0.5 ** (np.arange(399, -1, -1) / 60.0)
    np.testing.assert_allclose(exponential, exact @ weight / weight.sum(), rtol=1e-6)


def test_constant_sales_do_not_scatter():
    units = np.full(40, 0.1, dtype=np.float32)
    dates = pd.date_range("2026-01-01", periods=40)
    panel = Panel.from_frame(pd.DataFrame({"item_id": "tea", "date": dates, "units": units}))
    assert Recipe([RollingStd(28)]).cube(panel, [40]).item() < 1e-6
