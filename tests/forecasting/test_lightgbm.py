"""What LightGBM forecasters learn from, and the ways to fit them."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from newretail_ml import columns as c
from newretail_ml.errors import DataError, NotFittedError
from newretail_ml.features import (
    DayOfWeek,
    Discount,
    Price,
    PriceRatio,
    Promotion,
    Recipe,
    RollingMean,
    SeasonalMean,
)
from newretail_ml.forecasting import (
    LightGBMForecaster,
    MovingAverage,
    SeasonalNaive,
)
from newretail_ml.forecasting.pools import Pooled
from newretail_ml.forecasting.trees import boosting
from newretail_ml.forecasting.trees.boosting import Boosting
from newretail_ml.forecasting.trees.dispersion import quantiles
from newretail_ml.forecasting.trees.prediction import RecursivePredictor
from newretail_ml.forecasting.trees.recipes import recipe_of
from newretail_ml.forecasting.trees.rows import ScaledRecipe, row_weights, training_pairs
from newretail_ml.forecasting.trees.training import with_mean_one
from tests.forecasting.worlds import negative_binomial, panel_of

HORIZON, CUT = 5, 120


def quick(**settings):
    few = {"horizon": HORIZON, "num_leaves": 8, "max_rounds": 20, "n_threads": 1}
    return LightGBMForecaster(**{**few, **settings})


@pytest.fixture(scope="module")
def panel():
    """Two categories, one of weekend sellers; prices differ a hundredfold between items."""
    units = negative_binomial((40, CUT), seed=1).astype(np.float32)
    weekend = np.arange(CUT) % 7 >= 5
    units[:20, weekend] *= 4
    category = ["cakes"] * 20 + ["bolts"] * 20
    price = np.where(np.arange(40)[:, None] % 2, 100.0, 1.0) * np.ones((1, CUT))
    return panel_of(
        units,
        statics=pd.DataFrame({"category": category}),
        plans={c.PRICE: price.astype(np.float32)},
    )


# --- rows


@pytest.mark.parametrize(("horizon", "per_period"), [(1, 2), (5, 1), (5, 2), (28, 3)])
def test_every_horizon_is_learned_about_equally_often(horizon, per_period):
    targets, horizons = training_pairs(
        400, 10, horizon, season=7, per_period=per_period, max_rows=10**6
    )
    assert (targets - horizons >= 0).all()
    assert targets.max() == 399
    _, counts = np.unique(horizons, return_counts=True)
    assert len(counts) == horizon
    assert counts.max() <= 1.3 * counts.min() + 2
    assert len({*zip(targets, horizons, strict=True)}) == len(targets)


@pytest.mark.parametrize("season", [7, 12, 52])
@pytest.mark.parametrize("max_rows", [50, 1000, 3000, 6000])
def test_too_many_rows_are_thinned_out(season, max_rows):
    """No phase of the season is passed over, the newest period stays, the limit holds."""
    targets, _ = training_pairs(400, 10, 7, season=season, per_period=2, max_rows=max_rows)
    assert len(targets) <= max_rows / 10
    assert targets[-1] == 399
    assert len(set(np.diff(np.unique(targets)))) == 1
    if max_rows >= 1000:
        assert len(set(targets % season)) == season
        assert len(targets) > max_rows / 10 / 3.1


def test_features_in_units_are_relative_to_the_level(panel):
    """A chain that sells ten times as much of everything looks the same."""
    scaled = ScaledRecipe(Recipe([RollingMean(7), SeasonalMean(7, 2), DayOfWeek()]), 1)
    pairs = np.array([60, 90]), np.array([1, 3])
    features, level = scaled.rows(panel, *pairs)
    tenfold, level_10 = scaled.rows(replace(panel, units=panel.units * 10), *pairs)
    np.testing.assert_allclose(tenfold, features, rtol=1e-5)
    np.testing.assert_allclose(level_10, 10 * level, rtol=1e-5)
    window = panel.units[:, 60 - 56 : 60].mean(axis=1)
    assert np.corrcoef(level[:, 0], window)[0, 1] > 0.95


def test_the_direction_of_price_features():
    recipe = Recipe([RollingMean(7), Price(), PriceRatio(7), Discount(), Promotion()])
    assert ScaledRecipe(recipe).price_response == [0, -1, -1, 1, 1]


def test_weights_of_rows(panel):
    level = np.array([[1.0, 3.0]] * 40, dtype=np.float32)
    assert row_weights("none", panel, level) is None
    scale = with_mean_one(row_weights("scale", panel, level)).reshape(level.shape)
    np.testing.assert_allclose(scale, level / 2)
    revenue = with_mean_one(row_weights("revenue", panel, level)).reshape(level.shape)
    np.testing.assert_allclose(revenue[1] / revenue[0], 100.0, rtol=1e-5)
    np.testing.assert_allclose(revenue.mean(), 1.0, rtol=1e-5)
    without_prices = row_weights("revenue", replace(panel, plans={}), level)
    np.testing.assert_allclose(with_mean_one(without_prices), scale.ravel())
    np.testing.assert_allclose(with_mean_one(row_weights("scale", panel, 0 * level)), 1.0)


def test_weights_move_the_model_towards_what_weighs_most():
    """Dear items sell on Mondays, cheap ones on Tuesdays, and no feature tells them apart."""
    units = np.ones((40, CUT), dtype=np.float32)
    units[::2, ::7] = units[1::2, 1::7] = 15.0
    price = np.where(np.arange(40) % 2 == 0, 100.0, 1.0)[:, None] * np.ones((1, CUT))
    panel = panel_of(units, plans={c.PRICE: price.astype(np.float32)})
    monday = -(-CUT // 7) * 7 - CUT
    share = {}
    for weights in ("none", "revenue"):
        model = quick(weights=weights, recipe=Recipe([DayOfWeek()]), horizon=7).fit(panel)
        mean = model.mean(7).sum(axis=0)
        share[weights] = mean[monday] / (mean[monday] + mean[(monday + 1) % 7])
    assert share["none"] == pytest.approx(0.5, abs=0.1)
    assert share["revenue"] > 0.8


@pytest.mark.parametrize(
    ("settings", "match"),
    [
        ({"weights": "price"}, "Use one of none, revenue, scale"),
        ({"recipe": "huge"}, "Use one of lean, default, rich"),
        ({"strategy": "both"}, "Use one of direct, recursive"),
    ],
)
def test_unknown_words_are_refused(panel, settings, match):
    with pytest.raises(DataError, match=match):
        quick(**settings).fit(panel)


# --- boosting


def test_more_rows_are_given_more_trees():
    boosting = Boosting("tweedie", 300, {})
    stopped = [SimpleNamespace(best_iteration=trees) for trees in (1, 40, 290)]
    assert boosting.rounds_on_all(stopped, 1.5) == [20, 60, 300]


def test_a_short_history_is_not_left_with_a_single_tree(panel):
    """The first half of history is flat, so that boosters stop at once; the whole has weekends."""
    units = panel.units.copy()
    units[:, : CUT // 2] = 8.0
    model = quick(max_rounds=40).fit(replace(panel, units=units))
    assert model.boosters_[0].num_trees() >= 20


def test_binned_rows_cut_bulk_orders_off():
    random = np.random.default_rng(0)
    features, relative = random.random((2000, 3)).astype(np.float32), random.random(2000)
    relative[:2], usable = (100.0, 1e6), np.arange(2000) > 0
    relative[0] = 1e9  # not to be used, so no measure of the ceiling either
    label = Boosting("tweedie", 5, {}).binned(np.asfortranarray(features), relative, usable)
    label = label.get_label()
    assert label[1] == pytest.approx(np.quantile(relative[1:], 0.999), rel=1e-5)
    np.testing.assert_allclose(label[2:1000], np.minimum(relative, label[1])[2:1000], rtol=1e-5)


def test_of_millions_of_rows_a_part_stops_early(monkeypatch):
    random = np.random.default_rng(0)
    features, seen = random.random((6_000, 3)).astype(np.float32), []
    data = Boosting("tweedie", 5, {"num_threads": 1}).binned(
        features, features.sum(axis=1), np.ones(6_000, bool)
    )
    early = np.arange(6_000) < 4_000
    real = boosting._subset

    def spied(data, rows):
        seen.append(rows)
        return real(data, rows)

    monkeypatch.setattr(boosting, "_subset", spied)
    monkeypatch.setattr(boosting, "_MOST_EARLY", 1_000)
    Boosting("tweedie", 5, {"num_threads": 1}).stopped_early(data, early, ~early)
    train, valid = seen
    assert 900 < train.sum() < 1_100
    assert not train[~early].any()
    assert (valid == ~early).all()


def test_a_large_chain_looks_back_on_a_part_of_its_series(panel):
    few = quick(n_donors=12).fit(panel)
    every = quick(n_donors=None).fit(panel)
    assert few.past_.actual.shape[0] == 12
    assert every.past_.actual.shape[0] == panel.n_series
    np.testing.assert_allclose(few.mean(HORIZON), every.mean(HORIZON))
    paths = few.forecast(HORIZON, n_paths=400).paths
    np.testing.assert_allclose(paths.mean(axis=1).sum(), few.mean(HORIZON).sum(), rtol=0.02)


@pytest.mark.parametrize("objective", ["quantile", "negative_binomial"])
def test_donors_serve_every_objective(panel, objective):
    forecast = quick(n_donors=12, objective=objective).fit(panel).forecast(HORIZON)
    assert np.isfinite(forecast.paths).all()
    assert forecast.paths.shape[0] == panel.n_series


def test_rows_of_unknown_demand_teach_nothing(panel):
    """What is written in units that are censored makes no difference."""
    censored = np.random.default_rng(0).random(panel.units.shape) < 0.2
    one, other = (
        quick().fit(replace(panel, units=np.where(censored, lie, panel.units), censored=censored))
        for lie in (1.0, 50.0)
    )
    np.testing.assert_array_equal(one.mean(HORIZON), other.mean(HORIZON))


# --- recipes


@pytest.mark.parametrize("freq", ["D", "W", "M"])
def test_presets_grow(panel, freq):
    panel = panel_of(panel.units, freq, statics=panel.statics, plans=panel.plans)
    lean, default, rich = (
        set(recipe_of(name, panel).names) for name in ("lean", "default", "rich")
    )
    assert lean < default < rich
    assert "price_ratio_" in " ".join(lean)
    assert "static_category" in default
    own = Recipe([DayOfWeek()])
    assert recipe_of(own, panel) is own


@pytest.mark.parametrize("recipe", ["lean", "rich"])
def test_presets_forecast(panel, recipe):
    model = quick(recipe=recipe).fit(panel)
    assert model.mean(HORIZON).sum() == pytest.approx(
        panel.units.mean(axis=1).sum() * HORIZON, rel=0.5
    )


# --- recursion


def test_recursion_is_one_step_after_the_other(panel):
    """The second period is the first of a panel in which the first mean was sold."""
    model = quick(strategy="recursive").fit(panel)
    mean = model.mean(3)
    for step in range(3):
        longer = np.concatenate([panel.units, mean[:, :step].astype(np.float32)], axis=1)
        world = replace(
            panel.reaching(CUT + step),
            units=longer,
            censored=np.zeros(longer.shape, dtype=bool),
        )
        np.testing.assert_allclose(model.mean(1, panel=world)[:, 0], mean[:, step], rtol=1e-6)


def test_recursive_features_are_those_of_the_steps(panel):
    predictor = quick(strategy="recursive").fit(panel).predictor
    assert isinstance(predictor, RecursivePredictor)
    three, level = predictor.rows(panel, 3)
    one, first = predictor.rows(panel, 1)
    np.testing.assert_array_equal(three.reshape(panel.n_series, 3, -1)[:, 0], one)
    np.testing.assert_array_equal(level[:, :1], first)


def test_recursion_sees_the_week(panel):
    mean = quick(strategy="recursive", horizon=7, max_rounds=60).fit(panel).mean(7)[:20]
    weekend = (CUT + np.arange(7)) % 7 >= 5
    assert mean[:, weekend].mean() > 2 * mean[:, ~weekend].mean()


# --- dispersion


def test_quantiles_are_those_of_the_distribution():
    random = np.random.default_rng(0)
    mean, dispersion = np.array([0.3, 4.0, 80.0]), np.array([2.0, 0.5, 0.1])
    drawn = random.poisson(random.gamma(1 / dispersion, mean * dispersion, (200_000, 3)))
    said = quantiles(mean, dispersion, counts=True, levels=(0.5, 0.9, 0.99))
    np.testing.assert_allclose(said, np.quantile(drawn, (0.5, 0.9, 0.99), axis=0), rtol=0.04)
    said = quantiles(mean, dispersion, counts=False, levels=(0.5, 0.9, 0.99))
    drawn = random.gamma(1 / dispersion, mean * dispersion, (200_000, 3))
    np.testing.assert_allclose(said, np.quantile(drawn, (0.5, 0.9, 0.99), axis=0), rtol=0.04)


def test_dispersion_is_learned():
    """Steady and swinging series of the same means; the second booster tells them apart."""
    random = np.random.default_rng(0)
    swings = np.arange(80) >= 40
    spread = np.where(swings[:, None], random.gamma(0.5, 2.0, (80, 200)), 1.0)
    panel = panel_of(random.poisson(20.0 * spread))
    model = quick(objective="negative_binomial").fit(panel)
    paths = model.forecast(HORIZON, n_paths=400).paths
    variance = paths.var(axis=1).mean(axis=1)
    assert variance[~swings].mean() == pytest.approx(20.0, rel=0.5)
    assert variance[swings].mean() == pytest.approx(20.0 + 2.0 * 20.0**2, rel=0.3)
    np.testing.assert_allclose(paths.mean(axis=1), model.mean(HORIZON), rtol=0.05, atol=0.1)


# --- pools


def test_pools_are_models_of_their_own(panel):
    pooled = Pooled(quick(), "category").fit(panel)
    mean = pooled.mean(HORIZON)
    for name in ("cakes", "bolts"):
        rows = (panel.statics["category"] == name).to_numpy()
        alone = quick().fit(panel.select(rows)).mean(HORIZON)
        np.testing.assert_array_equal(mean[rows], alone)
    order = np.random.default_rng(0).permutation(40)
    np.testing.assert_allclose(pooled.mean(HORIZON, panel=panel.select(order)), mean[order])


def test_small_pools_missing_and_new_names_share_the_rest(panel):
    names = ["cakes"] * 25 + ["bolts"] * 8 + [None] * 7
    statics = pd.DataFrame({"category": names})
    panel = replace(panel, statics=statics)
    pooled = Pooled(MovingAverage(), "category", least_series=10).fit(panel)
    assert set(pooled.models_) == {"cakes", "(rest)"}
    assert pooled.models_["(rest)"].panel_.n_series == 15
    renamed = replace(panel, statics=pd.DataFrame({"category": ["new"] * 40}))
    expected = MovingAverage().fit(panel).mean(HORIZON)
    np.testing.assert_allclose(pooled.mean(HORIZON, panel=renamed), expected)
    without_rest = Pooled(MovingAverage(), "category").fit(panel.select(np.arange(25)))
    assert without_rest.mean(HORIZON, panel=renamed).shape == (40, HORIZON)


def test_pools_forecast_and_explain_themselves(panel):
    pooled = Pooled(SeasonalNaive(), "category").fit(panel)
    forecast = pooled.forecast(HORIZON, n_paths=50)
    assert forecast.paths.shape == (40, 50, HORIZON)
    np.testing.assert_allclose(forecast.mean(), pooled.mean(HORIZON), rtol=0.5, atol=1.0)
    assert repr(pooled) == "Pooled(forecaster=SeasonalNaive(), by='category')"
    with pytest.raises(NotFittedError):
        pooled.clone().forecast(1)
    with pytest.raises(DataError, match="no attribute 'colour'"):
        Pooled(SeasonalNaive(), "colour").fit(panel)
    with pytest.raises(DataError, match="Raise least_series above 20"):
        Pooled(quick(horizon=100), "category").fit(panel)


def test_a_pooled_model_is_saved_whole(panel, tmp_path):
    pooled = Pooled(quick(max_rounds=3), "category").fit(panel)
    pooled.save(tmp_path / "model")
    loaded = Pooled.load(tmp_path / "model")
    np.testing.assert_array_equal(loaded.mean(HORIZON), pooled.mean(HORIZON))
