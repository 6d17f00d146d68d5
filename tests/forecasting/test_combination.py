"""How past errors become weights, and forecasts of several models one."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newretail_ml.forecasting.combination.weights import (
    _TOWARDS_HALF,
    Combination,
    Past,
    pool_weights,
    share_of_first,
    weighted_median,
)

NAN = np.nan
MODELS, SERIES, ORIGINS, HORIZON = 4, 30, 6, 7
seeds = st.integers(0, 2**32 - 1)


def past_of(deviations, seed=0, *, learned=None, unknown=0.0):
    """Models that miss demand of about 20 by normal errors with these standard deviations."""
    random = np.random.default_rng(seed)
    actual = random.gamma(20.0, 1.0, (SERIES, ORIGINS, HORIZON))
    shape = (len(deviations), *actual.shape)
    pool = actual + random.normal(size=shape) * np.reshape(deviations, (-1, 1, 1, 1))
    said = None if learned is None else actual + random.normal(size=actual.shape) * learned
    actual[random.random(actual.shape) < unknown] = NAN
    origins = 100 + HORIZON * np.arange(ORIGINS)
    return Past(pool, said, actual, origins, np.ones(SERIES))


# --- the median


@settings(max_examples=80, deadline=None)
@given(seed=seeds, n_models=st.integers(1, 9), ties=st.booleans())
def test_with_equal_weights_it_is_the_usual_median(seed, n_models, ties):
    random = np.random.default_rng(seed)
    forecasts = random.gamma(1.0, 5.0, (n_models, 5, 3))
    forecasts = np.round(forecasts) if ties else forecasts
    equal = np.full((n_models, 5), 1 / n_models)
    np.testing.assert_allclose(
        weighted_median(forecasts, equal), np.median(forecasts, axis=0), atol=1e-9
    )


def slow_median(values, weights):
    """Each value in the middle of its share of the unit interval; a line from one to the next."""
    pairs = sorted(zip(values, weights, strict=True))
    middles, reached = [], 0.0
    for _, weight in pairs:
        middles.append(reached + weight / 2)
        reached += weight
    return np.interp(0.5, middles, [value for value, _ in pairs])


@settings(max_examples=80, deadline=None)
@given(seed=seeds, n_models=st.integers(1, 7), power=st.floats(0.0, 20.0))
def test_with_any_weights_it_is_that_of_a_slow_twin(seed, n_models, power):
    random = np.random.default_rng(seed)
    forecasts = random.gamma(1.0, 5.0, (n_models, 4, 3))
    weights = random.random((n_models, 4)) ** power
    weights /= weights.sum(axis=0)
    median = weighted_median(forecasts, weights)
    for series in range(4):
        for period in range(3):
            slow = slow_median(forecasts[:, series, period], weights[:, series])
            assert median[series, period] == pytest.approx(slow, rel=1e-6)


@settings(max_examples=40, deadline=None)
@given(seed=seeds, n_models=st.integers(1, 7))
def test_the_median_lies_among_the_forecasts_in_any_order(seed, n_models):
    random = np.random.default_rng(seed)
    forecasts, weights = random.random((n_models, 4, 3)), random.random((n_models, 4))
    weights /= weights.sum(axis=0)
    median = weighted_median(forecasts, weights)
    assert (median >= forecasts.min(axis=0)).all()
    assert (median <= forecasts.max(axis=0)).all()
    order = random.permutation(n_models)
    np.testing.assert_allclose(weighted_median(forecasts[order], weights[order]), median)


def test_one_model_alone_cannot_spoil_the_median():
    sane = np.array([9.0, 10.0, 11.0, 10.5])[:, None, None]
    medians = [
        weighted_median(np.concatenate([sane, [[[wild]]]]), np.full((5, 1), 0.2)).item()
        for wild in (0.0, 1e9)
    ]
    assert 9.0 <= min(medians) <= max(medians) <= 11.0


# --- weights of the pool


@settings(max_examples=40, deadline=None)
@given(seed=seeds, unknown=st.sampled_from([0.0, 0.4, 1.0]), n_models=st.integers(1, 6))
def test_weights_are_shares(seed, unknown, n_models):
    random = np.random.default_rng(seed)
    errors = random.normal(size=(n_models, 8, 3, 4)) * random.gamma(1.0, 3.0, (n_models, 8, 1, 1))
    errors[:, random.random((8, 3, 4)) < unknown] = NAN
    own, chain = pool_weights(errors, 2.0)
    for weights in (own, chain[:, None]):
        assert (weights >= 0).all()
        np.testing.assert_allclose(weights.sum(axis=0), 1.0)


def test_a_model_that_is_always_right_gets_nearly_all():
    own, chain = pool_weights(past_of([3.0, 0.0, 3.0]).pool - past_of([3.0, 0.0, 3.0]).actual, 6.0)
    assert own[1].min() > 0.99
    assert chain[1] > 0.99


def test_models_that_are_equally_far_off_weigh_the_same():
    past = past_of([3.0])
    errors = np.repeat(past.pool - past.actual, 3, axis=0)
    own, chain = pool_weights(errors, 6.0)
    np.testing.assert_allclose(own, 1 / 3)
    np.testing.assert_allclose(chain, 1 / 3)


def test_series_by_series_as_far_as_the_past_tells():
    """Half the series are best told by one model, half by the other; the chain is of two minds."""
    first = np.arange(SERIES) < SERIES // 2
    off = np.where(first, 1.0, 1.3)
    errors = np.stack([off, off[::-1]])[:, :, None, None] * np.ones((1, 1, ORIGINS, HORIZON))
    much, chain = pool_weights(errors, 50.0)
    little, _ = pool_weights(errors, 1.0)
    nothing, _ = pool_weights(errors, 1e-9)
    assert (much[0, first] > little[0, first]).all()
    assert (little[0, first] > 0.5).all()
    assert (much[1, ~first] > little[1, ~first]).all()
    np.testing.assert_allclose(chain, 0.5, atol=1e-6)
    np.testing.assert_allclose(nothing, np.repeat(chain[:, None], SERIES, axis=1), atol=1e-6)


def test_weights_do_not_depend_on_the_size_of_a_series():
    errors = np.random.default_rng(0).normal(size=(3, 8, 5, 7))
    size = 10.0 ** np.arange(-4, 4)[:, None, None]
    np.testing.assert_allclose(pool_weights(errors * size, 4.0)[0], pool_weights(errors, 4.0)[0])


def test_a_series_of_which_nothing_is_known_gets_the_weights_of_the_chain():
    past = past_of([1.0, 2.0])
    errors = past.pool - past.actual
    errors[:, 3] = NAN
    own, chain = pool_weights(errors, 6.0)
    np.testing.assert_allclose(own[:, 3], chain)
    assert not np.allclose(own[:, 4], chain)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [0.0, NAN])
def test_where_no_model_ever_erred_or_nothing_is_known_all_weigh_the_same(value):
    own, chain = pool_weights(np.full((3, 4, 2, 5), value), 2.0)
    np.testing.assert_allclose(own, 1 / 3)
    np.testing.assert_allclose(chain, 1 / 3)


# --- the share of the learned model


def penalised_loss(share, first, second):
    """Mean square of the mixed error, and the pull of the share towards one half."""
    mixed = np.nanmean((share * first + (1 - share) * second) ** 2)
    return mixed + _TOWARDS_HALF * np.nanmean(first**2 + second**2) * (share - 0.5) ** 2


@settings(max_examples=60, deadline=None)
@given(
    seed=seeds,
    deviation=st.floats(0.2, 5.0),
    together=st.floats(-1.0, 1.0),
    unknown=st.sampled_from([0.0, 0.3]),
)
def test_the_share_is_the_best_on_a_grid(seed, deviation, together, unknown):
    random = np.random.default_rng(seed)
    second = random.normal(size=(5, 4, 3))
    first = deviation * (together * second + random.normal(size=second.shape))
    first[random.random(second.shape) < unknown] = NAN
    second[np.isnan(first)] = NAN
    grid = np.linspace(0.0, 1.0, 1001)
    best = grid[np.argmin([penalised_loss(share, first, second) for share in grid])]
    assert share_of_first(first, second) == pytest.approx(best, abs=1.1e-3)


def test_the_share_goes_to_whoever_is_right():
    wrong = np.random.default_rng(0).normal(size=(5, 4, 3))
    right = np.zeros_like(wrong)
    assert share_of_first(right, wrong) > 0.95
    assert share_of_first(wrong, right) < 0.05


@pytest.mark.parametrize("error", [0.0, NAN, 2.0])
def test_the_share_is_a_half_where_nothing_tells_them_apart(error):
    errors = np.full((2, 3, 4), error)
    assert share_of_first(errors, errors) == pytest.approx(0.5)


# --- the combination


def test_the_combination_is_the_median_and_the_learned_model_by_its_share():
    past = past_of([1.0, 2.0, 4.0], learned=2.0)
    combination = Combination.judged_by(past)
    assert 0.0 < combination.share < 1.0
    series = np.arange(SERIES)
    pooled = combination.combine(past.pool, None, series)
    np.testing.assert_array_equal(pooled, weighted_median(past.pool, combination.own))
    both = combination.combine(past.pool, past.learned, series)
    expected = combination.share * past.learned + (1 - combination.share) * pooled
    np.testing.assert_allclose(both, expected)


def test_errors_of_large_series_do_not_drown_the_others_in_the_share():
    """The learned model is right on 29 series and wrong on one that sells a thousand times more."""
    past = past_of([2.0], learned=0.1)
    past.learned[0] += 1e4
    share = Combination.judged_by(past).share
    past.scale[0] = 1e6
    assert Combination.judged_by(past).share > 0.9 > share


def test_series_of_unknown_scale_do_not_count_in_the_share():
    past = past_of([2.0], learned=0.1)
    past.learned[0] += 1e4
    past.scale[0] = NAN
    assert Combination.judged_by(past).share > 0.9


def test_series_that_were_not_there_get_the_weights_of_the_chain():
    past = past_of([1.0, 2.0, 4.0])
    combination = Combination.judged_by(past)
    forecasts = past.pool[:, :3, 0]
    mixed = combination.combine(forecasts, None, np.array([0, -1, 7]))
    for place, weights in enumerate(
        (combination.own[:, 0], combination.chain, combination.own[:, 7])
    ):
        np.testing.assert_allclose(
            mixed[place], weighted_median(forecasts[:, [place]], weights[:, None])[0]
        )


def test_all_the_same_where_nothing_was_judged():
    forecasts = np.array([1.0, 2.0, 9.0])[:, None, None] * np.ones((1, 4, 7))
    for n_series, series in ((4, np.arange(4)), (0, np.full(4, -1))):
        combination = Combination.equal(3, n_series)
        np.testing.assert_allclose(combination.combine(forecasts, None, series), 2.0)


def test_the_combination_beats_its_members_where_their_errors_are_their_own():
    past = past_of([3.0, 3.0, 3.0, 3.0], learned=3.0)
    said = Combination.judged_by(past).combine(past.pool, past.learned, np.arange(SERIES))
    loss = np.sqrt(np.mean((said - past.actual) ** 2))
    assert loss < 0.7 * 3.0


@pytest.mark.parametrize("unknown", [0.3, 1.0])
def test_unknown_demand_leaves_finite_weights(unknown):
    combination = Combination.judged_by(past_of([1.0, 2.0], learned=1.0, unknown=unknown))
    assert np.isfinite(combination.own).all()
    assert 0.0 <= combination.share <= 1.0


def test_some_of_the_origins():
    past = past_of([1.0, 2.0], learned=1.0)
    assert past.n_independent == ORIGINS
    kept = past.only(np.arange(ORIGINS) < 2)
    assert kept.pool.shape == (2, SERIES, 2, HORIZON)
    np.testing.assert_array_equal(kept.learned, past.learned[:, :2])
    np.testing.assert_array_equal(kept.actual, past.actual[:, :2])
    assert kept.n_independent == 2
    assert past_of([1.0]).only(np.array([1])).learned is None


def test_origins_that_overlap_count_for_less():
    past = past_of([1.0])
    weekly = Past(past.pool, None, past.actual, 100 + np.arange(ORIGINS), past.scale)
    assert weekly.n_independent == pytest.approx(1 + 5 / 7)
