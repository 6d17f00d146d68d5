"""How many slots of which kind a slate has, and what goes into them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from newretail_ml.checks import check_whole
from newretail_ml.errors import DataError
from newretail_ml.recommendation.lists.offer import Kind, Offer
from newretail_ml.recommendation.topk import NOTHING, best_of_rows


@dataclass(frozen=True, eq=False)
class Lists:
    """Lists of a batch of customers, best first.

    Attributes:
        position: (n, k) positions of items, -1 where a list has fewer.
        score: (n, k) the model's scores; popularity from 0 to 1 where the model had none.
        own: (n, k) whether the model chose the item.
    """

    position: np.ndarray
    score: np.ndarray
    own: np.ndarray

    @property
    def size(self) -> np.ndarray:
        """(n,) items in each list."""
        return (self.position != NOTHING).sum(axis=1)

    def first(self, n: np.ndarray) -> Lists:
        """The first n of each list, (lists,)."""
        keep = np.arange(self.position.shape[1]) < n[:, None]
        position = np.where(keep, self.position, NOTHING)
        return Lists(position, np.where(keep, self.score, -np.inf), self.own & keep)

    def cut(self, k: int) -> Lists:
        """The first k places."""
        return Lists(self.position[:, :k], self.score[:, :k], self.own[:, :k])

    def filled_up(self, popular: np.ndarray, offer: Offer, kind: Kind) -> Lists:
        """Lists with their empty places filled by what is popular.

        Args:
            popular: (n, items) popularity from 0 to 1; new items have the least.
            offer: what can be offered.
            kind: which items count.
        """
        k = self.position.shape[1]
        left = offer.restrict(popular.astype(float), kind)
        row, place = np.nonzero(self.position != NOTHING)
        left[row, self.position[row, place]] = -np.inf
        more, value = best_of_rows(left, k)
        source = np.arange(k) - self.size[:, None]
        fits, source = source >= 0, np.maximum(source, 0)
        return Lists(
            np.where(fits, np.take_along_axis(more, source, 1), self.position),
            np.where(fits, np.take_along_axis(value, source, 1), self.score),
            self.own,
        )

    def settled(self) -> Lists:
        """Lists with what is popular below all that the model chose, in scores as in places."""
        there = self.position != NOTHING
        by = np.lexsort((-self.score, ~self.own, ~there), axis=1)
        position, score, own = (
            np.take_along_axis(part, by, 1) for part in (self.position, self.score, self.own)
        )
        lowest = np.where(own, score, np.inf).min(axis=1, initial=np.inf)
        lowest = np.where(np.isfinite(lowest), lowest, 0.0)
        return Lists(position, np.where(own, score, lowest[:, None] - 2.0 + score), own)


class Best(Protocol):
    """The best items of each customer of a batch."""

    def __call__(self, k: int, kind: Kind) -> Lists:
        """Lists of up to k items of a kind."""


@dataclass(frozen=True)
class Slots:
    """How many slots of which kind.

    Attributes:
        k: slots in all.
        kind: which items count at all.
        repeat: slots for items that the customer bought before; None: as the scores have it.
    """

    k: int
    kind: Kind = Kind.ANY
    repeat: int | None = None

    @classmethod
    def of(cls, k: int, exclude_bought: bool, mix: Mapping[str, int] | None) -> Slots:
        """Slots from what the caller asked for.

        Raises:
            DataError: the mix names other kinds, does not add up to k, or wants repeats of what
                is excluded.
        """
        k = check_whole("k", k, at_least=1)
        if mix is not None and not isinstance(mix, Mapping):
            raise DataError(
                f"mix is a {type(mix).__name__}",
                next_step='Say {"repeat": 6, "discovery": 4}.',
            )
        if mix is None:
            return cls(k, Kind.DISCOVERY if exclude_bought else Kind.ANY)
        unknown = set(mix) - {Kind.REPEAT, Kind.DISCOVERY}
        counts = {kind: check_whole(f"mix[{kind!r}]", count) for kind, count in mix.items()}
        if unknown or sum(counts.values()) != k or (exclude_bought and counts.get("repeat")):
            raise DataError(
                f"the mix {dict(mix)} does not fill {k} slots",
                next_step='Give numbers that add up to k, as {"repeat": 6, "discovery": 4}, and '
                "no repeats with exclude_bought.",
            )
        return cls(k, Kind.DISCOVERY if exclude_bought else Kind.ANY, counts.get(Kind.REPEAT, 0))

    def at_most(self, n: int) -> Slots:
        """The slots where there are no more than n items."""
        return replace(self, k=max(min(self.k, n), 1))

    def choose(self, best: Best) -> Lists:
        """Lists of k items; a kind that runs out leaves its slots to the other one."""
        if self.repeat is None or self.kind is Kind.DISCOVERY:
            return best(self.k, self.kind).settled()
        repeat, new = best(self.k, Kind.REPEAT), best(self.k, Kind.DISCOVERY)
        n_new = np.minimum(self.k - np.minimum(repeat.size, self.repeat), new.size)
        n_repeat = np.minimum(self.k - n_new, repeat.size)
        parts = (repeat.first(n_repeat), new.first(n_new))
        both = (np.hstack([getattr(part, name) for part in parts]) for name in vars(parts[0]))
        return Lists(*both).settled().cut(self.k)
