"""Sums and maxima by group along the last axis."""

from __future__ import annotations

import numpy as np
import pandas as pd


class Groups:
    """Groups of n places, such as the products of a market or a nest.

    Attributes:
        labels: (groups,) the groups' names, in the order in which they first appear.
        codes: (n,) the group of each place.

    >>> groups = Groups(np.array(["b", "a", "b"]))
    >>> groups.sum(np.array([1.0, 2.0, 3.0])).tolist()
    [4.0, 2.0]
    """

    def __init__(self, labels: np.ndarray) -> None:
        self.codes, self.labels = pd.factorize(labels)
        self._order = np.argsort(self.codes, kind="stable")
        self._starts = np.searchsorted(self.codes[self._order], np.arange(len(self.labels)))
        self._sorted = bool((self._order == np.arange(len(self.codes))).all())

    def __len__(self) -> int:
        return len(self.labels)

    def sum(self, values: np.ndarray) -> np.ndarray:
        """(..., groups) sums of values (..., n)."""
        return np.add.reduceat(self._ordered(values), self._starts, axis=-1)

    def max(self, values: np.ndarray) -> np.ndarray:
        """(..., groups) largest of values (..., n)."""
        return np.maximum.reduceat(self._ordered(values), self._starts, axis=-1)

    def log_sum_exp(self, values: np.ndarray) -> np.ndarray:
        """(..., groups) logarithms of the sums of exp(values), safe for values of any size."""
        top = self.max(values)
        top = np.where(np.isfinite(top), top, 0.0)
        with np.errstate(divide="ignore"):
            return top + np.log(self.sum(np.exp(values - self.spread(top))))

    def spread(self, values: np.ndarray) -> np.ndarray:
        """(..., n) each place's value of its group, from (..., groups)."""
        return values[..., self.codes]

    def same(self) -> np.ndarray:
        """(n, n) whether two places are in one group."""
        return self.codes[:, None] == self.codes[None, :]

    def members(self) -> list[np.ndarray]:
        """Positions of each group's places."""
        return [np.asarray(one) for one in np.split(self._order, self._starts[1:])]

    def _ordered(self, values: np.ndarray) -> np.ndarray:
        return values if self._sorted else values[..., self._order]
