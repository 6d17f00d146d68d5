"""How much stock demand takes in a period, as chances of whole steps of a grid."""

from __future__ import annotations

import numpy as np

from newretail_ml.pricing.markdown.lines import Lines, Setting
from newretail_ml.pricing.markdown.sales_so_far import class_of

# Chance given to paths of all classes, so that a class that no path of a half is in has an answer.
_ANY_CLASS = 1e-3


def grid_steps(lines: Lines, setting: Setting) -> np.ndarray:
    """(n,) units of a step of the stock grid: one unit where the grid is large enough."""
    steps = np.clip(np.ceil(lines.stock), 1, setting.grid - 1)
    return np.maximum(lines.stock, 1e-9) / steps


class Transitions:
    """Chances of steps of demand and of the next class, period by period.

    Demand that is no whole number of steps is spread over the two next to it so that its mean
    stays: values between grid points are interpolated linearly.

    Args:
        lines: n items.
        setting: of all.
        edges: (n, horizon, classes - 1).
        steps: (n,) units of a step.
        points: levels of stock on the grid.
    """

    def __init__(
        self, lines: Lines, setting: Setting, edges: np.ndarray, steps: np.ndarray, points: int
    ) -> None:
        self.edges, self.points, self.classes = edges, points, setting.classes
        self.paths = lines.paths / steps[:, None, None].astype(np.float32)
        self.so_far = np.cumsum(lines.paths, axis=2, dtype=np.float64) - lines.paths
        self.ratio = lines.ratio_of_paths()
        self.half = np.arange(lines.paths.shape[1]) % 2

    def at(self, period: int) -> np.ndarray:
        """(3, n, prices, classes, classes * points) chances learned from halves and from all.

        The last axis is the next class and the steps taken, from none to points - 1; what takes
        more leaves nothing.
        """
        items, _, prices = self.ratio.shape
        cells = self.classes, self.classes, self.points + 1
        taken = self.paths[:, :, period, None] * self.ratio
        np.minimum(taken, self.points - 0.5, out=taken)
        down = taken.astype(np.int32)
        part = taken - down
        start = self._first_cell(period, prices)
        place = start + down
        size = 2 * items * prices * int(np.prod(cells))
        mass = np.bincount(place.ravel(), (1 - part).ravel(), size)
        mass += np.bincount((place + 1).ravel(), part.ravel(), size)
        halves = mass.reshape(2, items, prices, *cells)
        folds = np.concatenate([halves, halves.sum(axis=0, keepdims=True)])
        folds += _ANY_CLASS * folds.mean(axis=3, keepdims=True) + 1e-12
        folds /= folds.sum(axis=(4, 5), keepdims=True)
        kept = folds[..., : self.points].astype(np.float32)
        return kept.reshape(3, items, prices, self.classes, self.classes * self.points)

    def _first_cell(self, period: int, prices: int) -> np.ndarray:
        """(n, paths, prices) place of no step taken, by half, item, price, class, next class."""
        items = len(self.paths)
        here = self._class(period)
        after = self._class(min(period + 1, self.paths.shape[2] - 1))
        item = self.half * items + np.arange(items)[:, None]
        row = item[..., None] * prices + np.arange(prices)
        row = (row * self.classes + here[..., None]) * self.classes + after[..., None]
        return (row * (self.points + 1)).astype(np.int64)

    def _class(self, period: int) -> np.ndarray:
        return class_of(self.so_far[:, :, period], self.edges[:, period])
