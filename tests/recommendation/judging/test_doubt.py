"""Errors and tests against other people's formulas."""

from itertools import product

import numpy as np
import pytest
from scipy import stats

from newretail_ml.recommendation.judging.doubt import (
    clustered_mean,
    holm,
    randomisation_test,
    t_interval,
    t_test,
)


def test_one_value_a_customer_is_the_paired_t_test():
    values = np.random.default_rng(0).normal(0.2, 1, 40)
    estimate = clustered_mean(values, np.arange(40))
    expected = stats.ttest_1samp(values, 0)
    assert estimate.error == pytest.approx(stats.sem(values))
    assert t_test(estimate) == pytest.approx(expected.pvalue)
    assert t_interval(estimate, 0.9) == pytest.approx(tuple(expected.confidence_interval(0.9)))


def test_errors_are_those_of_a_regression_on_a_constant_with_clusters():
    from statsmodels.regression.linear_model import OLS

    rng = np.random.default_rng(1)
    cluster = rng.integers(0, 12, 60)
    values = rng.normal(size=60) + rng.normal(size=12)[cluster]
    fitted = OLS(values, np.ones(60)).fit(cov_type="cluster", cov_kwds={"groups": cluster})
    estimate = clustered_mean(values, cluster)
    assert estimate.error == pytest.approx(fitted.bse[0])
    assert estimate.clusters == len(np.unique(cluster))


def test_the_same_customers_asked_again_teach_nothing():
    values = np.random.default_rng(2).random(30)
    once = clustered_mean(values, np.arange(30))
    twice = clustered_mean(np.tile(values, 2), np.tile(np.arange(30), 2))
    assert twice == pytest.approx(once)


def test_what_is_not_known():
    assert clustered_mean(np.array([np.nan]), np.array([0])).clusters == 0
    alone = clustered_mean(np.array([1.0, 2.0]), np.array([0, 0]))
    assert alone.mean == 1.5
    assert np.isnan(alone.error)
    assert np.isnan(t_test(alone))
    assert np.isnan(t_interval(alone, 0.95)).all()
    same = clustered_mean(np.zeros(5), np.arange(5))
    assert t_test(same) == 1.0
    always = clustered_mean(np.ones(5), np.arange(5))
    assert t_test(always) == 0.0


def test_the_randomisation_test_comes_to_the_share_of_all_swaps():
    total = np.array([0.9, 0.5, -0.1, 0.4, 0.3, -0.2, 0.6, 0.0])
    swaps = np.array([np.dot(signs, total) for signs in product([-1, 1], repeat=8)])
    exact = np.mean(np.abs(swaps) >= abs(total.sum()) - 1e-12)
    found = randomisation_test(total, 40_000, random_state=0)
    assert found == pytest.approx(exact, abs=5 * np.sqrt(exact * (1 - exact) / 40_000))


def test_equal_models_are_seldom_told_apart():
    rng = np.random.default_rng(3)
    p_values = [randomisation_test(rng.normal(size=30), 199, seed) for seed in range(400)]
    assert np.mean(np.array(p_values) <= 0.05) == pytest.approx(0.05, abs=0.035)


def test_holm_is_that_of_statsmodels():
    from statsmodels.stats.multitest import multipletests

    p_values = np.array([0.2, 0.001, 0.03, 0.03, 0.9, 0.012])
    assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1])
    with_gap = holm(np.array([0.01, np.nan, 0.04]))
    assert with_gap[[0, 2]] == pytest.approx([0.02, 0.04])
    assert np.isnan(with_gap[1])
