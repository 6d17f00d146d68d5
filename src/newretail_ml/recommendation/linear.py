"""What models have in common whose score is a sum over what the customer bought."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.batches import batches
from newretail_ml.recommendation.lists.offer import Kind, Offer
from newretail_ml.recommendation.topk import best_of_rows

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

# Cells of a dense batch that fits the processor's cache.
_BATCH = 500_000


def best_in_pieces(
    scores: Callable[[np.ndarray], np.ndarray], rows: np.ndarray, k: int, offer: Offer, kind: Kind
) -> tuple[np.ndarray, np.ndarray]:
    """(n, k) positions and scores of the best that can be offered, a few customers at a time.

    Args:
        scores: makes the dense scores of some customers.
        rows: (n,) the customers, at least one.
        k: how many.
        offer: what can be offered to them.
        kind: which items count.
    """
    found = [
        best_of_rows(offer.only(part).restrict(scores(rows[part]), kind), k)
        for part in batches(len(rows), offer.n_items, _BATCH)
    ]
    position, score = (np.concatenate(parts) for parts in zip(*found, strict=True))
    return position, score


def bought_parts(known: Interactions, history: csr_matrix, weight: np.ndarray) -> pd.DataFrame:
    """Part and contribution of each bought item, the largest first.

    Args:
        known: names the items.
        history: (1, items) what one customer bought, as the model weighs it.
        weight: (items,) what a unit of each adds to the score of the item in question.
    """
    item = history.indices
    amount = history.data * weight[item]
    added = np.flatnonzero(amount)
    by = added[np.lexsort((item[added], -np.abs(amount[added])))]
    names = known.items[c.ITEM].to_numpy(object)[item[by]]
    parts = pd.Series([f"bought {name}" for name in names], dtype=object)
    return pd.DataFrame({c.PART: parts, c.CONTRIBUTION: amount[by]})
