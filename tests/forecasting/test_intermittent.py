"""Intermittent demand: by hand, against slow twins, and the spread of the count model."""

import numpy as np
import pytest
from scipy import stats

from newretail_ml.errors import DataError
from newretail_ml.forecasting import (
    ADIDA,
    IMAPA,
    SBA,
    TSB,
    Croston,
    ExponentialSmoothing,
    NegativeBinomialSmoothing,
)
from newretail_ml.forecasting.intermittent.aggregation import aggregate_rate, mean_interval
from newretail_ml.forecasting.intermittent.croston import croston_rate, tsb_rate
from newretail_ml.forecasting.intermittent.likelihood import Counts, fit_counts, log_likelihood
from tests.forecasting.worlds import panel_of

HAND = np.array([[6.0, 0.0, 0.0, 2.0, 0.0, 4.0, 0.0]])
NAN = np.nan


def mean_of(model, units):
    return model._mean(panel_of(units), 3)[0]


def test_croston_by_hand():
    """Sizes 6, 2, 4 and intervals 1, 3, 2 smoothed by a half: 4 and 2."""
    np.testing.assert_allclose(mean_of(Croston(0.5), HAND), 4.0 / 2.0)
    np.testing.assert_allclose(mean_of(SBA(0.5), HAND), 0.75 * 4.0 / 2.0)


def test_tsb_by_hand():
    """Chance 1, .5, .25, .625, .3125, .65625, .328125; size 4."""
    np.testing.assert_allclose(mean_of(TSB(0.5, 0.5), HAND), 4.0 * 0.328125)


def test_adida_and_imapa_by_hand():
    """The mean interval is 2. In pairs from the end: (0, 0), (2, 0), (4, 0), a rate of 0, 1, 2.

    Alpha .3 errs least in both widths; the level of pairs is .3 and then .81, that of single
    periods 6, 4.2, 2.94, 2.658, 1.8606, 2.50242, 1.751694.
    """
    assert mean_interval(HAND).tolist() == [2]
    np.testing.assert_allclose(mean_of(ADIDA(), HAND), 0.81)
    np.testing.assert_allclose(mean_of(IMAPA(), HAND), (0.81 + 1.751694) / 2)


def slow_croston(values, alpha):
    size, interval, waited = None, None, 0
    for value in values:
        if np.isnan(value):
            continue
        waited += 1
        if value > 0:
            size = value if size is None else alpha * value + (1 - alpha) * size
            interval = waited if interval is None else alpha * waited + (1 - alpha) * interval
            waited = 0
    return 0.0 if size is None else size / interval


def slow_tsb(values, alpha_size, alpha_chance):
    size, chance = 0.0, None
    for value in values[~np.isnan(values)]:
        sold = float(value > 0)
        chance = sold if chance is None else alpha_chance * sold + (1 - alpha_chance) * chance
        if sold:
            size = value if size == 0 else alpha_size * value + (1 - alpha_size) * size
    return 0.0 if chance is None else chance * size


def slow_aggregate(values, width):
    sums = [values[end - width : end] for end in range(len(values), width - 1, -width)][::-1]
    sums = [np.nanmean(part) for part in sums if not np.isnan(part).all()]
    results = []
    for alpha in np.linspace(0.1, 0.3, 21):
        level, squares = sums[0], 0.0
        for value in sums[1:]:
            squares += (value - level) ** 2
            level += alpha * (value - level)
        results.append((squares, level))
    return min(results)[1]


def test_all_series_at_once_are_each_series_alone():
    random = np.random.default_rng(0)
    demand = random.poisson(2.0, (20, 60)) * (random.random((20, 60)) < 0.3).astype(float)
    demand[random.random((20, 60)) < 0.1] = NAN
    demand[4] = 0.0
    demand[5] = NAN
    np.testing.assert_allclose(
        croston_rate(demand, 0.2), [slow_croston(row, 0.2) for row in demand]
    )
    np.testing.assert_allclose(
        tsb_rate(demand, 0.2, 0.1), [slow_tsb(row, 0.2, 0.1) for row in demand]
    )
    known = demand[:4]
    for width in (1, 3, 7):
        expected = [slow_aggregate(row, width) for row in known]
        np.testing.assert_allclose(aggregate_rate(known, width), expected)


def test_intervals_skip_unknown_periods():
    assert mean_interval(np.array([[3.0, NAN, NAN, 1.0], [0.0, NAN, NAN, NAN]])).tolist() == [1, 1]


@pytest.mark.parametrize("model", [Croston(0.0), SBA(1.5), TSB(-1.0), TSB(0.1, 2.0)])
def test_impossible_smoothing_parameters_are_refused(model):
    with pytest.raises(DataError, match="above 0 and up to 1"):
        model.fit(panel_of(HAND)).forecast(1)


# --- the count model


def simulated(n_series, n_periods, *, alpha, rho, long_run, dispersion, seed=0):
    """Counts of the model itself."""
    random = np.random.default_rng(seed)
    mean, counts = np.full(n_series, long_run), np.empty((n_series, n_periods))
    for period in range(n_periods):
        counts[:, period] = random.poisson(random.gamma(mean / dispersion, dispersion))
        mean = (1 - rho) * long_run + (rho - alpha) * mean + alpha * counts[:, period]
    return counts


def counts_of(values):
    return Counts.of(values, np.ones_like(values))


def slow_likelihood(values, alpha, rho, long_run, dispersion):
    mean, total = long_run, 0.0
    for value in values:
        if np.isnan(value):
            mean = (1 - rho) * long_run + rho * mean
            continue
        total += stats.nbinom.logpmf(value, mean / dispersion, 1 / (1 + dispersion))
        mean = (1 - rho) * long_run + (rho - alpha) * mean + alpha * value
    return total


def test_the_likelihood_is_that_of_negative_binomial_counts():
    values = simulated(3, 50, alpha=0.2, rho=0.9, long_run=1.5, dispersion=2.0)
    values[1, 10:20] = NAN
    fit = fit_counts(counts_of(values))
    expected = [slow_likelihood(*row) for row in zip(values, *fit.parameters, strict=True)]
    np.testing.assert_allclose(fit.log_likelihood, expected)


def test_no_other_parameters_are_more_likely():
    counts = counts_of(simulated(20, 200, alpha=0.2, rho=0.9, long_run=1.5, dispersion=2.0))
    fit = fit_counts(counts)
    best, _ = log_likelihood(fit.parameters[:, None], counts)
    true = np.array([0.2, 0.9, 1.5, 2.0])[:, None, None] * np.ones((4, 1, 20))
    assert (best > log_likelihood(true, counts)[0]).all()
    for row, factor in [(2, 0.9), (2, 1.1), (3, 0.8), (3, 1.25)]:
        other = fit.parameters.copy()
        other[row] *= factor
        assert (log_likelihood(other[:, None], counts)[0] <= best + 1e-3).all()


def test_parameters_are_recovered_on_average():
    values = simulated(60, 400, alpha=0.2, rho=0.9, long_run=2.0, dispersion=3.0)
    alpha, rho, long_run, dispersion = np.median(fit_counts(counts_of(values)).parameters, axis=1)
    assert alpha == pytest.approx(0.2, rel=0.3)
    assert rho == pytest.approx(0.9, rel=0.1)
    assert long_run == pytest.approx(2.0, rel=0.25)
    assert dispersion == pytest.approx(3.0, rel=0.2)


def test_items_that_sell_twice_a_month_get_honest_totals():
    """Both the chance of selling nothing in four weeks and the upper tail are those of truth."""
    world = simulated(300, 428, alpha=0.03, rho=0.98, long_run=2 / 30, dispersion=0.8)
    forecast = NegativeBinomialSmoothing().fit(panel_of(world[:, :400])).forecast(28, n_paths=400)
    actual, totals = world[:, 400:].sum(axis=1), forecast.total(28)
    assert (totals == 0).mean() == pytest.approx((actual == 0).mean(), abs=0.08)
    inside = actual <= np.quantile(totals, 0.9, axis=1)
    assert 0.86 <= inside.mean() <= 0.98
    assert totals.mean() == pytest.approx(actual.mean(), rel=0.2)


def test_a_good_week_raises_the_next_one_in_the_paths():
    world = simulated(5, 300, alpha=0.4, rho=0.95, long_run=5.0, dispersion=3.0)
    paths = NegativeBinomialSmoothing().fit(panel_of(world)).forecast(14, n_paths=500).paths
    for series in paths:
        early, late = series[:, :7].sum(axis=1), series[:, 7:].sum(axis=1)
        assert np.corrcoef(early, late)[0, 1] > 0.3


def test_the_week_is_kept():
    week = np.array([1.0, 1, 1, 1, 4, 0, 2])
    units = np.random.default_rng(0).poisson(np.tile(week, 40), (10, 280))
    said = NegativeBinomialSmoothing().fit(panel_of(units)).forecast(7).mean().mean(axis=0)
    assert said[5] == 0
    np.testing.assert_allclose(said[[4, 6]], [4.0, 2.0], rtol=0.25)


def test_counts_do_better_than_smoothing_on_slow_items():
    from newretail_ml.forecasting.judging.metrics import weighted_quantile_loss

    world = simulated(300, 228, alpha=0.05, rho=0.95, long_run=0.3, dispersion=2.0, seed=4)
    panel = panel_of(world[:, :200])
    levels = (0.8, 0.9, 0.95)
    ours, other = (
        weighted_quantile_loss(world[:, 200:], model.fit(panel).forecast(28), levels)
        for model in (NegativeBinomialSmoothing(), ExponentialSmoothing())
    )
    assert ours < other


@pytest.mark.parametrize("width", [1, 7, 100])
def test_sums_of_no_series(width):
    assert aggregate_rate(np.empty((0, 60)), width).shape == (0,)


def test_one_recovered_stock_out_does_not_change_what_counts_as_one():
    """Else a fraction among newer days would re-count large whole units in tenths of a mean."""
    units = np.random.default_rng(3).poisson(2_000.0, (3, 60)).astype(float)
    model = NegativeBinomialSmoothing().fit(panel_of(units))
    newer = np.concatenate([units, [[2_000.5], [2_000.0], [2_000.0]]], axis=1)
    told = model.update(panel_of(newer)).mean(3)
    np.testing.assert_allclose(told, 2_000.0, rtol=0.1)
