"""Lists of a batch of customers: what the model says, filled by what is popular."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import numpy as np

from newretail_ml.recommendation.lists.filling import FillIn
from newretail_ml.recommendation.lists.offer import Kind, Offer
from newretail_ml.recommendation.lists.slots import Slots, fill_up
from newretail_ml.recommendation.topk import NOTHING

_CELLS = 1 << 24


class BestOfRows(Protocol):
    """What a model offers to customers it knows."""

    def __call__(
        self, rows: np.ndarray, k: int, offer: Offer, kind: Kind
    ) -> tuple[np.ndarray, np.ndarray]:
        """(n, k) positions and scores, -1 where there are fewer."""


def lists_of_batch(
    best: BestOfRows, fill_in: FillIn, rows: np.ndarray, offer: Offer, slots: Slots
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(n, k) positions, scores, and whether the model chose the item.

    Args:
        best: what the model offers.
        fill_in: what is popular.
        rows: (n,) positions of the customers, -1 where not known.
        offer: what can be offered to them.
        slots: how many of which kind.
    """
    position = np.full((len(rows), slots.k), NOTHING)
    score = np.full((len(rows), slots.k), -np.inf)
    known = np.flatnonzero(rows >= 0)
    if len(known):
        of_known = offer.only(known)
        position[known], score[known] = slots.choose(
            lambda k, kind: best(rows[known], k, of_known, kind)
        )
    from_model = position != NOTHING
    short = np.flatnonzero(~from_model.all(axis=1))
    if len(short):
        popular = fill_in.scores(rows[short], offer.n_items)
        part = (position[short], score[short])
        position[short], score[short] = fill_up(part, popular, offer.only(short), slots.kind)
    return position, score, from_model


def batches(n: int, n_items: int) -> Iterator[slice]:
    """Slices of the customers, such that dense arrays of a batch stay small."""
    size = max(_CELLS // max(n_items, 1), 1)
    return (slice(start, min(start + size, n)) for start in range(0, n, size))
