"""Decisions as a log: the chances of prices, and what came of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import as_dates, need_columns, refuse_repeated
from newretail_ml.errors import DataError
from newretail_ml.pricing.learning.log import DECISION_KEYS
from newretail_ml.pricing.learning.mix import price_mix
from newretail_ml.pricing.learning.sales import numbers
from newretail_ml.pricing.learning.state import Ladders


def mean_mix(
    demand: np.ndarray, margin: np.ndarray, allowed: np.ndarray, rate: np.ndarray
) -> np.ndarray:
    """(rows, candidates) the mean over draws of the best mix of allowed prices.

    Time that the mix would spend not selling is spent at the highest allowed price instead: a
    shop does not take an item off the shelf.

    Args:
        demand: (draws, rows, candidates).
        margin: (rows, candidates).
        allowed: (rows, candidates).
        rate: (rows,) units of stock a period.
    """
    share = np.zeros(allowed.shape)
    ample = np.isinf(rate)
    share[ample] = _best_share(demand[:, ample], margin[ample], allowed[ample])
    for row in np.flatnonzero(~ample):
        # A price that is not allowed earns less than nothing, so no mix has it.
        units = np.where(allowed[row], demand[:, row], 1.0)
        worth = np.where(allowed[row], margin[row], -1.0)
        share[row] = price_mix(worth, units, rate[row]).share.mean(axis=0)
    return np.maximum(share, 0.0)


def _best_share(demand: np.ndarray, margin: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """(rows, candidates) share of draws in which each price earns most, and more than nothing."""
    earned = np.where(allowed, demand * margin, 0.0)
    best = earned.argmax(axis=2)
    pays = np.take_along_axis(earned, best[:, :, None], axis=2)[:, :, 0] > 0
    places = np.arange(allowed.shape[1])
    return ((best[:, :, None] == places) & pays[:, :, None]).mean(axis=0)


def with_rest(share: np.ndarray, prices: np.ndarray, allowed: np.ndarray) -> np.ndarray:
    """(rows, candidates) shares that sum to 1, the rest given to the highest allowed price."""
    highest = np.where(allowed, prices, -np.inf).argmax(axis=1)
    full = share.copy()
    full[np.arange(len(full)), highest] += 1.0 - share.sum(axis=1)
    return np.maximum(full, 0.0)


def decision_log(
    rows: pd.DataFrame,
    when: pd.Timestamp,
    ladders: Ladders,
    chance: np.ndarray,
    chosen: np.ndarray,
    profit: np.ndarray,
) -> pd.DataFrame:
    """The log of a period: one row per row of the state and price that may be charged."""
    row, place = np.nonzero(ladders.allowed)
    order = np.lexsort((ladders.prices[row, place], row))
    row, place = row[order], place[order]
    names = [c.ITEM, c.LOCATION, c.CURRENT_PRICE, c.UNIT_COST, c.EXPECTED, c.BASE_PRICE]
    made = rows[names].iloc[row].reset_index(drop=True)
    made.insert(0, c.DATE, when)
    return made.assign(
        **{
            c.PRICE: ladders.prices[row, place],
            c.PROPENSITY: chance[row, place],
            c.CHOSEN: place == chosen[row],
            c.EXPECTED_PROFIT: profit[row, place],
        }
    )


def with_outcomes(log: pd.DataFrame, sales: pd.DataFrame) -> pd.DataFrame:
    """The log with units, revenue and profit of the prices that were charged.

    Args:
        log: decisions of `PriceLearner.choose`, of one period or several.
        sales: units by date, item_id and location_id (as far as the log has them), and
            `censored` where stock ran out.

    Raises:
        DataError: a column is missing, units are negative, a key is repeated, or a decision has
            no sales.
    """
    need_columns(log, "log", [c.PRICE, c.CHOSEN, c.UNIT_COST])
    need_columns(sales, "sales", [c.UNITS])
    keys = [key for key in DECISION_KEYS if key in log and key in sales]
    if not keys:
        raise DataError(
            "sales share no key with the log",
            table="sales",
            next_step=f"Add {c.DATE}, {c.ITEM} and {c.LOCATION}.",
        )
    if c.DATE in keys:
        log = log.assign(**{c.DATE: as_dates(log[c.DATE], "log")})
        sales = sales.assign(**{c.DATE: as_dates(sales[c.DATE], "sales")})
    refuse_repeated(sales, "sales", keys)
    wanted = [*keys, c.UNITS, *([c.CENSORED] if c.CENSORED in sales else [])]
    made = log.drop(columns=[c.UNITS, c.CENSORED], errors="ignore").merge(
        sales[wanted].assign(**{c.UNITS: numbers(sales[c.UNITS], "sales", zero=True)}),
        on=keys,
        how="left",
    )
    lost = made[c.UNITS].isna() & made[c.CHOSEN]
    if lost.any():
        raise DataError(
            f"{lost.sum():,} decisions have no sales",
            table="sales",
            rows=made.index[lost],
            next_step="Add rows of 0 units for items that did not sell, or wait for the sales.",
        )
    made[c.UNITS] = made[c.UNITS].where(made[c.CHOSEN])
    made[c.REVENUE] = made[c.UNITS] * made[c.PRICE]
    made[c.PROFIT] = made[c.UNITS] * (made[c.PRICE] - made[c.UNIT_COST])
    return made
