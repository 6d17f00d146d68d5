"""Exponential smoothing against slow twins, and what it must never do."""

import numpy as np
import pytest

from newretail_ml.errors import DataError
from newretail_ml.forecasting import (
    AutoExponentialSmoothing,
    ExponentialSmoothing,
    Forecaster,
    NegativeBinomialSmoothing,
    OptimizedTheta,
)
from newretail_ml.forecasting.smoothing.drift import Drift
from newretail_ml.forecasting.smoothing.first_sale import demand_after_first_sale
from newretail_ml.forecasting.smoothing.fit import fit_form
from newretail_ml.forecasting.smoothing.form import Form, History
from newretail_ml.forecasting.smoothing.simulate import drawn_periods, held, turned
from newretail_ml.forecasting.smoothing.theta import ThetaForm, seasonal_index
from tests.forecasting.worlds import negative_binomial, panel_of

FORMS = [
    Form(trend, season, 4)
    for trend in ("none", "additive", "damped")
    for season in ("none", "additive", "multiplicative")
]
every_form = pytest.mark.parametrize("form", FORMS, ids=lambda form: form.name)


def slow_errors(form, parameters, values):
    """One series, one period at a time, straight from the equations."""
    names, free = form.names, list(parameters[len(form.names) :])
    given = dict(zip(names, parameters, strict=False))
    alpha = given["alpha"]
    beta, phi = alpha * given.get("beta", 0.0), given.get("phi", 1.0)
    gamma = (1 - alpha) * given.get("gamma", 0.0)
    level, trend = free.pop(0), free.pop(0) if form.has_trend else 0.0
    times = form.season == "multiplicative"
    season = [*free, 1.0 if times else 0.0] if form.has_season else [0.0] * form.length
    errors, started = [], False
    for period, value in enumerate(values):
        started |= not np.isnan(value)
        if not started:
            errors.append(0.0)
            continue
        base, index = level + phi * trend, season[period % form.length]
        expected = base * index if times else base + index
        error = 0.0 if np.isnan(value) else value - expected
        level = base + alpha * error / (index if times else 1.0)
        trend = phi * trend + beta * error / (index if times else 1.0)
        season[period % form.length] += gamma * error / (base if times else 1.0)
        errors.append(error)
    return np.array(errors)


@every_form
@pytest.mark.parametrize("gaps", [False, True])
def test_errors_are_those_of_the_equations(form, gaps):
    random = np.random.default_rng(3)
    values = random.uniform(5.0, 15.0, (3, 30))
    if gaps:
        values[1, :7] = values[2, 11:14] = np.nan
    parameters = random.uniform(0.8, 1.2, (form.n_parameters, 3))
    parameters[: len(form.names)] = random.uniform(0.1, 0.9, (len(form.names), 3))
    parameters[len(form.names)] = 10.0
    errors, _ = form.errors(parameters, History.of(values))
    for series in range(3):
        expected = slow_errors(form, parameters[:, series], values[series])
        np.testing.assert_allclose(errors[:, series], expected, atol=1e-9)


@every_form
def test_no_other_parameters_nearby_are_more_likely(form):
    random = np.random.default_rng(0)
    values = 20 + random.normal(0, 2, (4, 60)).cumsum(axis=1) * 0.3 + random.normal(0, 2, (4, 60))
    values += 4 * np.sin(np.arange(60) * np.pi / 2)
    history = History.of(values)
    fit = fit_form(form, history)
    low, high = np.append(form.bounds, [[-np.inf, np.inf]], axis=0).T
    for row in range(form.n_parameters):
        for move in (-1e-3, 1e-3):
            other = fit.parameters.copy()
            bound = min(row, len(low) - 1)
            other[row] = np.clip(other[row] + move, low[bound], high[bound])
            squares = (form.errors(other, history)[0] ** 2).sum(axis=0)
            assert (squares >= fit.sum_of_squares * (1 - 1e-6)).all()


def test_unknown_periods_leave_the_likelihood():
    values = np.random.default_rng(0).gamma(4.0, 2.0, (2, 40))
    late = np.concatenate([np.full((2, 9), np.nan), values], axis=1)
    one, other = (fit_form(Form("damped"), History.of(rows)) for rows in (values, late))
    np.testing.assert_allclose(one.log_likelihood, other.log_likelihood, rtol=1e-6)
    np.testing.assert_array_equal(other.count, [40, 40])


def test_a_series_is_fitted_alone_as_among_many():
    values = negative_binomial((30, 60), seed=1).astype(float)
    together = fit_form(Form("damped"), History.of(values)).log_likelihood
    alone = fit_form(Form("damped"), History.of(values[11:12])).log_likelihood
    np.testing.assert_allclose(alone[0], together[11], rtol=1e-9)


def test_the_criterion_finds_the_form_that_made_the_data():
    random = np.random.default_rng(0)
    season = np.tile([30.0, 10, 10, 10, 10, 20, 50], 20)
    values = np.stack([season, np.full(140, 20.0)]).repeat(10, axis=0) + random.normal(
        0, 2, (20, 140)
    )
    model = AutoExponentialSmoothing().fit(panel_of(values))
    seasonal = np.zeros(20, dtype=bool)
    for part in model.smoothed_:
        seasonal[part.series] = part.fit.form.has_season
    assert seasonal[:10].all()
    assert seasonal[10:].mean() < 0.3


def test_every_series_is_smoothed_by_one_form():
    panel = panel_of(negative_binomial((40, 60), seed=2))
    for model in (AutoExponentialSmoothing(), ExponentialSmoothing("additive", "multiplicative")):
        series = np.concatenate([part.series for part in model.fit(panel).smoothed_])
        assert sorted(series) == list(range(40))


@pytest.mark.parametrize(("cut", "name"), [(3, "ANN"), (10, "AAdN"), (19, "AAdA"), (60, "AAdA")])
def test_short_histories_get_the_form_that_they_can_tell(cut, name):
    """Seven periods a season: two of them, and more periods than parameters, are needed."""
    panel = panel_of(negative_binomial((2, cut), seed=0) + 1)
    model = ExponentialSmoothing("damped", "additive").fit(panel)
    assert [part.fit.form.name for part in model.smoothed_] == [name]


def test_a_multiplicative_season_needs_demand_above_zero():
    units = negative_binomial((2, 60), seed=0) + 1.0
    units[1, 30] = 0.0
    parts = ExponentialSmoothing(season="multiplicative").fit(panel_of(units)).smoothed_
    assert {part.fit.form.name: part.series.tolist() for part in parts} == {"ANM": [0], "ANA": [1]}


def test_a_trend_goes_on_and_a_damped_one_less_so():
    units = 100 + 3 * np.arange(40.0) + np.random.default_rng(0).normal(0, 1, (1, 40))
    straight, damped = (
        ExponentialSmoothing(trend).fit(panel_of(units)).forecast(10).mean()[0]
        for trend in ("additive", "damped")
    )
    assert straight[-1] == pytest.approx(100 + 3 * 49, rel=0.03)
    np.testing.assert_allclose(np.diff(straight), np.diff(straight)[0], rtol=1e-3)
    assert 0 < np.diff(damped)[-1] < 0.9 * np.diff(damped)[0]


def test_theta_is_smoothing_with_a_share_of_the_slope_as_drift():
    values = 50 + 2 * np.arange(30.0) + np.random.default_rng(0).normal(0, 3, (1, 30))
    history = History.of(values)
    parameters = np.array([[0.3], [0.5], [49.0]])  # alpha; 1 - 1 / theta at theta = 2; level
    slope = np.polyfit(np.arange(30), values[0], 1)[0]
    level, errors = 49.0, []
    for value in values[0]:
        errors.append(value - (level + slope / 2))
        level += slope / 2 + 0.3 * errors[-1]
    np.testing.assert_allclose(ThetaForm().errors(parameters, history)[0][:, 0], errors)


def test_a_closing_day_stays_closed_under_theta():
    week = np.array([20.0, 22, 18, 25, 30, 0, 12])
    units = np.random.default_rng(0).poisson(np.tile(week, 20), (5, 140))
    said = OptimizedTheta().fit(panel_of(units)).forecast(7).mean().mean(axis=0)
    assert said[5] == 0
    np.testing.assert_allclose(said, week, rtol=0.25)


def test_a_season_is_only_seen_where_there_is_one():
    random = np.random.default_rng(0)
    flat = random.poisson(10.0, (50, 140)).astype(float)
    assert (seasonal_index(flat, 7) != 1).any(axis=1).mean() < 0.2
    assert (seasonal_index(flat * np.tile([1, 1, 1, 1, 1, 3, 3], 20), 7) != 1).any(axis=1).all()


def test_errors_are_drawn_from_the_same_weekday():
    drawn = drawn_periods(150, 7, (40, 20), np.random.default_rng(0))
    np.testing.assert_array_equal(drawn % 7, np.broadcast_to((150 + np.arange(20)) % 7, (40, 20)))
    assert drawn.min() >= 0
    assert drawn.max() < 150


def test_paths_are_held_to_their_mean():
    paths = np.random.default_rng(0).gamma(1.0, 2.0, (2, 50, 3))
    paths[1, :, 0] = 0.0
    mean = np.array([[1.0, 2.0, 3.0], [4.0, 0.0, 6.0]])
    np.testing.assert_allclose(held(paths, mean).mean(axis=1), mean, rtol=1e-5)


def test_what_moved_the_chain_moves_it_in_the_paths():
    random = np.random.default_rng(0)
    units = 50 + 10 * random.normal(size=(1, 90)) + random.normal(size=(30, 90))
    paths = ExponentialSmoothing().fit(panel_of(units)).forecast(1).paths[:, :, 0]
    correlation = np.corrcoef(paths)[np.triu_indices(30, 1)]
    assert correlation.min() > 0.8


def test_the_first_sale_does_not_count_where_it_made_the_series_known():
    units = np.zeros((4, 20))
    units[0, [5, 12]] = 3.0
    units[1, 0] = 3.0
    units[2, 15] = 3.0  # young
    units[3, 5] = 3.0  # its launch is known
    panel = panel_of(units, launch=np.array([-1, -1, -1, 2]))
    known = ~np.isnan(demand_after_first_sale(panel))
    assert known.sum(axis=1).tolist() == [14, 20, 5, 18]


def test_the_default_finds_a_multiplicative_season_where_demand_is_positive():
    random = np.random.default_rng(0)
    season = np.tile([0.4, 0.6, 1.0, 1.6, 1.4, 1.0, 1.0], 20)
    growing = np.linspace(20, 200, 140) * season * random.normal(1, 0.03, (2, 140))
    growing[1, 60] = 0.0
    parts = AutoExponentialSmoothing().fit(panel_of(growing)).smoothed_
    season = {i: part.fit.form.season for part in parts for i in part.series}
    assert season == {0: "multiplicative", 1: "additive"}


def test_paths_are_nothing_as_often_as_demand_was():
    """Seven days in ten sell nothing; errors that are added would make most of them something."""
    random = np.random.default_rng(0)
    units = random.poisson(6.0, (20, 200)) * (random.random((20, 200)) < 0.3)
    paths = ExponentialSmoothing().fit(panel_of(units)).forecast(14).paths
    assert (paths == 0).mean() == pytest.approx((units == 0).mean(), abs=0.03)


def test_a_closing_day_that_the_form_does_not_know_leaves_no_period_certain():
    week = np.array([9.0, 9, 9, 9, 9, 0, 9])
    units = np.random.default_rng(0).poisson(np.tile(week, 30), (5, 210))
    paths = ExponentialSmoothing().fit(panel_of(units)).forecast(7).paths
    assert (paths.std(axis=1) > 1).all()
    assert ((paths == 0).mean(axis=1) > 0.05).all()


def test_turned_weeks_are_the_same_weeks():
    random = np.random.default_rng(0)
    drawn = drawn_periods(150, 7, (40, 21), random)
    other = turned(drawn, 150, 7, random)
    whole = (149 - drawn) // 7, (149 - other) // 7
    np.testing.assert_array_equal(*whole)
    assert len(np.unique((other - drawn)[:, 0])) > 4


def test_a_trend_does_not_take_demand_below_nothing():
    falling = np.maximum(np.linspace(30, 2, 60) + np.random.default_rng(0).normal(0, 1, (4, 60)), 1)
    for model in (ExponentialSmoothing("additive"), OptimizedTheta()):
        assert (model.fit(panel_of(falling)).mean(60) > 0.5).all()


# --- levels that wander


def wandering(n_series, n_periods, variance, seed=0):
    """Poisson demand of about 20 around levels whose logs are random walks."""
    random = np.random.default_rng(seed)
    steps = random.normal(0, variance**0.5, (n_series, n_periods))
    return random.poisson(20 * np.exp(steps.cumsum(axis=1)))


def test_drift_is_measured_where_the_form_misses_it():
    """The level jumps every four weeks, and the form is made to hold it for certain."""
    random = np.random.default_rng(0)
    levels = np.exp(random.normal(0, 0.4, (200, 10))).repeat(28, axis=1)
    measured = []
    for units in (random.poisson(20.0, levels.shape), random.poisson(20 * levels)):
        model = ExponentialSmoothing(thorough=False).fit(panel_of(units))
        for part in model.smoothed_:
            part.fit.parameters[0] = 1e-4
        model.learned_from_ = None
        measured.append(Drift.measured(model._mean, model._paths, panel_of(units)).variance)
    assert measured[0] < 0.005
    # From the level that it held to another: twice 0.16, less where a window straddles a jump.
    assert 0.16 < measured[1] < 0.32


@pytest.mark.parametrize("model", [ExponentialSmoothing(), NegativeBinomialSmoothing()])
def test_drift_is_measured_once_when_paths_are_drawn(model, monkeypatch, tmp_path):
    """On the panel of the fit, whatever came first: means, newer days, or a file."""
    world = wandering(40, 160, 0.02, seed=1)
    panel, newer = panel_of(world[:, :150]), panel_of(world)
    measured = []
    actual = Drift.measured

    def counted(predict, simulate, history):
        measured.append(history)
        return actual(predict, simulate, history)

    monkeypatch.setattr(Drift, "measured", counted)
    model = model.clone().fit(panel)
    model.mean(7)
    assert measured == []
    model.save(tmp_path / "model")
    loaded = Forecaster.load(tmp_path / "model")
    expected = [model.forecast(7).paths, model.forecast(7, panel=newer).paths]
    assert measured == [panel]
    assert model.drift_.variance > 0
    assert model.learned_from_ is None
    np.testing.assert_array_equal(loaded.update(newer).forecast(7).paths, expected[1])
    assert loaded.drift_ == model.drift_
    assert model.fit(newer).learned_from_ is newer


def test_factors_of_levels_have_mean_one_and_the_variance_asked_for():
    drift = Drift(0.3, 28)
    scatter, count = np.array([9.0, 9.0, 0.0]), np.array([10**9, 20, 20])
    factors = drift.factors((40_000, 40), scatter, count, np.random.default_rng(0))
    np.testing.assert_allclose(factors.mean(axis=0), 1.0, atol=0.08)
    windows = np.log(factors[:, :28]).mean(axis=1, dtype=float).var(axis=0)
    np.testing.assert_allclose(windows, [0.3, 0.3 + np.log1p(2 * 9 / 20), 0.0], rtol=0.05)
    np.testing.assert_array_equal(factors[:, 28:], factors[:, 27:28].repeat(12, axis=1))


def test_totals_of_wandering_levels_are_covered():
    world = wandering(300, 228, 0.01, seed=3)
    forecast = ExponentialSmoothing().fit(panel_of(world[:, :200])).forecast(28)
    for periods in (7, 28):
        total = world[:, 200 : 200 + periods].sum(axis=1)
        low, high = np.quantile(forecast.total(periods), [0.1, 0.9], axis=1)
        assert ((total >= low) & (total <= high)).mean() == pytest.approx(0.8, abs=0.07)


@pytest.mark.parametrize(
    "model",
    [
        ExponentialSmoothing("linear"),
        ExponentialSmoothing(season="weekly"),
        AutoExponentialSmoothing(trends=("linear",)),
        AutoExponentialSmoothing(seasons=("weekly",)),
    ],
)
def test_unknown_states_are_refused(model):
    with pytest.raises(DataError, match="Use one of none, additive"):
        model.fit(panel_of(np.ones((1, 30))))
