"""The customers and items that a caller asks for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeAlias

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import refuse_values
from newretail_ml.errors import DataError
from newretail_ml.interactions import Interactions
from newretail_ml.tables.parsing import to_text

Customers: TypeAlias = Sequence[str] | pd.Series | pd.Index | None


def as_ids(name: str, ids: object) -> list:
    """The ids as a list.

    Raises:
        DataError: this is one text, a table, or no list of single values.
    """
    if isinstance(ids, str):
        raise DataError(f"{name} is one text", next_step=f"Pass a list: [{ids!r}].")
    if isinstance(ids, pd.DataFrame) or not isinstance(ids, Iterable):
        raise DataError(
            f"{name} is a {type(ids).__name__}, not a list of ids",
            next_step="Pass a list, or one column of a table.",
        )
    listed = list(ids)
    if not all(pd.api.types.is_scalar(one) for one in listed):
        raise DataError(f"{name} holds more than single ids", next_step="Pass a flat list.")
    return listed


def customer_ids(customers: Customers, known: Interactions) -> pd.Index:
    """Ids as text, each once, in the order given; all that are known where none is given.

    Raises:
        DataError: this is one text, or an id is missing.
    """
    if customers is None:
        return pd.Index(known.customers[c.CUSTOMER])
    given = pd.Series(as_ids("customers", customers), dtype=object, name=c.CUSTOMER)
    ids = to_text(given)
    refuse_values(given, ids.isna().to_numpy(), "customers", "are missing", "Leave them out.")
    return pd.Index(ids.drop_duplicates())


def known_columns(known: Interactions, items: Sequence[str] | pd.Series | pd.Index) -> np.ndarray:
    """(n,) position of each item.

    Raises:
        DataError: an item is not known.
    """
    items = as_ids("items", items)
    columns = known.columns_of(items)
    if (columns < 0).any():
        unknown = [item for item, column in zip(items, columns, strict=True) if column < 0]
        raise DataError(
            f"{len(unknown):,} items are not known, the first is {unknown[0]!r}",
            next_step="Ask for items that were sold before the cut.",
        )
    return columns
