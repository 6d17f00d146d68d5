"""What demand, revenue and profit would be along a range of prices: the data of curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import check_number, check_numbers, check_whole
from newretail_ml.pricing.price_list import names as w
from newretail_ml.pricing.price_list.outcome import ENDS
from newretail_ml.pricing.price_list.products import products_of, response_of, selected

_SHARES = tuple(np.round(np.arange(0.8, 1.2001, 0.02), 4).tolist())


def what_if(
    response: object,
    costs: object,
    where: Mapping[str, Any] | None = None,
    *,
    shares: Sequence[float] = _SHARES,
    together: bool = False,
    n_draws: int = 200,
    level: float = 0.9,
    random_state: int = 0,
) -> pd.DataFrame:
    """Units, revenue and profit of products along shares of their current prices, with intervals.

    Args:
        response: expected demand, or a fitted model.
        costs: a number, (n,) numbers or a frame with unit_cost.
        where: which products: column -> value or values; None for all.
        shares: of the current price.
        together: move the chosen products at the same time, instead of one by one.
        n_draws: responses drawn for the intervals.
        level: of the intervals.
        random_state: seed of the draws.

    Returns:
        One row a chosen product and share: keys, share, price, then units, revenue and profit of
        the product, each with _lower and _upper, total_profit of all products at those prices
        with its interval, and beyond_data.

    >>> from newretail_ml.pricing.response import Linear
    >>> curve = what_if(Linear([80.0], [10.0], [-2.0]), 5.0, shares=[0.9, 1.0, 1.1])
    >>> curve[["price", "units", "profit"]].values.tolist()
    [[9.0, 82.0, 328.0], [10.0, 80.0, 400.0], [11.0, 78.0, 468.0]]
    """
    demand = response_of(response)
    products = products_of(demand, costs)
    cost = products[c.UNIT_COST].to_numpy(float)
    grid = check_numbers("shares", shares, above=0.0)
    check_number("level", level, above=0.0, at_most=1.0)
    count = check_whole("n_draws", n_draws, at_least=1)
    rows = np.flatnonzero(selected(products, where, "what if"))
    draws = demand.sample(count, random_state)
    ends = ENDS if level == ENDS[1] - ENDS[0] else ((1 - level) / 2, (1 + level) / 2)
    parts = []
    for moved in [rows] if together else [np.array([row]) for row in rows]:
        lists = np.repeat(demand.prices[None], len(grid), axis=0)
        lists[:, moved] *= grid[:, None]
        point = _measured(demand.units(lists), lists, cost, moved)
        drawn = np.stack([_measured(one.units(lists), lists, cost, moved) for one in draws])
        low, high = np.quantile(drawn, ends, axis=0)
        parts += [
            _frame(
                products.iloc[row][list(demand.keys.columns)],
                grid,
                lists[:, row],
                column,
                point,
                low,
                high,
            )
            for column, row in enumerate(moved)
        ]
    made = pd.concat(parts, ignore_index=True)
    lowest, highest = demand.evidence.lowest, demand.evidence.highest
    position = np.repeat(rows, len(grid))
    price = made[c.PRICE].to_numpy()
    outside = (price < lowest[position] * 0.999) | (price > highest[position] * 1.001)
    return made.assign(**{w.BEYOND_DATA: outside})


def _measured(
    units: np.ndarray, lists: np.ndarray, cost: np.ndarray, moved: np.ndarray
) -> np.ndarray:
    """(4, shares, moved) units, revenue and profit of the moved products, and profit of all."""
    revenue, profit = units * lists, units * (lists - cost)
    total = np.repeat(profit.sum(axis=1)[:, None], len(moved), axis=1)
    return np.stack([units[:, moved], revenue[:, moved], profit[:, moved], total])


def _frame(
    keys: pd.Series,
    shares: np.ndarray,
    prices: np.ndarray,
    column: int,
    point: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
) -> pd.DataFrame:
    made: dict[str, object] = dict(keys)
    made |= {"share": shares, c.PRICE: prices}
    for number, name in enumerate((c.UNITS, c.REVENUE, w.PROFIT, w.TOTAL_PROFIT)):
        made[name] = point[number, :, column]
        made[f"{name}_lower"] = low[number, :, column]
        made[f"{name}_upper"] = high[number, :, column]
    return pd.DataFrame(made)
