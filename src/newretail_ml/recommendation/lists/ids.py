"""The customers and items that a caller asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import refuse_values
from newretail_ml.errors import DataError
from newretail_ml.interactions import Interactions
from newretail_ml.tables.parsing import to_text

Customers: TypeAlias = Sequence[str] | pd.Series | pd.Index | None


def customer_ids(customers: Customers, known: Interactions) -> pd.Index:
    """Ids as text, each once, in the order given; all that are known where none is given.

    Raises:
        DataError: this is one text, or an id is missing.
    """
    if customers is None:
        return pd.Index(known.customers[c.CUSTOMER])
    if isinstance(customers, str):
        raise DataError("customers is one text", next_step=f"Pass a list: [{customers!r}].")
    given = pd.Series(list(customers), dtype=object, name=c.CUSTOMER)
    ids = to_text(given)
    refuse_values(given, ids.isna().to_numpy(), "customers", "are missing", "Leave them out.")
    return pd.Index(ids.drop_duplicates())


def known_columns(known: Interactions, items: Sequence[str] | pd.Series | pd.Index) -> np.ndarray:
    """(n,) position of each item.

    Raises:
        DataError: an item is not known.
    """
    columns = known.columns_of(items)
    if (columns < 0).any():
        unknown = pd.Index(items)[columns < 0]
        raise DataError(
            f"{len(unknown):,} items are not known, the first is {unknown[0]!r}",
            next_step="Ask for items that were sold before the cut.",
        )
    return columns
