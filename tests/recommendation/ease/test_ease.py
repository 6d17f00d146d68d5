"""EASE against regressions solved one by one, and its form for large catalogues."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml import DataError
from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.ease import EASE, weights_in_place


def known(seed: int, n_customers: int = 40, n_items: int = 25, n: int = 500) -> Interactions:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "customer_id": (rng.random(n) ** 2 * n_customers).astype(int),
            "item_id": (rng.random(n) ** 2 * n_items).astype(int),
            "time": pd.Timestamp("2026-01-01") + pd.to_timedelta(rng.integers(0, 90, n), unit="D"),
        }
    )
    return Interactions.from_frame(frame)


def regressions(bought: np.ndarray, penalty: float, causes: list[np.ndarray]) -> np.ndarray:
    """The slow twin: a ridge regression of each item on its causes, itself excepted."""
    n_items = bought.shape[1]
    weights = np.zeros((n_items, n_items))
    for item in range(n_items):
        others = causes[item][causes[item] != item]
        design = np.vstack([bought[:, others], np.sqrt(penalty) * np.eye(len(others))])
        target = np.concatenate([bought[:, item], np.zeros(len(others))])
        weights[others, item] = np.linalg.lstsq(design, target, rcond=None)[0]
    return weights


def weighed(bought: np.ndarray) -> np.ndarray:
    """Rows times the fourth root of 1 / the number of items."""
    return bought / np.maximum(np.count_nonzero(bought, axis=1), 1)[:, None] ** 0.25


@pytest.mark.parametrize("seed", range(3))
def test_each_column_is_a_ridge_regression_on_the_other_items(seed):
    interactions = known(seed)
    bought = np.log1p(interactions.counts.toarray().astype(float))
    model = EASE(l2=0.7).fit(interactions)
    penalty = 0.7 * (weighed(bought) ** 2).sum() / bought.shape[1]
    expected = regressions(weighed(bought), penalty, [np.arange(bought.shape[1])] * bought.shape[1])
    np.testing.assert_allclose(model.weights_, expected, atol=1e-10)
    assert (np.diagonal(model.weights_) == 0).all()
    scores = model._scores(np.arange(len(bought)))
    np.testing.assert_allclose(np.where(np.isfinite(scores), scores, 0), bought @ expected)


def test_single_precision_gives_the_same_within_its_precision():
    rng = np.random.default_rng(0)
    bought = (rng.random((500, 230)) < 0.1).astype(float)
    gram = bought.T @ bought
    expected = weights_in_place(gram.copy(), 50.0)
    single = gram.astype(np.float32)
    assert weights_in_place(single, 50.0) is single
    np.testing.assert_allclose(single, expected, atol=1e-5)


@pytest.mark.parametrize(("n_dense", "n_neighbours"), [(1, 5), (10, 4), (10, 50), (24, 24)])
def test_items_beyond_the_dense_ones_are_regressed_on_the_nearest(n_dense, n_neighbours):
    interactions = known(4)
    bought = np.log1p(interactions.counts.toarray().astype(float))
    n_items = bought.shape[1]
    weights = weighed(bought)
    together = weights.T @ weights
    causes = [np.arange(n_dense)] * n_dense
    for item in range(n_dense, n_items):
        cosine = together[item, :n_dense] / np.sqrt(np.diagonal(together)[:n_dense])
        nearest = np.argsort(-cosine, kind="stable")[:n_neighbours]
        causes.append(nearest[cosine[nearest] > 0])
    expected = regressions(weights, (weights**2).sum() / n_items, causes)[:n_dense]
    model = EASE(l2=1.0, n_dense=n_dense, n_neighbours=n_neighbours).fit(interactions)
    np.testing.assert_allclose(model.weights_, expected[:, :n_dense], atol=1e-10)
    np.testing.assert_allclose(model.local_.toarray(), expected[:, n_dense:], atol=1e-10)
    rows = np.arange(interactions.n_customers)
    scores = model._scores(rows)
    np.testing.assert_allclose(
        np.where(np.isfinite(scores), scores, 0), bought[:, :n_dense] @ expected, atol=1e-9
    )
    items = interactions.items["item_id"]
    for item in (0, n_items - 1):
        similar = model.similar_items([items[item]], k=n_items)
        assert (similar["score"] > 0).all()
        assert items[item] not in set(similar["similar_item_id"])
        told = model.explain(interactions.customers["customer_id"][0], items[item])
        parts = told.loc[told["part"].str.startswith("bought "), "contribution"].dropna()
        assert parts.sum() == pytest.approx(np.where(np.isfinite(scores), scores, 0)[0, item])


def test_threads_change_nothing():
    interactions = known(6)
    one, three = (EASE(n_threads=n).fit(interactions) for n in (1, 3))
    np.testing.assert_array_equal(one.weights_, three.weights_)


def test_one_item_says_nothing_and_the_list_is_filled():
    frame = pd.DataFrame({"customer_id": ["ann"], "item_id": ["tea"], "time": ["2026-05-01"]})
    lists = EASE().fit(Interactions.from_frame(frame)).recommend(["ann"], k=3)
    assert lists["item_id"].tolist() == ["tea"]
    assert lists["reason"].str.contains("popular").all()


def test_what_cannot_be_used_is_refused():
    interactions = known(1)
    for wrong, said in [
        (EASE(l2=0.0), "l2"),
        (EASE(l2=np.nan), "l2"),
        (EASE(n_dense=0), "n_dense"),
        (EASE(n_neighbours=0), "n_neighbours"),
        (EASE(n_threads=0), "n_threads"),
    ]:
        with pytest.raises(DataError, match=said):
            wrong.fit(interactions)
    with pytest.raises(DataError, match="l2 is too small"):
        weights_in_place(np.ones((3, 3), np.float32), 1e-12)
