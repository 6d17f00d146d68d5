"""Luck is called luck, a difference a difference, and the arithmetic is that of the leaderboard."""

import numpy as np
import pandas as pd
import pytest
from scipy.signal import lfilter
from scipy.stats import t, ttest_1samp

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.forecasting import Backtest, MovingAverage, SeasonalNaive, backtest
from newretail_ml.forecasting.judging.bootstrap import cluster_bootstrap
from newretail_ml.forecasting.judging.over_time import cosine_test
from newretail_ml.forecasting.judging.significance import compare_models
from tests.forecasting.worlds import mixed_panel

PAIR = ("naive", "average")
LOSSES = ("rmsse", "mase", "wape", "weighted_quantile_loss", "crps")


@pytest.fixture(scope="module")
def result() -> Backtest:
    models = {"naive": SeasonalNaive(), "average": MovingAverage()}
    return backtest(
        models, mixed_panel(), horizon=7, folds=3, n_paths=30, keep_series=True, progress=False
    )


@pytest.fixture(scope="module")
def many_folds() -> Backtest:
    models = {"naive": SeasonalNaive(), "average": MovingAverage()}
    return backtest(
        models, mixed_panel(), horizon=7, folds=6, n_paths=30, keep_series=True, progress=False
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
    return Backtest(pd.DataFrame(), {}, {}, by_series=by_series)


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


def daily_losses(rho, n_folds, n_cases=4000):
    """(cases, folds, 28 days) differences of equal models, each felt on the next days."""
    noise = np.random.default_rng(0).standard_normal((n_cases, 28 * n_folds))
    noise[:, 1:] *= np.sqrt(1 - rho**2)
    return lfilter([1], [1, -rho], noise, axis=1).reshape(n_cases, n_folds, 28)


def told_apart(rho, n_folds):
    """How often the test over time tells equal models apart at a level of 5%."""
    means = daily_losses(rho, n_folds).mean(axis=2)
    return np.mean([cosine_test(case) < 0.05 for case in means])


@pytest.mark.parametrize("rho", [0.0, 0.5, 0.9, 0.95])
@pytest.mark.parametrize("n_folds", [6, 8, 12])
def test_over_time_equal_models_are_told_apart_in_one_of_twenty_cases(rho, n_folds):
    """7%, and two standard errors of .4%, at the most: also where losses last for weeks."""
    assert 0.042 <= told_apart(rho, n_folds) <= 0.078


@pytest.mark.parametrize(("rho", "at_most"), [(0.0, 0.058), (0.9, 0.078), (0.95, 0.1)])
def test_four_folds_are_a_little_too_sure_where_losses_last(rho, at_most):
    assert 0.042 <= told_apart(rho, 4) <= at_most


def test_days_and_folds_taken_for_independent_would_be_far_too_sure():
    """The simulation can find a test out: t-tests of days, and of fold means."""
    losses = daily_losses(0.95, 8)
    assert np.mean(ttest_1samp(losses.reshape(len(losses), -1), 0, axis=1).pvalue < 0.05) > 0.5
    assert np.mean(ttest_1samp(losses.mean(axis=2), 0, axis=1).pvalue < 0.05) > 0.14


@pytest.mark.parametrize(("n_folds", "power"), [(4, 0.5), (8, 0.75), (12, 0.97)])
def test_over_time_a_clear_difference_is_found(n_folds, power):
    """Of two standard deviations of a fold."""
    folds = np.random.default_rng(1).normal(2, 1, (500, n_folds))
    assert np.mean([cosine_test(case) < 0.05 for case in folds]) > power


def test_a_true_difference_is_found():
    found = [compare_models(luck(seed, gain=0.2), "a", "b", n_draws=400) for seed in range(5)]
    assert all(one.p_value < 0.05 for one in found)
    assert all(one.interval[1] < 0 for one in found)
    assert found[0].words.startswith("a beats b on rmsse over these series: ")


def test_a_cluster_is_a_key(result):
    table = result.by_series.assign(location_id=result.by_series[c.ITEM].str[-1])
    shops = Backtest(result.scores, {}, {}, by_series=table)
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
    assert answer.n_folds == 3
    assert answer.n_series == 12
    back = compare_models(result, "average", "naive", metric)
    assert back.difference == pytest.approx(-answer.difference)


@pytest.mark.parametrize("metric", LOSSES)
def test_over_time_the_leaderboards_of_the_folds_are_compared(many_folds, metric):
    scores = many_folds.scores.query("metric == @metric").pivot_table("value", c.FOLD, c.MODEL)
    expected = cosine_test((scores["naive"] - scores["average"]).to_numpy())
    answer = compare_models(many_folds, "naive", "average", metric, n_draws=99)
    assert answer.n_folds == 6
    assert 0 < expected < 1
    assert answer.p_value_over_time == pytest.approx(expected)
    back = compare_models(many_folds, "average", "naive", metric, n_draws=99)
    assert back.p_value_over_time == pytest.approx(expected)


def test_a_model_is_as_good_as_itself(many_folds):
    answer = compare_models(many_folds, "naive", "naive")
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
    without = Backtest(result.scores, {}, {}, by_series=by_series[~dropped])
    unscaled = Backtest(result.scores, {}, {}, by_series=by_series)
    answers = [compare_models(one, "naive", "average") for one in (without, unscaled)]
    assert answers[0].loss == pytest.approx(answers[1].loss)


def test_a_seed_gives_the_same_answer(many_folds):
    one, two = (compare_models(many_folds, "naive", "average", random_state=3) for _ in range(2))
    assert one == two


# --- the words


def with_folds(gains: list[float]) -> Backtest:
    """Of b over a, in each fold; the same for all series but for a little."""
    table = luck(0, n_folds=len(gains))
    by_series = table.by_series.copy()
    own = 0.01 * by_series[c.ITEM].str[1:].astype(int) / 60
    gain = by_series[c.FOLD].map(dict(enumerate(gains)))
    by_series["rmsse"] = np.where(by_series[c.MODEL] == "a", 1.0, 1.0 + gain + own)
    return Backtest(pd.DataFrame(), {}, {}, by_series=by_series)


def test_a_win_that_lasts_is_claimed():
    answer = compare_models(with_folds([0.1, 0.12, 0.11, 0.1, 0.12, 0.11]), "a", "b")
    assert max(answer.p_value, answer.p_value_over_time) < 0.05
    assert answer.words.startswith("a beats b on rmsse: 1.0000 against 1.1149 (10.3% less), and it")
    assert "and it holds over 6 folds (p" in answer.words


def test_no_win_is_claimed_where_it_may_be_luck_over_time():
    answer = compare_models(with_folds([0.5, -0.4, 0.6, -0.3, 0.4, -0.5]), "b", "a")
    assert answer.p_value < 0.05 < answer.p_value_over_time
    assert answer.words.startswith("a is ahead of b on rmsse: ")
    assert "but over 6 folds it may be luck (p" in answer.words
    assert "beats" not in answer.words


@pytest.mark.parametrize("n", [1, 3])
def test_too_few_folds_are_said(n):
    answer = compare_models(with_folds([0.1, 0.2, 0.1][:n]), "a", "b")
    assert np.isnan(answer.p_value_over_time)
    assert answer.words.startswith("a beats b on rmsse over these series: ")
    assert f", but folds are too few to tell whether it lasts ({n}). " in answer.words


def test_no_win_is_claimed_where_series_may_be_luck():
    answer = compare_models(luck(1, n_folds=5), "a", "b")
    assert answer.p_value > 0.05 > answer.p_value_over_time
    assert answer.words.startswith("b and a cannot be told apart on rmsse: ")
    assert ", over 5 folds (p" in answer.words
    assert "beats" not in answer.words


# --- the test over time


def test_with_every_wave_it_would_be_the_paired_t_test():
    """Cosines are an orthonormal basis: all of them hold the whole variance."""
    folds = np.random.default_rng(0).normal(0.3, 1, 9)
    waves = [np.cos(np.pi * k * (np.arange(9) + 0.5) / 9) @ folds for k in range(1, 9)]
    error = np.sqrt(2 / 9 * np.mean(np.square(waves)) / 9)
    assert folds.mean() / error == pytest.approx(ttest_1samp(folds, 0).statistic)
    slow = np.sqrt(2 / 9 * np.mean(np.square(waves[:2])) / 9)
    assert cosine_test(folds) == pytest.approx(2 * t.sf(abs(folds.mean()) / slow, 2))


def test_a_trend_is_no_proof():
    """The same folds say less in an order in which they drift."""
    folds = np.array([0.1, 0.9, 0.2, 0.8, 0.3, 0.7, 0.4, 0.6])
    assert cosine_test(np.sort(folds)) > 2 * cosine_test(folds)


def test_the_unit_and_the_sign_do_not_matter():
    folds = np.random.default_rng(3).normal(0.3, 1, 10)
    assert cosine_test(-1000 * folds) == pytest.approx(cosine_test(folds))


@pytest.mark.parametrize(
    ("difference", "p_value"),
    [([0.0] * 8, 1.0), ([0.5] * 8, 0.0), ([1.0, 2.0, 1.0], None), ([], None)],
)
def test_differences_without_spread(difference, p_value):
    found = cosine_test(np.array(difference))
    assert np.isnan(found) if p_value is None else found == pytest.approx(p_value)


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


def test_folds_without_a_unit_do_not_count(many_folds):
    by_series = many_folds.by_series.copy()
    by_series.loc[by_series[c.FOLD] == 1, c.UNITS] = 0.0
    answer = compare_models(Backtest(many_folds.scores, {}, {}, by_series=by_series), *PAIR, "wape")
    others = by_series[by_series[c.FOLD] != 1]
    left = compare_models(Backtest(many_folds.scores, {}, {}, by_series=others), *PAIR, "wape")
    assert answer == left
    assert answer.n_folds == 5
    nothing = Backtest(many_folds.scores, {}, {}, by_series=by_series.assign(units=0.0))
    with pytest.raises(DataError, match="cuts where more has been sold"):
        compare_models(nothing, *PAIR, "wape")
