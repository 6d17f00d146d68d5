"""What was bought after a cut, as far as it can be judged."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.judging.names import DISCOVERY, VIEWS
from newretail_ml.recommendation.lists.availability import Availability, Available

Offered: TypeAlias = Available | Callable[[Interactions], Available]

_LITTLE = 0.0005


def true_pairs(
    later: pd.DataFrame, history: Interactions | None, view: str, available: Available = None
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Pairs that a list could have named, and notes on those that it could not.

    Args:
        later: pairs that were bought, each once: customer_id, item_id, units.
        history: what was known; customers and items that it does not have are left out.
        view: next (all of them) or discovery (items the customer never bought before).
        available: what could be offered; other items are left out, as no list can name them.

    Raises:
        DataError: the view is not known, or discovery is asked for without a history.
    """
    if view not in VIEWS:
        raise DataError(
            f"{view!r} is no view", next_step=f"Choose from {' and '.join(map(repr, VIEWS))}."
        )
    if history is None:
        if view == DISCOVERY or available is not None:
            raise DataError(
                "without a history nobody knows what was bought before, or where",
                next_step="Pass the history that the lists were made from.",
            )
        return later, ()
    row, item = history.rows_of(later[c.CUSTOMER]), history.columns_of(later[c.ITEM])
    known = (row >= 0) & (item >= 0)
    notes = _left_out(known, "of customers or items that were not known at the cut")
    pairs, row, item = later[known], row[known], item[known]
    if available is not None:
        offered = _offered(history, available, pairs[c.CUSTOMER], item)
        notes += _left_out(offered, "of items that the customer could not be offered at the cut")
        pairs, row, item = pairs[offered], row[offered], item[offered]
    if view == DISCOVERY:
        pairs = pairs[~history.bought(row, item)]
    return pairs, notes


def _offered(
    history: Interactions, available: Available, customers: pd.Series, item: np.ndarray
) -> np.ndarray:
    """(pairs,) whether the customer of each pair could be offered its item."""
    ids = pd.Index(customers.unique())
    offer = Availability.of(available, history, ids, None)
    group = offer.group[ids.get_indexer(customers)]
    if not len(group):
        return np.zeros(0, dtype=bool)
    return np.asarray(offer.offers[group, item]).ravel() > 0


def _left_out(kept: np.ndarray, what: str) -> tuple[str, ...]:
    share = 1 - kept.mean() if len(kept) else 0.0
    said = f"{share:.1%}" if share >= _LITTLE else "little"
    return (f"{said} of what was bought is {what}, and not judged",) if share > 0 else ()
