"""Coverage and reliability: exact for every calibrated forecast, of counts as of amounts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newretail_ml.errors import DataError
from newretail_ml.forecasting.judging.calibration import (
    LEVELS,
    Ranks,
    coverage,
    inside,
    pit_histogram,
    share_below,
    total_coverage,
)
from tests.forecasting import oracles
from tests.forecasting.test_metrics import random_world
from tests.forecasting.worlds import forecast_of

NAN = np.nan
SHARES = (0.5, 0.8, 0.95)


def counts_world(seed, n_series=7):
    """Mostly zeros, so that demand often equals many paths."""
    random = np.random.default_rng(seed)
    actual = random.poisson(0.7, (n_series, 5)).astype(float)
    actual[random.random(actual.shape) < 0.2] = NAN
    return actual, forecast_of(random.poisson(0.7, (n_series, 11, 5)))


def slow_coverage(actual, paths, share):
    """Demand as one draw among the paths: the share of its ranks between the two levels."""
    covered = []
    for true, drawn in oracles._known_draws(actual, paths):
        n = len(drawn) + 1
        first = sum(other < np.float32(true) for other in drawn) / n
        last = (sum(other <= np.float32(true) for other in drawn) + 1) / n
        grid = first + (last - first) * (np.arange(20_000) + 0.5) / 20_000
        covered.append(np.mean((grid > (1 - share) / 2) & (grid < (1 + share) / 2)))
    return np.mean(covered)


# --- the definition


def test_coverage_by_hand():
    """Ten paths, seven zeros: zero fills levels up to 8/11, four the last two elevenths."""
    forecast = forecast_of(np.array([[[0.0]] * 7 + [[1.0]] * 2 + [[4.0]]]).reshape(1, 10, 1))
    zero, four, between = (np.array([[units]]) for units in (0.0, 4.0, 2.0))
    assert coverage(zero, forecast, 0.8) == pytest.approx((8 / 11 - 0.1) / (8 / 11))
    assert coverage(four, forecast, 0.8) == pytest.approx((0.9 - 9 / 11) / (2 / 11))
    assert coverage(between, forecast, 0.8) == pytest.approx((0.9 - 9 / 11) * 11)


@pytest.mark.parametrize("world", [random_world, counts_world])
@pytest.mark.parametrize("seed", [0, 1])
def test_coverage_agrees_with_slow_loops(world, seed):
    actual, forecast = world(seed)[:2]
    for share in SHARES:
        expected = slow_coverage(actual, forecast.paths, share)
        assert coverage(actual, forecast, share) == pytest.approx(expected, abs=1e-3)
        totals = np.array([[sum(row[:3])] for row in actual])
        expected = slow_coverage(totals, forecast.total(3)[:, :, None], share)
        assert total_coverage(actual, forecast, share, 3) == pytest.approx(expected, abs=1e-3)


@settings(max_examples=60, deadline=None)
@given(
    pool=st.lists(st.integers(0, 4), min_size=2, max_size=12),
    share=st.floats(0.05, 0.95),
)
def test_a_calibrated_forecast_is_covered_exactly_as_often_as_promised(pool, share):
    """Any of the draws may be the demand, the others are paths; ties or not, few paths or many."""
    found = [
        coverage(
            np.array([[float(units)]]),
            forecast_of(np.array(pool[:position] + pool[position + 1 :]).reshape(1, -1, 1)),
            share,
        )
        for position, units in enumerate(pool)
    ]
    assert np.mean(found) == pytest.approx(share)


def test_of_a_perfect_forecast_of_rare_demand_the_plain_count_is_too_high_and_expected_to_be():
    """Four in five days sell nothing: inside is about .9, and so it is for the paths."""
    random = np.random.default_rng(0)
    actual = random.poisson(0.22, (600, 28)).astype(float)
    forecast = forecast_of(random.poisson(0.22, (600, 200, 28)))
    found, expected = inside(actual, forecast, 0.8)
    assert found > 0.9
    assert found == pytest.approx(expected, abs=0.01)
    assert coverage(actual, forecast, 0.8) == pytest.approx(0.8, abs=0.01)


def test_of_continuous_demand_both_agree():
    random = np.random.default_rng(1)
    for spread in (0.5, 1.0, 2.0):
        actual = 9 + random.normal(0, 1, (300, 20))
        forecast = forecast_of(9 + random.normal(0, spread, (300, 200, 20)))
        for share in (0.8, 0.95):
            found, expected = inside(actual, forecast, share)
            assert coverage(actual, forecast, share) == pytest.approx(found, abs=0.02)
            assert expected == pytest.approx(share, abs=0.006)


@pytest.mark.parametrize(("spread", "sign"), [(0.5, -1), (2.0, 1)])
def test_too_narrow_and_too_wide_forecasts_are_told_apart_for_counts(spread, sign):
    random = np.random.default_rng(2)
    actual = random.poisson(6, (300, 20)).astype(float)
    paths = np.round(np.maximum(6 + spread * (random.poisson(6, (300, 100, 20)) - 6), 0))
    forecast = forecast_of(paths)
    assert np.sign(coverage(actual, forecast, 0.8) - 0.8) == sign
    found, expected = inside(actual, forecast, 0.8)
    assert np.sign(found - expected) == sign


# --- the plain count


def test_inside_by_hand_counts_the_bounds():
    """Paths 0..10: the central 80% reaches from 1 to 9, which holds 9 of the 11 paths."""
    forecast = forecast_of(np.repeat(np.arange(11.0)[None, :, None], 5, axis=2))
    actual = np.array([[1.0, 9.0, 0.9, 9.1, NAN]])
    assert inside(actual, forecast, 0.8) == pytest.approx((2 / 4, 9 / 11))
    assert inside(actual, forecast, 1.0) == (1.0, 1.0)


def test_totals_inside_by_hand_leave_out_unknown_totals():
    """Totals of two periods run 0, 2, ..., 20, so the central 80% from 2 to 18."""
    paths = np.repeat(np.arange(11.0)[None, :, None], 3, axis=2)
    forecast = forecast_of(np.repeat(paths, 4, axis=0))
    actual = np.array([[1.0, 1, 90], [9, 10, 0], [9, NAN, 0], [9, 9, NAN]])
    assert inside(actual, forecast, 0.8, periods=2)[0] == pytest.approx(2 / 3)
    assert inside(actual, forecast, 0.8, periods=3)[0] == pytest.approx(1 / 2)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_inside_agrees_with_slow_loops(seed):
    for actual, forecast in (random_world(seed)[:2], counts_world(seed)):
        paths = forecast.paths
        for share in SHARES:
            slow = oracles.slow_coverage(actual, paths, share)
            assert inside(actual, forecast, share)[0] == pytest.approx(slow, nan_ok=True)
            slow = oracles.slow_total_coverage(actual, paths, share, 3)
            found, _ = inside(actual, forecast, share, periods=3)
            assert found == pytest.approx(slow, nan_ok=True)


def test_totals_are_of_totals_and_not_of_periods():
    """Two paths that swap their halves: each period is wide, the total is certain."""
    forecast = forecast_of([[[0.0, 10.0], [10.0, 0.0]] * 50])
    actual = np.array([[3.0, 3.0]])
    assert inside(actual, forecast, 0.8)[0] == 1.0
    assert inside(actual, forecast, 0.8, periods=2)[0] == 0.0
    assert coverage(actual, forecast, 0.8) == 1.0
    assert total_coverage(actual, forecast, 0.8, 2) == 0.0


# --- reliability


def test_below_each_level_lies_its_share_if_calibrated():
    random = np.random.default_rng(3)
    actual = random.poisson(1.0, (500, 28)).astype(float)
    forecast = forecast_of(random.poisson(1.0, (500, 50, 28)))
    np.testing.assert_allclose(share_below(actual, forecast), LEVELS, atol=0.015)
    np.testing.assert_allclose(pit_histogram(actual, forecast), 0.1, atol=0.01)
    np.testing.assert_allclose(share_below(actual, forecast, periods=7), LEVELS, atol=0.06)


def test_a_forecast_that_is_too_high_has_demand_below_its_levels():
    random = np.random.default_rng(4)
    actual = random.poisson(3.0, (200, 28)).astype(float)
    high = share_below(actual, forecast_of(random.poisson(4.0, (200, 50, 28))))
    assert (high > np.array(LEVELS) + 0.02).all()
    assert pit_histogram(actual, forecast_of(random.poisson(4.0, (200, 50, 28))))[0] > 0.15


def test_the_histogram_adds_up_and_coverage_is_a_difference_of_levels():
    actual, forecast = counts_world(9)
    assert pit_histogram(actual, forecast, bins=7).sum() == pytest.approx(1.0)
    low, high = share_below(actual, forecast, [0.1, 0.9])
    assert coverage(actual, forecast, 0.8) == pytest.approx(high - low)
    assert (np.diff(share_below(actual, forecast)) >= 0).all()


# --- odd input


def test_unknown_demand_has_no_rank():
    ranks = Ranks.of(np.array([[NAN, 1.0]]), np.ones((1, 4, 2)))
    assert np.isnan(ranks.low).tolist() == np.isnan(ranks.high).tolist() == [[True, False]]
    nothing = np.full((2, 3), NAN)
    assert np.isnan(coverage(nothing, forecast_of(np.ones((2, 4, 3))), 0.8))
    assert np.isnan(inside(nothing, forecast_of(np.ones((2, 4, 3))), 0.8)).all()
    assert np.isnan(pit_histogram(nothing, forecast_of(np.ones((2, 4, 3))))).all()


def test_totals_beyond_the_horizon_are_refused():
    with pytest.raises(DataError, match="longer horizon"):
        coverage(np.ones((1, 3)), forecast_of(np.ones((1, 4, 3))), 0.8, periods=4)


def test_large_forecasts_are_judged_in_chunks(monkeypatch):
    actual, forecast = counts_world(1)
    whole = coverage(actual, forecast, 0.8), inside(actual, forecast, 0.8)
    monkeypatch.setattr("newretail_ml.forecasting.judging.metrics._CHUNK_VALUES", 120)
    assert (coverage(actual, forecast, 0.8), inside(actual, forecast, 0.8)) == whole
