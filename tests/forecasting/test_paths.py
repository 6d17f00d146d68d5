"""Sample paths: where they come from, what they average to, and how wide their totals are."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import gamma

from newretail_ml.forecasting import MovingAverage, SeasonalAverage, SeasonalNaive
from newretail_ml.forecasting.paths import (
    N_ANALOGUES,
    PastForecasts,
    draw_analogues,
    past_origins,
    paths_around_mean,
    relative_errors,
)
from newretail_ml.forecasting.paths.quantiles import (
    _knots,
    _places,
    _values,
    paths_from_quantiles,
)
from newretail_ml.forecasting.paths.spread import LevelSpread
from newretail_ml.forecasting.trees.boosting import QUANTILES
from tests.features.panels import edited_after
from tests.forecasting.worlds import mixed_panel, negative_binomial, panel_of

NAN = np.nan
BASELINES = [SeasonalNaive(), MovingAverage(), SeasonalAverage(3)]
seeds = st.integers(0, 2**32 - 1)


def steady(n_series=40, level=10.0):
    """A panel of fractional demand, whose own history says little; paths need one for traits."""
    noise = np.random.default_rng(0).random((n_series, 60))
    return panel_of(level + noise)


def random_past(seed, *, unknown=0.2):
    random = np.random.default_rng(seed)
    shape = (7, 5, 6)
    forecast = random.gamma(1.0, 3.0, shape) * (random.random(shape) < 0.8)
    actual = random.gamma(1.0, 3.0, shape)
    actual[random.random(shape) < unknown] = NAN
    return PastForecasts(forecast, actual)


# --- past forecasts


def test_past_forecasts_are_made_from_earlier_cuts():
    panel, seen = mixed_panel(), []

    def predict(view, horizon):
        seen.append((view.cut, view.units.shape[1], view.censored.shape[1]))
        return np.full((2, view.n_series, horizon), float(view.cut))

    origins = np.array([60, 74, 81])
    past = PastForecasts.of(predict, panel, 7, origins)
    assert seen == [(60, 60, 60), (74, 74, 74), (81, 81, 81)]
    assert past.forecast.shape == (2, panel.n_series, 3, 7)
    assert (past.forecast == origins[:, None]).all()
    for place, origin in enumerate(origins):
        np.testing.assert_array_equal(
            past.actual[:, place], panel.demand(periods=slice(origin, origin + 7))
        )


@pytest.mark.parametrize("model", BASELINES, ids=repr)
@pytest.mark.parametrize("seed", [1, 2])
def test_demand_after_an_origin_does_not_matter_to_the_forecast_from_it(model, seed):
    panel = mixed_panel()
    origins = past_origins(panel, 7)
    before = PastForecasts.of(model._mean, panel, 7).forecast
    assert len(origins) == before.shape[1] > 3
    for place, origin in enumerate(origins):
        edited = edited_after(panel, int(origin), seed)
        after = PastForecasts.of(model._mean, edited, 7, origins).forecast
        assert after[:, : place + 1].tobytes() == before[:, : place + 1].tobytes()
        assert place + 1 == len(origins) or not np.array_equal(after, before)


@pytest.mark.parametrize("freq", ["D", "W", "M"])
@pytest.mark.parametrize("n_series", [1, 12, 500])
@pytest.mark.parametrize(("cut", "horizon"), [(120, 7), (120, 28), (800, 28), (60, 28), (9, 3)])
def test_origins_leave_room_behind_and_ahead(freq, n_series, cut, horizon):
    panel = panel_of(np.ones((n_series, cut)), freq)
    origins = past_origins(panel, horizon)
    step = 7 if freq == "D" else 1
    assert len(origins) > 0
    assert origins[-1] == cut - horizon
    assert (np.diff(origins) == step).all()
    assert origins[0] >= cut // 2


def test_few_series_are_looked_at_from_more_origins():
    counts = [len(past_origins(panel_of(np.ones((n, 600))), 7)) for n in (1, 20, 80, 500)]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1] >= 5


@pytest.mark.parametrize(("cut", "horizon"), [(1, 1), (2, 2), (20, 14), (20, 50)])
def test_a_short_history_has_no_past_forecasts(cut, horizon):
    panel = panel_of(np.ones((3, cut)))
    assert PastForecasts.of(MovingAverage()._mean, panel, horizon) is None


def test_some_origins_series_and_periods_of_past_forecasts():
    past = replace(random_past(0), origins=np.array([10, 13, 16, 19, 22]), variation=np.arange(7.0))
    few = past.only(np.array([1, 4]))
    np.testing.assert_array_equal(few.forecast, past.forecast[:, [1, 4]])
    np.testing.assert_array_equal(few.actual, past.actual[:, [1, 4]])
    assert few.origins.tolist() == [13, 22]
    chosen = past.select(np.array([5, 2]))
    np.testing.assert_array_equal(chosen.actual, past.actual[[5, 2]])
    assert chosen.variation.tolist() == [5.0, 2.0]
    assert replace(past, variation=0.5).select(np.array([5, 2])).variation.tolist() == [0.5, 0.5]
    short = past.up_to(2)
    np.testing.assert_array_equal(short.forecast, past.forecast[:, :, :2])
    assert (past.reach, short.reach, short.up_to(1).reach) == (6, 6, 6)


def test_quantiles_of_some_origins_and_series_keep_their_levels():
    forecast = np.arange(3 * 4 * 5 * 2.0).reshape(3, 4, 5, 2)
    past = PastForecasts(forecast, np.ones((4, 5, 2)), origins=np.arange(5))
    np.testing.assert_array_equal(past.only(np.array([2])).forecast, forecast[:, :, [2]])
    np.testing.assert_array_equal(past.select(np.array([3])).forecast, forecast[:, [3]])


def test_origins_that_overlap_are_less_than_independent():
    past = PastForecasts(*np.ones((2, 3, 4, 6)), origins=np.array([10, 13, 16, 22]))
    assert past.n_independent == 3.0
    assert past.only(np.array([2])).n_independent == 1.0


# --- relative errors


@settings(max_examples=60, deadline=None)
@given(seed=seeds)
def test_relative_errors_are_one_on_average_over_all_units(seed):
    past = random_past(seed)
    ratios = relative_errors(past)
    assert ratios.shape == past.actual.shape
    assert np.isfinite(ratios).all()
    assert (ratios >= 0).all()
    np.testing.assert_allclose((ratios * past.forecast).sum(), past.forecast.sum(), rtol=1e-5)


def test_relative_errors_by_hand():
    """2 and 6 of 4 each are half and one and a half; what is unknown gets their mean, one."""
    past = PastForecasts(np.array([[[4.0, 4.0, 4.0]]]), np.array([[[2.0, 6.0, NAN]]]))
    np.testing.assert_allclose(relative_errors(past), [[[0.5, 1.5, 1.0]]])


def test_a_bias_of_the_past_is_taken_out():
    """All demand was half of what was forecast: a path is then the forecast itself."""
    past = PastForecasts(np.full((3, 2, 4), 6.0), np.full((3, 2, 4), 3.0))
    np.testing.assert_allclose(relative_errors(past), 1.0)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("actual", [0.0, 5.0, NAN])
@pytest.mark.parametrize("forecast", [0.0, 2.0])
def test_relative_errors_stay_finite(forecast, actual):
    ratios = relative_errors(
        PastForecasts(np.full((2, 3, 4), forecast), np.full((2, 3, 4), actual))
    )
    assert np.isfinite(ratios).all()


def test_a_forecast_of_next_to_nothing_does_not_explode():
    forecast, actual = np.full((1, 1, 7), 10.0), np.full((1, 1, 7), 10.0)
    forecast[..., 6], actual[..., 6] = 1e-9, 4.0
    assert relative_errors(PastForecasts(forecast, actual)).max() < 3.0


# --- donors


@settings(max_examples=30, deadline=None)
@given(
    seed=seeds,
    n_series=st.integers(1, 150),
    n_origins=st.integers(1, 26),
    n_paths=st.integers(1, 60),
)
def test_donors_and_origins_lie_in_range(seed, n_series, n_origins, n_paths):
    random = np.random.default_rng(seed)
    panel = panel_of(random.poisson(1.0, (n_series, 30)))
    mean = random.gamma(0.5, 2.0, (n_series, 7))
    past = PastForecasts(*np.ones((2, n_series, n_origins, 7)))
    donors, origins = draw_analogues(mean, panel, past, n_paths, random)
    assert donors.shape == (n_series, n_paths)
    assert origins.shape == (1, n_paths)
    assert donors.min() >= 0
    assert donors.max() < n_series
    assert origins.min() >= 0
    assert origins.max() < n_origins
    assert len(np.unique(origins)) == min(n_origins, n_paths)


@pytest.mark.parametrize("n_paths", [1, 2, 3, 5, 8, 12, 200])
def test_paths_are_spread_evenly_over_the_origins(n_paths):
    past = random_past(0, unknown=0.0)
    n_origins = past.actual.shape[1]
    _, origins = draw_analogues(np.ones((7, 6)), steady(7), past, n_paths, np.random.default_rng(0))
    counts = np.bincount(origins[0], minlength=n_origins)
    assert counts.sum() == n_paths
    assert counts.max() - counts.min() <= 1
    # As old on average as the origins themselves: neither the oldest nor the newest are favoured.
    assert origins.mean() == pytest.approx((n_origins - 1) / 2, abs=0.5)


def test_errors_are_borrowed_from_series_of_similar_demand():
    """Two crowds, each larger than the number of analogues: the steady one stays steady."""
    n, horizon = N_ANALOGUES + 10, 7
    level = np.repeat([2.0, 500.0], n)[:, None]
    off = np.repeat([0.1, 0.8], n)[:, None, None]
    sign = np.random.default_rng(0).choice([-1.0, 1.0], (2 * n, 5, horizon))
    past = PastForecasts(
        np.broadcast_to(level[:, :, None], sign.shape), level[:, :, None] * (1 + off * sign)
    )
    panel = panel_of(level + 0.01 * np.random.default_rng(1).random((2 * n, 60)))
    mean = np.repeat(level, horizon, axis=1)
    paths = paths_around_mean(mean, past, panel, 300, np.random.default_rng(2))
    spread = (paths / mean[:, None, :]).std(axis=(1, 2))
    # 22 analogues with 5 trajectories each tell a spread to about a tenth, twice over at most.
    np.testing.assert_allclose(spread[:n], 0.1, rtol=0.2)
    np.testing.assert_allclose(spread[n:], 0.8, rtol=0.2)


# --- means and whole numbers


@pytest.mark.parametrize("model", BASELINES, ids=repr)
def test_paths_of_fractional_demand_average_to_the_point_forecast(model):
    units = np.random.default_rng(0).gamma(2.0, 3.0, (15, 90)).round(2)
    panel = panel_of(units)
    mean = model.fit(panel).forecast(14, n_paths=50).mean()
    np.testing.assert_allclose(mean, model._mean(panel, 14), rtol=1e-5)


@pytest.mark.parametrize("model", BASELINES, ids=repr)
def test_paths_of_whole_units_average_to_the_point_forecast_but_for_rounding(model):
    """Rounding up or down at random adds a variance of a quarter at most to each path."""
    panel, n_paths = panel_of(negative_binomial((15, 150), seed=1)), 400
    paths = model.fit(panel).forecast(14, n_paths=n_paths).paths
    assert (paths == np.floor(paths)).all()
    error = paths.mean(axis=1, dtype=float) - model._mean(panel, 14)
    assert np.abs(error).max() < 6 * np.sqrt(0.25 / n_paths)
    assert abs(error.mean()) < 6 * np.sqrt(0.25 / n_paths / error.size)


def test_a_closed_day_takes_nothing_from_the_total():
    """No donor ever sold on a Sunday, so no path does, but the week's units are still expected."""
    units = np.random.default_rng(0).gamma(2.0, 3.0, (30, 140))
    units[:, 6::7] = 0.0
    panel = panel_of(units)
    forecast = MovingAverage().fit(panel).forecast(7)
    expected = MovingAverage()._mean(panel, 7).sum(axis=1)
    np.testing.assert_allclose(forecast.total(7).mean(axis=1), expected, rtol=1e-4)


@pytest.mark.parametrize("past", [None, random_past(0)], ids=["fallback", "past"])
def test_nothing_is_expected_where_the_mean_is_nothing(past):
    mean = np.array([[3.0, 0.0, NAN, -2.0, 3.0, 3.0]] * 7)
    panel = panel_of(negative_binomial((7, 60), seed=2))
    paths = paths_around_mean(mean, past, panel, 40, np.random.default_rng(0))
    assert (paths[:, :, 1:4] == 0).all()
    assert paths[:, :, [0, 4, 5]].any()


@pytest.mark.parametrize("fraction", [0.0, 0.5])
def test_series_by_the_chunk_are_the_same_to_the_bit(monkeypatch, fraction):
    panel, past = panel_of(negative_binomial((7, 60), seed=2) + fraction), random_past(0)
    mean, spread = np.full((7, 6), 3.0), LevelSpread(0.2, 0.3)
    whole = paths_around_mean(mean, past, panel, 40, np.random.default_rng(0), spread)
    monkeypatch.setattr("newretail_ml.forecasting.paths.around_mean._CHUNK", 2)
    chunks = paths_around_mean(mean, past, panel, 40, np.random.default_rng(0), spread)
    assert chunks.tobytes() == whole.tobytes()


def test_one_fraction_in_history_is_enough_for_fractional_paths():
    units = negative_binomial((5, 90), seed=0).astype(float)
    units[2, 10] += 0.5
    paths = MovingAverage().fit(panel_of(units)).forecast(7).paths
    assert (paths != np.floor(paths)).any()


# --- dependence


def paths_of_ratios(ratios, n_paths=4000):
    """(series, paths, horizon) around a mean of 10, from past actuals of 10 times the ratios."""
    past = PastForecasts(np.full(ratios.shape, 10.0), 10.0 * ratios)
    n_series, _, horizon = ratios.shape
    mean = np.full((n_series, horizon), 10.0)
    random = np.random.default_rng(5)
    return paths_around_mean(mean, past, steady(n_series), n_paths, random).astype(float)


def total_over_single(paths):
    """Standard deviation of the total, in standard deviations of one period."""
    return (paths.sum(axis=2).std(axis=1) / paths.std(axis=1).mean(axis=1)).mean()


def test_totals_are_as_wide_as_the_sum_where_errors_persist():
    horizon = 8
    lasting = np.random.default_rng(0).gamma(4.0, 0.25, (40, 20, 1))
    paths = paths_of_ratios(np.repeat(lasting, horizon, axis=2))
    assert total_over_single(paths) == pytest.approx(horizon, rel=0.01)


def test_totals_are_as_wide_as_the_root_where_errors_are_independent():
    """800 trajectories tell a correlation of periods to about 1/28: 56 such pairs make 10%."""
    horizon = 8
    paths = paths_of_ratios(np.random.default_rng(0).gamma(4.0, 0.25, (40, 20, horizon)))
    assert total_over_single(paths) == pytest.approx(np.sqrt(horizon), rel=0.1)


def test_totals_are_certain_where_errors_cancel():
    up = np.random.default_rng(0).uniform(-0.9, 0.9, (40, 20, 1))
    paths = paths_of_ratios(1.0 + np.concatenate([up, -up], axis=2))
    # Each period is scaled to its mean, which 20 analogues with 20 trajectories know to 1 in 40.
    assert total_over_single(paths) < 0.15


def test_what_moves_the_whole_chain_moves_its_paths_together():
    """One error a past origin, the same for all series: sums over series are just as wide."""
    shock = np.random.default_rng(0).gamma(4.0, 0.25, (1, 20, 1))
    paths = paths_of_ratios(np.broadcast_to(shock, (40, 20, 3)).copy())
    chain = paths.sum(axis=0).std(axis=0)
    np.testing.assert_allclose(chain, paths.std(axis=1).sum(axis=0), rtol=1e-4)


def test_what_moves_series_one_by_one_evens_out_over_the_chain():
    paths = paths_of_ratios(np.random.default_rng(0).gamma(4.0, 0.25, (40, 20, 3)))
    chain = paths.sum(axis=0).std(axis=0).mean()
    alone = paths.std(axis=1).sum(axis=0).mean()
    assert chain < 0.3 * alone  # 1 / sqrt(40) = .16, and what 20 origins have in common


@pytest.mark.parametrize("unknown", ["series", "trajectories"])
def test_unknown_past_demand_lends_no_certainty(unknown):
    """Half of the donors were not on sale: paths are as wide as what the others show."""
    ratios = np.random.default_rng(0).gamma(4.0, 0.25, (40, 20, 3))
    whole = paths_of_ratios(ratios).std(axis=1).mean()
    if unknown == "series":
        ratios[::2] = NAN
    else:
        ratios[np.random.default_rng(1).random((40, 20)) < 0.5] = NAN
    assert paths_of_ratios(ratios).std(axis=1).mean() == pytest.approx(whole, rel=0.1)


# --- too little past


@pytest.mark.parametrize("forecast", [0.5, 4.0, 12.0])
def test_without_a_past_paths_are_negative_binomial(forecast):
    """History: mean 4 and variance 12, so the excess over Poisson is 8/16 of the squared mean."""
    history = 4.0 + np.tile([np.sqrt(12.0), -np.sqrt(12.0)], 10)
    paths = paths_around_mean(
        np.full((1, 4), forecast), None, panel_of([history]), 60_000, np.random.default_rng(0)
    )[0].astype(float)
    assert (paths == np.floor(paths)).all()
    variance = forecast + 0.5 * forecast**2
    n = paths.size
    assert paths.mean() == pytest.approx(forecast, abs=5 * np.sqrt(variance / n))
    assert paths.var() == pytest.approx(variance, rel=0.05)
    together = np.corrcoef(paths, rowvar=False)[np.triu_indices(4, 1)]
    assert np.abs(together).max() < 5 / np.sqrt(len(paths))


@pytest.mark.parametrize("history", [[4.0] * 20, [3.0, 5.0] * 10, [4.0]])
def test_without_a_past_regular_demand_is_no_wider_than_poisson(history):
    panel = panel_of([history])
    paths = paths_around_mean(np.full((1, 4), 4.0), None, panel, 50_000, np.random.default_rng(0))
    assert paths.mean() == pytest.approx(4.0, rel=0.01)
    assert paths.var() == pytest.approx(4.0, rel=0.03)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("history", [[0.0] * 9, [NAN] * 9, [0.0, 0.0, 1e-3], [1e9, 0.0, 0.0]])
def test_without_a_past_odd_histories_give_finite_paths(history):
    mean = np.full((1, 3), np.nan_to_num(history).mean())
    paths = paths_around_mean(mean, None, panel_of([history]), 500, np.random.default_rng(0))
    assert np.isfinite(paths).all()
    assert (paths >= 0).all()


@pytest.mark.parametrize(("cut", "horizon"), [(60, 28), (50, 28), (90, 28)])
def test_one_series_with_a_short_history_still_has_wide_totals(cut, horizon):
    """One to three trajectories say nothing about spread; 80% intervals must not collapse.

    100 worlds tell a coverage to within .05 (one standard error). The mean of 28 days is itself
    uncertain, so half of the totals inside is a low bar.
    """
    inside = []
    for seed in range(100):
        demand = negative_binomial((1, cut + horizon), seed)
        forecast = MovingAverage().fit(panel_of(demand[:, :cut])).forecast(horizon, n_paths=100)
        low, high = np.quantile(forecast.total(horizon), [0.1, 0.9])
        inside.append(low <= demand[:, cut:].sum() <= high)
    assert np.mean(inside) > 0.5


# --- paths from quantiles


@settings(max_examples=60, deadline=None)
@given(seed=seeds, whole=st.booleans())
def test_places_and_values_undo_one_another(seed, whole):
    """Demand inside, between equal, at and far beyond the quantiles comes back as it was."""
    random = np.random.default_rng(seed)
    knots = _knots(np.sort(random.gamma(0.7, 4.0, (7, 5, 4, 6)), axis=0))
    actual = random.gamma(0.7, 6.0, (5, 4, 6)) * (random.random((5, 4, 6)) < 0.7)
    if whole:
        knots, actual = np.floor(knots), np.floor(actual)
    places = _places(knots, actual, random)
    for series in range(5):
        for origin in range(4):
            back = _values(knots[:, series, origin], places[series, origin][None, :])[0]
            np.testing.assert_allclose(back, actual[series, origin], atol=1e-9)


def test_places_by_hand():
    knots = np.array([0.0, 2.0, 4.0, 4.0, 8.0])[:, None]
    places = _places(
        np.repeat(knots, 5, axis=1), np.array([1.0, 2.0, 3.0, 6.0, 12.0]), np.random.default_rng(0)
    )
    np.testing.assert_allclose(places, [0.5, 1.0, 1.5, 3.5, 4.5])


def test_a_place_among_equal_quantiles_is_drawn_evenly():
    knots = np.repeat(np.array([0.0, 0.0, 0.0, 5.0])[:, None], 5000, axis=1)
    places = _places(knots, np.zeros(5000), np.random.default_rng(0))
    assert places.min() >= 0
    assert places.max() <= 2
    counts = np.histogram(places, bins=4, range=(0, 2))[0]
    assert np.abs(counts - 1250).max() < 6 * np.sqrt(1250)


def gamma_world(unknown=0.0, n_series=100):
    """Past demand that truly follows its forecast quantiles, and new quantiles on other scales."""
    random = np.random.default_rng(2)
    scale = random.uniform(2.0, 5.0, (n_series, 20, 5))
    levels = np.array(QUANTILES)
    past = PastForecasts(
        gamma.ppf(levels[:, None, None, None], 3.0) * scale, random.gamma(3.0, scale)
    )
    past.actual[random.random(past.actual.shape) < unknown] = NAN
    new = random.uniform(2.0, 5.0, (n_series, 5))
    quantiles = gamma.ppf(levels[:, None, None], 3.0) * new
    paths = paths_from_quantiles(quantiles, past, steady(n_series), 2000, random)
    return quantiles, paths


def share_below(quantiles, paths):
    """Share of paths below each quantile, over all series and periods."""
    return [(paths <= level[:, None, :]).mean() for level in quantiles]


def test_paths_follow_the_quantiles_where_past_demand_did():
    """2,000 trajectories x 5 periods place each level to within .005 (one standard error)."""
    np.testing.assert_allclose(share_below(*gamma_world()), QUANTILES, atol=0.03)


def test_unknown_past_demand_does_not_bend_the_quantiles():
    """What stock-outs hid at random tells nothing, least of all that demand was low."""
    np.testing.assert_allclose(share_below(*gamma_world(unknown=0.4)), QUANTILES, atol=0.03)


@pytest.mark.parametrize("lasting", [True, False])
def test_paths_from_quantiles_keep_the_dependence_of_the_past(lasting):
    random, horizon = np.random.default_rng(0), 6
    rank = random.random((60, 20, 1 if lasting else horizon)) * np.ones(horizon)
    levels = np.array(QUANTILES)
    past = PastForecasts(
        np.broadcast_to(10 * levels[:, None, None, None], (len(levels), 60, 20, horizon)), 10 * rank
    )
    quantiles = np.broadcast_to(10 * levels[:, None, None], (len(levels), 60, horizon))
    paths = paths_from_quantiles(quantiles, past, steady(60), 2000, random).astype(float)
    wide = total_over_single(paths)
    assert wide == pytest.approx(horizon if lasting else np.sqrt(horizon), rel=0.1)


def test_paths_from_quantiles_are_scaled_to_a_mean_that_is_told():
    """Dependence and shape stay; a period of which nothing is expected stays empty."""
    random = np.random.default_rng(0)
    past = PastForecasts(
        np.sort(random.gamma(2, 3, (7, 30, 8, 4)), axis=0), random.gamma(2, 3, (30, 8, 4))
    )
    quantiles = np.sort(random.gamma(2, 3, (7, 30, 4)), axis=0)
    mean = random.gamma(2.0, 3.0, (30, 4)) * [1.0, 1.0, 0.0, 1.0]
    free, told = (
        paths_from_quantiles(quantiles, past, steady(30), 200, np.random.default_rng(1), mean=given)
        for given in (None, mean)
    )
    np.testing.assert_allclose(told.mean(axis=1), mean, rtol=1e-4, atol=1e-6)
    scale = (mean / free.mean(axis=1))[:, None, :]
    np.testing.assert_allclose(told, free * scale, rtol=1e-3, atol=1e-5)


def test_crossing_and_negative_quantiles_are_put_in_order():
    panel = steady(6)
    quantiles = np.random.default_rng(0).normal(1.0, 3.0, (7, 6, 4))
    past = PastForecasts(
        np.random.default_rng(1).normal(1.0, 3.0, (7, 6, 5, 4)), np.full((6, 5, 4), 2.0)
    )
    paths = paths_from_quantiles(quantiles, past, panel, 50, np.random.default_rng(2))
    assert np.isfinite(paths).all()
    assert (paths >= 0).all()


def test_paths_from_quantiles_are_whole_where_history_is():
    panel = panel_of(negative_binomial((6, 60), seed=0))
    random = np.random.default_rng(0)
    past = PastForecasts(np.sort(random.gamma(2, 3, (7, 6, 5, 4)), axis=0), np.ones((6, 5, 4)))
    quantiles = np.sort(random.gamma(2, 3, (7, 6, 4)), axis=0)
    paths = paths_from_quantiles(quantiles, past, panel, 50, random)
    assert (paths == np.floor(paths)).all()
    fractional = replace(panel, units=panel.units + np.float32(0.5))
    paths = paths_from_quantiles(quantiles, past, fractional, 50, random)
    assert (paths != np.floor(paths)).any()
