"""What can be offered to a batch of customers, and what they bought before."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


class Kind(StrEnum):
    """Which items a slot is for."""

    ANY = "any"
    REPEAT = "repeat"
    DISCOVERY = "discovery"


@dataclass(frozen=True, eq=False)
class Offer:
    """What can be offered to each customer of a batch.

    Attributes:
        offered: (n, items) flags; known items first, then new ones.
        bought: (n, items) sparse counts of orders with the item.
        everything: whether all items are offered to all.
    """

    offered: np.ndarray
    bought: csr_matrix
    everything: bool

    @property
    def n_items(self) -> int:
        """Number of items, new ones included."""
        return self.offered.shape[1]

    def only(self, rows: np.ndarray | slice) -> Offer:
        """The offer of some customers of the batch."""
        return Offer(self.offered[rows], self.bought[rows], self.everything)

    def restrict(self, scores: np.ndarray, kind: Kind) -> np.ndarray:
        """Put -inf, in place, where an item cannot be offered in a slot of that kind.

        Args:
            scores: (n, items) scores, or those of the known items alone.
            kind: which items count.
        """
        width = scores.shape[1]
        row, item = self.bought.nonzero()
        if kind is Kind.DISCOVERY:
            scores[row, item] = -np.inf
        if kind is Kind.REPEAT:
            kept = scores[row, item]
            scores[:] = -np.inf
            scores[row, item] = kept
        if not self.everything:
            scores[~self.offered[:, :width]] = -np.inf
        return scores

    def allows(self, row: np.ndarray, item: np.ndarray, kind: Kind) -> np.ndarray:
        """(m,) whether pairs of a customer of the batch and an item can be offered."""
        good = np.asarray(self.offered[row, item])
        if kind is Kind.ANY:
            return good
        return good & (self.bought_before(row, item) == (kind is Kind.REPEAT))

    def bought_before(self, row: np.ndarray, item: np.ndarray) -> np.ndarray:
        """(m,) whether customers of the batch bought items before."""
        if not len(row):
            return np.zeros(0, dtype=bool)
        return np.asarray(self.bought[row, item]).ravel() > 0
