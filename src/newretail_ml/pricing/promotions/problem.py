"""A promotion calendar as arrays: what each level of each item brings in each period."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from newretail_ml.pricing.markdown.ratios import demand_ratios
from newretail_ml.pricing.promotions.dynamic import factors_along
from newretail_ml.pricing.promotions.memory import Memory
from newretail_ml.pricing.promotions.rules import PromotionRules
from newretail_ml.pricing.response import DemandResponse


@dataclass(frozen=True, eq=False)
class Problem:
    """Items, periods and levels; level 0 is no promotion.

    Attributes:
        keys: one row an item.
        category: (items,) text.
        base: (items, periods) expected units without any promotion.
        price: (items, levels).
        margin: (items, levels) profit a unit, what the supplier pays included.
        invested: (items, levels) margin given up a unit, less what the supplier pays.
        ratio: (items, levels) of units, if no other item is on promotion.
        lift: (items, levels) of units by display and leaflet, beyond the price.
        may: (items, levels) whether a level is allowed.
        last: (2, items) level of each item's last promotion before the first period, and how many
            periods ago it was; zeros where none matters.
        dips: (levels, lags) factors on units in the periods after a promotion.
        response: to prices, of the items in their order where they touch each other.
        product: (items,) position of each item in the response.
        crossed: whether they do.
        rules: limits.
    """

    keys: pd.DataFrame
    category: np.ndarray
    base: np.ndarray
    price: np.ndarray
    margin: np.ndarray
    invested: np.ndarray
    ratio: np.ndarray
    lift: np.ndarray
    may: np.ndarray
    last: np.ndarray
    dips: np.ndarray
    response: DemandResponse
    product: np.ndarray
    crossed: bool
    rules: PromotionRules

    @property
    def shape(self) -> tuple[int, int, int]:
        """Items, periods, levels."""
        return (*self.base.shape, self.price.shape[1])

    @property
    def memory(self) -> Memory:
        """What a period remembers of those before."""
        return Memory.of(self.price.shape[1], self.dips.shape[1], self.rules.gap)

    @property
    def start(self) -> np.ndarray:
        """(items,) what is remembered before the first period."""
        return self.memory.state_of(*self.last)

    @property
    def most(self) -> int:
        """Promotions of an item at most."""
        periods = self.base.shape[1]
        return periods if self.rules.at_most is None else min(self.rules.at_most, periods)

    @property
    def alone(self) -> np.ndarray:
        """(items, periods, levels) units before dips, if no other item is on promotion."""
        return self.base[:, :, None] * (self.ratio * self.lift)[:, None]

    @property
    def blocked(self) -> np.ndarray:
        """(items, periods, levels) zero, and minus infinity at levels that are not allowed."""
        blocked = np.where(self.may, 0.0, -np.inf)[:, None]
        return np.broadcast_to(blocked, self.shape)

    def with_rules(self, rules: PromotionRules) -> Problem:
        """The same under other limits."""
        return replace(self, rules=rules)

    def dipped(self, levels: np.ndarray) -> np.ndarray:
        """(items, periods) factors of the dips of a calendar."""
        memory = self.memory
        return factors_along(levels, memory, memory.factors(self.dips), self.start)

    def without(self) -> np.ndarray:
        """(items, periods) units without any promotion; dips of earlier ones may remain."""
        return self.base * self.dipped(np.zeros(self.base.shape, np.intp))

    def units(self, levels: np.ndarray) -> np.ndarray:
        """(items, periods) expected units of a calendar, with all cross effects."""
        rows = np.arange(len(levels))[:, None]
        if self.crossed:
            ratio = self.ratios(self.price[rows, levels].T).T
        else:
            ratio = self.ratio[rows, levels]
        return self.base * ratio * self.lift[rows, levels] * self.dipped(levels)

    def drawn(self, response: DemandResponse) -> Problem:
        """The same with another response, as likely as the one that was planned with."""
        if self.crossed:
            return replace(self, response=response)
        there = np.maximum(self.product, 0)
        ratio = demand_ratios([response], there, self.price, self.price[:, 0])[:, 0]
        known = self.may[:, 1:].any(axis=1, keepdims=True) & np.isfinite(ratio)
        return replace(self, ratio=np.where(known, ratio, 1.0))

    def ratios(self, prices: np.ndarray) -> np.ndarray:
        """(..., items) units at price lists over those without promotion, with cross effects."""
        usual = self.response.units(self.price[:, 0])
        units = self.response.units(prices)
        return np.divide(units, usual, out=np.ones_like(units), where=usual > 0)

    def profits(self, levels: np.ndarray, units: np.ndarray | None = None) -> np.ndarray:
        """(items, periods) expected profit of a calendar."""
        units = self.units(levels) if units is None else units
        return units * self.margin[np.arange(len(levels))[:, None], levels]

    def spent(self, levels: np.ndarray, units: np.ndarray | None = None) -> np.ndarray:
        """(items, periods) margin given up."""
        units = self.units(levels) if units is None else units
        return units * self.invested[np.arange(len(levels))[:, None], levels]
