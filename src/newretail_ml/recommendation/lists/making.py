"""Lists of a batch of customers: what the model says, filled by what is popular."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from newretail_ml.recommendation.lists.filling import FillIn
from newretail_ml.recommendation.lists.offer import Kind, Offer
from newretail_ml.recommendation.lists.slots import Lists, Slots
from newretail_ml.recommendation.topk import NOTHING


class BestOfRows(Protocol):
    """What a model offers to customers it knows."""

    def __call__(
        self, rows: np.ndarray, k: int, offer: Offer, kind: Kind
    ) -> tuple[np.ndarray, np.ndarray]:
        """(n, k) positions and scores, -1 where there are fewer."""


def lists_of_batch(
    best: BestOfRows, fill_in: FillIn, rows: np.ndarray, offer: Offer, slots: Slots
) -> Lists:
    """The lists of a batch of customers.

    Args:
        best: what the model offers.
        fill_in: what is popular.
        rows: (n,) positions of the customers, -1 where not known.
        offer: what can be offered to them.
        slots: how many of which kind.
    """
    known = np.flatnonzero(rows >= 0)
    of_known = offer.only(known)

    def lists(k: int, kind: Kind) -> Lists:
        position = np.full((len(rows), k), NOTHING)
        score = np.full((len(rows), k), -np.inf)
        if len(known):
            position[known], score[known] = best(rows[known], k, of_known, kind)
        own = position != NOTHING
        short = np.flatnonzero(~own.all(axis=1))
        if len(short):
            popular = fill_in.scores(rows[short], offer.n_items)
            part = Lists(position[short], score[short], own[short])
            part = part.filled_up(popular, offer.only(short), kind)
            position[short], score[short] = part.position, part.score
        return Lists(position, score, own)

    return slots.choose(lists)
