"""A season told by all series together, and then by each."""

import numpy as np
import pytest

from newretail_ml.forecasting import MovingAverage, SeasonallyAdjusted
from newretail_ml.forecasting.seasonality import adjusted, centred_average, seasonal_index
from tests.features.panels import edited_after
from tests.forecasting.worlds import mixed_panel, panel_of

NAN = np.nan
WEEK = np.array([0.7, 0.8, 0.9, 1.0, 1.3, 1.6, 0.7])


def counts(index, *, n_series=200, cut=140, level=2.0, seed=0):
    """Poisson counts of series that share an index, each of its own level."""
    random = np.random.default_rng(seed)
    own = level * random.uniform(0.5, 2.0, (n_series, 1))
    return random.poisson(own * np.resize(index, cut)).astype(float)


# --- the centred average


def slow_average(row, length):
    """A mean of the known periods around each; an even season counts its two ends by half."""
    half = length // 2
    weights = np.ones(2 * half + 1)
    if length % 2 == 0:
        weights[[0, -1]] = 0.5
    average = np.full(len(row), NAN)
    for at in range(half, len(row) - half):
        window = row[at - half : at + half + 1]
        known = ~np.isnan(window)
        if not np.isnan(row[at]) and weights[known].sum() >= 0.75 * length:
            average[at] = (weights[known] * window[known]).sum() / weights[known].sum()
    return average


@pytest.mark.parametrize("length", [1, 2, 3, 7, 12, 52])
@pytest.mark.parametrize("unknown", [0.0, 0.2])
@pytest.mark.parametrize("cut", [1, 13, 120])
def test_the_centred_average_is_that_of_a_slow_twin(length, unknown, cut):
    random = np.random.default_rng(length)
    demand = random.gamma(1.0, 5.0, (6, cut))
    demand[random.random(demand.shape) < unknown] = NAN
    slow = np.stack([slow_average(row, length) for row in demand])
    np.testing.assert_allclose(centred_average(demand, length), slow)


def test_the_centred_average_of_a_season_is_its_mean_and_of_a_line_the_line():
    season = np.resize(WEEK, (1, 70))
    np.testing.assert_allclose(centred_average(season, 7)[0, 3:-3], WEEK.mean())
    line = np.arange(60.0)[None, :]
    np.testing.assert_allclose(centred_average(line, 12)[0, 6:-6], line[0, 6:-6])


# --- the index


def test_a_shared_index_is_found_in_counts():
    """200 series x 20 weeks of about 2.5 units a day: 10,000 units tell a weekday to 1 in 100."""
    index = seasonal_index(panel_of(counts(WEEK)))
    np.testing.assert_allclose(index.mean(axis=0), WEEK / WEEK.mean(), atol=0.04)
    assert index.std(axis=0).max() < 0.05
    np.testing.assert_allclose(index.mean(axis=1), 1.0)


def test_slow_series_lean_on_the_chain():
    """Of one unit a week a series' own index would be off by more than half."""
    units = counts(WEEK, level=1 / 7)
    own = units.reshape(len(units), -1, 7).mean(axis=1) / units.mean(axis=1)[:, None]
    truth = WEEK / WEEK.mean()
    error, error_of_own = (
        np.sqrt(((found - truth) ** 2).mean()) for found in (seasonal_index(panel_of(units)), own)
    )
    assert error < 0.15 < 0.4 < error_of_own


def test_without_a_season_the_index_is_next_to_one():
    np.testing.assert_allclose(seasonal_index(panel_of(counts(np.ones(7)))), 1.0, atol=0.05)


@pytest.mark.parametrize(
    ("n_odd", "least", "most"), [(1, 0.0, 0.1), (10, 0.1, 0.5), (30, 0.7, 1.0), (50, 0.9, 1.0)]
)
def test_patterns_of_their_own_are_believed_as_far_as_they_are_common(n_odd, least, most):
    """Some of 100 sell at weekends. One alone is taken for chance, however much it sells."""
    weekend = np.array([0.3, 0.3, 0.3, 0.3, 0.3, 2.75, 2.75])
    units = counts(WEEK, n_series=100, level=30.0)
    units[-n_odd:] = counts(weekend, n_series=n_odd, level=30.0, seed=1)
    index = seasonal_index(panel_of(units))
    others = index[:-n_odd].mean(axis=0)
    kept = (index[-1] - others) @ (weekend - others) / ((weekend - others) @ (weekend - others))
    assert least <= kept < most
    np.testing.assert_allclose(others, WEEK / WEEK.mean(), atol=0.1)


def test_series_that_differ_are_told_apart_the_better_the_more_they_sell():
    """Every series has a peak day of its own, so what each deviates by is worth keeping."""
    truth = np.stack([np.roll([2.5, *[0.75] * 6], peak) for peak in range(70)])
    errors = []
    for level in (0.3, 3.0, 30.0):
        random = np.random.default_rng(2)
        units = random.poisson(level * np.tile(truth, 20))
        errors.append(np.abs(seasonal_index(panel_of(units)) - truth).mean())
    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 0.1


def test_a_closed_day_stays_closed():
    open_days = np.array([1.0, 1.0, 1.0, 1.0, 1.2, 1.4, 0.0])
    panel = panel_of(counts(open_days))
    assert seasonal_index(panel)[:, 6].max() < 1e-3  # the chain's index leans towards one
    forecast = SeasonallyAdjusted(MovingAverage()).fit(panel).forecast(14)
    assert (forecast.paths[:, :, [6, 13]] == 0).all()
    assert (forecast.mean()[:, :6] > 0).all()
    recent = panel.units[:, -28:].sum(axis=1) / 2
    np.testing.assert_allclose(forecast.mean().sum(axis=1), recent, rtol=0.15)


@pytest.mark.parametrize(("freq", "length", "least"), [("D", 7, 3), ("W", 52, 2), ("M", 12, 3)])
def test_a_history_of_fewer_seasons_tells_none(freq, length, least):
    units = np.random.default_rng(0).poisson(5.0 * np.resize([0.5, 1.5], (20, 4 * length)))
    panel = panel_of(units, freq)
    short = seasonal_index(panel.until(least * length - 1))
    assert short.shape == (20, length)
    assert (short == 1).all()
    if length % 2 == 0:
        assert not (seasonal_index(panel) == 1).any()


def test_two_years_tell_the_weeks_of_a_year():
    """Each week is read with its neighbours: a wave of the year comes out, noise does not."""
    wave = 1 + 0.5 * np.sin(2 * np.pi * np.arange(52) / 52)
    random = np.random.default_rng(4)
    seasonal, flat = (
        seasonal_index(panel_of(random.poisson(6.0 * np.tile(truth, (60, 2))).astype(float), "W"))
        for truth in (wave, np.ones(52))
    )
    assert np.abs(seasonal - wave).mean() < 0.3 * np.abs(wave - 1).mean()
    assert np.abs(flat - 1).mean() < 0.05


def test_a_season_of_a_length_of_ones_own():
    units = counts(np.array([0.5, 1.5]))
    np.testing.assert_allclose(
        seasonal_index(panel_of(units), 2).mean(axis=0), [0.5, 1.5], atol=0.03
    )
    model = SeasonallyAdjusted(MovingAverage(), 2).fit(panel_of(units))
    assert model.mean(2)[:, 1].sum() > 2 * model.mean(2)[:, 0].sum()


def test_unknown_days_tell_nothing_about_the_season():
    """Sundays go missing most often, and weekends are the busiest: neither bends the index."""
    units, random = counts(WEEK), np.random.default_rng(1)
    sunday = np.arange(140) % 7 == 6
    units[random.random(units.shape) < np.where(sunday, 0.5, 0.02)] = NAN
    index = seasonal_index(panel_of(units))
    np.testing.assert_allclose(index.mean(axis=0), WEEK / WEEK.mean(), atol=0.05)


@pytest.mark.parametrize("growth", [0.98, 1.0, 1.03])
def test_a_trend_does_not_leak_into_the_index_of_months(growth):
    """Without the centred average, twelve months at 3% would make 1.17 of the last."""
    units = 1000.0 * growth ** np.arange(48) * np.ones((20, 1))
    np.testing.assert_allclose(seasonal_index(panel_of(units, "M")), 1.0, atol=0.01)


@pytest.mark.parametrize("growth", [0.98, 1.03])
def test_a_season_is_found_beside_a_trend(growth):
    months = 1 + 0.4 * np.sin(2 * np.pi * np.arange(12) / 12)
    units = 1000.0 * growth ** np.arange(60) * np.resize(months, 60) * np.ones((20, 1))
    np.testing.assert_allclose(seasonal_index(panel_of(units, "M")), [months] * 20, atol=0.03)


def test_series_of_any_size_weigh_the_same():
    """One giant without a season among 199 that share one."""
    units = counts(WEEK)
    units[0] = 1e6
    index = seasonal_index(panel_of(units))
    np.testing.assert_allclose(index[1:].mean(axis=0), WEEK / WEEK.mean(), atol=0.05)


def test_the_order_and_size_of_series_do_not_matter():
    units = counts(WEEK, n_series=30)
    index, order = seasonal_index(panel_of(units)), np.random.default_rng(0).permutation(30)
    np.testing.assert_allclose(seasonal_index(panel_of(units[order])), index[order])
    size = 2.0 ** np.arange(-15, 15)[:, None]
    np.testing.assert_allclose(seasonal_index(panel_of(units * size)), index, rtol=1e-4)


def test_days_after_the_cut_do_not_matter():
    panel = mixed_panel()
    edited = edited_after(panel, 90, 1)
    np.testing.assert_array_equal(seasonal_index(panel.until(90)), seasonal_index(edited.until(90)))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [0.0, NAN, 5.0])
@pytest.mark.parametrize("n_series", [1, 5])
def test_odd_histories_have_no_season(value, n_series):
    panel = panel_of(np.full((n_series, 60), value))
    np.testing.assert_allclose(seasonal_index(panel), 1.0)


@pytest.mark.filterwarnings("error")
def test_one_series_alone():
    """Its own pattern is the chain's, and is believed as far as its weeks agree."""
    clear = seasonal_index(panel_of(counts(WEEK, n_series=1, level=300.0)))
    np.testing.assert_allclose(clear[0], WEEK / WEEK.mean(), atol=0.05)
    noise = np.random.default_rng(0).poisson(0.3, (1, 140))
    assert np.abs(seasonal_index(panel_of(noise)) - 1).max() < 0.5


# --- the adjustment


def test_units_are_divided_by_their_index_and_unknown_on_closing_days():
    panel = panel_of([[2.0, 6.0, 1.0, 4.0, 3.0, NAN]])
    index = np.array([[0.5, 1.5, 0.0]])
    np.testing.assert_allclose(adjusted(panel, index).units, [[4.0, 4.0, NAN, 8.0, 2.0, NAN]])
    assert panel.units[0, 0] == 2.0


@pytest.mark.parametrize("cut", [139, 140, 143])
def test_a_season_goes_on_where_history_ends(cut):
    units = np.resize(7 * WEEK / WEEK.sum(), cut) * np.arange(1, 6)[:, None]
    mean = SeasonallyAdjusted(MovingAverage()).fit(panel_of(units)).mean(10)
    phases = (cut + np.arange(10)) % 7
    expected = (7 * WEEK / WEEK.sum())[phases] * np.arange(1, 6)[:, None]
    np.testing.assert_allclose(mean, expected, rtol=1e-3)


def test_a_year_of_months():
    months = 1 + 0.5 * np.sin(2 * np.pi * np.arange(12) / 12)
    units = 50 * np.resize(months, 51) * np.ones((10, 1))
    mean = SeasonallyAdjusted(MovingAverage()).fit(panel_of(units, "M")).mean(6)
    np.testing.assert_allclose(mean[0], 50 * months[(51 + np.arange(6)) % 12], rtol=0.02)


def test_without_a_season_the_model_is_as_it_is():
    panel = panel_of(np.random.default_rng(0).poisson(5.0, (6, 20)))
    plain, wrapped = MovingAverage().fit(panel), SeasonallyAdjusted(MovingAverage()).fit(panel)
    np.testing.assert_allclose(wrapped.mean(7), plain.mean(7))


def test_parameters_hold_a_model_that_is_not_fitted():
    model = SeasonallyAdjusted(MovingAverage(5), 12)
    assert repr(model) == "SeasonallyAdjusted(model=MovingAverage(window=5), season_length=12)"
    model.fit(mixed_panel())
    assert not hasattr(model.get_params()["model"], "panel_")
    assert not hasattr(model.model, "panel_")


def test_no_series_have_no_index():
    none = panel_of(np.ones((3, 60))).select(np.array([], dtype=int))
    assert seasonal_index(none).shape == (0, 7)
