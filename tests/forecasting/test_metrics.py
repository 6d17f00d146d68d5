"""Metrics against hand-worked numbers, slow loops, and the peers' table of two real data sets."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newretail_ml.forecast import DECILES
from newretail_ml.forecasting.judging.metrics import (
    bias,
    crps,
    mase,
    rmsse,
    sample_crps,
    wape,
    weighted_quantile_loss,
)
from newretail_ml.forecasting.judging.scores import all_metrics
from tests.forecasting import oracles
from tests.forecasting.worlds import forecast_of, online_retail_task

NAN = np.nan


def random_world(seed):
    """Actuals and history with unknown periods, a series never known, and one without scale."""
    random = np.random.default_rng(seed)
    n_series, n_paths, horizon = 6, 11, 5
    history = random.gamma(1.0, 4.0, (n_series, 30)) * (random.random((n_series, 30)) < 0.7)
    actual = random.gamma(1.0, 4.0, (n_series, horizon))
    for array in (history, actual):
        array[random.random(array.shape) < 0.2] = NAN
    history[:, 0] = 1.0 + random.random(n_series)
    history[0, :12], history[0, 12] = NAN, 3.0
    history[4] = 2.0
    actual[5] = NAN
    paths = random.gamma(1.0, 4.0, (n_series, n_paths, horizon))
    return actual, forecast_of(paths), history


# --- by hand


def test_rmsse_by_hand():
    """Errors 1 and 3 over one-step differences 2, 0, 4: root of 5 over 20/3."""
    value = rmsse(np.array([[4.0, 1.0]]), np.array([[3.0, 4.0]]), np.array([[1.0, 3.0, 3.0, 7.0]]))
    np.testing.assert_allclose(value, [np.sqrt(5 / (20 / 3))])


def test_rmsse_begins_at_the_first_known_period_and_passes_over_gaps():
    """Differences 2 and 3; the two steps over the unknown period do not count."""
    history = np.array([[NAN, NAN, 1.0, 3.0, NAN, 5.0, 8.0]])
    value = rmsse(np.array([[4.0, NAN]]), np.array([[2.0, 99.0]]), history)
    np.testing.assert_allclose(value, [np.sqrt(4 / ((4 + 9) / 2))])


def test_mase_by_hand():
    """Errors 1 and 3 over seasonal differences |5-1| and |2-3|."""
    value = mase(np.array([[4.0, 1.0]]), np.array([[3.0, 4.0]]), np.array([[1.0, 3, 5, 2]]), 2)
    np.testing.assert_allclose(value, [2 / 2.5])


def test_wape_and_bias_by_hand():
    actual, forecast = np.array([[4.0, 1.0], [NAN, 5.0]]), np.array([[3.0, 4.0], [9.0, 3.0]])
    assert wape(actual, forecast) == pytest.approx((1 + 3 + 2) / 10)
    assert bias(actual, forecast) == pytest.approx((-1 + 3 - 2) / 10)


@pytest.mark.parametrize(("shift", "sign"), [(1.0, 1), (-1.0, -1), (0.0, 0)])
def test_bias_is_positive_where_too_much_was_forecast(shift, sign):
    actual = np.array([[2.0, 3.0]])
    assert np.sign(bias(actual, actual + shift)) == sign


def test_quantile_loss_by_hand():
    """Paths 0..10: the 0.1 quantile is 1 and the 0.9 quantile 9.

    Demand of 4 lies 3 above the one and 5 below the other, so twice the pinball loss is .6 and
    1; demand of 10 lies 9 above and 1 above: 1.8 and 1.8.
    """
    forecast = forecast_of(np.repeat(np.arange(11.0)[None, :, None], 2, axis=2))
    value = weighted_quantile_loss(np.array([[4.0, 10.0]]), forecast, [0.1, 0.9])
    assert value == pytest.approx(((0.6 + 1.0) / 2 + (1.8 + 1.8) / 2) / 14)


def test_quantile_loss_of_one_path_is_the_wape():
    random = np.random.default_rng(3)
    actual, point = random.gamma(2, 2, (4, 6)), random.gamma(2, 2, (4, 6)).astype(np.float32)
    loss = weighted_quantile_loss(actual, forecast_of(point[:, None, :]), [0.5])
    assert loss == pytest.approx(wape(actual, point))


def test_crps_by_hand():
    """Paths 1, 2 and 6, demand 3: mean distance 2 to demand, 20/9 to each other."""
    forecast = forecast_of([[[6.0], [1.0], [2.0]]])
    actual = np.array([[3.0]])
    np.testing.assert_allclose(sample_crps(actual, forecast), [[2 - 20 / 9 / 2]])
    assert crps(actual, forecast) == pytest.approx((2 - 20 / 9 / 2) / 3)


def test_crps_of_one_path_is_the_wape():
    random = np.random.default_rng(3)
    actual, point = random.gamma(2, 2, (4, 6)), random.gamma(2, 2, (4, 6)).astype(np.float32)
    assert crps(actual, forecast_of(point[:, None, :])) == pytest.approx(wape(actual, point))


def test_quantile_loss_of_ever_more_levels_becomes_the_crps():
    actual, forecast, _ = random_world(5)
    many = weighted_quantile_loss(
        actual, forecast_of(np.repeat(forecast.paths, 200, axis=1)), (np.arange(999) + 0.5) / 999
    )
    assert many == pytest.approx(crps(actual, forecast), rel=2e-3)


def test_crps_prefers_the_true_distribution():
    """Strictly proper: too narrow, too wide and shifted forecasts all score worse."""
    random = np.random.default_rng(0)
    actual = random.poisson(5, (400, 20)).astype(float)
    true = random.poisson(5, (400, 100, 20))
    scores = {
        "true": true,
        "narrow": 5 + (true - 5) / 2,
        "wide": np.maximum(5 + (true - 5) * 2, 0),
        "shifted": true + 1,
    }
    scores = {name: crps(actual, forecast_of(paths)) for name, paths in scores.items()}
    assert min(scores, key=scores.get) == "true"


# --- against slow loops


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_point_metrics_agree_with_slow_loops(seed):
    actual, forecast, history = random_world(seed)
    said = forecast.mean()
    np.testing.assert_allclose(
        rmsse(actual, said, history), oracles.slow_rmsse(actual, said, history)
    )
    for season in (1, 7, 30, 40):
        np.testing.assert_allclose(
            mase(actual, said, history, season), oracles.slow_mase(actual, said, history, season)
        )
    np.testing.assert_allclose(wape(actual, said), oracles.slow_wape(actual, said))
    np.testing.assert_allclose(bias(actual, said), oracles.slow_bias(actual, said))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_path_metrics_agree_with_slow_loops(seed):
    actual, forecast, _ = random_world(seed)
    paths = forecast.paths
    np.testing.assert_allclose(
        weighted_quantile_loss(actual, forecast),
        oracles.slow_quantile_loss(actual, paths, DECILES),
        rtol=1e-5,
    )
    np.testing.assert_allclose(sample_crps(actual, forecast), slow_crps(actual, paths), rtol=1e-5)


def slow_crps(actual, paths):
    """E|X - y| less half of E|X - X'|, over every pair of paths."""
    scores = np.empty(actual.shape)
    for series, period in np.ndindex(*actual.shape):
        drawn = [float(path) for path in paths[series, :, period]]
        apart = [abs(one - other) for one in drawn for other in drawn]
        away = [abs(one - actual[series, period]) for one in drawn]
        scores[series, period] = sum(away) / len(away) - sum(apart) / len(apart) / 2
    return scores


def test_large_forecasts_are_judged_in_chunks(monkeypatch):
    actual, forecast, _ = random_world(1)
    whole = sample_crps(actual, forecast)
    monkeypatch.setattr("newretail_ml.forecasting.judging.metrics._CHUNK_VALUES", 120)
    np.testing.assert_array_equal(sample_crps(actual, forecast), whole)


# --- properties


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), units=st.floats(0.01, 1000.0))
def test_metrics_do_not_depend_on_the_unit_of_measure(seed, units):
    actual, forecast, history = random_world(seed)
    before = all_metrics(actual, forecast, history, 7, [1, 5])
    scaled = forecast_of(forecast.paths * np.float32(units))
    after = all_metrics(actual * units, scaled, history * units, 7, [1, 5])
    point = ["rmsse", "mase", "wape", "bias", "weighted_quantile_loss", "crps"]
    np.testing.assert_allclose(
        [before[name] for name in point], [after[name] for name in point], rtol=1e-4, atol=1e-6
    )


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_what_is_forecast_for_an_unknown_period_does_not_matter(seed):
    actual, forecast, history = random_world(seed)
    before = all_metrics(actual, forecast, history, 7, [1, 3])
    unknown = np.isnan(actual)[:, None, :]
    edited = forecast_of(np.where(unknown, forecast.paths + 1000.0, forecast.paths))
    edited_metrics = all_metrics(actual, edited, history, 7, [1, 3])
    assert edited_metrics == pytest.approx(before, nan_ok=True)


def test_a_perfect_forecast_has_no_error():
    random = np.random.default_rng(0)
    actual = random.integers(0, 9, (4, 6)).astype(float)
    metrics = all_metrics(
        actual, forecast_of(actual[:, None, :]), random.gamma(1, 2, (4, 20)), 7, [1, 6]
    )
    for name in ("rmsse", "mase", "wape", "bias", "weighted_quantile_loss", "crps"):
        assert metrics[name] == 0.0
    assert all(value == 1.0 for name, value in metrics.items() if "inside" in name)


# --- nothing to measure by


@pytest.mark.parametrize(
    "history", [[5.0, 5.0, 5.0], [5.0, NAN, 5.0], [NAN, NAN, NAN], [0.0, 0.0, 0.0], [4.0], []]
)
def test_a_history_without_changes_has_no_scale(history):
    history = np.array([history])
    actual = np.array([[3.0]])
    assert np.isnan(rmsse(actual, actual + 1, history)).all()
    assert np.isnan(mase(actual, actual + 1, history, 1)).all()


@pytest.mark.filterwarnings("error")
def test_series_without_scale_are_left_out_of_the_average():
    actual, said = np.array([[4.0], [4.0]]), forecast_of([[[2.0]], [[3.0]]])
    history = np.array([[1.0, 3.0, 1.0], [7.0, 7.0, 7.0]])
    metrics = all_metrics(actual, said, history, 1, [1])
    assert metrics["rmsse"] == pytest.approx(1.0)
    assert metrics["mase"] == pytest.approx(1.0)
    assert metrics["wape"] == pytest.approx(3 / 8)


@pytest.mark.filterwarnings("error")
def test_without_a_single_unit_sold_shares_of_units_are_not_known():
    actual, said = np.zeros((2, 3)), forecast_of(np.ones((2, 4, 3)))
    metrics = all_metrics(actual, said, np.array([[1.0, 2.0], [1.0, 3.0]]), 1, [3])
    for name in ("wape", "bias", "weighted_quantile_loss", "crps"):
        assert np.isnan(metrics[name])
    assert metrics["rmsse"] == pytest.approx((1.0 + 0.5) / 2)
    assert metrics["inside_80"] == metrics["total_3_inside_80"] == 0.0


@pytest.mark.filterwarnings("error")
def test_where_nothing_is_known_nothing_is_claimed():
    actual, said = np.full((2, 3), NAN), forecast_of(np.ones((2, 4, 3)))
    metrics = all_metrics(actual, said, np.full((2, 5), NAN), 7, [1, 3])
    assert all(np.isnan(value) for value in metrics.values())


def test_one_row_of_metrics_names_every_total():
    actual, forecast, history = random_world(0)
    intervals = [
        f"{total}{what}_{share}"
        for what in ("coverage", "inside", "expected_inside")
        for share in (80, 95)
        for total in ("", "total_1_", "total_5_")
    ]
    names = list(all_metrics(actual, forecast, history, 7, [1, 5]))
    assert names[:9] == [
        "rmsse",
        "mase",
        "wape",
        "bias",
        "weighted_quantile_loss",
        "crps",
        "coverage_80",
        "total_1_coverage_80",
        "total_5_coverage_80",
    ]
    assert sorted(names[6:]) == sorted(intervals)


# --- the peers' table: RMSSE scales from the first sale on, MASE over all of training


def test_online_retail_gives_the_figures_of_the_peers_table(shared_data):
    units = online_retail_task(shared_data)
    assert units.shape == (500, 373)
    history, actual = units[:, :-28], units[:, -28:]
    last_week = np.tile(history[:, -7:], 4)
    assert figures(actual, last_week, history, 7) == (0.9605, 1.3273, 1.1479, 0.0865)
    last_month = np.repeat(history[:, -28:].mean(axis=1, keepdims=True), 28, axis=1)
    assert figures(actual, last_month, history, 7) == (0.7425, 1.0724, 0.9261, -0.1310)


@pytest.mark.filterwarnings("ignore:Mean of empty slice")
def test_car_parts_give_the_figures_of_the_peers_table(shared_data):
    frame = pd.read_parquet(shared_data / "carparts.parquet")
    units = frame.pivot_table("y", "unique_id", "ds").to_numpy(float)
    assert units.shape == (2674, 51)
    history, actual = units[:, :-6], units[:, -6:]
    last_year = np.nan_to_num(history[:, -12:-6])
    assert figures(actual, last_year, history, 12) == (0.7074, 1.0449, 1.6174, 0.1538)
    mean = np.repeat(np.nanmean(history[:, -12:], axis=1, keepdims=True), 6, axis=1)
    assert figures(actual, mean, history, 12) == (0.5028, 0.9600, 1.4287, 0.1554)


def figures(actual, forecast, history, season):
    """RMSSE, MASE, WAPE and bias as the peers' table defines them, to its four digits."""
    started = np.maximum.accumulate(np.nan_to_num(history) > 0, axis=1)
    scaled = (
        rmsse(actual, forecast, np.where(started, history, NAN)),
        mase(actual, forecast, history, season),
    )
    over_units = wape(actual, forecast), bias(actual, forecast)
    return tuple(round(float(value), 4) for value in (*map(np.nanmean, scaled), *over_units))
