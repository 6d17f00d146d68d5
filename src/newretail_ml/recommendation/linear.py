"""What models have in common whose score is a sum over what the customer bought."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.interactions import Interactions

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


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
