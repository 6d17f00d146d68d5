"""What happened: sales, stock-outs and dates, beside the rows of a decision."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from newretail_ml.errors import DataError
from newretail_ml.panel import Panel
from newretail_ml.tables import RetailTables

Happened = RetailTables | Panel


class Cells(NamedTuple):
    """What is known of some rows: units sold, and whether stock ran out.

    Attributes:
        known: (rows,) the period is past, and the series was on sale.
        units: (rows,) units sold; NaN where not known.
        sold_out: (rows,) whether sales only bound demand.
    """

    known: np.ndarray
    units: np.ndarray
    sold_out: np.ndarray


def panel_of(happened: Happened, keys: Sequence[str], freq: str) -> Panel:
    """Sales by the keys of a decision.

    Raises:
        DataError: it is neither tables nor a panel, or a panel of other series or periods.
    """
    if isinstance(happened, RetailTables):
        return Panel.from_tables(happened, by=tuple(keys), freq=freq)
    if not isinstance(happened, Panel):
        raise DataError(
            f"a {type(happened).__name__} does not tell what happened",
            next_step="Pass RetailTables, or a Panel that holds the later sales.",
        )
    given = list(happened.keys.columns)
    if set(given) != set(keys) or happened.periods.freq != freq:
        raise DataError(
            f"the decision is by {', '.join(keys)} and {freq}, the panel by {', '.join(given)} "
            f"and {happened.periods.freq}",
            table="panel",
            next_step="Pass the tables themselves, or a panel of the same series and periods.",
        )
    return happened


def cells(panel: Panel, keys: pd.DataFrame, dates: pd.Series) -> Cells:
    """What happened to each row's series in the period that holds its date."""
    names = list(keys.columns)
    numbered = panel.keys.assign(series=np.arange(panel.n_series))
    asked = keys.reset_index(drop=True).astype({name: panel.keys[name].dtype for name in names})
    series = asked.merge(numbered, how="left", on=names)["series"].fillna(-1).to_numpy(np.int64)
    period = panel.periods.position(dates)
    known = (series >= 0) & (period >= 0) & (period < panel.cut)
    place = (series[known], period[known])
    known[known] = panel.on_sale()[place] & np.isfinite(panel.units[place])
    units, sold_out = np.full(len(known), np.nan), np.zeros(len(known), dtype=bool)
    place = (series[known], period[known])
    units[known], sold_out[known] = panel.units[place], panel.censored[place]
    return Cells(known, units, sold_out)


def week_of(dates: pd.Series, freq: str) -> pd.Series:
    """The Monday of each day's week; longer periods stand for themselves."""
    if freq != "D":
        return dates
    return dates - pd.to_timedelta(dates.dt.day_of_week, unit="D")


def check_some_known(known: np.ndarray, dates: pd.Series, panel: Panel, what: str) -> None:
    """Raise if nothing of a decision's time and series has happened yet."""
    if not known.any():
        last = panel.periods.resized(panel.cut).last_day.date()
        raise DataError(
            f"nothing is known yet of what came of the {what}: it is for {dates.min().date()} to "
            f"{dates.max().date()}, and sales of its series are known until {last}",
            next_step="Ask again with tables that hold later sales of the same items.",
        )
