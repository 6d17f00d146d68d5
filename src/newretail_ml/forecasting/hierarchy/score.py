"""The weighted scaled error over all levels of a hierarchy, as the M5 competition scored it.

Source: Makridakis, Spiliotis and Assimakopoulos (2022), "M5 accuracy competition: results,
findings, and conclusions", International Journal of Forecasting 38, 1346-1364.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from newretail_ml.errors import DataError
from newretail_ml.forecasting.hierarchy.hierarchy import Hierarchy
from newretail_ml.forecasting.hierarchy.levels import LEVEL
from newretail_ml.forecasting.judging.metrics import rmsse

_RECENT = 28


def wrmsse(
    actual: np.ndarray,
    forecast: np.ndarray,
    history: np.ndarray,
    hierarchy: Hierarchy,
    *,
    sales: np.ndarray | None = None,
) -> float:
    """Root mean squared scaled errors, weighted by sales in each level; all levels count alike.

    Args:
        actual: (nodes, horizon) units, NaN where not known.
        forecast: (nodes, horizon) expected units.
        history: (nodes, periods) units before, NaN before the first sale and where not known.
        hierarchy: of these nodes.
        sales: (series,) what the series weigh: by the competition, their revenue in the last 28
            periods of history. By default their units in these.

    Raises:
        DataError: an array is not of the hierarchy's nodes, or weights are negative or missing.

    >>> series = pd.DataFrame({"item_id": ["tea", "cup"]})
    >>> hierarchy = Hierarchy.of_keys(series, levels=[()])
    >>> history = hierarchy.summing @ np.array([[1.0, 2.0, 3.0], [3.0, 2.0, 3.0]])
    >>> actual = hierarchy.summing @ np.array([[3.0], [1.0]])
    >>> forecast = hierarchy.summing @ np.array([[1.0], [1.0]])
    >>> round(wrmsse(actual, forecast, history, hierarchy), 6)  # (1.414214 + 2 * 6/14) / 2
    1.135678
    """
    return float(
        np.nanmean(rmsse_by_level(actual, forecast, history, hierarchy, sales=sales).to_numpy())
    )


def rmsse_by_level(
    actual: np.ndarray,
    forecast: np.ndarray,
    history: np.ndarray,
    hierarchy: Hierarchy,
    *,
    sales: np.ndarray | None = None,
) -> pd.Series:
    """The weighted RMSSE of each level, by its name; arguments as of `wrmsse`.

    Nodes whose error or scale is not known are left out, and the others weigh more; a level
    without any is NaN.
    """
    for name, values in (("actual", actual), ("forecast", forecast), ("history", history)):
        if len(values) != len(hierarchy.keys):
            raise DataError(
                f"there are {len(values):,} rows for {len(hierarchy.keys):,} nodes",
                table=name,
                next_step="Add series up first: hierarchy.sum(forecast), summing @ units.",
            )
    weight = hierarchy.summing @ _sales(history, hierarchy, sales)
    error = rmsse(actual, forecast, history)
    scored = np.isfinite(error)
    table = pd.DataFrame(
        {
            LEVEL: hierarchy.keys[LEVEL].to_numpy(),
            "weight": np.where(scored, weight, 0.0),
            "loss": np.where(scored, weight * np.where(scored, error, 0.0), 0.0),
        }
    )
    sums = table.groupby(LEVEL, sort=False)[["weight", "loss"]].sum()
    return (sums["loss"] / sums["weight"].where(sums["weight"] > 0)).rename("rmsse")


def _sales(history: np.ndarray, hierarchy: Hierarchy, sales: np.ndarray | None) -> np.ndarray:
    if sales is None:
        recent = history[hierarchy.n_above :, -_RECENT:]
        return np.where(np.isfinite(recent), recent, 0.0).sum(axis=1, dtype=np.float64)
    sales = np.asarray(sales, dtype=np.float64)
    if sales.shape != (hierarchy.n_series,) or not np.isfinite(sales).all() or (sales < 0).any():
        raise DataError(
            f"they are not {hierarchy.n_series:,} numbers of zero or more",
            table="sales",
            next_step="Pass the recent revenue, or units, of each series.",
        )
    return sales
