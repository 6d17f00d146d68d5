"""How much stock demand takes in a period, as chances of whole steps of a grid."""

from __future__ import annotations

import numpy as np

from newretail_ml.pricing.markdown.lines import Lines, Setting
from newretail_ml.pricing.markdown.sales_so_far import class_of


def stock_in_play(lines: Lines) -> np.ndarray:
    """(n,) units that can be sold at all; what lies beyond is left at any price.

    All of the stock where units go off, for then the ages of the rest matter.
    """
    highest = lines.ratio.max(axis=(1, 2))
    most = lines.paths.sum(axis=2).max(axis=1) * highest + lines.horizon
    ageless = np.isinf(lines.lasting).all(axis=1)
    return np.where(ageless, np.minimum(lines.stock, np.ceil(most)), lines.stock)


def grid_steps(stock: np.ndarray, setting: Setting) -> np.ndarray:
    """(n,) units of a step of the stock grid: one unit where the grid is large enough."""
    steps = np.clip(np.ceil(stock), 1, setting.grid - 1)
    return np.maximum(stock, 1e-9) / steps


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
        """(3, n, prices, classes, next classes, points) chances, from halves and from all.

        The last axis is the steps taken, from none to points - 1; what takes more leaves nothing.
        """
        items, _, prices = self.ratio.shape
        here, after = self._class(period), self._class(period + 1)
        taken = self.paths[:, :, period, None] * self.ratio
        np.minimum(taken, self.points - 0.5, out=taken)
        down = taken.astype(np.int64)
        part = taken - down
        place = self._first_cell(here, after, prices) + down
        shape = 2, items, prices, self.classes, self.classes, self.points + 1
        mass = np.bincount(place.ravel(), (1 - part).ravel(), int(np.prod(shape)))
        mass += np.bincount((place + 1).ravel(), part.ravel(), len(mass))
        made = np.empty((3, *shape[1:-1], self.points), np.float32)
        made[:2] = mass.reshape(shape)[..., : self.points]
        np.add(made[0], made[1], out=made[2])
        self._divide(made, here)
        return made

    def _divide(self, mass: np.ndarray, here: np.ndarray) -> None:
        """Turn counts of paths into chances; a class without any path gets those of all paths."""
        counts = np.empty((3, len(here), self.classes), np.float32)
        for one in range(self.classes):
            inside = here == one
            counts[0, :, one] = inside[:, self.half == 0].sum(axis=1)
            counts[1, :, one] = inside[:, self.half == 1].sum(axis=1)
        counts[2] = counts[0] + counts[1]
        for fold, item in np.argwhere((counts == 0).any(axis=2)):
            empty = counts[fold, item] == 0
            mass[fold, item][:, empty] = mass[fold, item].sum(axis=1, keepdims=True)
            counts[fold, item, empty] = counts[fold, item].sum()
        mass *= (1 / counts)[:, :, None, :, None, None]

    def _first_cell(self, here: np.ndarray, after: np.ndarray, prices: int) -> np.ndarray:
        """(n, paths, prices) place of no step taken, by half, item, price, class, next class."""
        items = len(self.paths)
        item = self.half * items + np.arange(items)[:, None]
        row = item[..., None] * prices + np.arange(prices)
        row = (row * self.classes + here[..., None]) * self.classes + after[..., None]
        return row * (self.points + 1)

    def _class(self, period: int) -> np.ndarray:
        last = self.paths.shape[2] - 1
        return class_of(self.so_far[:, :, min(period, last)], self.edges[:, min(period, last)])
