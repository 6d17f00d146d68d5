"""The state that prices are chosen in, and the prices that may be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import need_columns, refuse_repeated, refuse_values
from newretail_ml.errors import DataError
from newretail_ml.pricing.learning.guards import GuardRails
from newretail_ml.pricing.learning.sales import EVERYWHERE, base_prices, numbers
from newretail_ml.tables.parsing import to_text


@dataclass(frozen=True, eq=False)
class Ladders:
    """Candidate prices of each row.

    Attributes:
        prices: (rows, candidates); the current price where a row has fewer.
        allowed: (rows, candidates) which may be charged.
        now: (rows,) which is the current price.
    """

    prices: np.ndarray
    allowed: np.ndarray
    now: np.ndarray


def checked_state(state: pd.DataFrame, candidates: pd.DataFrame) -> pd.DataFrame:
    """The rows sorted by their keys, with location, expected units and base price filled in."""
    table = "state"
    if not isinstance(state, pd.DataFrame) or state.empty:
        raise DataError(
            "the state has no rows", table=table, next_step="Give one row an item and location."
        )
    need_columns(state, table, [c.ITEM, c.CURRENT_PRICE, c.UNIT_COST])
    base = base_prices(candidates)
    state = state.assign(**{c.ITEM: to_text(state[c.ITEM])})
    unknown = ~state[c.ITEM].isin(base.index).to_numpy()
    refuse_values(state[c.ITEM], unknown, table, "have no candidate prices", "Add some.")
    rows = state.assign(**{c.LOCATION: state.get(c.LOCATION, EVERYWHERE)})
    refuse_values(rows[c.LOCATION], rows[c.LOCATION].isna().to_numpy(), table, "are missing")
    rows = rows.assign(**{c.LOCATION: to_text(rows[c.LOCATION])})
    refuse_repeated(rows, table, [c.ITEM, c.LOCATION])
    if c.EXPECTED in rows:
        rows = rows.assign(**{c.BASE_PRICE: rows[c.CURRENT_PRICE]})
    else:
        rows = rows.assign(**{c.EXPECTED: 1.0, c.BASE_PRICE: rows[c.ITEM].map(base)})
    _check_stock(rows, table)
    for name in (c.CURRENT_PRICE, c.EXPECTED, c.BASE_PRICE):
        rows = rows.assign(**{name: numbers(rows[name], table)})
    rows = rows.assign(**{c.UNIT_COST: numbers(rows[c.UNIT_COST], table, zero=True)})
    return rows.sort_values([c.ITEM, c.LOCATION], ignore_index=True)


def _check_stock(rows: pd.DataFrame, table: str) -> None:
    there = [name in rows for name in (c.ON_HAND, c.PERIODS_LEFT)]
    if any(there) and not all(there):
        raise DataError(
            f"{c.ON_HAND} and {c.PERIODS_LEFT} belong together",
            table=table,
            next_step="Give both, or neither where stock is not short.",
        )
    if all(there):
        numbers(rows[c.ON_HAND], table, zero=True)
        numbers(rows[c.PERIODS_LEFT], table)


def stock_rate(rows: pd.DataFrame) -> np.ndarray:
    """(rows,) units of stock a period; infinite where the state does not tell."""
    if c.ON_HAND not in rows:
        return np.full(len(rows), np.inf)
    return rows[c.ON_HAND].to_numpy(float) / rows[c.PERIODS_LEFT].to_numpy(float)


def ladders(rows: pd.DataFrame, candidates: pd.DataFrame, guards: GuardRails) -> Ladders:
    """Candidate prices of each row, the current one among them."""
    current, cost = rows[c.CURRENT_PRICE].to_numpy(), rows[c.UNIT_COST].to_numpy()
    by_item = candidates.groupby(c.ITEM)[c.PRICE].apply(np.array)
    own = [_with(by_item[item], price) for item, price in zip(rows[c.ITEM], current, strict=True)]
    prices = np.repeat(current[:, None], max(map(len, own)), axis=1)
    real = np.zeros(prices.shape, bool)
    for place, ladder in enumerate(own):
        prices[place, : len(ladder)] = ladder
        real[place, : len(ladder)] = True
    now = (np.isclose(prices, current[:, None]) & real).argmax(axis=1)
    return Ladders(prices, real & guards.allowed(prices, current, cost), now)


def _with(ladder: np.ndarray, price: float) -> np.ndarray:
    return ladder if np.isclose(ladder, price).any() else np.append(ladder, price)
