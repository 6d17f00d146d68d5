"""Slots of a list: what goes in, in which order, and what fills it."""

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from newretail_ml import DataError
from newretail_ml.recommendation.lists.offer import Kind, Offer
from newretail_ml.recommendation.lists.slots import Lists, Slots
from newretail_ml.recommendation.topk import best_of_rows


def some_offer(rng: np.random.Generator, n: int, items: int) -> Offer:
    bought = csr_matrix((rng.random((n, items)) < 0.4).astype(np.float32))
    offered = rng.random((n, items)) < 0.8
    return Offer(offered, bought, bool(offered.all()))


def own_lists(scores: np.ndarray, offer: Offer, k: int, kind: Kind) -> Lists:
    position, score = best_of_rows(offer.restrict(scores.copy(), kind), k)
    return Lists(position, score, position >= 0)


@pytest.mark.parametrize("seed", range(20))
def test_choice_is_that_of_a_slow_twin(seed):
    rng = np.random.default_rng(seed)
    n, items, k = 6, 9, 4
    offer = some_offer(rng, n, items)
    scores = rng.integers(0, 5, (n, items)).astype(float)
    scores[rng.random((n, items)) < 0.2] = -np.inf
    repeat = int(rng.integers(0, k + 1))
    slots = Slots.of(k, False, {"repeat": repeat, "discovery": k - repeat})
    lists = slots.choose(lambda k, kind: own_lists(scores, offer, k, kind))
    position, value = lists.position, lists.score
    bought = offer.bought.toarray() > 0
    for row in range(n):
        good = [i for i in range(items) if offer.offered[row, i] and scores[row, i] > -np.inf]
        good.sort(key=lambda i: (-scores[row, i], i))
        old = [i for i in good if bought[row, i]]
        new = [i for i in good if not bought[row, i]]
        n_new = min(len(new), k - min(len(old), repeat))
        chosen = old[: k - n_new] + new[:n_new]
        found = position[row][position[row] >= 0]
        assert set(found) == set(chosen)
        assert (np.diff(value[row][position[row] >= 0]) <= 0).all()


@pytest.mark.parametrize("kind", list(Kind))
def test_filling_takes_what_is_popular_and_offered_and_not_there_yet(kind):
    rng = np.random.default_rng(1)
    n, items, k = 5, 8, 6
    offer = some_offer(rng, n, items)
    popular = rng.random((n, items))
    scores = np.full((n, items), -np.inf)
    scores[:, :2] = rng.random((n, 2))
    lists = own_lists(scores, offer, k, kind).filled_up(popular, offer, kind).settled()
    position, value = lists.position, lists.score
    for row in range(n):
        allowed = np.flatnonzero(offer.allows(np.full(items, row), np.arange(items), kind))
        own = [i for i in allowed if scores[row, i] > -np.inf]
        own.sort(key=lambda i: -scores[row, i])
        rest = sorted(set(allowed) - set(own), key=lambda i: -popular[row, i])
        found = position[row][position[row] >= 0]
        assert found.tolist() == (own + rest)[:k]
        assert (np.diff(value[row][: len(found)]) < 0).all()


def test_a_mix_that_does_not_add_up_is_refused():
    with pytest.raises(DataError, match="does not fill 5 slots"):
        Slots.of(5, False, {"repeat": 1, "discovery": 1})
    with pytest.raises(DataError, match="does not fill"):
        Slots.of(5, True, {"repeat": 1, "discovery": 4})
    assert Slots.of(5, True, {"discovery": 5}).kind is Kind.DISCOVERY
