"""What one more unit is worth on the counter, from the paths of its demand."""

from __future__ import annotations

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.replenishment.omnichannel.names import PERIODS_LEFT


def sale_chances(demand: np.ndarray, units: int) -> np.ndarray:
    """(series, units) expected sale of the first, second, ... unit.

    For demand in whole units that is the chance that demand reaches the unit; a part of a unit
    wanted sells a part. The sums are E[min(demand, units)], so the values never rise.

    Args:
        demand: (series, paths) units.
        units: how many units to look at.

    >>> sale_chances(np.array([[0.0, 1.0, 1.0, 3.0]]), 3).tolist()
    [[0.75, 0.25, 0.25]]
    """
    series, paths = demand.shape
    wanted = np.minimum(demand, units)
    whole = np.floor(wanted).astype(np.intp)
    cell = (np.arange(series)[:, None] * (units + 1) + whole).ravel()
    ends = np.bincount(cell, minlength=series * (units + 1)).reshape(series, units + 1)
    parts = np.bincount(cell, (wanted - whole).ravel(), minlength=series * (units + 1))
    reached = ends[:, ::-1].cumsum(axis=1)[:, ::-1][:, 1:]
    return (reached + parts.reshape(series, units + 1)[:, :units]) / paths


def counter_values(stock: pd.DataFrame, counter: Forecast, units: int) -> np.ndarray:
    """(rows, units) expected margin of having a first, second, ... unit on the counter.

    The margin of a sale, shortage_cost, times the chance of it; and, where salvage_value says
    what a unit left over will bring, less what is lost on it (unit_cost - salvage_value) times
    the chance of no sale. Values may be negative: such a unit had better be shipped.

    Args:
        stock: checked rows with item_id, location_id and shortage_cost, and, if known, unit_cost
            with salvage_value, and periods_left.
        counter: paths of the counter's demand.
        units: how many units to look at.

    Raises:
        DataError: a row has no forecast, costs are missing, or the paths end too early.
    """
    keys = [c.ITEM, c.LOCATION]
    if list(counter.keys.columns) != keys:
        raise DataError(
            f"the forecast is by {', '.join(counter.keys)}, not by {', '.join(keys)}",
            table="counter",
            next_step="Leave other channels out, or add the forecast up with sum_by.",
        )
    series = pd.MultiIndex.from_frame(counter.keys.astype(str)).get_indexer(
        pd.MultiIndex.from_frame(stock[keys].astype(str))
    )
    if (series < 0).any():
        raise DataError(
            f"{(series < 0).sum():,} rows have no forecast of the counter's demand",
            table="stock",
            rows=stock.index[series < 0],
            next_step="Forecast them, or leave them out.",
        )
    chosen = counter.select(series)
    chances = sale_chances(chosen.total(_periods(stock, counter)), units)
    margin, loss = counter_margins(stock)
    return chances * margin[:, None] - (1 - chances) * loss[:, None]


def counter_margins(stock: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """(rows,) margin of a unit sold on the counter, and loss on one that is not."""
    if c.SHORTAGE_COST not in stock:
        raise DataError(
            "the margin of a unit sold on the counter is not known",
            table="stock",
            column=c.SHORTAGE_COST,
            next_step="Add the column: unit price less unit cost.",
        )
    margin = stock[c.SHORTAGE_COST].to_numpy(float)
    if c.SALVAGE_VALUE not in stock:
        return margin, np.zeros(len(stock))
    if c.UNIT_COST not in stock:
        raise DataError(
            "salvage_value is given, unit_cost is not, so the loss on a unit left is unknown",
            table="stock",
            column=c.UNIT_COST,
            next_step="Add the column, or leave salvage_value out where units keep their value.",
        )
    return margin, np.maximum((stock[c.UNIT_COST] - stock[c.SALVAGE_VALUE]).to_numpy(float), 0.0)


def _periods(stock: pd.DataFrame, counter: Forecast) -> np.ndarray:
    if PERIODS_LEFT in stock:
        return stock[PERIODS_LEFT].to_numpy().astype(np.int64)
    return np.full(len(stock), counter.horizon)
