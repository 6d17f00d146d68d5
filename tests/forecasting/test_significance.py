"""Luck is called luck, a difference a difference, and the arithmetic is that of the leaderboard."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ttest_1samp

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.forecasting import Backtest, MovingAverage, SeasonalNaive, backtest
from newretail_ml.forecasting.judging.bootstrap import cluster_bootstrap
from newretail_ml.forecasting.judging.diebold_mariano import diebold_mariano
from newretail_ml.forecasting.judging.scores import SQUARED_SCALED
from newretail_ml.forecasting.judging.significance import compare_models
from tests.forecasting.worlds import mixed_panel

LOSSES = ("rmsse", "mase", "wape", "weighted_quantile_loss", "crps")


@pytest.fixture(scope="module")
def result() -> Backtest:
    models = {"naive": SeasonalNaive(), "average": MovingAverage()}
    return backtest(
        models, mixed_panel(), horizon=7, folds=3, n_paths=30, keep_series=True, progress=False
    )


def luck(seed: int, gain: float = 0.0, n_series: int = 60, n_folds: int = 3) -> Backtest:
    """Two models whose losses differ by chance, and by ``gain``; series differ a great deal."""
    random = np.random.default_rng(seed)
    level = random.gamma(4, 0.25, (n_series, 1))
    own = random.normal(0, 0.1, (2, n_series, 1))
    noise = random.normal(0, 0.2, (2, n_series, n_folds))
    loss = level + own + noise
    loss[1] += gain
    place = pd.MultiIndex.from_product(
        [["a", "b"], [f"i{n}" for n in range(n_series)], range(n_folds)],
        names=[c.MODEL, c.ITEM, c.FOLD],
    )
    by_series = pd.DataFrame({"rmsse": loss.ravel()}, place).reset_index()
    dates = pd.date_range("2026-01-05", periods=42)
    periods = random.normal(1, 0.3, (2, 42)) + np.array([[0.0], [gain]])
    by_period = pd.DataFrame(
        {SQUARED_SCALED: periods.ravel()},
        pd.MultiIndex.from_product([["a", "b"], dates], names=[c.MODEL, c.DATE]),
    ).reset_index()
    return Backtest(pd.DataFrame(), {}, {}, by_series=by_series, by_period=by_period)


# --- how often it is wrong


def drawn(seed: int, gain: float = 0.0, copies: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """(series, folds) differences of two models, each series as many times as it has copies."""
    random = np.random.default_rng(seed)
    difference = gain + random.normal(0, 0.15, (60, 1)) + random.normal(0, 0.3, (60, 3))
    return difference.repeat(copies, axis=0), np.ones((60 * copies, 3))


def wrong(cases: int, copies: int = 1, together: bool = False) -> float:
    """How often equal models are told apart."""
    found = 0
    for seed in range(cases):
        arrays = [
            array.reshape(60, copies, 3).sum(axis=1) if together else array
            for array in drawn(seed, copies=copies)
        ]
        found += cluster_bootstrap(*arrays, n_draws=300, random_state=seed).p_value < 0.05
    return found / cases


def test_equal_models_are_told_apart_in_one_of_twenty_cases():
    """Of 400 cases 5%, with a standard error of 1.1%."""
    assert 0.02 <= wrong(400) <= 0.085


def test_series_that_share_their_luck_are_drawn_together():
    """Four locations of an item are one item: one by one, luck is taken for a difference."""
    assert wrong(100, copies=4, together=True) <= 0.12
    assert wrong(100, copies=4) > 0.2


def test_the_interval_holds_a_true_difference_and_excludes_none():
    answers = [cluster_bootstrap(*drawn(seed, 0.1), n_draws=300) for seed in range(200)]
    held = [one.interval[0] <= 0.1 <= one.interval[1] for one in answers]
    assert 0.9 <= np.mean(held) <= 0.99
    assert np.mean([one.p_value < 0.05 for one in answers]) > 0.85


@pytest.mark.parametrize(("lasting", "lags"), [(1, 0), (1, 3), (3, 2)])
def test_over_time_equal_models_are_told_apart_in_one_of_twenty_cases(lasting, lags):
    """Independent periods, and errors that are felt for three periods, with lags enough."""
    found = 0
    for seed in range(1000):
        noise = np.random.default_rng(seed).normal(0, 1, 90)
        felt = np.convolve(noise, np.ones(lasting), mode="valid")
        found += diebold_mariano(felt, lags=lags).p_value < 0.05
    assert 0.03 <= found / 1000 <= 0.085


def test_a_true_difference_is_found():
    found = [compare_models(luck(seed, gain=0.2), "a", "b", n_draws=400) for seed in range(5)]
    assert all(one.p_value < 0.05 for one in found)
    assert all(one.interval[1] < 0 for one in found)
    assert found[0].words.startswith("a beats b on rmsse")


def test_a_cluster_is_a_key(result):
    table = result.by_series.assign(location_id=result.by_series[c.ITEM].str[-1])
    shops = Backtest(result.scores, {}, {}, by_period=result.by_period, by_series=table)
    answer = compare_models(shops, "naive", "average", cluster=c.LOCATION)
    alone = compare_models(result, "naive", "average")
    assert answer.n_series == 10
    assert answer.loss == pytest.approx(alone.loss)
    assert answer.interval != alone.interval


# --- the arithmetic


@pytest.mark.parametrize("metric", LOSSES)
def test_the_losses_are_those_of_the_leaderboard(result, metric):
    answer = compare_models(result, "naive", "average", metric)
    board = result.leaderboard()[metric]
    assert answer.loss == pytest.approx((board["naive"], board["average"]))
    assert answer.difference == pytest.approx(board["naive"] - board["average"])
    assert answer.interval[0] <= answer.difference <= answer.interval[1]
    assert answer.n_periods == 21
    assert answer.n_series == 12
    back = compare_models(result, "average", "naive", metric)
    assert back.difference == pytest.approx(-answer.difference)
    assert back.p_value_over_time == pytest.approx(answer.p_value_over_time)


@pytest.mark.parametrize(
    ("metric", "column"),
    [
        ("rmsse", SQUARED_SCALED),
        ("mase", "absolute_scaled_error"),
        ("wape", "absolute_error_units"),
    ],
)
def test_over_time_the_losses_of_each_period_are_compared(result, metric, column):
    """21 periods, so two lags: the cube root."""
    periods = result.by_period.pivot_table(column, c.DATE, c.MODEL)
    expected = diebold_mariano((periods["naive"] - periods["average"]).to_numpy(), lags=2)
    answer = compare_models(result, "naive", "average", metric)
    assert 0 < expected.p_value < 1
    assert answer.p_value_over_time == pytest.approx(expected.p_value)


def test_a_model_is_as_good_as_itself(result):
    answer = compare_models(result, "naive", "naive")
    assert (answer.difference, answer.interval) == (0.0, (0.0, 0.0))
    assert answer.p_value == answer.p_value_over_time == 1.0
    assert "cannot be told apart" in answer.words


def test_the_interval_of_means_is_that_of_the_normal_law():
    """Of many series, the bootstrap comes to the standard error of the mean."""
    table = luck(0, n_series=800, n_folds=1)
    answer = compare_models(table, "a", "b", n_draws=4000)
    wide = table.by_series.pivot_table("rmsse", c.ITEM, c.MODEL)
    error = (wide["a"] - wide["b"]).std() / np.sqrt(800)
    half = (answer.interval[1] - answer.interval[0]) / 2
    assert half == pytest.approx(1.96 * error, rel=0.06)
    narrow = compare_models(table, "a", "b", confidence=0.5, n_draws=4000).interval
    assert (narrow[1] - narrow[0]) / 2 == pytest.approx(0.6745 * error, rel=0.08)


def test_series_without_a_scale_do_not_count(result):
    by_series = result.by_series.copy()
    dropped = by_series[c.ITEM].isin(["i000", "i003"])
    by_series.loc[dropped, "rmsse"] = np.nan
    without = Backtest(
        result.scores, {}, {}, by_period=result.by_period, by_series=by_series[~dropped]
    )
    unscaled = Backtest(result.scores, {}, {}, by_period=result.by_period, by_series=by_series)
    answers = [compare_models(one, "naive", "average") for one in (without, unscaled)]
    assert answers[0].loss == pytest.approx(answers[1].loss)


def test_a_seed_gives_the_same_answer(result):
    one, two = (compare_models(result, "naive", "average", random_state=3) for _ in range(2))
    assert one == two


def test_too_few_periods_are_said():
    table = luck(0)
    short = Backtest(
        pd.DataFrame(), {}, {}, by_series=table.by_series, by_period=table.by_period.iloc[[0, 42]]
    )
    answer = compare_models(short, "a", "b")
    assert np.isnan(answer.p_value_over_time)
    assert "too few periods" in answer.words


# --- Diebold and Mariano


def test_without_lags_it_is_the_paired_t_test():
    for seed in range(5):
        sample = np.random.default_rng(seed).normal(0.3, 1, 12)
        expected = ttest_1samp(sample, 0)
        assert diebold_mariano(sample) == pytest.approx((expected.statistic, expected.pvalue))


def test_with_lags_it_is_the_published_formula():
    """Harvey, Leybourne and Newbold (1997), equations 3 to 9, written out."""
    sample = np.random.default_rng(1).normal(0.5, 1, 20) + np.sin(np.arange(20) / 2)
    n, steps, mean = 20, 3, sample.mean()
    gamma = [
        sum((sample[t] - mean) * (sample[t - k] - mean) for t in range(k, n)) / n
        for k in range(steps)
    ]
    plain = mean / np.sqrt((gamma[0] + 2 * sum(gamma[1:])) / n)
    corrected = plain * np.sqrt((n + 1 - 2 * steps + steps * (steps - 1) / n) / n)
    assert diebold_mariano(sample, lags=2).statistic == pytest.approx(corrected)


def test_errors_that_last_are_no_proof():
    """The same mean and spread say less where each error lasts for days."""
    random = np.random.default_rng(0)
    days = random.normal(0.3, 1, 200)
    lasting = np.repeat(days[:50], 4)
    assert diebold_mariano(lasting, lags=3).p_value > diebold_mariano(lasting).p_value


def test_negative_autocorrelation_leaves_a_variance():
    seesaw = np.tile([1.0, -0.9], 10)
    assert 0 <= diebold_mariano(seesaw, lags=1).p_value <= 1


@pytest.mark.parametrize(
    ("difference", "p_value"), [([0.0] * 8, 1.0), ([0.5] * 8, 0.0), ([1.0], None), ([], None)]
)
def test_differences_without_spread(difference, p_value):
    answer = diebold_mariano(np.array(difference))
    assert np.isnan(answer.p_value) if p_value is None else answer.p_value == p_value


# --- what is refused


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"second": "nobody"}, "Choose from naive, average"),
        ({"metric": "bias"}, "Choose from rmsse, mase"),
        ({"cluster": "colour"}, "Choose from item_id"),
        ({"cluster": "location_id"}, "Choose from item_id"),
    ],
)
def test_unknown_names_are_refused(result, asked, says):
    with pytest.raises(DataError, match=says):
        compare_models(result, **{"first": "naive", "second": "average", **asked})


def test_a_backtest_without_series_is_refused(result):
    bare = Backtest(result.scores, {}, {})
    with pytest.raises(DataError, match="keep_series=True"):
        compare_models(bare, "naive", "average")
