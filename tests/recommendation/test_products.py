"""Dense products of sparse matrices against scipy's own."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy.sparse import csr_matrix, random_array

from newretail_ml.recommendation import products


@pytest.fixture
def small_pieces(monkeypatch):
    monkeypatch.setattr(products, "_PIECE", 60)
    monkeypatch.setattr(products, "_HEAVY", 25)
    monkeypatch.setattr(products, "_ROWS", 3)
    monkeypatch.setattr(products, "_STAGE", 7)


def some(shape: tuple[int, int], density: float, seed: int) -> csr_matrix:
    rng = np.random.default_rng(seed)
    return csr_matrix(random_array(shape, density=density, rng=rng, format="csr"))


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("density", [0.0, 0.02, 0.3, 1.0])
def test_a_product_is_that_of_scipy(density):
    for seed in range(5):
        left, right = some((23, 17), density, seed), some((17, 31), 0.4, seed + 50)
        found = products.dense_product(left, right)
        np.testing.assert_allclose(found, (left @ right).toarray(), atol=1e-12)
        expected = [(left[[row]].toarray()[0] != 0) @ np.diff(right.indptr) for row in range(23)]
        np.testing.assert_array_equal(products.products_of_rows(left, right), expected)


@pytest.mark.usefixtures("small_pieces")
def test_a_row_does_not_depend_on_the_rows_beside_it():
    left, right = some((40, 30), 0.5, 1), some((30, 50), 0.5, 2)
    together = products.dense_product(left, right)
    for row in range(40):
        np.testing.assert_array_equal(products.dense_product(left[[row]], right)[0], together[row])


@pytest.mark.usefixtures("small_pieces")
@pytest.mark.parametrize("n_rows", [1, 7, 20, 26])
def test_products_of_columns_fill_the_upper_part_and_mirror(n_rows):
    weights = some((40, 26), 0.3, 3)
    expected = (weights.T @ weights).toarray()[:n_rows]
    out = np.full((n_rows, 26), np.nan)
    with ThreadPoolExecutor(3) as pool:
        products.fill_upper(out, weights, pool)
    np.testing.assert_allclose(np.triu(out), np.triu(expected), atol=1e-12)
    products.mirror(out[:, :n_rows])
    np.testing.assert_allclose(out, expected, atol=1e-12)
