"""Boosted trees that put what is bought next at the top of each customer's list."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

_FIXED = {
    "objective": "lambdarank",
    "lambdarank_truncation_level": 20,
    "num_leaves": 15,
    "max_bin": 63,
    "min_data_in_leaf": 100,
    "feature_fraction": 0.3,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}

_BOOSTERS = 2


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


@dataclass(frozen=True, eq=False)
class Ranking:
    """The mean of boosters that differ in their seeds alone, so that chance counts less.

    Attributes:
        boosters: of LightGBM.
    """

    boosters: Sequence[Any]

    def scores(self, features: np.ndarray) -> np.ndarray:
        """(pairs,) scores."""
        if not len(features):
            return np.zeros(0)
        return np.mean([one.predict(features, num_threads=1) for one in self.boosters], axis=0)

    def contributions(self, features: np.ndarray) -> np.ndarray:
        """(pairs, features and 1) what each feature adds to the score, the constant last."""
        return np.mean([one.predict(features, pred_contrib=True) for one in self.boosters], axis=0)


def ranking(lists: Lists, n_trees: int, learning_rate: float, seed: int) -> Ranking:
    """LambdaMART (Burges 2010), as LightGBM has it, on lists that hold something bought."""
    import lightgbm

    data = lightgbm.Dataset(lists.features, lists.bought, group=lists.size, params=_FIXED)
    settings = {**_FIXED, "learning_rate": learning_rate}
    return Ranking(
        [
            lightgbm.train({**settings, "seed": seed + number}, data, num_boost_round=n_trees)
            for number in range(_BOOSTERS)
        ]
    )
