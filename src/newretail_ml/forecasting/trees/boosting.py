"""LightGBM as the global model uses it: which loss, how many trees, on what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from newretail_ml.errors import DataError
from newretail_ml.forecasting.trees.streaming import dataset_of

QUANTILES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
OBJECTIVES = ("tweedie", "poisson", "quantile", "negative_binomial")
_ROUNDS_WITHOUT_SPLIT = 100
_LEAST_ROUNDS = 20
# More rows make early stopping slower and tell it nothing more.
_MOST_EARLY, _MOST_LATE = 1_000_000, 250_000
_PATIENCE = 30
_CEILING = 0.999
_FIXED = {
    "max_bin": 63,
    "min_data_in_leaf": 50,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}


@dataclass(frozen=True)
class Boosting:
    """How to fit boosters: one for the mean, or one for each quantile.

    Args:
        objective: one of `OBJECTIVES`.
        max_rounds: most trees.
        settings: LightGBM parameters that the model's user chooses.
        categorical: positions of the features that hold category codes.

    Raises:
        DataError: the objective is not known.
    """

    objective: str
    max_rounds: int
    settings: Mapping[str, Any]
    categorical: Sequence[int] = ()

    def __post_init__(self) -> None:
        if self.objective not in OBJECTIVES:
            raise DataError(
                f"the objective {self.objective!r} is not known",
                next_step=f"Use one of {', '.join(OBJECTIVES)}.",
            )

    def binned(
        self,
        features: Any,
        relative: np.ndarray,
        usable: np.ndarray,
        weight: np.ndarray | None = None,
    ) -> Any:
        """LightGBM's own copy of all rows, at one byte a value; features can be let go then.

        The copy is the same whether features come as an array or chunk by chunk.

        A bulk order of a hundred times the usual day would bend every tree towards it, so
        relative demand is cut off at a ceiling.

        Args:
            features: (rows, features) array, or what gives a row or a slice of rows when asked.
            relative: (rows,) demand over level.
            usable: (rows,) bool, rows to learn from; the ceiling is theirs.
            weight: (rows,), or None where all rows count the same.
        """
        ceiling = float(np.quantile(relative[usable], _CEILING))
        return dataset_of(features)(
            features,
            np.minimum(relative, ceiling),
            weight=weight,
            categorical_feature=list(self.categorical),
            params={**_FIXED, **self.settings},
        ).construct()

    def stopped_early(self, data: Any, early: np.ndarray, late: np.ndarray) -> list[Any]:
        """Boosters of the early rows that stop when the late ones are no longer forecast better.

        Where there are millions of rows, a random part of them.

        Args:
            data: all rows, as `binned` gave them.
            early: (rows,) bool.
            late: (rows,) bool.
        """
        import lightgbm

        random = np.random.default_rng(self.settings.get("seed", 0))
        train = _subset(data, _thinned(early, _MOST_EARLY, random))
        valid = _subset(data, _thinned(late, _MOST_LATE, random))
        return [
            lightgbm.train(
                parameters,
                train,
                num_boost_round=self.max_rounds,
                valid_sets=[valid],
                callbacks=[lightgbm.early_stopping(_PATIENCE, verbose=False)],
            )
            for parameters in self._parameters()
        ]

    def boosted(
        self, data: Any, usable: np.ndarray, n_trees: Sequence[int] | None = None
    ) -> list[Any]:
        """Boosters with so many trees each; a hundred where nothing could be held out."""
        import lightgbm

        train = data if usable.all() else _subset(data, usable)
        every = self._parameters()
        n_trees = [_ROUNDS_WITHOUT_SPLIT] * len(every) if n_trees is None else n_trees
        return [
            lightgbm.train(parameters, train, num_boost_round=rounds)
            for parameters, rounds in zip(every, n_trees, strict=True)
        ]

    def rounds_on_all(self, stopped: Sequence[Any], growth: float) -> list[int]:
        """Trees that boosters of so many times the rows have use for, given those stopped early.

        Where history is short, the early rows are of another season than the late ones, and
        boosters stop after a tree or two that say nothing of what all rows can teach.
        """
        return [
            min(max(int(booster.best_iteration * growth), _LEAST_ROUNDS), self.max_rounds)
            for booster in stopped
        ]

    def _parameters(self) -> list[dict[str, Any]]:
        shared = {**_FIXED, **self.settings, "objective": self.objective}
        if self.objective == "quantile":
            return [{**shared, "alpha": level} for level in QUANTILES]
        if self.objective == "negative_binomial":
            shared["objective"] = "tweedie"
        return [{**shared, "tweedie_variance_power": 1.2}]


def _thinned(rows: np.ndarray, most: int, random: np.random.Generator) -> np.ndarray:
    """(rows,) bool, of which about so many are left at most."""
    share = most / max(int(rows.sum()), 1)
    return rows if share >= 1 else rows & (random.random(len(rows), dtype=np.float32) < share)


def _subset(data: Any, rows: np.ndarray) -> Any:
    """Some rows of the binned data."""
    subset = data.subset([])
    # `subset` itself sorts the positions as a list, which takes seconds for millions of rows.
    subset.used_indices = np.flatnonzero(rows).astype(np.int32)
    return subset
