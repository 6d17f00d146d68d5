"""Demand without the sale by which a series came to be known."""

from __future__ import annotations

import numpy as np

from newretail_ml.panel import Panel

# A series younger than this keeps its first sale: next to nothing else is known of it.
_ENOUGH_PERIODS = 8


def demand_after_first_sale(panel: Panel) -> np.ndarray:
    """(series, periods) float32 demand, NaN where it is not known, and at the first sale.

    Where no table tells the launch, a series begins with its first sale. That period was chosen
    because something was sold in it, and counting it makes slow items look faster than they are:
    an item that sells once a year would begin with a year's demand in one period. Series that
    sell in the very first period of the panel, and young ones, keep it.

    >>> import pandas as pd
    >>> frame = pd.DataFrame({"item_id": "lamp", "date": pd.date_range("2026-01-01", periods=12),
    ...                       "units": [0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0]})
    >>> demand_after_first_sale(Panel.from_frame(frame))[0, :4].tolist()
    [nan, nan, 0.0, 0.0]
    """
    demand = panel.demand()
    known = (~np.isnan(demand)).sum(axis=1)
    late = (panel.launch < 0) & (panel.start > 0) & (known > _ENOUGH_PERIODS)
    series = np.flatnonzero(late)
    demand[series, panel.start[series]] = np.nan
    return demand
