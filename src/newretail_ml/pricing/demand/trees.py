"""Boosted trees whose demand falls with the own price and rises with the prices of others."""

from __future__ import annotations

from typing import Any

import numpy as np

from newretail_ml.checks import check_number, check_whole
from newretail_ml.errors import DataError
from newretail_ml.panel import Panel
from newretail_ml.pricing.demand.base import PriceModel
from newretail_ml.pricing.demand.history import History
from newretail_ml.pricing.demand.level import (
    HALF_LIVES,
    block_length,
    half_samples,
    level_of,
    recency,
)
from newretail_ml.pricing.demand.price_levels import PriceLevels
from newretail_ml.pricing.demand.tree_inputs import TreeInputs, calendar_of
from newretail_ml.pricing.demand.tree_response import Ensemble, TreeResponse
from newretail_ml.pricing.response import DemandResponse

_FIXED = {
    "learning_rate": 0.1,
    "max_bin": 63,
    "feature_fraction": 0.7,
    "bagging_fraction": 0.7,
    "bagging_freq": 1,
    "cat_smooth": 30.0,
    "monotone_constraints_method": "basic",
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}
_OBJECTIVES = {"log": "l2", "poisson": "poisson", "tweedie": "tweedie"}
# So much of the slope that all products share stands outside the trees, which end where the
# data ends: a price never seen still moves demand.
_SHARE_OF_SLOPE = 0.3
_LEAST_SLOPE = -0.1
_MOST_IN_LEAF = 100
_LEAST_ROWS = 2


class MonotoneTrees(PriceModel):
    """LightGBM on prices, promotions and the calendar, monotone in every price.

    One model of all series learns how demand moves around the level of each: by the price beside
    its usual one, the market's and the one before, by the prices of the other products of the
    market, promotions and other plans. Several boosters learn from random halves of the history,
    in blocks of about a month; their mean predicts, and their spread says how sure it is.

    With a log target, predictions are the middle (geometric mean) of what may be sold, which
    lies below the mean.

    Args:
        objective: "log" (least squares of log units, zeros left out), "poisson", "tweedie", or
            "auto": log where less than 1% of known periods are without sale, else Poisson.
        n_boosters: how many boosters; each takes as long as one on half of the history.
        n_trees: trees of each.
        num_leaves: leaves of a tree.
        half_life: periods after which a period counts half for the level; by default half a year.
        random_state: seed.
        threads: how many threads; results are the same for any number.

    Source: Ke et al. (2017), "LightGBM", NeurIPS; monotone constraints as in its documentation.

    >>> import pandas as pd
    >>> rng = np.random.default_rng(0)
    >>> price = rng.choice([1.5, 2.0, 2.5, 3.0], 200)
    >>> frame = pd.DataFrame({"item_id": "tea", "date": pd.date_range("2026-01-05", periods=200),
    ...                       "units": rng.poisson(400 * price**-2.0) + 1, "price": price})
    >>> model = MonotoneTrees().fit(Panel.from_frame(frame))
    >>> cheap, dear = model.units([[1.5], [3.0]]).ravel()
    >>> bool(cheap > 2 * dear)
    True
    """

    def __init__(
        self,
        objective: str = "auto",
        n_boosters: int = 8,
        n_trees: int = 50,
        num_leaves: int = 31,
        half_life: float | None = None,
        random_state: int = 0,
        threads: int = 1,
    ) -> None:
        self.objective = objective
        self.n_boosters = n_boosters
        self.n_trees = n_trees
        self.num_leaves = num_leaves
        self.half_life = half_life
        self.random_state = random_state
        self.threads = threads

    def _fit(self, panel: Panel) -> None:
        self._check()
        history = self._history(panel)
        self._inputs = TreeInputs(history.scale, calendar_of(panel))
        if history.teaches.sum() < _LEAST_ROWS:
            raise DataError(
                f"fewer than {_LEAST_ROWS} periods have known sales at a known price",
                table="panel",
                next_step="Bring more history.",
            )
        half_life = self.half_life or HALF_LIVES[panel.periods.freq]
        weight = recency(panel.cut, half_life)
        columns = self._inputs.of_panel(panel, slice(0, panel.cut))
        flat = np.full(panel.cut, 1.0)
        none, item = np.zeros(history.units.shape), history.scale.market.item
        mean_level, _ = level_of(history.units, none, flat, history.counts, item)
        slope = _SHARE_OF_SLOPE * _shared_slope(history, mean_level)
        base = mean_level + slope * columns[..., 0]
        halves = half_samples(
            panel.cut,
            check_whole("n_boosters", self.n_boosters, at_least=1),
            block_length(panel.cut, panel.periods.freq),
            self.random_state,
        )
        boosters = [
            self._boosted(history, columns, base, half, number)
            for number, half in enumerate(halves)
        ]
        self._ensemble = Ensemble(self._inputs, slope, boosters, self.threads)
        self._finish(panel, history, columns, weight)

    def _finish(
        self, panel: Panel, history: History, columns: np.ndarray, weight: np.ndarray
    ) -> None:
        def level(effect: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            item = history.scale.market.item
            return level_of(history.units, effect, weight, history.counts, item)

        effects = self._ensemble.each_effect(columns)
        self._level, error = level(effects.mean(axis=0))
        each = [level(effect)[0] for effect in effects]
        self.response_: DemandResponse = TreeResponse(
            self._ensemble,
            self._level,
            self._inputs.ordinary(panel, panel.cut),
            PriceLevels.of(history),
            keys=panel.keys,
            evidence=history.evidence(),
            level_error=error,
            each_level=np.array(each),
        )

    def _history(self, panel: Panel) -> History:
        counts = None if self.objective == "auto" else self.objective != "log"
        return History.of(panel, counts)

    def _boosted(
        self,
        history: History,
        columns: np.ndarray,
        base: np.ndarray,
        half: np.ndarray,
        number: int,
    ) -> Any:
        """A booster of the periods in one half, or of all where they teach nothing."""
        import lightgbm

        rows = history.teaches & half[:, None]
        if not rows.any():
            rows = history.teaches
        objective = self._objective(history)
        log_target = objective == "l2"
        target = np.log(history.units[rows]) - base[rows] if log_target else history.units[rows]
        data = lightgbm.Dataset(
            columns[rows],
            target,
            weight=None if log_target else 1.0 / np.maximum(np.exp(base[rows]), 1e-6),
            init_score=None if log_target else base[rows],
            categorical_feature=[self._inputs.item_column],
            params=self._settings(objective, int(rows.sum()), number),
        )
        settings = self._settings(objective, int(rows.sum()), number)
        return lightgbm.train(settings, data, num_boost_round=self.n_trees)

    def _objective(self, history: History) -> str:
        if self.objective == "auto":
            return "poisson" if history.counts else "l2"
        return _OBJECTIVES[self.objective]

    def _settings(self, objective: str, n_rows: int, number: int) -> dict[str, Any]:
        return {
            **_FIXED,
            "objective": objective,
            "num_leaves": self.num_leaves,
            "min_data_in_leaf": max(min(_MOST_IN_LEAF, n_rows // 20), 2),
            "monotone_constraints": self._inputs.monotone,
            "boost_from_average": False,
            "seed": self.random_state * 1000 + number,
            "num_threads": self.threads,
        }

    def _predict(self, panel: Panel, periods: slice) -> np.ndarray:
        columns = self._inputs.of_panel(panel, periods)
        return np.exp(self._level + self._ensemble.effect(columns)).T

    def _check(self) -> None:
        if self.objective not in ("auto", *_OBJECTIVES):
            raise DataError(
                f"the objective {self.objective!r} is not known",
                next_step=f"Use one of auto, {', '.join(_OBJECTIVES)}.",
            )
        check_whole("n_trees", self.n_trees, at_least=1)
        check_whole("num_leaves", self.num_leaves, at_least=2)
        check_whole("threads", self.threads, at_least=1)
        if self.half_life is not None:
            check_number("half_life", self.half_life, above=0)


def _shared_slope(history: History, level: np.ndarray) -> float:
    """Elasticity of all products together, kept below zero."""
    known = history.teaches
    price = history.relative
    if history.counts:
        expected = np.exp(level) * known
        move = (np.where(known, history.units, 0.0) - expected) / np.maximum(np.exp(level), 1e-9)
    else:
        move = np.where(known, np.log(np.where(known, history.units, 1.0)) - level, 0.0)
    spread = (np.where(known, price, 0.0) ** 2).sum()
    slope = float((move * price).sum() / spread) if spread > 0 else -1.0
    return min(slope, _LEAST_SLOPE)
