"""The best of rows against sorting, with ties, empty rows and hardly any columns."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from newretail_ml.recommendation.topk import NOTHING, best_of_rows, best_of_sparse_rows


def sorted_out(scores: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The slow twin: a stable sort of each row."""
    position = np.full((len(scores), k), NOTHING)
    value = np.full((len(scores), k), -np.inf)
    for row, line in enumerate(scores):
        by = [item for item in np.argsort(-line, kind="stable") if line[item] > -np.inf][:k]
        position[row, : len(by)], value[row, : len(by)] = by, line[by]
    return position, value


@pytest.mark.parametrize("seed", range(12))
def test_the_best_are_those_of_a_stable_sort(seed):
    rng = np.random.default_rng(seed)
    for _ in range(20):
        shape = rng.integers(1, 6), rng.choice([1, 2, 63, 64, 65, 700, 3_000])
        levels = rng.choice([1, 3, 50, 100_000])
        scores = rng.integers(-levels, levels + 1, shape).astype(rng.choice([np.float32, float]))
        scores[rng.random(shape) < rng.choice([0.0, 0.5, 0.99, 1.0])] = -np.inf
        k = int(rng.integers(1, 15))
        expected, value = sorted_out(scores, k)
        found = best_of_rows(scores, k)
        np.testing.assert_array_equal(found[0], expected)
        np.testing.assert_array_equal(found[1], value)
        entry = scores > -np.inf
        row, column = np.nonzero(entry)
        mixed = rng.permutation(len(row))
        entries = (scores[entry][mixed], (row[mixed], column[mixed]))
        sparse = best_of_sparse_rows(csr_matrix(entries, shape=shape), k)
        np.testing.assert_array_equal(sparse[0], expected)
        np.testing.assert_array_equal(sparse[1], value)


def test_no_rows_and_no_columns_are_empty():
    assert best_of_rows(np.zeros((0, 5)), 3)[0].shape == (0, 3)
    assert (best_of_rows(np.zeros((2, 0)), 3)[0] == NOTHING).all()
    assert (best_of_sparse_rows(csr_matrix((2, 4)), 3)[0] == NOTHING).all()
    assert best_of_sparse_rows(csr_matrix((0, 4)), 3)[0].shape == (0, 3)
