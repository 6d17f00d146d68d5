"""Empirical-Bayes pooling: known answers, what must always hold, and bad input."""

import json
from pathlib import Path

import numpy as np
import pytest

from newretail_ml.errors import DataError
from newretail_ml.pricing.demand.pooling import pool_estimates

KNOWN = json.loads((Path(__file__).parent / "pooling.json").read_text())
NEAR = KNOWN["tolerance"]


def test_eight_schools_are_all_alike():
    case = KNOWN["instances"]["eight_schools"]
    pooled, expected = pool_estimates(case["estimates"], case["standard_errors"]), case["expected"]
    assert pooled.tau2 == expected["tau2"]
    assert pooled.mean == pytest.approx(expected["mu"], abs=NEAR)
    assert pooled.standard_error == pytest.approx(expected["se_mu"], abs=NEAR)
    assert pooled.q == pytest.approx(expected["Q"], abs=NEAR)
    assert pooled.estimates == pytest.approx(np.full(8, expected["mu"]), abs=NEAR)
    assert pooled.standard_errors == pytest.approx(np.full(8, expected["se_mu"]), abs=NEAR)


def test_six_items():
    case = KNOWN["instances"]["six_items"]
    pooled, expected = pool_estimates(case["estimates"], case["standard_errors"]), case["expected"]
    assert pooled.tau2 == pytest.approx(expected["tau2"], abs=NEAR)
    assert pooled.mean == pytest.approx(expected["mu"], abs=NEAR)
    assert pooled.estimates == pytest.approx(expected["shrunk"], abs=NEAR)


def random_case(seed):
    rng = np.random.default_rng(seed)
    return rng.normal(-2, 1.5, 12), rng.uniform(0.1, 1.0, 12), np.repeat(list("abcd"), 3)


@pytest.mark.parametrize("seed", range(5))
def test_posterior_of_all_items_and_means_at_once(seed):
    """The same from one large normal system of items, group means and the chain's mean."""
    y, error, groups = random_case(seed)
    pooled = pool_estimates(y, error, groups)
    tau2, between = pooled.tau2, pooled.group_tau2
    assert tau2 > 0
    assert between >= 0
    between = max(between, 1e-10)
    names = sorted(set(groups))
    n, m = len(y), len(names)
    precision, right = np.zeros((n + m + 1, n + m + 1)), np.zeros(n + m + 1)
    for item in range(n):
        group = n + names.index(groups[item])
        precision[item, item] += 1 / error[item] ** 2
        right[item] += y[item] / error[item] ** 2
        link = np.zeros(n + m + 1)
        link[[item, group]] = 1, -1
        precision += np.outer(link, link) / tau2
    for group in range(n, n + m):
        link = np.zeros(n + m + 1)
        link[[group, n + m]] = 1, -1
        precision += np.outer(link, link) / between
    covariance = np.linalg.inv(precision)
    mean, spread = covariance @ right, np.sqrt(np.diag(covariance))
    assert pooled.estimates == pytest.approx(mean[:n], abs=1e-4)
    assert pooled.standard_errors == pytest.approx(spread[:n], abs=1e-4)
    assert pooled.mean == pytest.approx(mean[-1], abs=1e-4)
    assert pooled.groups["mean"].to_numpy() == pytest.approx(mean[n:-1], abs=1e-4)


def test_values_lie_between_the_estimate_and_the_mean():
    y, error, _ = random_case(9)
    pooled = pool_estimates(y, error)
    low, high = np.minimum(y, pooled.mean), np.maximum(y, pooled.mean)
    assert ((pooled.estimates >= low) & (pooled.estimates <= high)).all()
    assert (pooled.standard_errors < error).all()


def test_equal_errors_give_equal_weights():
    pooled = pool_estimates([-1.0, -2.0, -6.0], [0.5] * 3)
    assert pooled.mean == pytest.approx(-3.0)
    assert pooled.tau2 == pytest.approx(7.0 - 0.25)


def test_one_item_is_its_own_mean():
    pooled = pool_estimates([-2.0], [0.3])
    assert (pooled.estimates[0], pooled.standard_errors[0], pooled.tau2) == (-2.0, 0.3, 0.0)


def test_groups_of_one_item_are_drawn_to_the_chain():
    y, error, _ = random_case(2)
    alone = pool_estimates(y, error, np.arange(12))
    assert alone.estimates == pytest.approx(pool_estimates(y, error).estimates)


def test_an_item_that_says_nothing_has_the_mean_and_changes_nothing():
    y, error, _ = random_case(3)
    without = pool_estimates(y, error)
    pooled = pool_estimates([*y, 99.0], [*error, np.inf])
    assert pooled.estimates == pytest.approx([*without.estimates, without.mean])
    assert pooled.standard_errors[-1] ** 2 == pytest.approx(
        without.tau2 + without.standard_error**2
    )
    groups = pool_estimates([-1.0, -2.0, 5.0], [0.1, 0.1, np.inf], ["a", "b", "c"])
    assert groups.estimates[-1] == pytest.approx(groups.mean)


@pytest.mark.parametrize(
    ("estimates", "errors", "groups", "message"),
    [
        ([-1.0, -2.0], [0.1, 0.0], None, "not above zero"),
        ([-1.0, -2.0], [0.1, -0.1], None, "not above zero"),
        ([-1.0, -2.0], [0.1, 1e-200], None, "not above zero"),
        ([-1.0, -2.0], [0.1, np.nan], None, "not above zero"),
        ([-1.0, np.nan], [0.1, 0.1], None, "estimates"),
        ([-1.0, "x"], [0.1, 0.1], None, "estimates are not numbers"),
        ([-1.0], [0.1, 0.1], None, "one standard error"),
        ([], [], None, "at least one long"),
        ([-1.0], [np.inf], None, "nothing is known"),
        ([-1.0, -2.0], [0.1, 0.1], ["a"], "have a group"),
        ([-1.0, -2.0], [0.1, 0.1], ["a", None], "have a group"),
    ],
)
def test_bad_input_is_refused(estimates, errors, groups, message):
    with pytest.raises(DataError, match=message):
        pool_estimates(estimates, errors, groups)
