"""Lists of items as one table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.recommendation.lists.offer import Kind


@dataclass(frozen=True, eq=False)
class Chosen:
    """Filled slots as arrays, one entry each, by customer and rank.

    Attributes:
        customer: position of the customer among those asked for.
        item: position of the item.
        rank: place from 1.
        score: the model's score.
        repeat: whether the customer bought the item before.
        reason: why, in words.
    """

    customer: np.ndarray
    item: np.ndarray
    rank: np.ndarray
    score: np.ndarray
    repeat: np.ndarray
    reason: np.ndarray


def slate_table(parts: list[Chosen], ids: pd.Index, items: np.ndarray) -> pd.DataFrame:
    """One row a slot: customer_id, item_id, rank, score, slot, reason."""

    def all_of(name: str, dtype: type) -> np.ndarray:
        return np.concatenate([np.zeros(0, dtype), *(getattr(part, name) for part in parts)])

    customer, item = all_of("customer", int), all_of("item", int)
    # Words are looked up as objects: arrays of text would hold every word again in every row.
    kinds = np.array([Kind.DISCOVERY.value, Kind.REPEAT.value], dtype=object)
    return pd.DataFrame(
        {
            c.CUSTOMER: ids.take(customer).astype(ids.dtype),
            c.ITEM: items.astype(str).astype(object)[item],
            c.RANK: all_of("rank", int),
            c.SCORE: all_of("score", float),
            c.SLOT: kinds[all_of("repeat", bool).astype(np.int8)],
            c.REASON: all_of("reason", object),
        }
    )
