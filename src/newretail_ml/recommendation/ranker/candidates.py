"""Which items of each customer are worth a second look."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.features.affinity import PAIR_FEATURES, Affinity
from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.lists.offer import Kind
from newretail_ml.recommendation.ranker.evidence import SOURCES, Evidence
from newretail_ml.recommendation.ranker.item_models import ItemModels
from newretail_ml.recommendation.topk import NOTHING, best_of_rows

_MOST_OWN = 100

NAMES = [*PAIR_FEATURES.names]
PARTS = [*PAIR_FEATURES.parts]
for _source in SOURCES:
    NAMES += [_source.name, f"{_source.name}_share"]
    PARTS += [_source.part] * 2
# What lists are ranked by where history is too short to learn from.
PLAIN = [
    NAMES.index(name) for name in ("times_bought", "share_of_orders", "items_like_bought_share")
]


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


class Stage:
    """The first stage at a cut: candidates of any customers, and their features.

    Args:
        known: what is known.
        earlier: a stage of a longer history on the same items, whose models and sums of items
            stay.

    Attributes:
        n_events: events that the sums of items come from.
        affinity: what is known of customers, items and pairs.
        models: of items.
        evidence: scores of any customers.
    """

    affinity: Affinity
    models: ItemModels

    def __init__(self, known: Interactions, earlier: Stage | None = None) -> None:
        affinity = Affinity.of(known)
        self.n_events = len(known.events)
        if earlier is not None and earlier.n_events > self.n_events:
            affinity = affinity.with_goods_of(earlier.affinity)
            self.n_events = earlier.n_events
        self.affinity = affinity
        self.models = ItemModels(known, affinity) if earlier is None else earlier.models
        self.evidence = Evidence(known, affinity, self.models)

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
        parts = []
        if kind is not Kind.REPEAT:
            parts.append(self._new(rows, scores, offered))
        if kind is not Kind.DISCOVERY:
            parts.append(self._own(rows, offered))
        row, item = (np.concatenate(each) for each in zip(*parts, strict=True))
        by = np.lexsort((item, row))
        row, item = row[by], item[by]
        features, repeat = self._features(rows, row, item, scores)
        return Candidates(row, item, repeat, features)

    def features_of(self, rows: np.ndarray, items: np.ndarray) -> np.ndarray:
        """(pairs, features) of flat pairs."""
        return self._features(rows, np.arange(len(rows)), items, self.evidence.scores(rows))[0]

    def _new(
        self, rows: np.ndarray, scores: list[np.ndarray], offered: np.ndarray | None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Rows and items: what was not bought before and some source has among its best."""
        closed = self.evidence.pairs[rows].toarray() > 0
        if offered is not None:
            closed |= ~offered[:, self.models.columns]
        chosen = np.zeros_like(closed)
        for source, score in zip(SOURCES, scores, strict=True):
            open_ones = np.where(closed | (score <= 0), np.float32(-np.inf), score)
            best, _ = best_of_rows(open_ones, source.quota)
            row, place = np.nonzero(best != NOTHING)
            chosen[row, best[row, place]] = True
        row, column = np.nonzero(chosen)
        return row, self.models.columns[column]

    def _own(self, rows: np.ndarray, offered: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
        """Rows and items: what was bought before, mostly and lately."""
        row, item, weight = self.affinity.bought.of_customers(rows, self.affinity.n_items)
        if offered is not None:
            there = offered[row, item]
            row, item, weight = row[there], item[there], weight[there]
        by = np.lexsort((item, -weight, row))
        row, item = row[by], item[by]
        first = np.arange(len(row)) - np.searchsorted(row, row) < _MOST_OWN
        return row[first], item[first]

    def _features(
        self, rows: np.ndarray, row: np.ndarray, item: np.ndarray, scores: list[np.ndarray]
    ) -> tuple[np.ndarray, np.ndarray]:
        """(pairs, features), and whether each pair was bought before."""
        n_first = len(PAIR_FEATURES.names)
        pairs = self.affinity.pairs(rows[row], item)
        out = np.empty((len(row), len(NAMES)), np.float32)
        PAIR_FEATURES.matrix(pairs, out=out[:, :n_first])
        place = self.models.place[item]
        for number, score in enumerate(scores):
            value = np.where(place >= 0, score[row, place], np.float32(0.0))
            most = np.maximum(score.max(axis=1), np.float32(1e-9))
            out[:, n_first + 2 * number] = value
            out[:, n_first + 2 * number + 1] = value / most[row]
        return out, pairs.own("times") > 0
