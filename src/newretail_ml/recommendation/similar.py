"""Items that are alike."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.batches import batches
from newretail_ml.recommendation.topk import best_of_rows


def alike_by_buyers(known: Interactions, items: np.ndarray) -> np.ndarray:
    """(len(items), items) cosine between the sets of customers who bought each.

    It is -inf for the item itself, and where items share no customer.
    """
    bought = known.counts.astype(bool).astype(np.float64).tocsc()
    together = (bought[:, items].T @ bought).toarray()
    buyers = np.sqrt(np.maximum(bought.sum(axis=0), 1)).A1
    score = together / buyers[items][:, None] / buyers
    score[np.arange(len(items)), items] = 0.0
    return np.where(score > 0, score, -np.inf)


def most_alike(
    known: Interactions,
    likeness: Callable[[np.ndarray], np.ndarray],
    columns: np.ndarray,
    k: int,
) -> pd.DataFrame:
    """item_id, similar_item_id, rank and score of the k items most like each of some.

    Args:
        known: names the items.
        likeness: (n, items) scores of n items, -inf where there is none.
        columns: positions of the items that are asked for.
        k: items for each, at least 1.
    """
    k = min(k, known.n_items)
    found = [
        best_of_rows(likeness(columns[part]), k) for part in batches(len(columns), known.n_items)
    ]
    position = np.concatenate([np.zeros((0, k), int), *(one[0] for one in found)])
    score = np.concatenate([np.zeros((0, k)), *(one[1] for one in found)])
    row, place = np.nonzero(position >= 0)
    labels = known.items[c.ITEM].to_numpy(object)
    return pd.DataFrame(
        {
            c.ITEM: labels[columns[row]],
            c.SIMILAR_ITEM: labels[position[row, place]],
            c.RANK: place + 1,
            c.SCORE: score[row, place].astype(float),
        }
    )
