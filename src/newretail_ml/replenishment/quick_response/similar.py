"""Second orders by what similar sample paths still sold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.checks import check_whole
from newretail_ml.errors import DataError
from newretail_ml.replenishment.newsvendor import sample_quantile
from newretail_ml.replenishment.quick_response.two_orders import QuickResponseCosts

_SHARE_NEAR = 0.9
_FEWEST_SOLD_OUT = 10


@dataclass(frozen=True)
class Season:
    """(paths,) units of the read, of the wait for the second order and of the rest."""

    read: np.ndarray
    wait: np.ndarray
    rest: np.ndarray

    @classmethod
    def of(cls, paths: np.ndarray, read: int, lead_time: int) -> Season:
        """From (paths, periods) units."""
        read, wait = check_whole("read", read, at_least=1), check_whole("lead_time", lead_time)
        if read + wait >= paths.shape[1]:
            raise DataError(
                f"after a read of {read} and a lead time of {wait} periods nothing is left of a "
                f"season of {paths.shape[1]}",
                next_step="Read fewer periods, or forecast to the end of the season.",
            )
        parts = np.split(paths, [read, read + wait], axis=1)
        return cls(*(part.sum(axis=1, dtype=float) for part in parts))

    @property
    def demand(self) -> np.ndarray:
        """(paths,) units of the whole season."""
        return self.read + self.wait + self.rest


class SecondOrders:
    """Second orders and profit by first order; the similar paths are found once."""

    def __init__(self, season: Season, costs: QuickResponseCosts) -> None:
        self.season, self.costs = season, costs
        self.others = _Similar.to(season, season.read, costs.second_ratio, itself=False)
        self.largest_first = np.argsort(-season.read, kind="stable")

    def best_first_order(self, one_shot: float) -> float:
        """Whole units, searched on a grid that is made finer twice, to one in a hundred."""
        low, high, points = 0.0, max(one_shot, float(np.ceil(self.season.read.max()))), 13
        for _ in range(3):
            grid = np.unique(np.rint(np.linspace(low, high, points)))
            best = int(np.argmax([self.profits(first).mean() for first in grid]))
            low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
            points = 7
        return float(grid[best])

    def profits(self, first: float) -> np.ndarray:
        """(paths,) profit of a first order and the second that each path leads to."""
        season = self.season
        stock = np.maximum(first - season.read, 0.0)
        sold_out = season.read >= first
        second = np.empty(len(stock))
        second[~sold_out] = self._order(self.others.of(~sold_out).wanted(stock[~sold_out]))
        second[sold_out] = np.maximum(self._after_sold_out(first)[sold_out], self._at(first))
        kept = np.maximum(stock - season.wait, 0.0)
        left = np.maximum(kept + second - season.rest, 0.0)
        return self.costs.profit(season.demand, first, second, left)

    def second_orders(self, first: float, sold: np.ndarray) -> np.ndarray:
        """(sold,) units to order again, never falling; the last entry is a read that sold out.

        What chance makes fall is pooled: isotonic regression, weighted by paths.
        """
        from scipy.optimize import isotonic_regression

        similar = _Similar.to(self.season, sold[:-1], self.costs.second_ratio, itself=True)
        rest = self.season.rest[self._sold_out_paths(first)]
        last = self._order(sample_quantile(rest, self.costs.second_ratio))
        last = np.maximum(last, self._at(first))
        orders = np.append(self._order(similar.wanted(first - sold[:-1])), last)
        paths = np.bincount(np.searchsorted(sold[:-1], self.season.read), minlength=len(sold))
        pooled = isotonic_regression(orders, weights=paths + 1.0).x
        return self._order(pooled)

    def _at(self, first: float) -> np.ndarray:
        """(1,) order after a read of just the first order; one that sold out asks for no less."""
        similar = _Similar.to(self.season, np.array([first]), self.costs.second_ratio, itself=True)
        return self._order(similar.wanted(np.zeros(1)))

    def _order(self, wanted: np.ndarray) -> np.ndarray:
        if self.costs.second_ratio == 0:
            return np.zeros_like(wanted)
        return np.clip(np.rint(wanted), 0.0, np.floor(self.costs.capacity))

    def _sold_out_paths(self, first: float) -> np.ndarray:
        """Positions of the paths that sell out, or of those that come nearest to it."""
        count = max(int((self.season.read >= first).sum()), _FEWEST_SOLD_OUT)
        return self.largest_first[:count]

    def _after_sold_out(self, first: float) -> np.ndarray:
        """(paths,) the newsvendor's order on the other paths that sold out; zero elsewhere."""
        rows = self._sold_out_paths(first)
        rest = self.season.rest[rows]
        rank = np.argsort(np.argsort(rest, kind="stable"), kind="stable")
        place = max(int(np.ceil(self.costs.second_ratio * (len(rows) - 1) - 1e-9)) - 1, 0)
        orders = np.zeros(len(self.season.rest))
        # Without a path itself, those ranked after it move up by one.
        orders[rows] = self._order(np.sort(rest)[place + (rank <= place)])
        return orders


@dataclass(frozen=True)
class _Similar:
    """What paths similar to some reads still sell.

    Attributes:
        weights: (reads, paths), each row adds up to one.
        wait: (reads, paths) units until the second order arrives.
        rest: (reads, paths) units from then on.
        enough: (reads,) quantile of the rest at the level.
        level: critical ratio of the second order.
    """

    weights: np.ndarray
    wait: np.ndarray
    rest: np.ndarray
    enough: np.ndarray
    level: float

    @classmethod
    def to(cls, season: Season, sold: np.ndarray, level: float, *, itself: bool) -> _Similar:
        """Paths similar to reads; if the reads are the paths' own, each without itself."""
        distance = np.abs(sold[:, None] - season.read)
        if not itself:
            np.fill_diagonal(distance, np.inf)
        nearest = int(np.ceil(len(season.read) ** _SHARE_NEAR))
        width = np.partition(distance, nearest - 1, axis=1)[:, nearest - 1 : nearest]
        # A little wider, so that the paths at the rim, and paths just like the read, count.
        weights = np.maximum(1.0 - (distance / (1.001 * width + 1e-9)) ** 2, 0.0)
        weights /= weights.sum(axis=1, keepdims=True)
        wait = _moved(season.read, season.wait, sold, weights)
        rest = _moved(season.read, season.rest, sold, weights)
        return cls(weights, wait, rest, _weighted_quantile(rest, weights, level), level)

    def of(self, rows: np.ndarray) -> _Similar:
        """For some of the reads."""
        return _Similar(
            self.weights[rows], self.wait[rows], self.rest[rows], self.enough[rows], self.level
        )

    def wanted(self, stock: np.ndarray) -> np.ndarray:
        """(reads,) best order beside the stock left after the read, below zero for none."""
        if not self.wait.any():
            return self.enough - stock
        kept = np.maximum(stock[:, None] - self.wait, 0.0)
        return _weighted_quantile(self.rest - kept, self.weights, self.level)


def _moved(
    read: np.ndarray, later: np.ndarray, sold: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """(sold, paths) later demand, each path moved along the weighted regression line.

    A line that falls is taken for flat: the more was sold, the more is foreseen.
    """
    mean_read, mean_later = weights @ read, weights @ later
    spread = weights @ read**2 - mean_read**2
    together = weights @ (read * later) - mean_read * mean_later
    flat = spread <= 1e-9 * (1.0 + mean_read**2)
    slope = np.where(flat, 0.0, np.maximum(together, 0.0) / np.where(flat, 1.0, spread))
    return np.maximum(later + slope[:, None] * (sold[:, None] - read), 0.0)


def _weighted_quantile(values: np.ndarray, weights: np.ndarray, level: float) -> np.ndarray:
    """(rows,) smallest values that at least the share of weight does not exceed."""
    order = np.argsort(values, axis=1)
    reached = np.cumsum(np.take_along_axis(weights, order, axis=1), axis=1)
    place = np.minimum((reached < level - 1e-9).sum(axis=1), values.shape[1] - 1)
    return np.take_along_axis(values, np.take_along_axis(order, place[:, None], 1), 1)[:, 0]
