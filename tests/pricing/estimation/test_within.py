"""The within transform beside least squares on dummies."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml.errors import DataError
from newretail_ml.pricing.estimation import absorb
from newretail_ml.pricing.estimation import within as module


def by_dummies(values, codes, weights):
    matrix = np.hstack([pd.get_dummies(pd.Series(one)).to_numpy(float) for one in codes])
    root = np.sqrt(weights)[:, None]
    effects = np.linalg.lstsq(matrix * root, values * root, rcond=None)[0]
    return values - matrix @ effects


@pytest.mark.parametrize("few", [0, 1_000], ids=["by steps", "at once"])
@pytest.mark.parametrize("n_effects", [1, 2, 3])
@pytest.mark.parametrize("seed", range(5))
def test_as_with_dummies(seed, n_effects, few, monkeypatch):
    monkeypatch.setattr(module, "_FEW", few)
    rng = np.random.default_rng(seed)
    n = int(rng.integers(5, 200))
    codes = [rng.integers(0, rng.integers(1, 20), n) for _ in range(n_effects)]
    values = rng.standard_normal((n, 2)) * 1e3 + rng.integers(-5, 5)
    weights = rng.uniform(0.1, 3.0, n) * (rng.random(n) < 0.9)
    expected = by_dummies(values, codes, weights)
    seen = weights > 0
    found = absorb(values, codes, weights)
    assert found[seen] == pytest.approx(expected[seen], abs=1e-7)


@pytest.mark.parametrize("few", [0, 1_000], ids=["by steps", "at once"])
def test_a_chain_of_stores_that_share_one_week_each(few, monkeypatch):
    monkeypatch.setattr(module, "_FEW", few)
    n = 400
    store, week = np.arange(n) // 2, (np.arange(n) + 1) // 2
    more = np.random.default_rng(0).integers(0, 200, (2, 100))
    codes = [np.append(store, more[0]), np.append(week, more[1])]
    values = np.random.default_rng(1).standard_normal(n + 100)
    expected = by_dummies(values[:, None], codes, np.ones(n + 100))[:, 0]
    assert absorb(values, codes) == pytest.approx(expected, abs=1e-8)


def test_values_and_labels_are_left_as_they_were():
    values, labels = np.array([1.0, 2.0, 4.0]), np.array(["a", "a", "b"])
    found = absorb(values, [labels])
    assert values.tolist() == [1.0, 2.0, 4.0]
    assert found.tolist() == [-0.5, 0.5, 0.0]


@pytest.mark.parametrize("effects", [1, 2])
def test_what_is_absorbed_is_orthogonal_to_the_effects_on_large_numbers(effects):
    rng = np.random.default_rng(0)
    codes = [rng.integers(0, 50, 5_000), rng.integers(0, 700, 5_000)][:effects]
    values = 1e6 + rng.standard_normal(5_000)
    found = absorb(values, codes)
    for one in codes:
        assert np.bincount(one, found) == pytest.approx(0.0, abs=1e-6)


@pytest.mark.parametrize(
    ("values", "codes", "problem"),
    [
        ([1.0, np.nan], [[0, 1]], "finite"),
        ([1.0, 2.0], [[0, 1, 2]], "one label, .* for each of 2 rows"),
        ([1.0, 2.0], [["a", None]], "one label, .* for each of 2 rows"),
        (["x", "y"], [[0, 1]], "not numbers"),
    ],
)
def test_bad_input(values, codes, problem):
    with pytest.raises(DataError, match=problem):
        absorb(np.array(values), [np.array(one) for one in codes])


@pytest.mark.parametrize("weights", [[1.0, -1.0], [1.0, np.nan], [1.0]])
def test_bad_weights(weights):
    with pytest.raises(DataError, match="weights"):
        absorb(np.array([1.0, 2.0]), [np.array([0, 1])], np.array(weights))
