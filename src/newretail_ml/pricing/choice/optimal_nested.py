"""Best prices under the nested logit: one adjusted markup a nest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.pricing.choice.decision import Priced
from newretail_ml.pricing.choice.nested import NestedLogit
from newretail_ml.pricing.choice.optimal_multinomial import LARGEST

CELLS = 400
ROUNDS = 200


def nested_prices(
    response: NestedLogit, cost: np.ndarray, free: np.ndarray, _starts: int, _seed: int
) -> Priced:
    """Best prices of the free products of one market; the others keep theirs.

    The profit R of an average customer is raised until no nest can add to it: for a given R,
    the best prices of a nest have one adjusted markup m = price - cost - d / |b|, where
    m = (1 - d) R_nest + d R (the first-order condition; Gallego and Wang 2014).
    """
    offered = [of[np.isfinite(response.utility[of])] for of in response.nests.members()]
    nests = [_Nest.of(response, cost, free, members) for members in offered if len(members)]
    prices = response.prices.copy()
    profit = float((response.shares(prices) * (prices - cost)).sum())
    for _ in range(ROUNDS):
        for nest in nests:
            prices[nest.members[nest.free]] = nest.best(profit)
        share = response.shares(prices)
        reached = float((share * (prices - cost)).sum())
        if reached <= profit + 1e-14 * max(1.0, abs(profit)):
            break
        profit = reached
    size = float(response.market_size[0])
    if all(nest.simple for nest in nests):
        why = "Exact: each nest has one adjusted markup, the only root of its condition."
        return Priced(prices, float(response.profit(prices, cost)), True, why)
    bound = _bound(nests, profit) * size
    why = (
        "Heuristic: price coefficients differ much within a nest, or some products keep their "
        "price, so conditions can have several roots; all roots on a fine grid were compared."
    )
    return Priced(prices, bound, False, why)


def _bound(nests: list[_Nest], profit: float) -> float:
    """No prices earn more: attractions are at least the 1 of those who buy nothing."""
    return profit + max(sum(nest.most(profit) for nest in nests) - profit, 0.0)


@dataclass(frozen=True, eq=False)
class _Nest:
    """A nest's products: v / d = constant - sensitivity * price, margins over a unit cost."""

    members: np.ndarray
    constant: np.ndarray
    sensitivity: np.ndarray
    cost: np.ndarray
    current: np.ndarray
    free: np.ndarray
    dissimilarity: float

    @classmethod
    def of(
        cls, response: NestedLogit, cost: np.ndarray, free: np.ndarray, members: np.ndarray
    ) -> _Nest:
        own = float(response.dissimilarity[members[0]])
        return cls(
            members,
            response.utility[members] / own,
            -response.price_coefficient[members] / own,
            cost[members],
            response.prices[members],
            free[members],
            own,
        )

    @property
    def simple(self) -> bool:
        """Whether the condition has one root (Gallego and Wang 2014, theorem 2)."""
        if self.dissimilarity == 1.0 or not self.free.any():
            return True
        own = self.sensitivity
        return bool(self.free.all() and own.max() / own.min() <= 1 / (1 - self.dissimilarity))

    def best(self, profit: float) -> np.ndarray:
        """(free,) prices that add most to a customer's profit, over that profit."""
        from scipy.optimize import brentq

        if not self.free.any():
            return np.empty(0)
        low, high = self._range(profit)
        grid = np.linspace(low, high, CELLS + 1) if high > low else np.array([low])
        misses = np.array([self._miss(markup, profit) for markup in grid])
        roots = [grid[int(np.abs(misses).argmin())]]
        roots += [
            float(brentq(self._miss, grid[place], grid[place + 1], (profit,), xtol=1e-14))
            for place in np.flatnonzero((misses[:-1] < 0) & (misses[1:] >= 0))
        ]
        best = max(roots, key=lambda markup: self._gain(markup, profit))
        return self._prices(best)[self.free]

    def most(self, profit: float) -> float:
        """At least what the nest adds at best, also if all its prices were free."""
        if (self.sensitivity == 0).any():
            return np.inf
        low, high = self._range(profit, every=True)
        grid = np.linspace(low, high, 10 * CELLS + 1)
        every = np.ones_like(self.free)
        parts = np.array([self._sums(markup, every) for markup in grid])
        # As the markup rises, attraction falls and the margin rises: bounds of each cell.
        margin = np.append(parts[1:, 1], parts[-1, 1]) - profit
        worth = np.exp(np.minimum(self.dissimilarity * parts[:, 0], LARGEST))
        return float(np.maximum(worth * margin, 0.0).max())

    def _prices(self, markup: float, free: np.ndarray | None = None) -> np.ndarray:
        adjusted = self.cost + 1 / np.maximum(self.sensitivity, 1e-300) + markup
        return np.where(self.free if free is None else free, adjusted, self.current)

    def _sums(self, markup: float, free: np.ndarray | None = None) -> tuple[float, float]:
        """Log attraction of the nest's products together, and their average margin."""
        prices = self._prices(markup, free)
        value = self.constant - self.sensitivity * prices
        total = np.logaddexp.reduce(value)
        return float(total), float(np.exp(value - total) @ (prices - self.cost))

    def _miss(self, markup: float, profit: float) -> float:
        own = self.dissimilarity
        return markup - (1 - own) * self._sums(markup)[1] - own * profit

    def _gain(self, markup: float, profit: float) -> float:
        total, margin = self._sums(markup)
        return float(np.exp(min(self.dissimilarity * total, LARGEST))) * (margin - profit)

    def _range(self, profit: float, *, every: bool = False) -> tuple[float, float]:
        """Where the roots lie: the margin of a nest is an average of its products' margins."""
        free = np.ones_like(self.free) if every else self.free
        own, spread = self.dissimilarity, 1 / self.sensitivity[free]
        low = profit + (1 / own - 1) * spread.min()
        high = profit + (1 / own - 1) * spread.max()
        if free.all():
            return low, high
        kept = (1 - own) * (self.current - self.cost)[~free] + own * profit
        return min(low, float(kept.min())), max(high, float(kept.max()))
