"""Regression with ARIMA errors: does it find what made a series, and say what follows from it?"""

import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from newretail_ml import columns as c
from newretail_ml.errors import DataError, MissingExtraError, NotFittedError
from newretail_ml.forecasting.regression import HarmonicRegression
from newretail_ml.forecasting.regression.arima import (
    Errors,
    fit_regression,
    generalised_least_squares,
)
from newretail_ml.forecasting.regression.scale import LogScale
from newretail_ml.forecasting.regression.series import LEAST_KNOWN
from newretail_ml.forecasting.regression.terms import independent, terms_of
from newretail_ml.panel import Panel
from tests.forecasting.worlds import MONDAY, negative_binomial, panel_of

pytest.importorskip("statsmodels")

WEEK = np.log([1.0, 0.9, 0.8, 1.0, 1.2, 1.5, 1.3])
ELASTICITY, PROMOTED, FESTIVE = -2.0, 0.4, 1.1
HORIZON = 14
QUICK = ((1, 0, 0),)


def autoregression(shape, random, *, persistence=0.5, deviation=0.15):
    noise = random.normal(0.0, deviation, (shape[0], shape[1] + 50))
    for day in range(1, noise.shape[1]):
        noise[:, day] += persistence * noise[:, day - 1]
    return noise[:, 50:]


def festivals(n_days):
    return pd.date_range(MONDAY, periods=n_days)[20::45]


def world(n_series=1, cut=300, seed=0, *, elasticity=ELASTICITY, ahead=HORIZON):
    """Log demand made of week, price, promotion, festival and autoregressive noise."""
    random = np.random.default_rng(seed)
    shape = (n_series, cut + ahead)
    price = random.choice([2.0, 2.2, 2.5, 3.0], shape)
    promotion = (random.random(shape) < 0.15).astype(float)
    days = pd.date_range(MONDAY, periods=shape[1])
    logarithm = 7.0 + WEEK[days.day_of_week] + elasticity * np.log(price) + PROMOTED * promotion
    logarithm = logarithm + FESTIVE * days.isin(festivals(shape[1]))
    units = np.exp(logarithm + autoregression(shape, random))
    panel = panel_of(
        units[:, :cut],
        plans={c.PRICE: price.astype(np.float32), c.PROMOTION: promotion.astype(np.float32)},
        events=pd.DataFrame({c.DATE: festivals(shape[1]), c.EVENT: "festival"}),
    )
    return replace(panel, periods=panel.periods.resized(shape[1])), units[:, cut:]


def coefficient(model, term):
    table = model.coefficients()
    return table[table["term"] == term].reset_index(drop=True)


@pytest.fixture(scope="module")
def known():
    panel, future = world()
    return HarmonicRegression().fit(panel), panel, future


# --- what made the series is found


def test_coefficients_lie_within_their_intervals(known):
    for term, truth in (("log_price", ELASTICITY), ("promotion", PROMOTED), ("festival", FESTIVE)):
        row = coefficient(known[0], term).iloc[0]
        assert abs(row["estimate"] - truth) < 3 * row["standard_error"]
        assert row["standard_error"] < 0.15
        assert row["p_value"] < 1e-6


def test_days_around_an_event_that_do_nothing_are_told_from_it(known):
    for term in ("before festival", "after festival"):
        row = coefficient(known[0], term).iloc[0]
        assert abs(row["estimate"]) < 3 * row["standard_error"] < 0.3


def test_ninety_five_percent_intervals_of_elasticities_hold_most_of_them():
    panel, _ = world(30, 150, seed=5)
    table = coefficient(HarmonicRegression(QUICK).fit(panel), "log_price")
    inside = (table["estimate"] - ELASTICITY).abs() < 1.96 * table["standard_error"]
    assert len(table) == 30
    assert inside.sum() >= 25


def test_public_holidays_of_a_country():
    days = pd.date_range(MONDAY, periods=400)
    holiday = days.isin(pd.to_datetime(["2025-04-18", "2025-05-05", "2025-05-26", "2025-12-25"]))
    noise = autoregression((1, 400), np.random.default_rng(0), deviation=0.05)
    panel = panel_of(np.exp(6 + noise - 0.8 * holiday))
    row = coefficient(HarmonicRegression(QUICK, country="GB").fit(panel), "holiday").iloc[0]
    assert -1.0 < row["estimate"] < -0.3
    assert not len(coefficient(HarmonicRegression(QUICK).fit(panel), "holiday"))


@pytest.mark.parametrize("persistence", [-0.4, 0.6, 0.9])
def test_coefficients_equal_textbook_generalised_least_squares(persistence):
    """Against the covariance matrix of the errors written out, with periods missing."""
    random = np.random.default_rng(2)
    columns = np.column_stack([np.ones(90), random.normal(size=(90, 2))])
    values = columns @ [5.0, -2.0, 0.5] + random.normal(0, 0.3, 90)
    values[[0, 3, 4, 50, 77, 89]] = np.nan
    found = generalised_least_squares(values, columns, (1, 0, 0), np.array([persistence]))
    seen = ~np.isnan(values)
    day = np.flatnonzero(seen)
    weight = np.linalg.inv(persistence ** abs(day[:, None] - day) / (1 - persistence**2))
    x, y = columns[seen], values[seen]
    covariance = np.linalg.inv(x.T @ weight @ x)
    expected = covariance @ x.T @ weight @ y
    rest = y - x @ expected
    variance = rest @ weight @ rest / (len(y) - 3)
    np.testing.assert_allclose(found.coefficients, expected, rtol=1e-5)
    np.testing.assert_allclose(found.covariance, variance * covariance, rtol=1e-3, atol=1e-9)
    assert found.errors.variance == pytest.approx(variance, rel=1e-5)


def test_all_at_once_statsmodels_finds_the_same(known):
    from statsmodels.tsa.statespace.sarimax import SARIMAX

    model, panel, _ = known
    fitted = model.regressed_[("i000",)]
    terms = terms_of(panel, panel.cut, week=3, year=0, country=None)
    columns = np.stack([terms[name][0] for name in fitted.names], axis=1) - fitted.centre
    logarithm, order = np.log(panel.units[0].astype(float)), fitted.regression.errors.order
    joint = SARIMAX(logarithm, columns, order=order).fit(disp=0, maxiter=200)
    count = columns.shape[1]
    apart = abs(joint.params[:count] - fitted.regression.coefficients)
    assert (apart < 0.02 * np.sqrt(np.diag(fitted.regression.covariance))).all()
    np.testing.assert_allclose(
        joint.params[count:-1], fitted.regression.errors.parameters, atol=0.01
    )


def test_the_order_of_the_errors_is_recognised():
    random = np.random.default_rng(3)
    steady = random.normal(0, 1, 400)
    wandering = np.cumsum(random.normal(0, 1, 400))
    orders = ((1, 0, 0), (0, 1, 1))
    chosen = [
        fit_regression(values, np.ones((400, 1)), orders)[0].errors.order
        for values in (steady, wandering)
    ]
    assert chosen == [(1, 0, 0), (0, 1, 1)]
    assert fit_regression(steady, np.ones((400, 1)), orders[1:])[0].errors.order == (0, 1, 1)


def test_errors_ahead_agree_with_their_simulation():
    residual = autoregression((1, 80), np.random.default_rng(0))[0]
    residual[-3:] = np.nan
    for order, parameters in (((1, 0, 1), [0.7, 0.2]), ((0, 1, 1), [-0.4])):
        errors = Errors(order, np.array(parameters), 0.04)
        state = errors.filtered(residual)
        random = np.random.default_rng(1)
        paths = state.simulated(random.normal(0, 0.2, (40_000, 5)), random)
        mean, variance = state.ahead(5, 0.04)
        np.testing.assert_allclose(paths.mean(axis=0), mean, atol=0.01)
        np.testing.assert_allclose(paths.var(axis=0), variance, rtol=0.05)


def test_a_year_is_modelled_once_it_was_seen_twice():
    days = pd.date_range(MONDAY, periods=800)
    noise = autoregression((1, 800), np.random.default_rng(0), deviation=0.05)
    units = np.exp(5 + noise + 0.5 * np.sin(2 * np.pi * days.day_of_year.to_numpy() / 365.25))
    two = HarmonicRegression(QUICK).fit(panel_of(units[:, :740]))
    assert coefficient(two, "year_sin_1")["estimate"][0] == pytest.approx(0.5, abs=0.1)
    one = HarmonicRegression(QUICK).fit(panel_of(units[:, :400]))
    assert not one.coefficients()["term"].str.startswith("year").any()
    flat = HarmonicRegression(QUICK).fit(panel_of(np.exp(5 + noise)))
    assert not flat.coefficients()["term"].str.startswith("year").any()


def test_columns_that_say_the_same_are_left_out():
    random = np.random.default_rng(0)
    columns = random.normal(size=(30, 3))
    twice = np.column_stack([columns, columns[:, 0] - 2 * columns[:, 2], np.zeros(30)])
    assert independent(twice, most=9).tolist() == [0, 1, 2]
    assert independent(twice, most=2).tolist() == [0, 1]


# --- forecasts


def test_a_forecast_knows_week_plan_and_festival(known):
    model, _, future = known
    mean = model.mean(HORIZON)
    assert abs(np.log(mean / future)).mean() < 0.2
    assert np.corrcoef(np.log(mean[0]), np.log(future[0]))[0, 1] > 0.8


@pytest.mark.parametrize(("persistence", "cut"), [(0.6, 240), (0.0, 120)])
def test_intervals_hold_what_they_promise(persistence, cut):
    shape = (40, cut + HORIZON)
    noise = autoregression(shape, np.random.default_rng(1), persistence=persistence, deviation=0.3)
    units = np.exp(4 + WEEK[np.arange(shape[1]) % 7] + noise).round()
    forecast = HarmonicRegression(QUICK).fit(panel_of(units[:, :cut])).forecast(HORIZON)
    actual = units[:, cut:]
    for share in (0.8, 0.95):
        low, high = forecast.quantiles([(1 - share) / 2, (1 + share) / 2])
        assert ((actual >= low) & (actual <= high)).mean() == pytest.approx(share, abs=0.05)
    low, high = np.quantile(forecast.total(HORIZON), [0.1, 0.9], axis=1)
    inside = (actual.sum(axis=1) >= low) & (actual.sum(axis=1) <= high)
    assert 0.65 < inside.mean() < 0.95
    assert forecast.mean().sum() == pytest.approx(actual.sum(), rel=0.1)


def test_paths_average_to_the_mean(known):
    paths = known[0].forecast(HORIZON, n_paths=50).mean()
    np.testing.assert_allclose(paths, known[0].mean(HORIZON), rtol=1e-5)


def test_what_moves_all_series_moves_them_together():
    shared = autoregression((1, 200), np.random.default_rng(0), deviation=0.3)
    own = autoregression((4, 200), np.random.default_rng(1), deviation=0.05)
    forecast = HarmonicRegression(QUICK).fit(panel_of(np.exp(5 + shared + own))).forecast(7)
    together = np.corrcoef(forecast.total(7))
    assert together[np.triu_indices(4, 1)].min() > 0.7


@pytest.mark.parametrize("zeros", [0.0, 0.3])
def test_expected_demand_is_the_mean_of_its_distribution(zeros):
    history = np.random.default_rng(0).gamma(2.0, 5.0, 500)
    history[np.random.default_rng(1).random(500) < zeros] = 0.0
    scale = LogScale.of(history)
    assert (scale.shift > 0) == (zeros > 0)
    draws = scale.back(np.random.default_rng(2).normal(1.5, 0.8, 400_000))
    expected = scale.expected(np.array([1.5]), np.array([0.64]))[0]
    assert expected == pytest.approx(draws.mean(), rel=0.01)
    np.testing.assert_allclose(scale.back(scale.forward(history)), history, atol=1e-9)


def test_demand_with_zeros_is_right_on_average():
    units = negative_binomial((20, 300), seed=3)
    model = HarmonicRegression(QUICK, week=0).fit(panel_of(units[:, :270]))
    assert model.mean(30).mean() == pytest.approx(units[:, :270].mean(), rel=0.1)


# --- what if


def test_another_price_changes_units_by_the_elasticity(known):
    model = known[0]
    elasticity = coefficient(model, "log_price")["estimate"][0]
    dear, cheap = (model.mean(HORIZON, price=price) for price in (3.0, 1.5))
    np.testing.assert_allclose(dear / cheap, 2.0**elasticity, rtol=1e-5)
    said = model.forecast(HORIZON, price=1.5).mean() / model.forecast(HORIZON, price=3.0).mean()
    np.testing.assert_allclose(said, 2.0**-elasticity, rtol=1e-4)


def test_a_promotion_raises_units(known):
    model = known[0]
    lift = model.mean(HORIZON, promo=1.0) / model.mean(HORIZON, promo=0.0)
    np.testing.assert_allclose(np.log(lift), PROMOTED, atol=0.1)


def test_prices_far_off_never_turn_the_response_round():
    """Hardly any elasticity, and much doubt about it: dearer is not more all the same."""
    panel, _ = world(8, 60, seed=4, elasticity=-0.05)
    model = HarmonicRegression(QUICK).fit(panel)
    units = [model.mean(7, price=price).sum(axis=1) for price in (0.1, 1.0, 2.0, 5.0, 50.0)]
    assert (np.diff(units, axis=0) <= 1e-6).all()


def test_a_price_that_seems_to_raise_demand_is_left_out_with_a_word():
    panel, _ = world(elasticity=0.8)
    model = HarmonicRegression(QUICK).fit(panel)
    assert model.coefficients()["term"].tolist().count("log_price") == 0
    assert "log_price left out: its coefficient was +0." in model.notes_["note"][0]
    same = [model.mean(HORIZON, price=price) for price in (1.0, 4.0)]
    np.testing.assert_array_equal(*same)


def test_a_coming_festival_is_expected(known):
    model, panel, _ = known
    coming = pd.DataFrame({c.DATE: [panel.periods.dates[panel.cut + 3]], c.EVENT: "festival"})
    events = pd.concat([panel.events[panel.events[c.DATE] <= panel.last_date], coming])
    with_it = model.mean(HORIZON, panel=replace(panel, events=events))[0]
    without = model.mean(HORIZON, panel=replace(panel, events=events[:-1]))[0]
    assert np.log(with_it[3] / without[3]) == pytest.approx(FESTIVE, abs=0.2)


def test_a_panel_without_the_plan_is_refused(known):
    model, panel, _ = known
    with pytest.raises(DataError, match="does not say log_price, promotion"):
        model.mean(7, panel=replace(panel, plans={}))


# --- what is not known


def test_stockouts_do_not_count_whatever_was_sold(known):
    panel = known[1]
    empty = np.random.default_rng(0).random(panel.units.shape) < 0.2
    models = [
        HarmonicRegression(QUICK).fit(
            replace(panel, units=np.where(empty, sold, panel.units), censored=empty)
        )
        for sold in (np.float32(0.0), np.float32(7.0))
    ]
    one, other = (model.forecast(7).paths.tobytes() for model in models)
    assert one == other
    row = coefficient(models[0], "log_price").iloc[0]
    assert abs(row["estimate"] - ELASTICITY) < 3 * row["standard_error"] < 0.5


def test_unknown_days_at_either_end_and_between(known):
    panel = known[1]
    units = panel.units.copy()
    units[:, :30] = units[:, 100:140] = units[:, -5:] = np.nan
    model = HarmonicRegression().fit(replace(panel, units=units))
    assert coefficient(model, "log_price")["estimate"][0] == pytest.approx(ELASTICITY, abs=0.3)
    assert np.isfinite(model.forecast(7).paths).all()


def test_sales_and_events_after_the_cut_do_not_matter():
    panel, _ = world(cut=200)
    units = panel.units.copy()
    units[:, 150:] = 9e5
    one, other = (
        HarmonicRegression(QUICK).fit(view.until(150)).forecast(7).paths.tobytes()
        for view in (panel, replace(panel, units=units))
    )
    assert one == other


def test_closing_days_and_closed_holidays_are_forecast_as_nothing():
    days = pd.date_range(MONDAY, periods=400)
    noise = autoregression((1, 400), np.random.default_rng(0))
    inventory = days[[40, 130, 220, 310, 360]]
    closed = (days.day_of_week == 5) | days.isin(inventory)
    units = np.where(closed, 0.0, np.exp(6 + noise)).round()
    panel = panel_of(units[:, :350], events=pd.DataFrame({c.DATE: inventory, c.EVENT: "inventory"}))
    forecast = HarmonicRegression(QUICK).fit(panel).forecast(28)
    shut = closed[350:378]
    assert (forecast.paths[:, :, shut] == 0).all()
    assert (forecast.paths[:, :, ~shut] > 0).all()
    assert forecast.mean()[0, ~shut].mean() == pytest.approx(units[0, ~closed].mean(), rel=0.1)


# --- newer days, short and constant series


def test_newer_days_move_the_level_and_leave_the_coefficients():
    panel, _ = world(cut=200)
    model = HarmonicRegression(QUICK).fit(panel.until(150))
    before = model.coefficients()
    units = panel.units.copy()
    units[:, 150:] *= 3
    calm = model.mean(7, panel=panel)
    busy = model.update(replace(panel, units=units)).mean(7)
    assert (busy > 1.2 * calm).all()
    pd.testing.assert_frame_equal(model.coefficients(), before)


def test_updating_with_the_same_days_changes_nothing(known):
    model, panel, _ = known
    again = replace(panel, units=panel.units.copy())
    np.testing.assert_array_equal(model.mean(7, panel=again), model.mean(7))


def test_a_new_series_is_fitted_when_it_comes():
    panel, _ = world(3, 120)
    model = HarmonicRegression(QUICK).fit(panel.select([0, 2]))
    alone = HarmonicRegression(QUICK).fit(panel).mean(7)
    np.testing.assert_array_equal(model.mean(7, panel=panel), alone)


@pytest.mark.parametrize("cut", [1, 2, LEAST_KNOWN - 1, LEAST_KNOWN, 30])
def test_short_series_are_forecast_from_their_mean(cut):
    units = np.random.default_rng(0).poisson(9.0, (2, cut)) + 1.0
    model = HarmonicRegression().fit(panel_of(units))
    assert model.mean(7).mean() == pytest.approx(units.mean(), rel=0.4)
    told = ["too short or constant" in note for note in model.notes_["note"]]
    assert told == ([True, True] if cut < LEAST_KNOWN else [])
    assert model.coefficients().empty == (cut < LEAST_KNOWN)


@pytest.mark.parametrize("units", [0.0, 4.0])
def test_constant_demand_goes_on(units):
    forecast = HarmonicRegression().fit(panel_of(np.full((2, 90), units))).forecast(9)
    assert (forecast.paths == units).all()


def test_an_order_beyond_the_data_falls_back_with_a_word():
    units = np.random.default_rng(0).poisson(30.0, (1, 20)) + 1.0
    model = HarmonicRegression(((8, 0, 8),)).fit(panel_of(units))
    assert model.notes_["note"][0] == "orders (8, 0, 8) could not be fitted: (1, 0, 0) was taken"
    assert model.mean(3).mean() == pytest.approx(units.mean(), rel=0.3)


@pytest.mark.parametrize("order", [(0, 0, 0), (0, 1, 0), (2, 1, 1)])
def test_any_order_can_be_asked_for(order):
    panel, _ = world(cut=100)
    model = HarmonicRegression((order,)).fit(panel)
    assert model.regressed_[("i000",)].regression.errors.order == order
    assert model.notes_.empty
    assert ("intercept" in set(model.coefficients()["term"])) == (order[1] == 0)


# --- refusals


@pytest.mark.parametrize("orders", [(), ((1, 0),), ((1, 2, 1),), ((-1, 0, 0),)])
def test_orders_that_are_none_are_refused(orders):
    with pytest.raises(DataError, match=r"Pass tuples such as \(1, 0, 0\)"):
        HarmonicRegression(orders).fit(panel_of(np.ones((1, 30))))


def test_coefficients_need_a_fit():
    with pytest.raises(NotFittedError):
        HarmonicRegression().coefficients()


def test_statsmodels_is_asked_for_by_name(monkeypatch):
    monkeypatch.setitem(sys.modules, "statsmodels.tsa.statespace.sarimax", None)
    panel, _ = world(cut=60)
    with pytest.raises(MissingExtraError, match=r"newretail-ml\[statistics\]"):
        HarmonicRegression().fit(panel)


# --- real data


@pytest.mark.shared
def test_orange_juice_brands_are_as_elastic_as_published(shared_data):
    """Per brand with store effects: -1.4 to -4.1; here weekly totals over all stores."""
    sales = pd.read_parquet(shared_data / "oj_yx.parquet")
    sales = sales[sales["week"] <= 136]
    prices = sales[[f"price{brand}" for brand in range(1, 12)]].to_numpy()
    own = prices[np.arange(len(sales)), sales["brand"].astype(int) - 1]
    dates = pd.Timestamp("1990-06-14") + pd.to_timedelta(7 * (sales["week"] - 40), unit="D")
    frame = sales.assign(item_id=sales["brand"].astype(int), date=dates, price=own)
    frame = frame.assign(units=np.exp(sales["logmove"]), promotion=(sales["feat"] > 0) * 1.0)
    how = {"units": "sum", "price": "mean", "promotion": "mean"}
    brands = frame.groupby(["item_id", "date"], as_index=False).agg(how)
    model = HarmonicRegression().fit(Panel.from_frame(brands, freq="W"))
    elasticity = coefficient(model, "log_price")["estimate"]
    published = [-2.90, -1.96, -3.69, -4.06, -3.48, -1.88, -3.66, -2.22, -3.75, -3.36, -1.41]
    assert np.corrcoef(elasticity, published)[0, 1] > 0.9
    assert abs(elasticity - published).mean() < 0.4
    assert (coefficient(model, "promotion")["estimate"] > 0.1).all()
