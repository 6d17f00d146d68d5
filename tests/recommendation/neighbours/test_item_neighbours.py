"""Item neighbours against dense twins, implicit where it is right, and a shop of one item."""

import sys

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

from newretail_ml import DataError
from newretail_ml.interactions import Interactions
from newretail_ml.recommendation import linear
from newretail_ml.recommendation.neighbours import ItemNeighbours, nearest, weighted
from newretail_ml.recommendation.topk import best_of_rows

WEIGHTINGS = ["cosine", "tfidf", "bm25"]


def orders(seed: int, n_customers: int = 40, n_items: int = 30, n: int = 400) -> pd.DataFrame:
    """Orders of customers and items of whom some are far busier than others."""
    rng = np.random.default_rng(seed)
    days = pd.to_timedelta(rng.integers(0, 200, n), unit="D")
    return pd.DataFrame(
        {
            "customer_id": (rng.random(n) ** 2 * n_customers).astype(int).astype(str),
            "item_id": (rng.random(n) ** 2 * n_items).astype(int).astype(str),
            "time": pd.Timestamp("2026-01-01") + days,
        }
    )


def slow_likeness(counts: np.ndarray, weighting: str, k1: float, b: float) -> np.ndarray:
    """Products of weighted columns, a cell at a time."""
    n_customers, n_items = counts.shape
    weight = np.zeros(counts.shape)
    mean_orders = counts.sum() / n_items
    for customer in range(n_customers):
        rarity = np.log(n_items / (1 + np.count_nonzero(counts[customer])))
        for item in np.flatnonzero(counts[customer]):
            count = counts[customer, item]
            if weighting == "cosine":
                weight[customer, item] = count
            elif weighting == "tfidf":
                weight[customer, item] = np.sqrt(count) * rarity
            else:
                norm = 1 - b + b * counts[:, item].sum() / mean_orders
                weight[customer, item] = count * (k1 + 1) / (count + k1 * norm) * rarity
    if weighting != "bm25":
        length = np.sqrt((weight**2).sum(axis=0))
        weight /= np.where(length > 0, length, 1.0)
    return weight.T @ weight


@pytest.mark.parametrize("weighting", WEIGHTINGS)
@pytest.mark.parametrize("seed", range(3))
def test_scores_are_those_of_the_dense_twin(weighting, seed):
    known = Interactions.from_frame(orders(seed))
    counts = known.counts.toarray().astype(float)
    model = ItemNeighbours(weighting, n_neighbours=6, saturation=2.0, length=0.4).fit(known)
    likeness = slow_likeness(counts, weighting, 2.0, 0.4)
    kept = model.similarity_.toarray()
    np.testing.assert_allclose(kept[kept > 0], likeness[kept > 0], rtol=1e-5)
    for row, line in enumerate(likeness):
        best = np.sort(line)[::-1][:6]
        np.testing.assert_allclose(np.sort(kept[row])[::-1][:6], np.maximum(best, 0), rtol=1e-5)
    rows = np.arange(known.n_customers)
    scores = model._scores(rows)
    np.testing.assert_allclose(np.maximum(scores, 0), counts @ kept, rtol=1e-5)


@pytest.mark.parametrize("seed", range(4))
def test_neighbours_are_the_same_however_they_are_found(seed, monkeypatch):
    rng = np.random.default_rng(seed)
    counts = csr_matrix(rng.poisson(0.15, (50, 150)).astype(float))
    dense = (counts.T @ counts).toarray()
    position, value = best_of_rows(np.where(dense > 0, dense, -np.inf), 5)
    expected = np.zeros_like(dense)
    row, place = np.nonzero(position >= 0)
    expected[row, position[row, place]] = value[row, place]
    module = sys.modules[nearest.__module__]
    for sparse, head, block in [(0.0, 10**9, 10**9), (0.0, 4_000, 700), (0.0, 0, 1), (9.0, 0, 90)]:
        monkeypatch.setattr(module, "_SPARSE", sparse)
        monkeypatch.setattr(module, "_HEAD", head)
        monkeypatch.setattr(module, "_BLOCK", block)
        for n_threads in (1, 3):
            np.testing.assert_array_equal(nearest(counts, 5, n_threads).toarray(), expected)


@pytest.mark.parametrize("weighting", WEIGHTINGS)
def test_neighbours_are_those_of_implicit(weighting):
    peers = pytest.importorskip("implicit.nearest_neighbours")
    known = Interactions.from_frame(orders(5, 300, 80, 4_000))
    peer = {
        "cosine": peers.CosineRecommender(K=12, num_threads=1),
        "tfidf": peers.TFIDFRecommender(K=12, num_threads=1),
        "bm25": peers.BM25Recommender(K=12, K1=1.2, B=0.75, num_threads=1),
    }[weighting]
    peer.fit(known.counts.astype(float), show_progress=False)
    weights = weighted(known.counts, weighting, 1.2, 0.75)
    ours, theirs = nearest(weights, 12, 1).toarray(), peer.similarity.toarray()
    np.testing.assert_allclose(np.sort(ours), np.sort(theirs), atol=1e-9)
    least = np.where(ours > 0, ours, np.inf).min(axis=1, keepdims=True)
    above = (ours > least * (1 + 1e-9)) | (theirs > least * (1 + 1e-9))
    np.testing.assert_allclose(ours[above], theirs[above], atol=1e-9)


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"exclude_bought": True},
        {"available": ["1", "4", "7", "9"]},
        {"mix": {"repeat": 2, "discovery": 5}},
    ],
    ids=["all", "discovery", "available", "mix"],
)
@pytest.mark.parametrize("n_neighbours", [3, 30])
def test_lists_are_the_same_by_the_sparse_way_and_the_dense_one(asked, n_neighbours, monkeypatch):
    model = ItemNeighbours(n_neighbours=n_neighbours).fit(Interactions.from_frame(orders(7)))
    module = sys.modules[ItemNeighbours.__module__]
    lists = []
    for sparse, batch in [(np.inf, 500), (-1.0, 500), (-1.0, 10**6)]:
        monkeypatch.setattr(module, "_SPARSE", sparse)
        monkeypatch.setattr(linear, "_BATCH", batch)
        lists.append(model.recommend(k=7, **asked))
    pd.testing.assert_frame_equal(lists[0], lists[1])
    pd.testing.assert_frame_equal(lists[0], lists[2])


def test_nothing_bought_leaks_when_candidates_run_out():
    frame = orders(3)
    model = ItemNeighbours(n_neighbours=4).fit(Interactions.from_frame(frame))
    n_items = frame["item_id"].nunique()
    lists = model.recommend(k=n_items, exclude_bought=True)
    bought = set(zip(frame["customer_id"], frame["item_id"], strict=True))
    assert not bought & set(zip(lists["customer_id"], lists["item_id"], strict=True))
    sizes = lists.groupby("customer_id").size()
    expected = n_items - frame.groupby("customer_id")["item_id"].nunique()
    assert (sizes == expected[expected > 0].reindex(sizes.index)).all()


def test_what_was_bought_adds_up_to_the_score():
    model = ItemNeighbours().fit(Interactions.from_frame(orders(2)))
    for row in model.recommend(["0", "1", "2"], k=4).itertuples():
        told = model.explain(row.customer_id, row.item_id)
        parts = told.loc[told["part"].str.startswith("bought ") & told["contribution"].notna()]
        assert parts["contribution"].sum() == pytest.approx(row.score)
        assert parts["contribution"].is_monotonic_decreasing


def test_what_cannot_be_used_is_refused():
    known = Interactions.from_frame(orders(1))
    for wrong, said in [
        (ItemNeighbours("jaccard"), "weighting"),
        (ItemNeighbours(n_neighbours=0), "n_neighbours"),
        (ItemNeighbours(saturation=-1.0), "saturation"),
        (ItemNeighbours(length=1.5), "length"),
        (ItemNeighbours(n_threads=0), "n_threads"),
    ]:
        with pytest.raises(DataError, match=said):
            wrong.fit(known)
