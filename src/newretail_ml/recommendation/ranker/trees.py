"""Boosted trees that put what is bought next at the top of each customer's list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

_FIXED = {
    "objective": "lambdarank",
    "lambdarank_truncation_level": 20,
    "metric": "ndcg",
    "eval_at": [10],
    "num_leaves": 15,
    "max_bin": 63,
    "min_data_in_leaf": 100,
    "feature_fraction": 0.5,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}

_PATIENCE = 50
_LEAST_TREES = 20


@dataclass(frozen=True, eq=False)
class Lists:
    """Candidates of customers at past cuts, and which of them were bought.

    Attributes:
        features: (pairs, features) float32.
        bought: (pairs,) whether the pair was bought in the days after the cut.
        repeat: (pairs,) whether it had been bought before.
        size: (lists,) how many pairs each list has.
    """

    features: np.ndarray
    bought: np.ndarray
    repeat: np.ndarray
    size: np.ndarray

    @classmethod
    def joined(cls, parts: Sequence[Lists]) -> Lists:
        """All lists of several cuts."""
        return cls(
            *(np.concatenate([getattr(part, name) for part in parts]) for name in vars(parts[0]))
        )

    def where(self, pairs: np.ndarray) -> Lists:
        """Some of the pairs; lists of which nothing was bought teach nothing and are left out."""
        owner = np.repeat(np.arange(len(self.size)), self.size)
        useful = np.bincount(owner, self.bought & pairs, len(self.size)) > 0
        keep = pairs & useful[owner]
        size = np.bincount(owner[keep], minlength=len(self.size))[useful]
        return Lists(self.features[keep], self.bought[keep], self.repeat[keep], size)


def boosted(lists: Lists, n_trees: int, learning_rate: float, seed: int) -> Any:
    """LambdaMART (Burges 2010), as LightGBM has it, on lists that hold something bought."""
    import lightgbm

    settings = _settings(learning_rate, seed)
    return lightgbm.train(settings, _data(lists), num_boost_round=n_trees)


def enough_trees(early: Lists, late: Lists, most: int, learning_rate: float, seed: int) -> int:
    """After how many trees, grown on early lists, late ones are no longer ranked better.

    All of them where one side has no list with something bought.
    """
    import lightgbm

    if not len(early.size) or not len(late.size):
        return most
    train = _data(early)
    stopped = lightgbm.train(
        _settings(learning_rate, seed),
        train,
        num_boost_round=most,
        valid_sets=[lightgbm.Dataset(late.features, late.bought, group=late.size, reference=train)],
        callbacks=[lightgbm.early_stopping(_PATIENCE, verbose=False)],
    )
    return int(min(max(stopped.best_iteration, _LEAST_TREES), most))


def _data(lists: Lists) -> Any:
    import lightgbm

    return lightgbm.Dataset(lists.features, lists.bought, group=lists.size)


def _settings(learning_rate: float, seed: int) -> dict[str, Any]:
    return {**_FIXED, "learning_rate": learning_rate, "seed": seed}
