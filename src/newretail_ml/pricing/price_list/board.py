"""The board on which a price list is chosen: products, their price points, and tables over them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

# Two prices are one price within this share.
CLOSE = 1e-9


@dataclass(frozen=True, eq=False)
class Board:
    """Products and the price points among which one each is chosen.

    Attributes:
        products: (n) keys, unit_cost and attributes.
        keys: names of the key columns.
        current: (n,) prices now.
        cost: (n,) unit costs.
        points: (n, m) ascending price points, NaN behind the last.
        identified: (n,) whether the response to the price is known.
    """

    products: pd.DataFrame
    keys: tuple[str, ...]
    current: np.ndarray
    cost: np.ndarray
    points: np.ndarray
    identified: np.ndarray

    @property
    def real(self) -> np.ndarray:
        """(n, m) whether there is a price point."""
        return np.isfinite(self.points)

    @property
    def prices(self) -> np.ndarray:
        """(n, m) price points, with the current price where there is none."""
        return np.where(self.real, self.points, self.current[:, None])

    @property
    def changed(self) -> np.ndarray:
        """(n, m) whether a point is another price than the current one."""
        return np.abs(self.points - self.current[:, None]) > CLOSE * self.current[:, None]

    def at(self, chosen: np.ndarray) -> np.ndarray:
        """(n,) prices at chosen points (n,)."""
        return self.points[np.arange(len(chosen)), chosen]


@dataclass(frozen=True, eq=False)
class Rows:
    """Sums over chosen points that must not be exceeded: R of them, over q products each.

    Attributes:
        products: (R, q) positions of the products.
        values: (R, q, m) what each of their points adds.
        at_most: (R,) limits of the sums.
    """

    products: np.ndarray
    values: np.ndarray
    at_most: np.ndarray

    def sums(self, chosen: np.ndarray) -> np.ndarray:
        """(R,) sums at chosen points (n,)."""
        picked = np.take_along_axis(self.values, chosen[self.products][:, :, None], axis=2)
        return picked[:, :, 0].sum(axis=1)

    def kept(self, chosen: np.ndarray) -> bool:
        """Whether no limit is exceeded."""
        return bool((self.sums(chosen) <= self.at_most + self.slack()).all())

    def slack(self) -> np.ndarray:
        """(R,) what rounding of numbers may cost."""
        size = np.abs(self.values).max(axis=(1, 2), initial=0.0) * self.products.shape[1]
        return 1e-9 * np.maximum(size, 1e-6)


@dataclass(frozen=True, eq=False)
class Said:
    """What one rule says on a board.

    Attributes:
        allowed: (n, m) which points it allows, or None for all.
        rows: sums over products.
        charge: (n, m) money that a choice costs, or None.
        revenue: share of the current revenue that must be kept, or None; over `among`, (n,).
        among: which products that is about.
    """

    allowed: np.ndarray | None = None
    rows: tuple[Rows, ...] = ()
    charge: np.ndarray | None = None
    revenue: float | None = None
    among: np.ndarray | None = None
