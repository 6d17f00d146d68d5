"""How many slots of which kind a slate has, and what goes into them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from newretail_ml.checks import check_whole
from newretail_ml.errors import DataError
from newretail_ml.recommendation.lists.offer import Kind, Offer
from newretail_ml.recommendation.topk import NOTHING, best_of_rows


class Best(Protocol):
    """Positions and scores of the best items of each customer of a batch."""

    def __call__(self, k: int, kind: Kind) -> tuple[np.ndarray, np.ndarray]:
        """(n, k) positions, -1 where there are fewer, and scores."""


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
        if mix is None:
            return cls(k, Kind.DISCOVERY if exclude_bought else Kind.ANY)
        unknown = sorted(set(mix) - {Kind.REPEAT, Kind.DISCOVERY})
        counts = {kind: check_whole(f"mix[{kind!r}]", count) for kind, count in mix.items()}
        if unknown or sum(counts.values()) != k or (exclude_bought and counts.get("repeat")):
            raise DataError(
                f"the mix {dict(mix)} does not fill {k} slots",
                next_step='Give numbers that add up to k, as {"repeat": 6, "discovery": 4}, and '
                "no repeats with exclude_bought.",
            )
        return cls(k, Kind.DISCOVERY if exclude_bought else Kind.ANY, counts.get(Kind.REPEAT, 0))

    def choose(self, best: Best) -> tuple[np.ndarray, np.ndarray]:
        """(n, k) positions and scores, best first, -1 where the model has nothing more to say."""
        if self.repeat is None or self.kind is Kind.DISCOVERY:
            return best(self.k, self.kind)
        repeat, new = best(self.k, Kind.REPEAT), best(self.k, Kind.DISCOVERY)
        has_repeat = (repeat[0] != NOTHING).sum(axis=1)
        has_new = (new[0] != NOTHING).sum(axis=1)
        n_new = np.minimum(self.k - np.minimum(has_repeat, self.repeat), has_new)
        n_repeat = np.minimum(self.k - n_new, has_repeat)
        return _merged(repeat, n_repeat, new, n_new, self.k)


def _merged(
    first: tuple[np.ndarray, np.ndarray],
    n_first: np.ndarray,
    second: tuple[np.ndarray, np.ndarray],
    n_second: np.ndarray,
    k: int,
) -> tuple[np.ndarray, np.ndarray]:
    """The first few of two lists each, sorted by score."""
    place = np.arange(k)
    keep = np.hstack([place < n_first[:, None], place < n_second[:, None]])
    position = np.where(keep, np.hstack([first[0], second[0]]), NOTHING)
    score = np.where(keep, np.hstack([first[1], second[1]]), -np.inf)
    by = np.argsort(-score, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(position, by, 1), np.take_along_axis(score, by, 1)


def fill_up(
    chosen: tuple[np.ndarray, np.ndarray], popular: np.ndarray, offer: Offer, kind: Kind
) -> tuple[np.ndarray, np.ndarray]:
    """Fill the empty places of lists by what is popular, below all scores of the model.

    Args:
        chosen: (n, k) positions and scores, -1 where a place is empty.
        popular: (n, items) popularity from 0 to 1; new items have the least.
        offer: what can be offered.
        kind: which items count.
    """
    position, score = chosen[0].copy(), chosen[1].astype(float)
    k = position.shape[1]
    left = offer.restrict(popular.astype(float), kind)
    row, place = np.nonzero(position != NOTHING)
    left[row, position[row, place]] = -np.inf
    more, value = best_of_rows(left, k)
    used = (position != NOTHING).sum(axis=1)
    lowest = np.where(np.isfinite(score), score, np.inf).min(axis=1)
    lowest = np.where(np.isfinite(lowest), lowest, 0.0)
    source = np.arange(k) - used[:, None]
    fits = source >= 0
    source = np.maximum(source, 0)
    filler = np.take_along_axis(more, source, 1)
    filler_score = lowest[:, None] - 2.0 + np.take_along_axis(value, source, 1)
    position = np.where(fits, filler, position)
    return position, np.where(fits, filler_score, score)
