"""Items to mark down, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np


@dataclass(frozen=True, eq=False)
class Lines:
    """What the programme knows of items; n of them.

    Attributes:
        stock: (n,) units on hand.
        periods: (n,) periods left to sell them.
        salvage: (n,) of a unit left at the end.
        holding: (n,) of a unit left at the end of a period.
        prices: (n, points) ascending; NaN where there are fewer.
        current: (n,) position of today's price among them.
        moves: (n, points, points) whether a price may follow another one.
        ratio: (n, draws, points) demand at each price relative to the reference price.
        paths: (n, paths, horizon) demand at the reference price.
        lasting: (n, horizon) most units that may be left after each period, because the others
            go off; infinite where none does.
    """

    stock: np.ndarray
    periods: np.ndarray
    salvage: np.ndarray
    holding: np.ndarray
    prices: np.ndarray
    current: np.ndarray
    moves: np.ndarray
    ratio: np.ndarray
    paths: np.ndarray
    lasting: np.ndarray

    def __len__(self) -> int:
        return len(self.stock)

    @property
    def horizon(self) -> int:
        """Periods of the paths."""
        return self.paths.shape[2]

    def select(self, rows: np.ndarray) -> Lines:
        """Some of the items."""
        return Lines(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    def ratio_of_paths(self) -> np.ndarray:
        """(n, paths, points) ratio on each path: draws of the response take turns.

        Each draw serves two paths in a row, one of either half.
        """
        draws = (np.arange(self.paths.shape[1]) // 2) % self.ratio.shape[1]
        return self.ratio[:, draws]


@dataclass(frozen=True, eq=False)
class Setting:
    """What holds for all items.

    Attributes:
        open: (horizon,) whether prices may change in a period.
        most: most changes of the price; None for any number.
        grid: most stock levels that the programme tells apart.
        classes: levels of demand so far that it tells apart.
        whole: whether units are whole.
        seed: of the rounding of demand to whole units.
    """

    open: np.ndarray
    most: int | None
    grid: int
    classes: int
    whole: bool
    seed: int

    @property
    def counts(self) -> int:
        """How many numbers of changes the programme tells apart."""
        return 1 if self.most is None else self.most + 1

    def counted(self, count: int) -> int | None:
        """The count after one more change; None where there may be none."""
        if self.most is None:
            return 0
        return count + 1 if count < self.most else None
