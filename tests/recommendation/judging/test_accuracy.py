"""Measures of accuracy against digits worked out by hand."""

import numpy as np
import pytest

from newretail_ml.recommendation.judging import accuracy


def hits(*ranks: int, k: int = 6) -> np.ndarray:
    return np.isin(np.arange(1, k + 1), ranks)[None, :]


@pytest.mark.parametrize(
    ("ranks", "true_items", "ndcg", "average_precision", "recall", "reciprocal_rank"),
    [
        # (1 + 1/2 + 1/log2 5) / (1 + 1/log2 3 + 1/2 + 1/log2 5); (1 + 2/3 + 3/4) / 4
        ((1, 3, 4), 4, 0.753698, 0.604167, 0.75, 1.0),
        # (1/log2 3) / 1; (1/2) / 1
        ((2,), 1, 0.630930, 0.5, 1.0, 0.5),
        # six slots cannot show ten items: all hits are a perfect list, but not perfect recall
        ((1, 2, 3, 4, 5, 6), 10, 1.0, 1.0, 0.6, 1.0),
        # (1/2 + 1/log2 7) / (1 + 1/log2 3); (1/3 + 2/6) / 2
        ((3, 6), 2, 0.524981, 0.333333, 1.0, 1 / 3),
        ((), 3, 0.0, 0.0, 0.0, 0.0),
    ],
)
def test_digits_by_hand(ranks, true_items, ndcg, average_precision, recall, reciprocal_rank):
    hit, true = hits(*ranks), np.array([true_items])
    assert accuracy.ndcg(hit, true) == pytest.approx(ndcg, abs=1e-6)
    assert accuracy.average_precision(hit, true) == pytest.approx(average_precision, abs=1e-6)
    assert accuracy.recall(hit, true) == pytest.approx(recall)
    assert accuracy.precision(hit) == pytest.approx(len(ranks) / 6)
    assert accuracy.hit_rate(hit) == bool(ranks)
    assert accuracy.reciprocal_rank(hit) == pytest.approx(reciprocal_rank)


def test_an_earlier_hit_is_never_worth_less():
    true = np.array([3])
    for measure in (accuracy.ndcg, accuracy.average_precision):
        values = [measure(hits(rank, 6), true)[0] for rank in range(1, 6)]
        assert np.all(np.diff(values) < 0)
