"""Stock, terms and costs in one table, one row a line."""

from __future__ import annotations

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.replenishment.planning.line_terms import number
from newretail_ml.replenishment.planning.supply import State, Supply
from newretail_ml.replenishment.planning.terms import (
    checked_columns,
    checked_keys,
    joined,
    supplier_keys,
)
from newretail_ml.tables.parsing import row_of


def wide_table(
    state: State, supply: Supply | None, costs: pd.DataFrame | None, keys: list[str]
) -> pd.DataFrame:
    """Stock, terms and costs in one table, one row a series of the state.

    Raises:
        DataError: the state lacks a key of the forecast, or rows share one.
    """
    if not set(keys) <= set(state.stock.columns):
        raise DataError(
            f"the forecast is by {', '.join(keys)}, the state is not",
            table="state",
            next_step="Add the missing key column, or add the forecast up with sum_by.",
        )
    table = checked_keys(state.stock, "state", keys)
    if supply is not None:
        table = joined(table, supply.terms, _shared_keys(supply.terms, keys, "supply"))
    if costs is not None:
        costs = checked_keys(checked_columns(costs, "costs"), "costs")
        table = joined(table, costs, _shared_keys(costs, keys, "costs"))
    return table


def _shared_keys(frame: pd.DataFrame, keys: list[str], table: str) -> list[str]:
    named = [name for name in c.SERIES_KEYS if name in frame]
    unknown = [name for name in named if name not in keys]
    if unknown:
        raise DataError(
            f"it is by {', '.join(named)}, the forecast only by {', '.join(keys)}",
            table=table,
            column=unknown[0],
            next_step="Give one row for each key of the forecast.",
        )
    return named


def supplier_of(table: pd.DataFrame, suppliers: pd.DataFrame | None) -> np.ndarray:
    """(lines,) row of the supplier of each line, -1 without.

    Raises:
        DataError: a supplier is not in the table of suppliers.
    """
    if suppliers is None or c.SUPPLIER not in table:
        return np.full(len(table), -1)
    if c.LOCATION in suppliers and c.LOCATION not in table:
        raise DataError(
            "suppliers are by location_id, the forecast is not by location",
            table="suppliers",
            column=c.LOCATION,
            next_step="Give one row a supplier, or forecast by location.",
        )
    found = row_of(table, suppliers, supplier_keys(suppliers))
    unknown = (found < 0) & table[c.SUPPLIER].notna().to_numpy()
    if unknown.any():
        raise DataError(
            f"{table[c.SUPPLIER][unknown].iloc[0]} is not in the table of suppliers",
            table="supply",
            column=c.SUPPLIER,
            rows=table.index[unknown],
            next_step="Add the supplier, or correct its name.",
        )
    return found


def with_supplier_terms(
    table: pd.DataFrame, supplier: np.ndarray, supply: Supply | None
) -> pd.DataFrame:
    """The lines with lead times and review periods of their suppliers, where they have none."""
    if supply is None or supply.suppliers is None or not len(supply.suppliers):
        return table
    for name in (c.LEAD_TIME, c.REVIEW_PERIOD):
        if name in supply.suppliers:
            theirs = np.append(supply.suppliers[name].to_numpy(float), np.nan)[supplier]
            ours = number(table, name)
            table = table.assign(**{name: np.where(np.isnan(ours), theirs, ours)})
    return table
