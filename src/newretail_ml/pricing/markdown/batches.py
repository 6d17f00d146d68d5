"""Stock by best-before date: how much of it may be left after each period."""

from __future__ import annotations

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import as_dates, need_columns, refuse_values
from newretail_ml.errors import DataError
from newretail_ml.panel import Periods
from newretail_ml.pricing.markdown.table import Table
from newretail_ml.pricing.price_list.products import rows_of

_TABLE = "batches"


def lasting_units(
    batches: pd.DataFrame | None, table: Table, keys: list[str], periods: Periods
) -> np.ndarray:
    """(n, horizon) units whose date lies beyond each period; infinite without batches.

    Customers are given the oldest units first. Then what is left is always the youngest part of
    the stock, and this table is all that has to be known of ages.

    Args:
        batches: keys, date (the last on which the units may be sold) and units.
        table: the state.
        keys: of the forecast.
        periods: of the forecast.

    Raises:
        DataError: units do not add up to on_hand, are past their date, or belong to no line.
    """
    lasting = np.full((len(table.frame), len(periods)), np.inf)
    if batches is None:
        return lasting
    if not isinstance(batches, pd.DataFrame):
        raise DataError("they are no table", table=_TABLE, next_step="Pass a DataFrame.")
    need_columns(batches, _TABLE, [*keys, c.DATE, c.UNITS])
    batches = batches.reset_index(drop=True)
    units = pd.to_numeric(batches[c.UNITS], errors="coerce")
    bad = ~(np.isfinite(units) & (units >= 0)).to_numpy()
    refuse_values(batches[c.UNITS], bad, _TABLE, "are not finite numbers of at least 0")
    dates = as_dates(batches[c.DATE], _TABLE)
    refuse_values(batches[c.DATE], dates.isna().to_numpy(), _TABLE, "are missing")
    line = rows_of(batches, table.frame, keys)
    refuse_values(batches[keys[0]], line < 0, _TABLE, "are not in the state")
    past = (dates < periods.first).to_numpy()
    what = f"lie before {periods.first.date()}, the first day of the forecast"
    refuse_values(batches[c.DATE], past, _TABLE, what, "Take these units out of the stock.")
    last = periods.position(dates)
    for row in np.unique(line):
        own = line == row
        kept = last[own] > np.arange(len(periods))[:, None]
        lasting[row] = (units.to_numpy(float)[own] * kept).sum(axis=1)
        _check_total(float(units[own].sum()), table, row)
    return lasting


def _check_total(total: float, table: Table, row: int) -> None:
    on_hand = table.frame[c.ON_HAND].iloc[row]
    if abs(total - on_hand) > 1e-6 * max(on_hand, 1.0):
        raise DataError(
            f"batches add up to {total:g} units where {on_hand:g} are on hand",
            table=_TABLE,
            column=c.UNITS,
            rows=[row],
            next_step="Correct the batches or on_hand.",
        )
