"""From units sold to log shares, market by market."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml.checks import need_columns, refuse_repeated, refuse_values
from newretail_ml.errors import DataError

OUTCOME = "log_share"
WITHIN = "log_share_of_nest"
RIVALS_PRICE = "price_of_others_in_nest"


@dataclass(frozen=True, eq=False)
class ShareFrame:
    """Rows with sales, their log shares, and with nests what moves the shares of the nest.

    Attributes:
        frame: the rows, with the columns of the outcome and, with nests, of log shares of them.
        outcome: column of the log share, less that of buying nothing where that is known.
    """

    frame: pd.DataFrame
    outcome: str


def share_frame(
    frame: pd.DataFrame,
    market: Sequence[Hashable],
    product: Hashable,
    price: str,
    units: str,
    market_size: str | float | None,
    nest: Hashable | None,
    *,
    absorbed: bool,
) -> ShareFrame:
    """Checked rows with sales, and their log shares.

    Args:
        frame: one row a market and product.
        market: columns of the market.
        product: column of the product.
        price: column of the price.
        units: column of the units.
        market_size: number or column of the customers; needed unless `absorbed`.
        nest: column of the nest.
        absorbed: whether effects of the markets are held constant.

    Raises:
        DataError: something of this is wrong.
    """
    wanted = [*market, product, price, units, *([] if nest is None else [nest])]
    need_columns(frame, "frame", wanted)  # type: ignore[arg-type]
    refuse_repeated(frame, "frame", [*market, product])  # type: ignore[list-item]
    sold, paid = frame[units], frame[price]
    for values in (sold, paid):
        if not pd.api.types.is_numeric_dtype(values):
            raise DataError(
                "the values are not numbers", column=str(values.name), next_step="Correct them."
            )
    refuse_values(sold, (sold < 0).to_numpy(), "frame", "are below zero")
    refuse_values(paid, (paid <= 0).to_numpy(), "frame", "are not above zero")
    group = labels(frame, market)
    ready = frame[(sold > 0).to_numpy()].copy()
    if not len(ready):
        raise DataError("nothing was sold", table="frame", next_step="Pass rows with units.")
    ready[OUTCOME] = np.log(ready[units].to_numpy(float))
    if market_size is None and not absorbed:
        raise DataError(
            "without a market size the share of those who buy nothing is not known",
            next_step="Give market_size, or hold the markets constant by effects.",
        )
    if market_size is not None:
        ready[OUTCOME] -= _log_left(frame, group, units, market_size)[(sold > 0).to_numpy()]
    if nest is not None:
        _add_nest(ready, labels(ready, [*market, nest]), price, units)
    return ShareFrame(ready, OUTCOME)


def labels(frame: pd.DataFrame, columns: Sequence[Hashable]) -> np.ndarray:
    """(rows,) one number for each combination of the columns' values."""
    return frame.groupby(list(columns), sort=False, observed=True).ngroup().to_numpy()


def _log_left(
    frame: pd.DataFrame, group: np.ndarray, units: str, market_size: str | float
) -> np.ndarray:
    """(rows,) log of the customers of the market who bought nothing."""
    if isinstance(market_size, str):
        need_columns(frame, "frame", [market_size])
        size = frame[market_size].to_numpy(float)
    else:
        size = np.full(len(frame), float(market_size))
    left = size - frame[units].groupby(group).transform("sum").to_numpy(float)
    if not (left > 0).all():
        raise DataError(
            f"{(~(left > 0)).sum():,} rows lie in markets that sold as much as they have customers",
            table="frame",
            rows=frame.index[~(left > 0)],
            next_step="Give a larger market size: some customers buy nothing.",
        )
    return np.log(left)


def _add_nest(ready: pd.DataFrame, nest: np.ndarray, price: str, units: str) -> None:
    sold, paid = ready[units].groupby(nest), ready[price].groupby(nest)
    ready[WITHIN] = np.log(ready[units] / sold.transform("sum"))
    others = paid.transform("size") - 1
    total = paid.transform("sum") - ready[price]
    ready[RIVALS_PRICE] = (total / others.where(others > 0)).fillna(0.0)
