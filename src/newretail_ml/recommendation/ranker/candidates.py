"""Which items of each customer are worth a second look."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.features.affinity import PAIR_FEATURES, Affinity
from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.lists.offer import Kind
from newretail_ml.recommendation.ranker.evidence import SOURCES, Evidence

_MOST_OWN = 100


@dataclass(frozen=True, eq=False)
class Candidates:
    """Pairs of customers of a batch and items, by row and item, with their features.

    Attributes:
        row: (pairs,) position in the batch.
        item: (pairs,) position of the item.
        repeat: (pairs,) whether the customer bought it before.
        features: (pairs, features) float32.
    """

    row: np.ndarray
    item: np.ndarray
    repeat: np.ndarray
    features: np.ndarray


NAMES = [*PAIR_FEATURES.names]
PARTS = [*PAIR_FEATURES.parts]
for _source in SOURCES:
    NAMES += [_source.name, f"{_source.name}_share"]
    PARTS += [_source.part] * 2


# What lists are ranked by where history is too short to learn from.
PLAIN = [NAMES.index(name) for name in ("share_of_orders", "items_like_bought_share")]


class Stage:
    """The first stage at a cut: candidates of any customers, and their features.

    Args:
        known: what is known.
    """

    def __init__(self, known: Interactions) -> None:
        self.affinity = Affinity.of(known)
        self.evidence = Evidence(known, self.affinity)

    def candidates(
        self, rows: np.ndarray, offered: np.ndarray | None = None, kind: Kind = Kind.ANY
    ) -> Candidates:
        """Candidates of some customers.

        Args:
            rows: positions of the customers.
            offered: (len(rows), items) flags of what can be offered; None: everything.
            kind: which items count.
        """
        scores = self.evidence.scores(rows)
        bought = self.evidence.pairs[rows].toarray() > 0
        chosen = np.zeros_like(bought)
        if kind is not Kind.REPEAT:
            closed = bought if offered is None else bought | ~offered
            for source, score in zip(SOURCES, scores, strict=True):
                chosen |= _best(np.where(closed, 0.0, score), source.quota)
        if kind is not Kind.DISCOVERY:
            own = self.evidence.by_orders[rows].toarray()
            own = own if offered is None else np.where(offered, own, 0.0)
            chosen |= _best(own, _MOST_OWN)
        row, item = np.nonzero(chosen)
        features = self._features(rows, row, item, scores)
        return Candidates(row, item, bought[row, item], features)

    def features_of(self, rows: np.ndarray, items: np.ndarray) -> np.ndarray:
        """(pairs, features) of flat pairs."""
        place = np.arange(len(rows))
        return self._features(rows, place, items, self.evidence.scores(rows))

    def _features(
        self, rows: np.ndarray, row: np.ndarray, item: np.ndarray, scores: list[np.ndarray]
    ) -> np.ndarray:
        n_first = len(PAIR_FEATURES.names)
        out = np.empty((len(row), len(NAMES)), np.float32)
        out[:, :n_first] = PAIR_FEATURES.matrix(self.affinity.pairs(rows[row], item))
        for place, score in enumerate(scores):
            value = score[row, item]
            most = np.maximum(score.max(axis=1), 1e-9)
            out[:, n_first + 2 * place] = value
            out[:, n_first + 2 * place + 1] = value / most[row]
        return out


def _best(scores: np.ndarray, n: int) -> np.ndarray:
    """Flags of the n best of each row that are above zero; those tied with the last as well."""
    if n < scores.shape[1]:
        least = np.partition(scores, -n, axis=1)[:, -n, None]
        return (scores > 0) & (scores >= least)
    return scores > 0
