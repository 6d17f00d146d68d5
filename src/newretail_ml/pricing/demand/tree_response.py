"""Demand as boosted trees tell it, as a function of all prices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np
import pandas as pd

from newretail_ml.pricing.demand.price_levels import PriceLevels
from newretail_ml.pricing.demand.tree_inputs import TreeInputs
from newretail_ml.pricing.response import DemandResponse, Evidence, checked_prices

# Between few price levels a slope bends, so it is measured over an arc around the point.
_ARC = 0.1
_ROWS_AT_ONCE = 200_000


@dataclass(frozen=True, eq=False)
class Ensemble:
    """Boosters whose mean is the effect of prices and plans on log demand, beside a slope.

    Attributes:
        inputs: how prices become columns.
        slope: elasticity that all products share, which the trees correct.
        boosters: LightGBM boosters, each of a half of the history.
        threads: for prediction; results are the same for any number.
    """

    inputs: TreeInputs
    slope: float
    boosters: Sequence[Any]
    threads: int

    def effect(self, columns: np.ndarray) -> np.ndarray:
        """(...) log of what prices and plans do, of columns (..., columns)."""
        return np.asarray(self.each_effect(columns).mean(axis=0))

    def each_effect(self, columns: np.ndarray) -> np.ndarray:
        """(boosters, ...) the same by each booster alone."""
        rows = columns.reshape(-1, columns.shape[-1])
        each = np.empty((len(self.boosters), len(rows)))
        for begin in range(0, len(rows), _ROWS_AT_ONCE):
            part = slice(begin, begin + _ROWS_AT_ONCE)
            for number, booster in enumerate(self.boosters):
                each[number, part] = booster.predict(
                    rows[part], raw_score=True, num_threads=self.threads
                )
        each += self.slope * rows[:, 0]
        return each.reshape((len(self.boosters), *columns.shape[:-1]))

    def of(self, number: int) -> Ensemble:
        """The ensemble of one booster alone."""
        return replace(self, boosters=[self.boosters[number]])


class TreeResponse(DemandResponse):
    """Demand by boosted trees: falling in the own price, rising in others', with any bends.

    It says what happens in the first period of a new price. Trees are steps, and where a step
    lies between two prices that a product had, the data does not tell: so log units run straight
    in the log of the own price from one such level to the next, and by the slope that products
    share beyond the lowest and the highest. Elasticities are slopes over an
    arc of 10% to either side.

    Args:
        ensemble: the trees.
        level: (n,) log units where the trees' effect is zero.
        context: (contexts, columns) the columns beside those of prices; units are their mean.
        levels: the prices that each product had.
        keys: one row a product.
        evidence: what the response rests on.
        level_error: (n,) standard error of the level.
        each_level: (boosters, n) level of each booster alone; they are what `sample` draws from.
    """

    def __init__(
        self,
        ensemble: Ensemble,
        level: np.ndarray,
        context: np.ndarray,
        levels: PriceLevels,
        *,
        keys: pd.DataFrame,
        evidence: Evidence,
        level_error: np.ndarray | float = 0.0,
        each_level: np.ndarray | None = None,
    ) -> None:
        self.ensemble = ensemble
        self.level = level
        self.context = context
        self.levels = levels
        self.keys = keys.reset_index(drop=True)
        self.evidence = evidence
        self.level_error = level_error
        self.each_level = each_level
        self.prices = ensemble.inputs.scale.current

    @property
    def separable(self) -> bool:
        """Whether no product has another beside it."""
        return bool((self.ensemble.inputs.scale.market.size == 1).all())

    def units(self, prices: np.ndarray) -> np.ndarray:
        """(..., n) expected units a period at prices (..., n)."""
        log_prices = np.log(checked_prices(prices, self.n_products))
        below, above, share = self.levels.around(log_prices)
        between = share > 0
        outside = self.ensemble.slope * np.where(between, 0.0, log_prices - below)
        total = np.zeros(log_prices.shape)
        at_below, at_above = (self._price_columns(log_prices, own) for own in (below, above))
        for rest in self.context:
            effect = self.ensemble.effect(self._beside(at_below, rest))
            higher = self.ensemble.effect(self._beside(at_above, rest)[between])
            effect[between] += share[between] * (higher - effect[between])
            total += np.exp(self.level + effect + outside)
        return total / len(self.context)

    def _price_columns(self, log_prices: np.ndarray, own: np.ndarray) -> np.ndarray:
        return self.ensemble.inputs.of_prices(log_prices, self._before, own)

    def _beside(self, at_prices: np.ndarray, rest: np.ndarray) -> np.ndarray:
        """(..., n, columns) all columns, of those of prices and those of one context."""
        inputs = self.ensemble.inputs
        beside = np.array(np.broadcast_to(rest, (*at_prices.shape[:-1], len(rest))))
        beside[..., inputs.item_column - at_prices.shape[-1]] = inputs.scale.market.item
        return np.concatenate([at_prices, beside], axis=-1)

    @cached_property
    def _before(self) -> np.ndarray:
        return np.log(self.prices)

    def elasticities(self, prices: np.ndarray | None = None) -> np.ndarray:
        """(n, n) elasticities over arcs of 10% at the current prices, or at others."""
        prices, market = self._at(prices), self.ensemble.inputs.scale.market
        result = np.zeros((self.n_products, self.n_products))
        for rank in range(int(market.size.max())):
            moved = np.flatnonzero(market.rank == rank)
            slopes = self._slopes(prices, moved)
            column = np.full(market.n_places, -1)
            column[market.place[moved]] = moved
            columns = column[market.place]
            rows = np.flatnonzero(columns >= 0)
            result[rows, columns[rows]] = slopes[rows]
        return result

    def _slopes(self, prices: np.ndarray, moved: np.ndarray) -> np.ndarray:
        """(n,) change of log units with the log price of the one product moved in each market."""
        step = np.zeros(self.n_products)
        step[moved] = np.log1p(_ARC)
        low, high = np.log(self.units(prices * np.exp([-step, step])))
        return (high - low) / (2 * np.log1p(_ARC))

    def sample(self, n: int, random_state: int = 0) -> list[Self]:
        """Responses of single boosters, with levels by their error."""
        rng = np.random.default_rng(random_state)
        if self.each_level is None:
            return [self._with(level=self.level) for _ in range(n)]
        chosen = rng.permutation(n) % len(self.each_level)
        noise = rng.standard_normal((n, self.n_products)) * self.level_error
        return [
            self._with(level=self.each_level[number] + error, ensemble=self.ensemble.of(number))
            for number, error in zip(chosen, noise, strict=True)
        ]

    def anchored(self, units: np.ndarray, prices: np.ndarray | None = None) -> Self:
        """The same trees at a level that gives the units at prices."""
        with np.errstate(divide="ignore"):
            shift = np.log(np.asarray(units, float)) - np.log(self.units(self._at(prices)))
        each = None if self.each_level is None else self.each_level + shift
        return self._with(level=self.level + shift, each_level=each, level_error=self.level_error)

    def _with(
        self,
        *,
        level: np.ndarray,
        ensemble: Ensemble | None = None,
        each_level: np.ndarray | None = None,
        level_error: np.ndarray | float = 0.0,
    ) -> Self:
        return type(self)(
            ensemble or self.ensemble,
            level,
            self.context,
            self.levels,
            keys=self.keys,
            evidence=self.evidence,
            level_error=level_error,
            each_level=each_level,
        )
