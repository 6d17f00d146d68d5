"""Numbers of each line out of its terms, checked against one another."""

from __future__ import annotations

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.panel import Periods


def steps_of(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """(lines,) units of a pack, and units in which orders grow: a pack or a pallet."""
    pack = number(table, c.PACK_SIZE, 1.0)
    pallet = number(table, c.PALLET_SIZE)
    step = np.where(np.isnan(pallet), pack, pallet)
    ratio = step / pack
    wrong = ~np.isclose(ratio, np.round(ratio)) | (ratio < 1)
    if wrong.any():
        first = np.flatnonzero(wrong)[0]
        raise DataError(
            f"a pallet of {step[first]:g} units is no whole number of packs of {pack[first]:g}",
            table="supply",
            column=c.PALLET_SIZE,
            rows=table.index[wrong],
            next_step="Correct pallet_size or pack_size; both are in units.",
        )
    return pack, step


def minimum_of(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """(lines,) fewest units of an order, and the column that asks for them."""
    value, cost = number(table, c.MINIMUM_VALUE, 0.0), number(table, c.UNIT_COST)
    unpriced = (value > 0) & ~(cost > 0)
    hint = "Give one above zero, or leave minimum_value out."
    _refuse_missing(table, unpriced, c.UNIT_COST, hint)
    by_value = np.divide(value, cost, out=np.zeros(len(table)), where=value > 0)
    units = number(table, c.MINIMUM_UNITS, 0.0)
    rule = np.where(by_value > units, c.MINIMUM_VALUE, c.MINIMUM_UNITS).astype(object)
    return np.maximum(by_value, units), rule


def check_shelf(table: pd.DataFrame) -> None:
    """Raise unless every shelf can hold what has to be presented on it."""
    shelf, least = number(table, c.SHELF_CAPACITY), number(table, c.PRESENTATION_MINIMUM)
    wrong = least > shelf
    if wrong.any():
        first = np.flatnonzero(wrong)[0]
        raise DataError(
            f"{wrong.sum():,} lines have a {c.PRESENTATION_MINIMUM} above their "
            f"{c.SHELF_CAPACITY}, the first {least[first]:g} above {shelf[first]:g}",
            table="supply",
            column=c.PRESENTATION_MINIMUM,
            rows=table.index[wrong],
            next_step="Correct one of the two.",
        )


def holding_of(table: pd.DataFrame) -> np.ndarray:
    """(lines,) cost of a unit left at the end of a period."""
    values = number(table, c.HOLDING_COST)
    _refuse_missing(table, np.isnan(values), c.HOLDING_COST, "Give it in costs or in the state.")
    return values


def shortage_of(table: pd.DataFrame) -> np.ndarray:
    """(lines,) cost of a unit short, by default the margin that is lost."""
    margin = np.maximum(number(table, c.UNIT_PRICE) - number(table, c.UNIT_COST), 0.0)
    given = number(table, c.SHORTAGE_COST)
    values = np.where(np.isnan(given), margin, given)
    hint = "Give it, or unit_price and unit_cost: their difference is the margin that is lost."
    _refuse_missing(table, np.isnan(values), c.SHORTAGE_COST, hint)
    return values


def loss_of(table: pd.DataFrame, ends: np.ndarray) -> np.ndarray:
    """(lines,) cost of a unit wasted, zero where items neither go off nor are delisted."""
    cost = number(table, c.UNIT_COST)
    hint = "Give it: it is what a unit that goes off or outlives its item has cost."
    _refuse_missing(table, ends & np.isnan(cost), c.UNIT_COST, hint)
    loss = np.where(ends, cost - number(table, c.SALVAGE_VALUE, 0.0), 0.0)
    gain = loss < 0
    if gain.any():
        raise DataError(
            f"{gain.sum():,} lines have a salvage value above their unit cost",
            table="costs",
            column=c.SALVAGE_VALUE,
            rows=table.index[gain],
            next_step="Correct it: leftovers cannot earn more than they cost.",
        )
    return loss


def number(table: pd.DataFrame, column: str, default: float = np.nan) -> np.ndarray:
    """(lines,) a column of the terms; the default where it is empty or not there."""
    if column not in table:
        return np.full(len(table), float(default))
    return table[column].fillna(default).to_numpy(float)


def period_of(table: pd.DataFrame, column: str, periods: Periods, missing: int) -> np.ndarray:
    """(lines,) period of each date, `missing` where there is none."""
    made = np.full(len(table), missing)
    if column in table:
        known = table[column].notna().to_numpy()
        made[known] = periods.position(pd.DatetimeIndex(table[column][known]))
    return made


def _refuse_missing(table: pd.DataFrame, missing: np.ndarray, column: str, hint: str) -> None:
    if missing.any():
        raise DataError(
            f"{missing.sum():,} lines have none",
            table="costs",
            column=column,
            rows=table.index[missing],
            next_step=hint,
        )
