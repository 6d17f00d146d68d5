"""The default: candidates of simple models, ranked by trees that learned from past weeks."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import check_number, check_whole
from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.base import Recommender
from newretail_ml.recommendation.batches import batches
from newretail_ml.recommendation.lists.offer import Kind, Offer
from newretail_ml.recommendation.ranker.candidates import PARTS, PLAIN, Stage
from newretail_ml.recommendation.ranker.reasons import Reasons
from newretail_ml.recommendation.ranker.trees import Lists, boosted, enough_trees
from newretail_ml.recommendation.ranker.windows import APART, Window, windows
from newretail_ml.recommendation.topk import best_of_cells

_CELLS = 1 << 21
_LEAST_LISTS = 10
_THREADS = 2


class TwoStageRanker(Recommender):
    """Candidates of simple models, ranked by trees that learned from past weeks.

    Stage one takes what a customer bought before, what other customers bought with it (EASE), and
    what is popular there. Stage two is LambdaMART on features of the customer, the item and both,
    all computed at past cuts from what was known then, to put what was bought in the days after
    at the top. What a customer never bought is ranked by trees of its own, which learned from new
    purchases alone. Of more than 4,096 items, stage one offers those that sell best, ever and
    lately, to everybody; the other ones to those who bought them before.

    Args:
        horizon_days: days after a cut whose purchases are to be ranked first.
        n_windows: past cuts to learn from, where history is long enough.
        n_trees: trees of each of the two rankings, at most; windows held back choose how many.
        learning_rate: what each tree adds.
        n_lists: lists of customers to learn from, at most.
        random_state: seed.

    Attributes:
        stage_: candidates and features at the cut.
        trees_: the two rankings, by kind of list; empty where history is too short.

    >>> orders = pd.DataFrame({"customer_id": ["ann", "ann", "bob", "bob", "eve"],
    ...                        "item_id": ["tea", "tea", "tea", "jam", "tea"],
    ...                        "time": ["2026-05-01", "2026-05-15", "2026-05-03", "2026-05-04",
    ...                                 "2026-05-05"]})
    >>> model = TwoStageRanker().fit(Interactions.from_frame(orders))
    >>> model.recommend(["ann"], k=2)[["item_id", "rank", "slot"]]
      item_id  rank       slot
    0     tea     1     repeat
    1     jam     2  discovery
    """

    stage_: Stage
    trees_: dict[Kind, Any]

    def __init__(
        self,
        horizon_days: float = 28.0,
        n_windows: int = 8,
        n_trees: int = 300,
        learning_rate: float = 0.05,
        n_lists: int = 12_000,
        random_state: int = 0,
    ) -> None:
        self.horizon_days = horizon_days
        self.n_windows = n_windows
        self.n_trees = n_trees
        self.learning_rate = learning_rate
        self.n_lists = n_lists
        self.random_state = random_state

    def _fit(self, known: Interactions) -> None:
        check_number("horizon_days", self.horizon_days, above=0.0)
        check_number("learning_rate", self.learning_rate, above=0.0, at_most=1.0)
        for name in ("n_windows", "n_trees", "n_lists"):
            check_whole(name, getattr(self, name), at_least=1)
        past = self._lists(known)
        self.trees_ = {}
        for kind in (Kind.ANY, Kind.DISCOVERY):
            lists = [part.where(~part.repeat | (kind is Kind.ANY)) for part in past]
            if sum(len(part.size) for part in lists) >= _LEAST_LISTS:
                self.trees_[kind] = self._boosted(lists)
        self._stand_at(known, Stage(known))

    def _renew(self, known: Interactions) -> None:
        self._stand_at(known, Stage(known, self.stage_))

    def _stand_at(self, known: Interactions, stage: Stage) -> None:
        self.stage_ = stage
        names = known.items[c.ITEM].to_numpy(object)
        self._why = Reasons(names, stage, learned=bool(self.trees_))

    def _lists(self, known: Interactions) -> list[Lists]:
        """Lists of each window, the latest first."""
        random = np.random.default_rng(self.random_state)
        most = self.n_lists // self.n_windows + 1
        return [
            _lists_of(past, most, random)
            for past in windows(known, self.horizon_days, self.n_windows, random)
        ]

    def _boosted(self, lists: list[Lists]) -> Any:
        """Trees grown on all lists, as many as windows that had ended then had use for.

        Where no window had ended before the latest one began, half of the lists judge instead.
        """
        every = Lists.joined(lists)
        early, late = lists[APART:], lists[0]
        if early:
            split = Lists.joined(early), late
        else:
            odd = np.repeat(np.arange(len(every.size)) % 2 == 1, every.size)
            split = every.where(~odd), every.where(odd)
        how = (self.learning_rate, self.random_state)
        return boosted(every, enough_trees(*split, self.n_trees, *how), *how)

    def _trees(self, kind: Kind) -> Any:
        return self.trees_.get(kind, self.trees_.get(Kind.ANY))

    def _score(self, features: np.ndarray, kind: Kind) -> np.ndarray:
        trees = self._trees(kind)
        if trees is None:
            return features[:, PLAIN].sum(axis=1, dtype=float)
        if not len(features):
            return np.zeros(0)
        return np.asarray(trees.predict(features, num_threads=1))

    def _best(
        self, rows: np.ndarray, k: int, offer: Offer, kind: Kind
    ) -> tuple[np.ndarray, np.ndarray]:

        def best(part: slice) -> tuple[np.ndarray, np.ndarray]:
            n_items = self.stage_.affinity.n_items
            offered = None if offer.everything else offer.offered[part, :n_items]
            chosen = self.stage_.candidates(rows[part], offered, kind)
            score = self._score(chosen.features, kind)
            return best_of_cells(chosen.row, chosen.item, score, (part.stop - part.start, k))

        with ThreadPoolExecutor(_THREADS) as pool:
            width = len(self.stage_.models.columns)
            found = list(pool.map(best, batches(len(rows), width, _CELLS)))
        return np.concatenate([one[0] for one in found]), np.concatenate([one[1] for one in found])

    def _scores(self, rows: np.ndarray) -> np.ndarray:
        chosen = self.stage_.candidates(rows)
        dense = np.full((len(rows), self.stage_.affinity.n_items), -np.inf)
        dense[chosen.row, chosen.item] = self._score(chosen.features, Kind.ANY)
        return dense

    def _reasons(self, rows: np.ndarray, items: np.ndarray) -> np.ndarray:
        return self._why.of(rows, items)

    def _explained(
        self, rows: np.ndarray, items: np.ndarray, kind: Kind
    ) -> tuple[pd.DataFrame, float]:
        chosen = self.stage_.candidates(rows)
        if not (chosen.item == items[0]).any():
            return self._parts(rows, items), -np.inf
        features = self.stage_.features_of(rows, items)
        score = float(self._score(features, kind)[0])
        trees = self._trees(kind)
        if trees is None:
            return self._parts(rows, items), score
        added = trees.predict(features, pred_contrib=True)[0]
        told = pd.Series(added, [*PARTS, "in any case"]).groupby(level=0, sort=False).sum()
        part = {c.PART: told.index.to_numpy(object), c.CONTRIBUTION: told.to_numpy()}
        return pd.DataFrame(part), score


def _lists_of(past: Window, most: int, random: np.random.Generator) -> Lists:
    """Candidates of some customers who bought something after, with what was known before."""
    rows = past.customers
    if len(rows) > most:
        rows = np.sort(random.choice(rows, most, replace=False))
    stage, found = Stage(past.known), []
    for batch in batches(len(rows), len(stage.models.columns), _CELLS):
        part = rows[batch]
        chosen = stage.candidates(part)
        key = part[chosen.row] * np.int64(past.known.n_items) + chosen.item
        size = np.bincount(chosen.row, minlength=len(part))
        found.append(Lists(chosen.features, np.isin(key, past.key), chosen.repeat, size))
    return Lists.joined(found)
