"""One suite for every demand model: whatever it is, this is how it behaves."""

import os
import pickle
from copy import deepcopy
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from newretail_ml import columns as c
from newretail_ml.errors import DataError, NotFittedError
from newretail_ml.forecasting import (
    ADIDA,
    IMAPA,
    SBA,
    TSB,
    AutoExponentialSmoothing,
    AutoForecaster,
    Croston,
    ExponentialSmoothing,
    Forecaster,
    HarmonicRegression,
    LaunchCurve,
    LightGBMForecaster,
    MovingAverage,
    NegativeBinomialSmoothing,
    OptimizedTheta,
    RecoveredDemand,
    SeasonalAverage,
    SeasonallyAdjusted,
    SeasonalNaive,
)
from newretail_ml.forecasting.combination import auto
from newretail_ml.panel import Panel
from tests.features.panels import edited_after, odd_panel
from tests.forecasting.worlds import NOT_YET, mixed_panel, negative_binomial, panel_of

HORIZON = 7
CUT = 120
EARLIER = CUT - 25


def small(objective, **settings):
    """A model that fits in a tenth of a second."""
    quick = {"num_leaves": 4, "max_rounds": 12, "rows_per_period": 2, "n_threads": 1}
    return LightGBMForecaster(HORIZON, objective=objective, **{**quick, **settings})


BASELINES = {
    "seasonal_naive": SeasonalNaive(),
    "moving_average": MovingAverage(),
    "seasonal_average": SeasonalAverage(),
    "simple_smoothing": ExponentialSmoothing(),
    "holt_winters": ExponentialSmoothing("additive", "multiplicative", thorough=False),
    "auto_smoothing": AutoExponentialSmoothing(trends=("none",)),
    "optimized_theta": OptimizedTheta(),
    "croston": Croston(),
    "sba": SBA(),
    "tsb": TSB(),
    "adida": ADIDA(),
    "imapa": IMAPA(),
    "negative_binomial": NegativeBinomialSmoothing(),
    "recovered": RecoveredDemand(MovingAverage()),
    "seasonally_adjusted": SeasonallyAdjusted(MovingAverage()),
    "launch_curve": LaunchCurve(),
    "harmonic_regression": HarmonicRegression(((1, 0, 0), (0, 1, 1)), week=1, progress=False),
}
OBJECTIVES = ("tweedie", "poisson", "quantile")
LEARNED = {
    **{f"lightgbm_{objective}": small(objective) for objective in OBJECTIVES},
    "lightgbm_negative_binomial": small("negative_binomial", recipe="lean"),
    "lightgbm_recursive": small("tweedie", strategy="recursive", recipe="lean"),
}
AUTO = {"auto": AutoForecaster(HORIZON, n_threads=1)}
MODELS = {**BASELINES, **LEARNED, **AUTO}
# Models that see only as far as they were told to learn.
OF_ONE_HORIZON = {**LEARNED, **AUTO}
# Models that estimate nothing beyond what `forecast` reads off the panel it is given.
WITHOUT_PARAMETERS = set(BASELINES) - {
    "simple_smoothing",
    "holt_winters",
    "auto_smoothing",
    "optimized_theta",
    "negative_binomial",
    "launch_curve",
    "harmonic_regression",
}
# Models that put back what stock-outs hid, so that sales are a bound that tells them something.
RECOVER_DEMAND = {"recovered", "auto"}
FITTED_ONE_BY_ONE = {"harmonic_regression"}
NEVER_NOTICE_AN_END = {"croston", "sba"}  # by definition: they only learn when something sells
NAMESPACE = {type(model).__name__: type(model) for model in MODELS.values()}

every_model = pytest.mark.parametrize("name", MODELS)
every_learned_model = pytest.mark.parametrize("name", LEARNED)
every_model_of_one_horizon = pytest.mark.parametrize("name", OF_ONE_HORIZON)


class SmallLightGBM(LightGBMForecaster):
    """A learned model for the combination that fits in a tenth of a second."""

    def __init__(self, horizon, **settings):
        super().__init__(horizon, recipe="lean", num_leaves=4, max_rounds=12, **settings)


def small_pool(panel):
    """Two members for the combination: one that has parameters and one that has none."""
    return {
        "moving-average": SeasonallyAdjusted(MovingAverage()),
        "theta": SeasonallyAdjusted(OptimizedTheta()),
    }


@pytest.fixture(autouse=True, scope="module")
def quick_auto():
    """`AutoForecaster` as it is, of fewer and smaller members; tests of its own fit them all."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(auto, "_pool", small_pool)
        patch.setattr(auto, "LightGBMForecaster", SmallLightGBM)
        yield


@pytest.fixture(scope="session")
def panel():
    return mixed_panel(cut=CUT)


@pytest.fixture(scope="session")
def fitted(panel):
    """name, cut -> the model fitted on the mixed panel up to it, once for all tests."""
    models = {}

    def get(name, cut=CUT):
        if (name, cut) not in models:
            models[name, cut] = MODELS[name].clone().fit(panel.until(cut))
        return models[name, cut]

    return get


def bits(forecast):
    return forecast.paths.tobytes()


def changed(name, **parameters):
    """The unfitted model with some parameters changed."""
    model = MODELS[name]
    return type(model)(**{**model.get_params(), **parameters})


def described_parameters(model):
    """Parameters in words, which compare where one of them is itself a model."""
    return {name: repr(value) for name, value in model.get_params().items()}


def forecast_or_refusal(model, panel, horizon=HORIZON, n_paths=30):
    """The forecast, or None where the model says what to do instead."""
    try:
        forecast = model.clone().fit(panel).forecast(horizon, n_paths=n_paths)
    except DataError as refusal:
        assert refusal.next_step
        assert str(refusal).endswith(refusal.next_step)
        return None
    assert forecast.paths.shape == (panel.n_series, n_paths, horizon)
    assert np.isfinite(forecast.paths).all()
    assert (forecast.paths >= 0).all()
    return forecast


# --- shapes and values


@every_model
def test_a_forecast_is_a_block_of_paths_right_after_the_cut(name, fitted, panel):
    forecast = fitted(name).forecast(HORIZON, n_paths=40)
    assert forecast.paths.shape == (panel.n_series, 40, HORIZON)
    assert forecast.paths.dtype == np.float32
    pd.testing.assert_frame_equal(forecast.keys, panel.keys)
    days = pd.date_range(panel.last_date + pd.Timedelta(days=1), periods=HORIZON)
    assert forecast.periods.dates.tolist() == days.tolist()


@every_model
def test_paths_are_whole_units_and_never_negative(name, fitted):
    paths = fitted(name).forecast(HORIZON).paths
    assert np.isfinite(paths).all()
    assert (paths >= 0).all()
    assert (paths == np.floor(paths)).all()
    assert paths.any()


@every_model
def test_totals_are_sums_of_paths(name, fitted):
    forecast = fitted(name).forecast(HORIZON)
    for periods in (1, 4, HORIZON):
        expected = forecast.paths[:, :, :periods].sum(axis=2, dtype=float)
        np.testing.assert_array_equal(forecast.total(periods), expected)


@every_model
def test_paths_of_a_series_differ(name, fitted):
    totals = fitted(name).forecast(HORIZON).total(HORIZON)
    ordinary = slice(0, 6)
    assert (totals[ordinary].std(axis=1) > 0).all()


@every_model
def test_levels_are_those_of_history(name, fitted, panel):
    """Stationary demand: the total of a series lies near its mean so far."""
    said = fitted(name).forecast(HORIZON).mean()[:6].mean(axis=1)
    mean = panel.units[:6].mean(axis=1)
    assert (said > 0.4 * mean).all()
    assert (said < 2.5 * mean).all()
    assert np.corrcoef(said, mean)[0, 1] > 0.8


@every_model
@pytest.mark.parametrize("freq", ["D", "W", "M"])
def test_days_weeks_and_months(name, freq):
    panel = mixed_panel(freq, cut=90)
    forecast = MODELS[name].clone().fit(panel).forecast(HORIZON, n_paths=20)
    expected = panel.periods.resized(90 + HORIZON).dates[90:]
    assert forecast.periods.dates.tolist() == expected.tolist()
    assert np.isfinite(forecast.paths).all()
    assert forecast.mean()[:6].mean() > 1


@every_model
@pytest.mark.parametrize("freq", ["D", "W", "M"])
def test_plans_events_and_attributes_with_all_their_gaps(name, freq):
    forecast = forecast_or_refusal(MODELS[name], odd_panel(freq))
    assert forecast is not None
    assert (forecast.paths[6] == 0).all()  # delisted


# --- the same, and not the same


@every_model
def test_a_seed_gives_the_same_bits_and_another_seed_other_paths(name, fitted):
    model = fitted(name)
    first = bits(model.forecast(HORIZON, random_state=4))
    assert bits(model.forecast(HORIZON, random_state=4)) == first
    assert bits(model.forecast(HORIZON, random_state=5)) != first


@every_model
def test_global_seeds_are_left_alone(name, fitted):
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    fitted(name).forecast(HORIZON)
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002


@every_model
def test_fitting_again_forgets_what_was_there(name, fitted, panel):
    other = panel_of(negative_binomial((5, 80), seed=9))
    again = MODELS[name].clone().fit(other).fit(panel)
    assert bits(again.forecast(HORIZON)) == bits(fitted(name).forecast(HORIZON))


@every_model
def test_fit_returns_the_model_and_leaves_the_panel_alone(name):
    panel = mixed_panel(cut=CUT)
    before = panel.units.copy(), panel.censored.copy()
    model = MODELS[name].clone()
    assert model.fit(panel) is model
    model.forecast(HORIZON)
    assert panel.units.tobytes() == before[0].tobytes()
    assert panel.censored.tobytes() == before[1].tobytes()


@every_model
def test_a_pickled_model_gives_identical_forecasts(name, fitted):
    model = fitted(name)
    copy = pickle.loads(pickle.dumps(model))
    assert bits(copy.forecast(HORIZON)) == bits(model.forecast(HORIZON))
    assert repr(copy) == repr(model)


@every_model_of_one_horizon
def test_the_number_of_threads_does_not_matter(name):
    panel = panel_of(negative_binomial((40, 60), seed=3))
    few = {"max_rounds": 4} if name in LEARNED else {}
    one, two = (changed(name, n_threads=n, **few).fit(panel).forecast(HORIZON) for n in (1, 2))
    assert bits(one) == bits(two)


@every_model_of_one_horizon
def test_another_seed_of_the_fit_gives_another_model(name, fitted, panel):
    other = changed(name, random_state=1).fit(panel)
    assert bits(other.forecast(HORIZON)) != bits(fitted(name).forecast(HORIZON))


# --- parameters


@every_model
def test_parameters_make_a_round_trip(name):
    model = MODELS[name]
    described = described_parameters(model)
    assert described_parameters(type(model)(**model.get_params())) == described
    assert model.clone() is not model
    assert described_parameters(model.clone()) == described
    assert described_parameters(eval(repr(model), NAMESPACE)) == described


@every_model
def test_a_clone_of_a_fitted_model_is_not_fitted(name, fitted):
    clone = fitted(name).clone()
    with pytest.raises(NotFittedError, match=r"fit\(panel\) first"):
        clone.forecast(HORIZON)


@every_model
def test_a_model_that_is_not_fitted_says_so(name):
    with pytest.raises(NotFittedError, match=r"fit\(panel\) first"):
        MODELS[name].clone().forecast(1)


@every_learned_model
def test_feature_importances_are_shares(name, fitted):
    with pytest.raises(NotFittedError):
        MODELS[name].clone().feature_importance()
    table = fitted(name).feature_importance()
    assert sorted(table["feature"]) == sorted(fitted(name).recipe_.names)
    assert table["share"].sum() == pytest.approx(1.0)
    assert table["share"].is_monotonic_decreasing


# --- horizons


@every_model
def test_the_horizon_of_one_period(name, fitted):
    forecast = fitted(name).forecast(1)
    assert forecast.paths.shape[2] == 1
    assert forecast.mean().any()


@every_model
@pytest.mark.parametrize("horizon", [0, -3])
def test_a_horizon_of_nothing_is_refused(name, fitted, horizon):
    with pytest.raises(DataError, match="1 or more"):
        fitted(name).forecast(horizon)


@every_model
@pytest.mark.parametrize("horizon", [7.0, 2.5, "7", True, None])
def test_a_horizon_that_is_no_whole_number_is_refused(name, fitted, horizon):
    with pytest.raises(DataError, match="a whole number"):
        fitted(name).forecast(horizon)
    with pytest.raises(DataError, match="a whole number"):
        fitted(name).mean(horizon)


@every_model
def test_whole_numbers_of_any_kind_are_horizons(name, fitted):
    said = fitted(name).forecast(np.int32(HORIZON))
    assert bits(said) == bits(fitted(name).forecast(HORIZON))


@every_model
def test_no_paths_at_all_are_refused(name, fitted):
    with pytest.raises(DataError, match="1 or more"):
        fitted(name).forecast(HORIZON, n_paths=0)


@every_model
def test_one_path_is_enough(name, fitted):
    paths = fitted(name).forecast(HORIZON, n_paths=1).paths
    assert np.isfinite(paths).all()
    assert paths.any()


@every_model
def test_a_horizon_that_is_too_long_is_refused_or_answered(name, fitted):
    """A baseline sees as far as it is asked to; a direct model only as far as it learned."""
    model = fitted(name)
    if name in OF_ONE_HORIZON:
        with pytest.raises(DataError, match=rf"Fit {type(model).__name__}\(horizon=8\)"):
            model.forecast(HORIZON + 1)
    else:
        forecast = model.forecast(2 * CUT)
        assert np.isfinite(forecast.paths).all()
        assert forecast.horizon == 2 * CUT


@every_model_of_one_horizon
def test_a_model_of_no_horizon_is_refused(name, panel):
    with pytest.raises(DataError):
        changed(name, horizon=0).fit(panel)


@every_model_of_one_horizon
def test_a_shorter_horizon_than_the_fitted_one(name, fitted):
    short, long = fitted(name).forecast(3, n_paths=500), fitted(name).forecast(7, n_paths=500)
    np.testing.assert_allclose(short.mean().sum(), long.mean()[:, :3].sum(), rtol=0.1)


def test_an_unknown_objective_is_refused(panel):
    with pytest.raises(DataError, match="Use one of tweedie, poisson, quantile"):
        small("median").fit(panel)


# --- the future does not matter


@every_model
@pytest.mark.parametrize("seed", [1, 2])
def test_sales_after_the_cut_do_not_matter(name, seed, panel, fitted):
    """Not even whether a series sells for the first time after it."""
    edited = edited_after(panel, EARLIER, seed)
    assert (edited.start != panel.start).any()
    other = MODELS[name].clone().fit(edited.until(EARLIER))
    assert bits(other.forecast(HORIZON)) == bits(fitted(name, EARLIER).forecast(HORIZON))


@every_model
def test_sales_before_the_cut_do_matter(name, panel, fitted):
    """The test above can fail."""
    edited = edited_after(panel, EARLIER - 3, 1)
    other = MODELS[name].clone().fit(edited.until(EARLIER))
    assert bits(other.forecast(HORIZON)) != bits(fitted(name, EARLIER).forecast(HORIZON))


# --- another panel than that of the fit


@every_model
def test_newer_days_need_no_new_fit(name, panel, fitted):
    model = fitted(name, EARLIER)
    fresh = model.forecast(HORIZON, panel=panel)
    assert fresh.periods.dates[0] == panel.last_date + pd.Timedelta(days=1)
    assert np.isfinite(fresh.paths).all()
    assert model.panel_.cut == EARLIER
    assert bits(fresh) != bits(model.forecast(HORIZON))
    if name in WITHOUT_PARAMETERS:
        assert bits(fresh) == bits(fitted(name).forecast(HORIZON))


@every_model
def test_update_starts_from_newer_days(name, panel, fitted):
    expected = bits(fitted(name, EARLIER).forecast(HORIZON, panel=panel))
    model = deepcopy(fitted(name, EARLIER))
    assert model.update(panel) is model
    assert bits(model.forecast(HORIZON)) == expected


@every_model
def test_only_panels_are_learned_from(name, panel):
    for other in (panel.to_frame(), panel.units, None):
        with pytest.raises(DataError, match=r"Pass a Panel: Panel\.from_frame\(frame\)"):
            MODELS[name].clone().fit(other)


@every_model
def test_a_panel_unlike_that_of_the_fit_is_refused(name, fitted, panel):
    model = fitted(name)
    weeks = mixed_panel("W", cut=CUT)
    shops = replace(panel, keys=panel.keys.assign(**{c.LOCATION: "north"}))
    for other, told in ((weeks, "frequency W"), (shops, "keys item_id, location_id")):
        for use in (
            model.update,
            lambda given: model.forecast(HORIZON, panel=given),
            lambda given: model.mean(HORIZON, panel=given),
        ):
            with pytest.raises(DataError, match=f"the panel has .*{told}"):
                use(other)
    with pytest.raises(DataError, match="Pass a Panel"):
        model.forecast(HORIZON, panel=panel.to_frame())
    assert model.panel_ is fitted(name).panel_
    assert model.panel_.periods.freq == "D"


@every_model
def test_a_saved_model_says_the_same(name, fitted, panel, tmp_path):
    fitted(name).save(tmp_path / "model")
    loaded = Forecaster.load(tmp_path / "model")
    assert type(loaded) is type(fitted(name))
    assert bits(loaded.forecast(HORIZON)) == bits(fitted(name).forecast(HORIZON))
    earlier = panel.until(CUT - 5)
    assert bits(loaded.forecast(HORIZON, panel=earlier)) == bits(
        fitted(name).forecast(HORIZON, panel=earlier)
    )
    assert [file.name for file in tmp_path.iterdir()] == ["model"]


@pytest.mark.skipif(os.name != "posix", reason="other systems have no such modes")
def test_a_saved_model_can_be_read_by_whom_other_files_can(tmp_path):
    (tmp_path / "usual").touch()
    MovingAverage().save(tmp_path / "model")
    modes = [(tmp_path / name).stat().st_mode for name in ("usual", "model")]
    assert modes[0] == modes[1]


def test_a_model_that_cannot_be_written_leaves_the_old_file(tmp_path):
    MovingAverage(3).save(tmp_path / "model")
    model = MovingAverage(5)
    model.broken = lambda: None
    with pytest.raises((pickle.PicklingError, AttributeError)):
        model.save(tmp_path / "model")
    assert repr(Forecaster.load(tmp_path / "model")) == repr(MovingAverage(3))
    assert [file.name for file in tmp_path.iterdir()] == ["model"]


def test_a_file_that_is_not_there_is_refused(tmp_path):
    for path in (tmp_path / "nope", str(tmp_path / "nope"), tmp_path):
        with pytest.raises(DataError, match="there is no file"):
            Forecaster.load(path)


class Foreign:
    """Saved by what cannot be read here, as pandas 3 for pandas 2."""

    def __reduce__(self):
        return divmod, (1, 0)


def test_a_file_that_holds_no_model_is_refused(tmp_path):
    contents = (b"", b"text", pickle.dumps([1, 2]), pickle.dumps(Foreign()))
    for number, content in enumerate(contents):
        (tmp_path / str(number)).write_bytes(content)
        with pytest.raises(DataError, match="holds no model"):
            Forecaster.load(tmp_path / str(number))


@every_model
def test_the_mean_is_that_of_many_paths(name, fitted):
    """A fan of quantiles has tails that the few boosters do not; the others agree."""
    mean = fitted(name).mean(HORIZON)
    paths = fitted(name).forecast(HORIZON, n_paths=2000).mean()
    assert mean.shape == paths.shape
    tolerance = 0.25 if name == "lightgbm_quantile" else 0.05
    assert mean.sum() == pytest.approx(paths.sum(), rel=tolerance)


@every_model
def test_without_a_price_plan_there_is_no_what_if(name):
    model = MODELS[name].clone().fit(panel_of(negative_binomial((8, CUT), seed=3)))
    with pytest.raises(DataError, match="no price plan"):
        model.forecast(HORIZON, price=2.0)


@every_model
def test_newer_days_matter(name, panel, fitted):
    """A week of ten times the sales raises what comes next; by how much is the fit's to say."""
    busy = panel.units.copy()
    busy[:, -7:] *= 10
    model = fitted(name, EARLIER)
    calm = model.mean(HORIZON, panel=panel)[:6].sum()
    assert model.mean(HORIZON, panel=replace(panel, units=busy))[:6].sum() > 1.002 * calm


@every_model
def test_new_items_need_no_new_fit(name):
    units = negative_binomial((14, CUT), seed=4)
    model = MODELS[name].clone().fit(panel_of(units[:8, : CUT - 10]))
    forecast = model.forecast(HORIZON, panel=panel_of(units))
    assert forecast.paths.shape[0] == 14
    assert (forecast.mean().sum(axis=1) > 0).all()


@every_model
def test_some_series_of_the_fit_are_forecast_as_if_among_all(name):
    """Half the series are steady, half swing between 0 and 20; both have a mean of ten."""
    random = np.random.default_rng(0)
    n_series = 20 if name in FITTED_ONE_BY_ONE else 120
    swinging = np.arange(n_series) >= n_series // 2
    units = np.where(
        swinging[:, None],
        20 * random.integers(0, 2, (n_series, CUT)),
        random.integers(9, 12, (n_series, CUT)),
    )
    panel = panel_of(units)
    model = MODELS[name].clone().fit(panel)
    among_all = model.forecast(HORIZON).total(HORIZON)[swinging].std(axis=1).mean()
    alone = model.forecast(HORIZON, panel=panel.select(swinging)).total(HORIZON).std(axis=1).mean()
    assert alone == pytest.approx(among_all, rel=0.2)


@every_model
def test_the_order_of_the_series_does_not_matter_to_the_means(name):
    """In fractional units the mean of the paths is the point forecast, with no rounding noise.

    With quantiles it is an average of a thousand draws instead: good to about 3%.
    """
    units = negative_binomial((20, CUT), seed=6) + np.random.default_rng(0).random((20, CUT))
    panel, order = panel_of(units), np.random.default_rng(1).permutation(20)
    model = MODELS[name].clone().fit(panel)
    ordered = model.forecast(HORIZON, n_paths=1000).mean()
    permuted = model.forecast(HORIZON, panel=panel.select(order), n_paths=1000).mean()
    if name == "lightgbm_quantile":
        permuted, ordered = (means.mean(axis=1) for means in (permuted, ordered))
    tolerance = 0.15 if name == "lightgbm_quantile" else 1e-4
    np.testing.assert_allclose(permuted, ordered[order], rtol=tolerance)


@every_model
def test_a_model_fitted_on_permuted_series_says_much_the_same(name):
    """Bagging draws other rows, so that trees differ; what they say together hardly does."""
    units = negative_binomial((20, CUT), seed=6) + np.random.default_rng(0).random((20, CUT))
    panel, order = panel_of(units), np.random.default_rng(1).permutation(20)
    ordered = MODELS[name].clone().fit(panel).forecast(HORIZON, n_paths=1000).mean().sum(axis=1)
    permuted = MODELS[name].clone().fit(panel.select(order)).forecast(HORIZON, n_paths=1000)
    permuted = permuted.mean().sum(axis=1)
    np.testing.assert_allclose(permuted, ordered[order], rtol=1e-4 if name in BASELINES else 0.25)


# --- life cycles


@every_model
def test_delisted_series_are_forecast_as_nothing(name, fitted):
    paths = fitted(name).forecast(HORIZON).paths
    assert (paths[9] == 0).all()
    assert (paths[10, :, NOT_YET:] == 0).all()
    assert paths[10, :, :NOT_YET].any()


@every_model
def test_nothing_is_sold_before_the_launch(name, fitted):
    assert (fitted(name).forecast(HORIZON).paths[11, :, :NOT_YET] == 0).all()


@every_model
def test_series_that_never_sold_are_forecast_as_nothing(name, fitted):
    """No path of theirs may borrow a sale from a series that resembles them."""
    assert (fitted(name).forecast(HORIZON).paths[7] == 0).all()


@every_model
def test_series_that_start_late_are_forecast_from_what_they_sold(name, fitted, panel):
    recent = panel.units[6, -4:].mean()
    assert 0.3 * recent < fitted(name).forecast(HORIZON).mean()[6].mean() < 3 * recent


@every_model
def test_censored_periods_do_not_count_as_slow_ones(name):
    """Out of stock on every other day: demand is the ten of the days between."""
    units = np.random.default_rng(0).poisson(10.0, (12, CUT)).astype(float)
    empty = np.random.default_rng(1).random(units.shape) < 0.5
    panel = panel_of(np.where(empty, 0.0, units), censored=empty)
    said = MODELS[name].clone().fit(panel).forecast(HORIZON).mean().mean()
    assert said == pytest.approx(10.0, rel=0.1)


# --- little history, and none


@every_model
@pytest.mark.parametrize("cut", [1, 2, 8, 20])
@pytest.mark.parametrize("n_series", [1, 12])
def test_a_short_history_is_enough_or_refused(name, cut, n_series):
    demand = np.random.default_rng(0).poisson(5.0, (n_series, cut))
    forecast = forecast_or_refusal(MODELS[name], panel_of(demand))
    if forecast is not None and cut > 2:
        assert 1.0 < forecast.mean().mean() < 15.0
    assert forecast is not None or name in LEARNED


@every_model
@pytest.mark.parametrize("horizon", [28, 60])
def test_a_horizon_near_the_length_of_history_is_enough_or_refused(name, horizon):
    model = changed(name, horizon=horizon) if name in OF_ONE_HORIZON else MODELS[name]
    forecast_or_refusal(model, panel_of(negative_binomial((6, 60), seed=1)), horizon)


@every_model
def test_no_series_at_all(name, fitted, panel):
    nothing = panel.select(np.array([], dtype=int))
    forecast = forecast_or_refusal(MODELS[name], nothing)
    assert forecast is not None or name in LEARNED
    assert fitted(name).forecast(HORIZON, n_paths=5, panel=nothing).paths.shape == (0, 5, HORIZON)
    assert fitted(name).mean(HORIZON, panel=nothing).shape == (0, HORIZON)


@every_model
def test_one_single_series(name):
    forecast = forecast_or_refusal(MODELS[name], panel_of(negative_binomial((1, CUT), seed=1)))
    assert forecast is not None
    assert forecast.total(HORIZON).std() > 0


@every_model
def test_one_single_row(name):
    frame = pd.DataFrame({c.ITEM: ["tea"], c.DATE: ["2026-01-01"], c.UNITS: [3]})
    forecast = forecast_or_refusal(MODELS[name], Panel.from_frame(frame), n_paths=2000)
    assert forecast is not None or name in LEARNED
    if forecast is not None:
        assert forecast.mean().mean() == pytest.approx(3.0, rel=0.1)


@every_model
@pytest.mark.parametrize("n_series", [1, 5])
def test_constant_demand_stays_what_it_is(name, n_series):
    forecast = forecast_or_refusal(MODELS[name], panel_of(np.full((n_series, CUT), 4.0)))
    assert (forecast.paths == 4.0).all()


@every_model
@pytest.mark.parametrize("n_series", [1, 5])
def test_where_nothing_was_sold_nothing_is_expected(name, n_series):
    forecast = forecast_or_refusal(MODELS[name], panel_of(np.zeros((n_series, CUT))))
    assert forecast is not None or name in LEARNED
    assert forecast is None or not forecast.paths.any()


@every_model
def test_where_nothing_is_known_a_model_refuses_or_expects_nothing(name):
    forecast = forecast_or_refusal(MODELS[name], panel_of(np.full((5, CUT), np.nan)))
    assert forecast is None or not forecast.paths.any()


@every_model
def test_where_stock_always_ran_out_demand_is_nothing_or_more_than_was_sold(name):
    """Models of demand that was seen saw none, or take sales for it; to recover it is better."""
    units = negative_binomial((5, CUT), seed=0).astype(float)
    panel = panel_of(units, censored=np.full(units.shape, True))
    forecast = forecast_or_refusal(MODELS[name], panel)
    sold = units.mean(axis=1)
    if name in RECOVER_DEMAND:
        assert (forecast.mean().mean(axis=1) > sold).all()
        assert (forecast.mean().mean(axis=1) < 10 * sold).all()
    else:
        told = forecast is not None and forecast.paths.any()
        assert not told or forecast.mean().mean() == pytest.approx(sold.mean(), rel=0.1)


@every_model
@pytest.mark.parametrize("last_sale", [1, 30, CUT - 40])
def test_a_shop_that_closed_long_ago(name, last_sale):
    """Nothing sold since: a model may refuse, and does not fall over."""
    units = negative_binomial((5, CUT), seed=0)
    units[:, last_sale:] = 0
    forecast = forecast_or_refusal(MODELS[name], panel_of(units))
    assert forecast is None or name in NEVER_NOTICE_AN_END or forecast.mean().mean() < 3.0


@every_model
def test_one_sale_in_all_of_history(name):
    units = np.zeros((5, CUT))
    units[np.arange(5), 10 + 20 * np.arange(5)] = 1.0
    forecast = forecast_or_refusal(MODELS[name], panel_of(units))
    assert forecast is None or forecast.mean().mean() < 1.0


@every_model
def test_a_bulk_order_does_not_upset_the_others(name):
    units = negative_binomial((12, CUT), seed=2).astype(float)
    calm = forecast_or_refusal(MODELS[name], panel_of(units), n_paths=200).mean()
    units[3, 40] = 80_995.0
    upset = forecast_or_refusal(MODELS[name], panel_of(units), n_paths=200).mean()
    others = np.arange(12) != 3
    assert upset[others].sum() == pytest.approx(calm[others].sum(), rel=0.3)


@every_model
def test_units_of_any_size(name):
    units = np.random.default_rng(0).gamma(2.0, 3.0, (8, CUT))
    small, one, large = (
        forecast_or_refusal(MODELS[name], panel_of(units * by), n_paths=200).mean().sum() / by
        for by in (1e-4, 1.0, 1e6)
    )
    assert small == pytest.approx(one, rel=0.1)
    assert large == pytest.approx(one, rel=0.1)
