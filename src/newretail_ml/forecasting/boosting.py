"""LightGBM as the global model uses it: which loss, how many trees, on what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from newretail_ml.errors import DataError

QUANTILES = (0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95)
OBJECTIVES = ("tweedie", "poisson", "quantile")
_ROUNDS_WITHOUT_SPLIT = 100
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

Rows = tuple[np.ndarray, np.ndarray]
"""Features (rows, features) and relative demand (rows,)."""


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

    def stopped_early(self, rows: Rows, held_out: Rows) -> list[Any]:
        """Boosters that stop when demand held out is no longer forecast better."""
        import lightgbm

        data, ceiling = self._dataset(rows)
        features, relative = held_out
        valid = lightgbm.Dataset(features, np.minimum(relative, ceiling), reference=data)
        return [
            lightgbm.train(
                parameters,
                data,
                num_boost_round=self.max_rounds,
                valid_sets=[valid],
                callbacks=[lightgbm.early_stopping(_PATIENCE, verbose=False)],
            )
            for parameters in self._parameters()
        ]

    def boosted(self, rows: Rows, n_trees: Sequence[int] | None = None) -> list[Any]:
        """Boosters with so many trees each; a hundred where nothing could be held out."""
        import lightgbm

        data, _ = self._dataset(rows)
        every = self._parameters()
        n_trees = [_ROUNDS_WITHOUT_SPLIT] * len(every) if n_trees is None else n_trees
        return [
            lightgbm.train(parameters, data, num_boost_round=rounds)
            for parameters, rounds in zip(every, n_trees, strict=True)
        ]

    def _dataset(self, rows: Rows) -> tuple[Any, float]:
        """LightGBM's data, and the ceiling that relative demand was cut off at.

        A bulk order of a hundred times the usual day would bend every tree towards it.
        """
        import lightgbm

        features, relative = rows
        ceiling = float(np.quantile(relative, _CEILING))
        data = lightgbm.Dataset(
            features,
            np.minimum(relative, ceiling),
            categorical_feature=list(self.categorical),
            params={"verbose": -1},
            free_raw_data=False,
        )
        return data, ceiling

    def _parameters(self) -> list[dict[str, Any]]:
        shared = {**_FIXED, **self.settings, "objective": self.objective}
        if self.objective == "quantile":
            return [{**shared, "alpha": level} for level in QUANTILES]
        return [{**shared, "tweedie_variance_power": 1.2}]
