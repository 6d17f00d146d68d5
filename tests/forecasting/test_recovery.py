"""Recovered demand: exact tails, a slow twin, no leaks, and models wrapped in it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from newretail_ml import columns as c
from newretail_ml.errors import NotFittedError
from newretail_ml.features import ExponentialMean, Lag, Recipe, RollingMean, SeasonalMean
from newretail_ml.forecasting import ExponentialSmoothing, LightGBMForecaster, MovingAverage
from newretail_ml.forecasting.base import Forecaster
from newretail_ml.forecasting.censoring import RecoveredDemand, demand_at_least, recover_demand
from tests.forecasting.worlds import mixed_panel, panel_of

CUT = 150


def sold_out_panel(freq="D", seed=0, n_series=8):
    """Demand above a random stock is lost; one series each launches late, ends, and lacks rows."""
    random = np.random.default_rng(seed)
    weekday = np.tile([1.0, 1.0, 1.0, 1.0, 1.4, 2.0, 0.6], CUT // 7 + 1)[:CUT]
    promoted = random.random((n_series, CUT + 20)) < 0.1
    mean = random.uniform(2, 20, (n_series, 1)) * weekday * np.where(promoted[:, :CUT], 2.0, 1.0)
    demand = random.negative_binomial(4, 4 / (4 + mean))
    stock = random.poisson(1.4 * mean)
    units = np.minimum(demand, stock).astype(np.float32)
    units[2, :40] = 0.0
    units[4, 60:63] = np.nan
    launch = np.full(n_series, -1, dtype=np.int32)
    launch[2] = 40
    delisting = np.full(n_series, np.iinfo(np.int32).max, dtype=np.int32)
    delisting[3] = 120
    plans = {c.PROMOTION: promoted.astype(np.float32)}
    changes = {"launch": launch, "delisting": delisting, "plans": plans}
    return panel_of(units, freq, censored=demand >= stock, **changes)


def exact(bound, mean, excess):
    """The moments, term by term."""
    size, units = 1.0 / excess, np.arange(4_000)
    chance = stats.nbinom.pmf(units, size, size / (size + mean)) * (units >= bound)
    chance /= chance.sum()
    first = (chance * units).sum()
    return first, (chance * units**2).sum() - first**2


def same(one, other):
    np.testing.assert_array_equal(one.units, other.units)
    np.testing.assert_array_equal(one.censored, other.censored)


@pytest.mark.parametrize("bound", [0, 1, 2, 9, 40])
@pytest.mark.parametrize("mean", [0.2, 3.0, 25.0])
@pytest.mark.parametrize("excess", [0.01, 0.3, 5.0])
def test_moments_of_the_tail_are_exact(bound, mean, excess):
    found = demand_at_least(np.array([float(bound)]), np.array([mean]), np.array([excess]))
    assert [moment[0] for moment in found] == pytest.approx(exact(bound, mean, excess), rel=1e-6)


def test_without_excess_it_is_conrads_poisson():
    bound, mean = np.arange(1.0, 30.0), np.full(29, 7.0)
    found, _ = demand_at_least(bound, mean, np.full(29, 1e-7))
    reaches = special.pdtrc(bound - 1, mean)
    before = np.where(bound > 1, special.pdtrc(np.maximum(bound - 2, 0), mean), 1.0)
    np.testing.assert_allclose(found, mean * before / reaches, rtol=1e-4)


@given(
    bound=st.integers(0, 100_000),
    mean=st.floats(0, 10_000),
    excess=st.floats(0.01, 5.0),
)
def test_the_tail_holds_for_any_numbers(bound, mean, excess):
    bounds = np.array([bound, bound + 1.0])
    expected, variance = demand_at_least(bounds, np.full(2, mean), np.full(2, excess))
    assert np.isfinite(expected).all() and np.isfinite(variance).all()
    assert (expected >= np.maximum(bounds, mean * (1 - 1e-9))).all()
    assert expected[1] >= expected[0] * (1 - 1e-6)


def slow_twin(units, censored, promoted):
    """One series, day by day, in plain numbers."""
    fade, slow = 0.5 ** (1 / 28), 0.5 ** (1 / 224)
    level, week, lift = [0.0, 0.0], [[0.0, 0.0] for _ in range(7)], [0.0, 0.0]
    spread, best, demand = [0.0, 0.0], 0.0, []
    for day, sold in enumerate(units):
        mu = level[0] / level[1] if level[1] else 0.0
        w = (10 + week[day % 7][0]) / (10 + week[day % 7][1])
        p = (10 + lift[0]) / (10 + lift[1]) if promoted[day] else 1.0
        mean, excess = mu * w * p, min(max((3 + spread[0]) / (10 + spread[1]), 0.01), 5.0)
        best, wanted, variance = max(best, sold), float(sold), 0.0
        if censored[day]:
            wanted, variance = exact(sold, mean, excess) if mean > 0 else (wanted, 0.0)
            wanted = min(wanted, max(sold, 2 * best))
        demand.append(wanted)
        if censored[day] and sold == 0 and mean == 0:
            continue
        square = min(variance + (wanted - mean) ** 2, 12 * (mean + excess * mean**2))
        adds = [(level, fade, wanted, w * p)]
        if mean > 0:
            adds += [(week[day % 7], slow**7, wanted, mu * p)]
            adds += [(lift, slow, wanted, mu * w)] if promoted[day] else []
        settled = fade * level[1] + w * p > 14
        adds += [(spread, slow, square - mean, mean**2)] if settled else []
        for ratio, fading, above, below in adds:
            ratio[:] = fading * ratio[0] + above, fading * ratio[1] + below
    return demand


def test_it_equals_its_slow_twin():
    panel = sold_out_panel()
    found = recover_demand(panel).units
    promoted = panel.plans[c.PROMOTION] > 0
    for series in (0, 1, 5):
        first = int(panel.start[series])
        assert first == 0
        twin = slow_twin(panel.units[series], panel.censored[series], promoted[series])
        np.testing.assert_allclose(found[series], twin, rtol=1e-5)


@pytest.mark.parametrize("freq", ["D", "W", "M"])
def test_it_raises_censored_sales_and_leaves_all_else(freq):
    panel = sold_out_panel(freq)
    found = recover_demand(panel)
    bounded = panel.censored & panel.on_sale()
    assert bounded.sum() > 100 and not found.censored[panel.on_sale()].any()
    np.testing.assert_array_equal(found.units[~bounded], panel.units[~bounded])
    assert (found.units[bounded] >= np.nan_to_num(panel.units[bounded])).all()
    assert found.units[bounded].sum() > 1.2 * np.nansum(panel.units[bounded])
    assert found.units.dtype == np.float32
    np.testing.assert_array_equal(found.start, panel.start)


@pytest.mark.parametrize("cut", [1, 20, 77, 149])
def test_what_was_recovered_does_not_depend_on_later_periods(cut):
    panel = sold_out_panel()
    same(recover_demand(panel).until(cut), recover_demand(panel.until(cut)))
    units, censored = panel.units.copy(), panel.censored.copy()
    units[:, cut:] += 100.0
    censored[:, cut:] ^= True
    edited = replace(panel, units=units, censored=censored)
    same(recover_demand(edited).until(cut), recover_demand(panel).until(cut))


def test_a_series_does_not_depend_on_the_others():
    panel = sold_out_panel()
    same(recover_demand(panel).select([5, 2]), recover_demand(panel.select([5, 2])))


def test_features_of_recovered_demand_agree_between_training_and_prediction():
    panel = sold_out_panel()
    recipe = Recipe([Lag(1), RollingMean(28), SeasonalMean(7, 4), ExponentialMean(28)])
    horizons = np.arange(1, 15)
    trained = recipe.cube(recover_demand(panel), 100 - 1 + horizons, horizons)
    predicted = recipe.cube(recover_demand(panel.until(100)), 100 - 1 + horizons, horizons)
    np.testing.assert_array_equal(trained, predicted)
    assert np.isfinite(predicted).all(axis=(0, 2)).sum() >= 7


def test_without_censored_periods_the_panel_stays_as_it_is():
    panel = replace(sold_out_panel(), censored=np.zeros((8, CUT), dtype=bool))
    assert recover_demand(panel) is panel


def test_where_nothing_was_ever_sold_nothing_is_recovered():
    censored = np.array([[True, True, False, True]])
    panel = panel_of([[0, 0, 6, 0]], censored=censored, launch=np.array([0]))
    found = recover_demand(panel)
    assert found.censored.tolist() == [[True, True, False, False]]
    assert found.units[0, 3] == pytest.approx(6.0)


def test_a_bound_that_is_missing_counts_as_none():
    censored = np.zeros((1, 30), dtype=bool)
    censored[0, 20] = True
    units = np.full((1, 30), 5.0)
    units[0, 20] = np.nan
    assert recover_demand(panel_of(units, censored=censored)).units[0, 20] == pytest.approx(5.0)


def test_always_sold_out_does_not_mean_endless_demand():
    sales = np.random.default_rng(0).poisson(5.0, (20, 700))
    found = recover_demand(panel_of(sales, censored=np.ones(sales.shape, dtype=bool)))
    assert np.isfinite(found.units).all()
    assert found.units.max() <= 2 * sales.max()


def test_promotions_and_bargains_are_known_to_sell_more():
    day = np.arange(200)
    special_day = day % 10 == 3
    units = np.where(special_day, 30.0, 10.0)[None, :]
    censored = np.zeros(units.shape, dtype=bool)
    censored[0, [192, 193]] = True
    units[0, [192, 193]] = 0.0
    price = np.where(special_day, 5.0, 8.0)[None, :].astype(np.float32)
    regular = np.full(price.shape, 8.0, dtype=np.float32)
    promotion = {c.PROMOTION: special_day[None, :].astype(np.float32)}
    for plans in (promotion, {c.PRICE: price, c.REGULAR_PRICE: regular}):
        found = recover_demand(panel_of(units, censored=censored, plans=plans)).units[0]
        assert found[193] > 2 * found[192] > 15.0


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("stock", "part_left"), [(1.4, 0.4), (1.7, 0.25), (2.5, 0.25)])
def test_total_demand_is_recovered_whatever_the_seed(seed, stock, part_left):
    random = np.random.default_rng(seed)
    mean = random.uniform(2, 20, (100, 1))
    demand = random.negative_binomial(4, 4 / (4 + mean), (100, 150))
    shelf = random.poisson(stock * mean, demand.shape)
    sales = np.minimum(demand, shelf)
    found = recover_demand(panel_of(sales, censored=demand >= shelf)).units[:, 42:]
    true = demand[:, 42:].sum()
    assert abs(found.sum() - true) < part_left * abs(sales[:, 42:].sum() - true)


def small_boosting():
    settings = {"num_leaves": 4, "max_rounds": 12, "n_threads": 1}
    return LightGBMForecaster(7, **settings)


@pytest.mark.parametrize("model", [MovingAverage(), ExponentialSmoothing(), small_boosting()])
def test_a_model_sees_recovered_demand(model):
    panel = sold_out_panel()
    wrapped = RecoveredDemand(model).fit(panel)
    bare = model.clone().fit(recover_demand(panel))
    np.testing.assert_array_equal(wrapped.mean(7), bare.mean(7))
    assert wrapped.mean(7).sum() > 1.02 * model.clone().fit(panel).mean(7).sum()


@pytest.mark.parametrize("model", [MovingAverage(), ExponentialSmoothing(), small_boosting()])
def test_without_stock_outs_the_model_is_as_it_is(model):
    panel = replace(mixed_panel(), censored=np.zeros((12, 120), dtype=bool))
    wrapped = RecoveredDemand(model).fit(panel).forecast(7, n_paths=20)
    np.testing.assert_array_equal(
        wrapped.paths, model.clone().fit(panel).forecast(7, n_paths=20).paths
    )


def test_paths_are_whole_units_where_sales_are():
    panel = sold_out_panel()
    paths = RecoveredDemand(MovingAverage()).fit(panel).forecast(7).paths
    np.testing.assert_array_equal(paths, np.floor(paths))
    halves = replace(panel, units=panel.units / 2)
    paths = RecoveredDemand(MovingAverage()).fit(halves).forecast(7).paths
    assert (paths != np.floor(paths)).any()


def test_newer_days_are_recovered_too():
    panel = sold_out_panel()
    fresh = RecoveredDemand(MovingAverage()).fit(panel)
    late = RecoveredDemand(MovingAverage()).fit(panel.until(100))
    np.testing.assert_array_equal(late.mean(7, panel=panel), fresh.mean(7))
    np.testing.assert_array_equal(late.update(panel).mean(7), fresh.mean(7))


def test_it_is_saved_whole_and_cloned_unfitted(tmp_path):
    panel = sold_out_panel()
    model = RecoveredDemand(MovingAverage(14)).fit(panel)
    model.save(tmp_path / "model")
    reloaded = Forecaster.load(tmp_path / "model")
    np.testing.assert_array_equal(reloaded.mean(7), model.mean(7))
    assert repr(model.clone()) == "RecoveredDemand(model=MovingAverage(window=14))"
    with pytest.raises(NotFittedError):
        model.clone().forecast(7)
