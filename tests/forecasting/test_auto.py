"""The default forecaster: fallbacks, its verdict on itself, and what must not reach it."""

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.forecasting import (
    AutoForecaster,
    LaunchCurve,
    LightGBMForecaster,
    recover_demand,
)
from newretail_ml.forecasting.combination import auto
from newretail_ml.forecasting.combination.auto import LEARNED, _scale
from newretail_ml.forecasting.combination.verdict import COMBINATION
from newretail_ml.forecasting.combination.weights import Combination
from newretail_ml.forecasting.paths.spread import LevelSpread
from newretail_ml.panel import Panel
from tests.features.panels import edited_after
from tests.forecasting.worlds import mixed_panel, negative_binomial, panel_of

HORIZON, CUT = 7, 84
POOL = {
    "moving-average",
    "long-moving-average",
    "exponential-smoothing",
    "theta",
    "imapa",
    "negative-binomial",
}
FEW = {"moving-average", "long-moving-average", "theta"}


class QuickLightGBM(LightGBMForecaster):
    """A learned model that fits in a tenth of a second; the rest of the combination is as it is."""

    def __init__(self, horizon, **settings):
        super().__init__(horizon, recipe="lean", num_leaves=8, max_rounds=20, **settings)


WHOLE_POOL = auto._pool


def few_members(panel):
    """Those of the pool that fit at once."""
    pool = WHOLE_POOL(panel)
    return {name: pool[name] for name in FEW}


@pytest.fixture(autouse=True, scope="module")
def quick():
    """The combination as it is, of fewer members and a smaller learned model."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(auto, "LightGBMForecaster", QuickLightGBM)
        patch.setattr(auto, "_pool", few_members)
        yield


@pytest.fixture
def whole_pool(monkeypatch):
    monkeypatch.setattr(auto, "_pool", WHOLE_POOL)


def fit(panel, horizon=HORIZON, **settings):
    return AutoForecaster(horizon, **{"n_threads": 1, **settings}).fit(panel)


def chain(n_series=8, cut=CUT, seed=0, freq="D"):
    return panel_of(negative_binomial((n_series, cut), seed), freq)


@pytest.fixture(scope="module")
def panel():
    return chain()


@pytest.fixture(scope="module")
def model(panel):
    return fit(panel)


def check(model, panel, horizon=HORIZON):
    """Paths and means that a planner could use."""
    forecast = model.forecast(horizon, n_paths=100)
    assert forecast.paths.shape == (panel.n_series, 100, horizon)
    assert np.isfinite(forecast.paths).all()
    assert (forecast.paths >= 0).all()
    assert np.isfinite(model.mean(horizon)).all()
    return forecast


# --- what it is made of


def test_a_combination_of_the_pool_and_the_learned_model(model, panel):
    assert set(WHOLE_POOL(panel)) == POOL
    assert set(model.models_) == FEW | {LEARNED}
    assert model.combination_.own.shape == (len(FEW), panel.n_series)
    assert 0.0 <= model.combination_.share <= 1.0
    means = {name: member.mean(HORIZON) for name, member in model.models_.items()}
    learned = means.pop(LEARNED)
    said = model.combination_.combine(
        np.stack(list(means.values())), learned, np.arange(panel.n_series)
    )
    np.testing.assert_allclose(model.mean(HORIZON), said)


@pytest.mark.usefixtures("whole_pool")
def test_a_model_that_is_always_right_is_the_combination():
    """Demand that goes up by a tenth of a unit each day; no average can follow."""
    units = 5.0 + 0.1 * np.arange(CUT) + np.arange(8)[:, None] + 0.01
    said = fit(panel_of(units)).mean(HORIZON)
    truth = 5.0 + 0.1 * (CUT + np.arange(HORIZON)) + np.arange(8)[:, None] + 0.01
    np.testing.assert_allclose(said, truth, rtol=0.05)


def test_the_horizon_has_to_be_one_at_least_and_is_kept_to(model):
    with pytest.raises(DataError, match="Ask for 1 or more"):
        AutoForecaster(0).fit(model.panel_)
    with pytest.raises(DataError, match=r"Fit AutoForecaster\(horizon=9\)"):
        model.forecast(9)


# --- its verdict on itself


def test_it_says_how_it_did_beside_its_best_member(model):
    table = model.judged_
    assert table[c.MODEL].tolist() == [*model.models_, COMBINATION]
    assert (table["rmsse"] > 0).all()
    loss = table.set_index(c.MODEL)["rmsse"]
    best = loss.drop(COMBINATION).idxmin()
    (note,) = model.notes_
    assert best in note
    assert f"{loss[COMBINATION]:.4f}" in note
    assert ("does not beat" in note) == bool(loss[COMBINATION] >= loss[best])


def test_the_verdict_is_what_a_fit_on_less_would_have_earned(panel):
    """Members see the whole history up to the first origin, so later origins are forecasts."""
    model = fit(panel)
    early = int(model.past_.origins[0])
    last = panel.cut - HORIZON
    member = model.models_["long-moving-average"].clone().fit(panel.until(early))
    errors = member.mean(HORIZON, panel=panel.until(last)) - panel.units[:, last:]
    loss = (np.sqrt((errors**2).mean(axis=1)) / _scale(panel.until(early))).mean()
    judged = model.judged_.set_index(c.MODEL)["rmsse"]
    assert judged["long-moving-average"] == pytest.approx(loss, rel=1e-6)


@pytest.fixture
def weights(monkeypatch):
    """Each combination that a fit judges: of all origins, then of those before the last horizon."""
    made = []

    class Recorded(Combination):
        @classmethod
        def judged_by(cls, past):
            made.append(Combination.judged_by(past))
            return made[-1]

    monkeypatch.setattr(auto, "Combination", Recorded)
    return made


def test_the_last_horizon_is_judged_by_weights_that_never_saw_it(panel, weights):
    """The number of trees of the learned model is chosen with it, and moves its share a little."""
    fit(panel)
    fit(edited_after(panel, CUT - HORIZON, 1))
    whole, judging, whole_edited, judging_edited = weights
    assert judging.own.tobytes() == judging_edited.own.tobytes()
    assert judging.chain.tobytes() == judging_edited.chain.tobytes()
    assert judging.share == pytest.approx(judging_edited.share, abs=0.05)
    assert not np.array_equal(whole.own, whole_edited.own)


def test_all_of_history_is_known_to_the_weights_of_the_forecast(panel, model):
    """And nothing after its cut is."""
    cut = CUT - HORIZON
    one, other = (fit(world.until(cut)) for world in (panel, edited_after(panel, cut, 1)))
    assert one.combination_.own.tobytes() == other.combination_.own.tobytes()
    assert one.mean(HORIZON).tobytes() == other.mean(HORIZON).tobytes()
    assert not np.array_equal(one.combination_.own, model.combination_.own)


# --- short histories


@pytest.mark.usefixtures("whole_pool")
@pytest.mark.parametrize(
    ("freq", "cut", "horizon", "learned", "weighed", "judged"),
    [
        ("D", 1, 28, False, False, False),
        ("D", 10, 28, False, False, False),
        ("D", 40, 28, False, False, False),
        ("D", 60, 28, True, True, False),
        ("M", 6, 6, False, False, False),
        ("M", 14, 6, True, True, False),
        ("M", 30, 6, True, True, True),
        ("W", 20, 8, True, True, False),
    ],
)
def test_what_is_left_out_of_a_short_history_and_why(freq, cut, horizon, learned, weighed, judged):
    panel = chain(cut=cut, freq=freq)
    model = fit(panel, horizon)
    forecast = check(model, panel, horizon)
    assert forecast.mean().mean() == pytest.approx(panel.units.mean(), rel=0.35)
    assert (LEARNED in model.models_) == learned
    assert set(model.models_) >= POOL
    assert any("lightgbm is left out" in note for note in model.notes_) != learned
    equal = any("all models weigh the same" in note for note in model.notes_)
    assert equal != weighed
    assert np.allclose(model.combination_.own, 1 / len(POOL)) != weighed
    assert (model.judged_ is not None) == judged
    assert any("over the last" in note for note in model.notes_) == judged
    unknown = any("beside its members is not known" in note for note in model.notes_)
    assert unknown == (weighed and not judged)


# --- odd histories


@pytest.mark.usefixtures("whole_pool")
@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("value", [0.0, np.nan])
def test_where_nothing_was_sold_or_known_nothing_is_expected(value):
    panel = panel_of(np.full((4, CUT), value))
    model = fit(panel)
    assert not check(model, panel).paths.any()
    assert LEARNED not in model.models_
    assert model.notes_[-1] == f"the last {HORIZON} periods do not tell the models apart"
    assert model.spread_ == LevelSpread()


@pytest.mark.usefixtures("whole_pool")
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_one_series():
    panel = chain(1)
    forecast = check(fit(panel), panel)
    assert forecast.mean().mean() == pytest.approx(panel.units.mean(), rel=0.3)
    assert forecast.total(HORIZON).std() > 0


@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_where_stock_always_ran_out_demand_was_more_than_sales(panel):
    empty = replace(panel, censored=np.full(panel.units.shape, True))
    said = check(fit(empty), empty).mean().mean()
    assert panel.units.mean() < said < 10 * panel.units.mean()


def test_stock_outs_do_not_lower_the_forecast():
    """Demand of ten a day, of which six are on the shelf on every third day."""
    random = np.random.default_rng(0)
    demand = random.poisson(10.0, (10, CUT))
    short = (random.random(demand.shape) < 1 / 3) & (demand >= 6)
    panel = panel_of(np.where(short, 6, demand), censored=short)
    assert fit(panel).mean(HORIZON).mean() == pytest.approx(10.0, rel=0.06)
    blind = replace(panel, censored=np.zeros_like(short))
    assert fit(blind).mean(HORIZON).mean() < 9.3


def test_a_life_cycle_of_every_kind():
    """Gone, going, never sold, just launched, announced: all beside ordinary series."""
    panel = mixed_panel(cut=CUT)
    launch = panel.launch.copy()
    launch[6] = CUT - 4
    panel = replace(panel, launch=launch)
    model = fit(panel)
    forecast = check(model, panel)
    assert not forecast.paths[[7, 9]].any()
    assert not forecast.paths[10, :, 3:].any()
    assert not forecast.paths[11, :, :3].any()
    assert (forecast.mean()[11, 3:] > 0).all()
    launches = LaunchCurve().fit(recover_demand(panel)).mean(HORIZON)
    np.testing.assert_allclose(model.mean(HORIZON)[[6, 11]], launches[[6, 11]], rtol=0.02)


def test_an_announced_item_is_not_told_by_a_fit_that_had_not_heard_of_it(panel):
    """It joins later, and is forecast by launches of the fit; the others stay as they are."""
    model = fit(panel)
    more = panel_of(
        np.concatenate([panel.units, np.zeros((1, CUT))]), launch=np.r_[[-1] * 8, CUT + 2]
    )
    mean = model.mean(HORIZON, panel=more)
    np.testing.assert_allclose(mean[:8], model.mean(HORIZON), rtol=1e-4)
    assert (mean[8, :2] == 0).all()
    assert (mean[8, 2:] > 0).all()


# --- the same again


def test_threads_and_repeats_do_not_matter(panel, model):
    again = fit(panel, n_threads=2)
    assert again.forecast(HORIZON).paths.tobytes() == model.forecast(HORIZON).paths.tobytes()
    pd.testing.assert_frame_equal(again.judged_, model.judged_)
    assert again.notes_ == model.notes_


def test_the_mean_is_that_of_the_paths(model):
    paths = model.forecast(HORIZON, n_paths=4000).mean()
    np.testing.assert_allclose(paths, model.mean(HORIZON), rtol=0.1, atol=0.05)


def test_a_shorter_horizon_is_the_beginning_of_the_longer_one(model):
    np.testing.assert_allclose(model.mean(3), model.mean(HORIZON)[:, :3], rtol=1e-6)


def test_every_series_can_be_forecast_alone(model, panel):
    whole = model.mean(HORIZON)
    alone = model.mean(HORIZON, panel=panel.select(np.array([5])))
    # The season leans on what the panel at hand says about the chain.
    np.testing.assert_allclose(alone[0].mean(), whole[5].mean(), rtol=0.15)


# --- how wide it is


def drifting_chain(seed, n_series=60, cut=184, horizon=28):
    """Counts around levels that drift, for each series and for all of them, under a week."""
    random = np.random.default_rng(seed)
    week = np.resize([0.8, 0.8, 0.9, 1.0, 1.2, 1.5, 0.8], cut + horizon)
    drift = random.normal(0, 0.01, cut + horizon) + random.normal(
        0, 0.02, (n_series, cut + horizon)
    )
    level = np.exp(random.uniform(np.log(1.0), np.log(15.0), (n_series, 1)) + drift.cumsum(axis=1))
    return panel_of(random.negative_binomial(2.0, 2.0 / (2.0 + level * week)))


def test_intervals_of_month_totals_cover_what_they_say():
    """60 series tell a share of 80% to 5 points (one standard error), of 95% to 3."""
    panel = drifting_chain(2)
    forecast = fit(panel.until(184), 28).forecast(28)
    total = panel.units[:, 184:].sum(axis=1)
    for share, least, most in ((0.8, 0.68, 0.95), (0.95, 0.87, 1.0)):
        low, high = np.quantile(forecast.total(28), [(1 - share) / 2, (1 + share) / 2], axis=1)
        assert least <= ((low <= total) & (total <= high)).mean() <= most


# --- another plan


def test_a_lower_price_raises_units_as_far_as_the_learned_model_counts():
    random = np.random.default_rng(0)
    shape = 30, 150 + HORIZON
    price = 10.0 * np.where(random.random(shape) < 0.3, random.uniform(0.6, 1.0, shape), 1.0)
    price[:, 150:] = 10.0
    units = random.poisson(12.0 * (price[:, :150] / 10.0) ** -2.5)
    panel = panel_of(units).reaching(150 + HORIZON)
    panel = replace(panel, plans={c.PRICE: price.astype(np.float32)})
    model = fit(panel)
    means = [model.mean(HORIZON, price=10.0 * share) for share in (1.0, 0.8, 0.6)]
    assert (means[1] >= means[0]).all()
    assert (means[2] >= means[1]).all()
    learned = model.models_[LEARNED]
    more = learned.mean(HORIZON, price=8.0) - learned.mean(HORIZON, price=10.0)
    np.testing.assert_allclose(
        means[1] - means[0], model.combination_.share * more, rtol=1e-5, atol=1e-6
    )
    assert means[1].sum() > 1.1 * means[0].sum()
    paths = model.forecast(HORIZON, price=8.0).mean()
    assert paths.sum() == pytest.approx(means[1].sum(), rel=0.03)


def test_calendars_of_other_frames(tmp_path):
    """A frame straight from a planner's file, weeks that begin on Mondays, and a reload."""
    weeks = pd.date_range("2024-01-01", periods=60, freq="W-MON")
    units = np.random.default_rng(0).poisson(20.0, (3, 60))
    frame = pd.DataFrame(
        {
            "unique_id": np.repeat(["a", "b", "c"], 60),
            "ds": np.tile(weeks, 3),
            "y": units.ravel(),
        }
    )
    model = fit(Panel.from_frame(frame, freq="W"), 4)
    assert model.mean(4).mean() == pytest.approx(20.0, rel=0.15)
    model.save(tmp_path / "model")
    loaded = AutoForecaster.load(tmp_path / "model")
    assert loaded.forecast(4).paths.tobytes() == model.forecast(4).paths.tobytes()


@pytest.mark.parametrize("plan", [{"price": 8.0}, {"promo": 1.0}])
def test_a_plan_that_no_member_reads_is_refused(plan):
    """Of ten days, trees cannot be learned, and the others would answer as if nothing was asked."""
    plans = {name: np.full((8, 10), 0.5, dtype=np.float32) for name in (c.PRICE, c.PROMOTION)}
    model = fit(replace(chain(cut=10), plans=plans))
    assert model.trees is None
    for ask in (model.mean, model.forecast):
        with pytest.raises(DataError, match=r"only the trees read prices.*Read notes_"):
            ask(HORIZON, **plan)
    assert model.mean(HORIZON).sum() > 0


def test_a_plan_that_has_no_weight_is_refused(model, panel):
    plans = {c.PRICE: np.full(panel.units.shape, 2.0, dtype=np.float32)}
    weightless = deepcopy(model)
    weightless.combination_ = replace(model.combination_, share=0.0)
    with pytest.raises(DataError, match="would not move"):
        weightless.mean(HORIZON, panel=replace(panel, plans=plans), price=1.0)


@pytest.mark.parametrize("freq", ["D", "W"])
def test_after_an_update_every_member_knows_the_newer_days(freq):
    """As demand: what ran out of stock in them is recovered for the members."""
    whole = chain(cut=70, freq=freq)
    whole = replace(whole, censored=np.random.default_rng(0).random(whole.units.shape) < 0.1)
    model = fit(whole.until(65), 4)
    assert model.trees is not None
    trees = model.trees
    expected = model.mean(4, panel=whole)
    assert model.update(whole) is model
    assert model.trees is trees
    recovered = recover_demand(whole)
    for member in (*model.models_.values(), model.launches_, model.trees):
        assert member.panel_.units.tobytes() == recovered.units.tobytes()
        np.testing.assert_array_equal(member.mean(4), member.mean(4, panel=recovered))
    assert model.panel_ is whole
    np.testing.assert_array_equal(model.mean(4), expected)
