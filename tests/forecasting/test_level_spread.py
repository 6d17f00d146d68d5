"""How much wider than its analogues a forecast should be."""

from dataclasses import replace

import numpy as np
import pytest

from newretail_ml.forecasting.paths import PastForecasts, paths_around_mean
from newretail_ml.forecasting.paths.level_spread import (
    _MOST_COMMON,
    _covered,
    level_spread,
)
from newretail_ml.forecasting.paths.spread import LevelSpread
from tests.forecasting.worlds import panel_of

HORIZON, SERIES, LEVEL = 7, 60, 50.0
# Of a total, how much of a drift that has reached 1 at the end of the horizon.
OF_TOTAL = LevelSpread.growth(HORIZON, HORIZON).mean()
STEP = 0.05  # deviations of the total that are tried lie so far apart


def world(chain=0.0, own=0.0, *, n_origins=12, seed=0, apart=HORIZON, n_series=SERIES):
    """Forecasts of 50 a day, and demand that strays from them by log-normal levels.

    Args:
        chain: deviation of a level that all series share, drawn for every origin.
        own: deviation of a level of each series and origin.
    """
    random = np.random.default_rng(seed)
    cut = 60 + apart * (n_origins - 1) + HORIZON
    panel = panel_of(random.poisson(LEVEL, (n_series, cut)))
    level = np.exp(chain * random.standard_normal((1, n_origins, 1)))
    level = level * np.exp(own * random.standard_normal((n_series, n_origins, 1)))
    actual = random.poisson(LEVEL * level * np.ones(HORIZON)).astype(float)
    forecast = np.full(actual.shape, LEVEL)
    origins = 60 + apart * np.arange(n_origins)
    return PastForecasts(forecast, actual, 0.0, origins), panel


# --- levels


@pytest.mark.parametrize(("common", "own"), [(0.3, 0.0), (0.0, 0.6), (0.2, 0.4)])
def test_levels_have_the_deviations_asked_for_and_the_common_part_together(common, own):
    levels = LevelSpread(common, own).drawn(200, 20_000, np.random.default_rng(0))
    assert levels.shape == (200, 20_000)
    assert levels.dtype == np.float32
    assert levels.std() == pytest.approx(np.hypot(common, own), rel=0.02)
    share = common**2 / (common**2 + own**2)
    assert np.corrcoef(levels[:2])[0, 1] == pytest.approx(share, abs=0.03)


def test_levels_drift_with_the_root_of_time():
    growth = LevelSpread.growth(16, 16)
    np.testing.assert_allclose(growth[[0, 3, 15]], [0.25, 0.5, 1.0])
    np.testing.assert_array_equal(LevelSpread.growth(4, 16), growth[:4])


def test_without_a_spread_levels_stay():
    assert not LevelSpread().drawn(3, 5, np.random.default_rng(0)).any()


@pytest.mark.parametrize("spread", [LevelSpread(0.4, 0.0), LevelSpread(0.0, 0.4)], ids=repr)
def test_paths_widen_and_keep_their_mean(spread):
    """In fractional units, so that rounding does not widen them too."""
    past, panel = world(own=0.1)
    panel = replace(panel, units=panel.units + np.float32(0.5))
    mean = np.full((SERIES, HORIZON), LEVEL)
    calm, wide = (
        paths_around_mean(mean, past, panel, 2000, np.random.default_rng(0), added)
        for added in (None, spread)
    )
    np.testing.assert_allclose(wide.mean(axis=1), mean, rtol=1e-4)
    more = wide.var(axis=1).mean(axis=0) - calm.var(axis=1).mean(axis=0)
    growth = np.sqrt(np.arange(1, HORIZON + 1) / HORIZON)
    added = LEVEL**2 * np.expm1((0.4 * growth) ** 2)
    np.testing.assert_allclose(more, added, rtol=0.2)
    chain = wide[:, :, -1].sum(axis=0).std() / (SERIES * LEVEL)
    assert chain > 0.35 if spread.common else chain < 0.15


def test_the_first_week_of_a_longer_horizon_strays_as_far_as_the_first_week_does():
    past, panel = world(own=0.1)
    spread, mean = LevelSpread(0.0, 0.5), np.full((SERIES, HORIZON), LEVEL)
    whole, short = (
        paths_around_mean(
            mean[:, :reach], past.up_to(reach), panel, 2000, np.random.default_rng(0), spread
        )
        for reach in (HORIZON, 2)
    )
    np.testing.assert_allclose(
        short.std(axis=1).mean(axis=0), whole[:, :, :2].std(axis=1).mean(axis=0), rtol=0.05
    )


# --- what the past asks for


@pytest.mark.parametrize("seed", range(3))
def test_errors_that_are_alike_at_every_origin_ask_for_nothing(seed):
    """What analogues of other origins show is what happens: their spread is wide enough."""
    spread = level_spread(*world(own=0.3, seed=seed))
    assert spread.common * OF_TOTAL < 0.03
    assert spread.own * OF_TOTAL <= 3 * STEP + 1e-9


@pytest.mark.parametrize("seed", range(3))
def test_a_chain_that_strays_by_a_third_asks_for_more(seed):
    """12 months show a deviation of .3; what they leave open is .3 times root of 13/11 - 1."""
    past, panel = world(chain=0.3, seed=seed)
    total = past.actual.sum(axis=(0, 2)) / past.forecast.sum(axis=(0, 2))
    spread = level_spread(past, panel)
    lacking = spread.common * OF_TOTAL
    assert lacking == pytest.approx(np.log(total).std() * np.sqrt(13 / 11 - 1))
    assert 0.05 < lacking < 0.25


def test_two_origins_that_differ_by_a_third_ask_for_much():
    past, panel = world(n_origins=2)
    past.actual[:, 0] *= 1.3
    past.actual[:, 1] *= 0.7
    spread = level_spread(past, panel)
    assert spread.common * OF_TOTAL == pytest.approx(_MOST_COMMON)
    past.actual[:, 0] = past.actual[:, 1]
    assert level_spread(past, panel).common < 0.01


def test_origins_that_overlap_ask_for_more_than_those_apart():
    """Twelve weeks that share their days are less of a sample than twelve of their own."""
    past, panel = world(chain=0.2)
    daily = PastForecasts(past.forecast, past.actual, 0.0, 60 + np.arange(12))
    assert level_spread(daily, panel).common > 1.5 * level_spread(past, panel).common


def test_what_other_origins_show_already_is_not_asked_for_twice():
    """Every other origin sells twice as much, and so do half of the trajectories."""
    past, panel = world()
    past.actual[:, ::2] *= 4 / 3
    past.actual[:, 1::2] *= 2 / 3
    assert level_spread(past, panel).own <= STEP


def test_a_forecast_that_is_always_too_low_asks_for_much():
    """Paths keep to the mean that the model says, so only width can cover what it misses."""
    past, panel = world()
    low = PastForecasts(past.forecast / 2, past.actual, 0.0, past.origins)
    assert level_spread(low, panel).own > 0.4


def test_series_that_break_with_their_own_past_are_covered():
    """All donors are older and calm; only the last origin strays, series by series."""
    past, panel = world(n_origins=2, n_series=200)
    random = np.random.default_rng(1)
    past.actual[:, 1] *= np.exp(0.4 * random.standard_normal((200, 1)))
    past.actual[:, 0] = LEVEL
    calm = level_spread(world(n_origins=2, n_series=200)[0], panel).own
    assert level_spread(past, panel).own > calm


# --- where little is known


def test_without_a_past_nothing_is_asked_for():
    panel = panel_of(np.ones((3, 60)))
    assert level_spread(None, panel) == LevelSpread()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [0.0, np.nan])
def test_a_past_that_says_nothing_asks_for_nothing(value):
    past, panel = world()
    nothing = PastForecasts(past.forecast, np.full_like(past.actual, value), 0.0, past.origins)
    assert level_spread(nothing, panel) == LevelSpread(0.0, level_spread(nothing, panel).own)
    assert np.isfinite(level_spread(nothing, panel).own)


@pytest.mark.filterwarnings("error")
def test_periods_that_are_all_partly_unknown_ask_for_no_width_of_a_series():
    """No total is known, so none can be missed."""
    past, panel = world(chain=0.2)
    past.actual[:, :, 3] = np.nan
    spread = level_spread(past, panel)
    assert spread.own == 0.0
    assert spread.common > 0.0


@pytest.mark.filterwarnings("error")
def test_one_origin_is_no_sample():
    past, panel = world(n_origins=1)
    assert level_spread(past, panel) == LevelSpread()


@pytest.mark.filterwarnings("error")
def test_forecasts_of_nothing():
    past, panel = world()
    nothing = PastForecasts(np.zeros_like(past.forecast), past.actual, 0.0, past.origins)
    assert level_spread(nothing, panel) == LevelSpread()


def test_the_same_past_asks_for_the_same_spread():
    past, panel = world(chain=0.2, own=0.2, n_series=450)
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    assert level_spread(past, panel) == level_spread(past, panel)
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002


# --- coverage


def test_coverage_of_a_fan_of_its_own_is_what_it_says():
    random = np.random.default_rng(0)
    level = random.gamma(2.0, 3.0, (4000, 1))
    for scale in (0.02, 1.0, 50.0):  # counts of which nine in ten are zero, and large ones
        paths, actual = random.poisson(scale * level, (4000, 200)), random.poisson(scale * level)
        assert _covered(actual[:, 0], paths) == pytest.approx(0.8, abs=0.03)


def test_a_fan_that_is_too_narrow_covers_less():
    random = np.random.default_rng(0)
    actual = random.normal(100.0, 20.0, 4000)
    wide, narrow = (
        _covered(actual, 100 + spread * random.standard_normal((4000, 200)))
        for spread in (20.0, 10.0)
    )
    assert wide == pytest.approx(0.8, abs=0.03)
    assert narrow == pytest.approx(0.48, abs=0.04)  # within .64 standard deviations
    assert _covered(np.full(5, 7.0), np.full((5, 10), 7.0)) == pytest.approx(0.8)
    assert _covered(np.full(5, 8.0), np.full((5, 10), 7.0)) == 0.0
