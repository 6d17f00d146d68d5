"""Personal vectors and nearest customers against slow twins."""

import numpy as np
import pandas as pd
import pytest

from newretail_ml import DataError
from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.baskets import TifuKnn
from newretail_ml.recommendation.baskets.personal_vectors import order_weights, personal_vectors


def shop(seed: int, n_customers: int = 25, n_items: int = 12, orders: int = 120) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    rows = []
    for order in range(orders):
        customer = int(rng.integers(n_customers) * rng.random())
        items = rng.choice(n_items, int(rng.integers(1, 5)), replace=False)
        rows += [(f"c{customer:02}", f"i{item:02}", order) for item in items]
    frame = pd.DataFrame(rows, columns=["customer_id", "item_id", "order_id"])
    return frame.assign(time=pd.Timestamp("2026-01-01") + pd.to_timedelta(frame["order_id"], "D"))


def slow_vector(orders: list[set[int]], n_items: int, groups: int, within: float, between: float):
    """The paper's two equations, order by order; later groups take the orders left over."""
    groups = min(groups, len(orders))
    size, more = divmod(len(orders), groups)
    sizes = [size] * (groups - more) + [size + 1] * more
    total, start = np.zeros(n_items), 0
    for group, length in enumerate(sizes):
        vector = np.zeros(n_items)
        for place in range(length):
            for item in orders[start + place]:
                vector[item] += within ** (length - 1 - place)
        total += between ** (groups - 1 - group) * vector / length
        start += length
    return total / groups


def slow_vectors(known: Interactions, groups: int, within: float, between: float) -> np.ndarray:
    vectors = np.zeros((known.n_customers, known.n_items))
    for customer in range(known.n_customers):
        mine = known.events.only(known.events.customer == customer)
        orders = [set(mine.item[mine.order == order]) for order in np.unique(mine.order)]
        vectors[customer] = slow_vector(orders, known.n_items, groups, within, between)
    return vectors


@pytest.mark.parametrize("groups", [1, 3, 7])
def test_vectors_are_those_of_the_paper(groups):
    known = Interactions.from_frame(shop(groups))
    fast = personal_vectors(known, groups, 0.8, 0.6).toarray()
    np.testing.assert_allclose(fast, slow_vectors(known, groups, 0.8, 0.6), rtol=1e-12)


def test_weights_without_decay_are_equal_where_orders_divide_evenly():
    weights = order_weights(np.zeros(6, int), np.arange(6), 3, 1.0, 1.0)
    np.testing.assert_allclose(weights, 1 / 6)


@pytest.mark.parametrize("neighbours", [1, 4, 100])
def test_scores_mix_the_own_vector_and_the_nearest(neighbours):
    known = Interactions.from_frame(shop(5))
    model = TifuKnn(neighbours=neighbours, own=0.3).fit(known)
    vectors = slow_vectors(known, 3, 0.9, 0.7)
    expected = np.empty_like(vectors)
    for customer, own in enumerate(vectors):
        distance = ((vectors - own) ** 2).sum(axis=1).round(9)
        distance[customer] = np.inf
        near = np.argsort(distance, kind="stable")[: min(neighbours, len(vectors) - 1)]
        expected[customer] = 0.3 * own + 0.7 * vectors[near].mean(axis=0)
    scores = model._scores(np.arange(known.n_customers))
    np.testing.assert_allclose(np.where(np.isfinite(scores), scores, 0.0), expected, atol=1e-12)


def test_small_batches_give_the_same_scores(monkeypatch):
    known = Interactions.from_frame(shop(6))
    whole = TifuKnn(neighbours=5).fit(known)._scores(np.arange(known.n_customers))
    monkeypatch.setattr("newretail_ml.recommendation.baskets.nearest_customers._CELLS", 60)
    parts = TifuKnn(neighbours=5).fit(known)._scores(np.arange(known.n_customers))
    np.testing.assert_array_equal(whole, parts)


def test_newer_histories_keep_the_crowd():
    frame = shop(7)
    known = Interactions.from_frame(frame)
    model = TifuKnn(neighbours=3).fit(known)
    one = frame[frame["customer_id"] == known.customers["customer_id"][0]]
    late = model.with_history(Interactions.from_frame(one))
    pd.testing.assert_frame_equal(
        late.recommend(k=12)[["item_id", "score"]],
        model.recommend(known.customers["customer_id"][:1], k=12)[["item_id", "score"]],
    )


@pytest.mark.parametrize(
    "wrong",
    [{"neighbours": 0}, {"own": 1.5}, {"groups": 0}, {"within_decay": 0.0}, {"group_decay": 2}],
)
def test_wrong_parameters_are_refused(wrong):
    with pytest.raises(DataError, match=next(iter(wrong))):
        TifuKnn(**wrong).fit(Interactions.from_frame(shop(8)))
