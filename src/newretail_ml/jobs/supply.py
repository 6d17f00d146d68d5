"""How goods come in and what is on hand: the state that orders are decided on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.replenishment import state_from_tables
from newretail_ml.replenishment.state import STATE, checked_state
from newretail_ml.tables import RetailTables
from newretail_ml.tables.exact import EXACT

_DAYS = {"D": 1.0, "W": 7.0, "M": 365 / 12}


@dataclass(frozen=True)
class Supply:
    """How goods come in, and what is there now.

    Args:
        lead_time: periods from order to delivery.
        review_period: periods from this order to the next one.
        holding_rate: yearly cost of holding, as a share of unit cost; None to order by service.
        state_file: CSV or Parquet that replaces the stock table and the three above.
    """

    lead_time: int
    review_period: int
    holding_rate: float | None
    state_file: Path | None

    def facts(self) -> dict[str, Any]:
        """For the tracker."""
        return asdict(self)

    def seen_from_anywhere(self) -> Supply:
        """The same, for workers whose current folder is another one."""
        file = self.state_file
        return self if file is None else replace(self, state_file=file.absolute())

    def from_stock(self, tables: RetailTables, freq: str) -> pd.DataFrame:
        """The state by the stock table; no rows where nothing was counted lately.

        Raises:
            DataError: there is no stock table, or costs are asked for and not known.
        """
        rate = None if self.holding_rate is None else self.holding_rate * _DAYS[freq]
        return state_from_tables(
            tables,
            lead_time=self.lead_time,
            review_period=self.review_period,
            holding_rate=rate,
        )


def state_in(path: Path) -> pd.DataFrame:
    """The checked state of a CSV or Parquet file.

    Raises:
        DataError: it cannot be read, has no rows, or is wrong.
    """
    try:
        state = _read(path)
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path} cannot be read ({error})", table=STATE, next_step="Name a CSV or Parquet file."
        ) from error
    if state.empty:
        raise DataError(f"{path} has no rows", table=STATE, next_step="Add one for each series.")
    return checked_state(state)


def stock_lags(tables: RetailTables, sold: pd.Timestamp, until: str | None) -> str:
    """In words, where stock was last counted before the last sales; else nothing.

    Args:
        tables: with stock.
        sold: last day of the sales.
        until: last day of the sales that was asked for.

    Raises:
        DataError: stock is of a later day, and would be ordered on as if it were that day's.
    """
    counted = tables.extent.last_stock
    if counted is None:
        return ""
    if until is not None and counted > sold:
        raise DataError(
            f"the stock table goes on to {counted:%Y-%m-%d}, the sales only to {sold:%Y-%m-%d}",
            table="stock",
            column=c.DATE,
            next_step="Leave --until out, or name the stock of that day with --state.",
        )
    if counted < sold:
        return f"Stock was last counted on {counted:%Y-%m-%d}, sales go on to {sold:%Y-%m-%d}."
    return ""


def check_keys(state: pd.DataFrame, keys: Sequence[str]) -> None:
    """One row of the state has to answer to one series, or stock would be counted twice."""
    here = [name for name in c.SERIES_KEYS if name in state]
    if here != list(keys):
        raise DataError(
            f"the state is by {', '.join(here)}, the forecast by {', '.join(keys)}",
            table=STATE,
            next_step=f"Use --by {','.join(here)}, or bring a --state by {', '.join(keys)}.",
        )


def _read(path: Path) -> pd.DataFrame:
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    ids = dict.fromkeys(c.SERIES_KEYS, "str")
    return pd.read_csv(path, dtype=ids, keep_default_na=False, na_values=[""], **EXACT)
