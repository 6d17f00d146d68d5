"""Demand at price points relative to a reference price, out of any demand response."""

from __future__ import annotations

import numpy as np
import pandas as pd

from newretail_ml.pricing.response import DemandResponse

_MOST_CELLS = 4_000_000


def demand_ratios(
    responses: list[DemandResponse],
    products: np.ndarray,
    points: np.ndarray,
    reference: np.ndarray,
) -> np.ndarray:
    """(n, responses, points) units at each point over units at the reference price.

    All other products keep their current prices. NaN where nothing sells at the reference price.

    Args:
        responses: draws of one response, or only itself.
        products: (n,) position of each line in the response.
        points: (n, points) prices; NaN where there are fewer.
        reference: (n,) prices.
    """
    prices = np.column_stack([reference, np.where(np.isnan(points), reference[:, None], points)])
    made = np.empty((len(points), len(responses), points.shape[1]))
    for number, response in enumerate(responses):
        units = _own_units(response, products, prices)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = units[:, 1:] / units[:, :1]
        made[:, number] = np.where(np.isnan(points), 1.0, ratio)
    made[~np.isfinite(made)] = np.nan
    return made


def _own_units(response: DemandResponse, products: np.ndarray, prices: np.ndarray) -> np.ndarray:
    """(n, prices) units of each line at its own prices, (n, prices)."""
    made = np.empty(prices.shape)
    for rows in _together(response, products, prices.shape[1]):
        lists = np.broadcast_to(
            response.prices, (*_sets(response, rows, prices), response.n_products)
        ).copy()
        if response.separable:
            lists[:, products[rows]] = prices[rows].T
            made[rows] = response.units(lists)[:, products[rows]].T
        else:
            place = np.arange(len(rows))
            lists[place, :, products[rows]] = prices[rows]
            made[rows] = response.units(lists)[place, :, products[rows]]
    return made


def _sets(response: DemandResponse, rows: np.ndarray, prices: np.ndarray) -> tuple[int, ...]:
    many = prices.shape[1]
    return (many,) if response.separable else (len(rows), many)


def _together(response: DemandResponse, products: np.ndarray, many: int) -> list[np.ndarray]:
    """Rows that one call can answer: different products, or one product each with cross effects."""
    if response.separable:
        turn = pd.Series(products).groupby(products).cumcount().to_numpy()
        return [np.flatnonzero(turn == number) for number in range(int(turn.max(initial=-1)) + 1)]
    size = max(1, _MOST_CELLS // (many * response.n_products))
    return [
        np.arange(first, min(first + size, len(products)))
        for first in range(0, len(products), size)
    ]
