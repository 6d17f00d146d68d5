"""Fewer products: one price for several of them, or only some of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from newretail_ml.errors import DataError
from newretail_ml.pricing.response.curves import Curve, Linear
from newretail_ml.pricing.response.evidence import Evidence

AnyCurve = TypeVar("AnyCurve", bound=Curve)


def merged(response: AnyCurve, by: str | Sequence[str]) -> AnyCurve:
    """The curve of products that always have one price, such as an item in all its locations.

    Units add up. Coefficients and current prices are means weighted by units, which is exact
    where the merged products share them, as an item's locations do by default, and right to first
    order at the current prices otherwise. Linear demand adds up exactly.

    Args:
        response: a curve over n products.
        by: key columns that name a price, such as ["item_id"].

    Raises:
        DataError: there is no such key.

    >>> import pandas as pd
    >>> from newretail_ml.pricing.response import ConstantElasticity
    >>> keys = pd.DataFrame({"item_id": ["tea", "tea"], "location_id": ["here", "there"]})
    >>> stores = ConstantElasticity([60.0, 40.0], [2.0, 2.0], [-3.0, -3.0], keys=keys)
    >>> chain = merged(stores, ["item_id"])
    >>> chain.base_units.tolist(), chain.own.tolist(), chain.keys.values.tolist()
    ([100.0], [-3.0], [['tea']])
    """
    by = [by] if isinstance(by, str) else list(by)
    missing = [name for name in by if name not in response.keys]
    if missing or not len(by):
        raise DataError(
            f"products cannot be merged by {', '.join(by) or 'nothing'}",
            next_step=f"Name some of the keys: {', '.join(response.keys.columns)}.",
        )
    keys = response.keys[list(by)]
    group = keys.groupby(list(by), sort=False).ngroup().to_numpy()
    n = int(group.max()) + 1
    units = np.bincount(group, response.base_units, n)
    share = _share(response.base_units, group, units)
    weight = np.ones(len(group)) if isinstance(response, Linear) else share
    spread = np.zeros((n, len(group)))
    spread[group, np.arange(len(group))] = weight
    error = np.broadcast_to(response.level_error, share.shape)
    return type(response)(
        units,
        np.bincount(group, share * response.prices, n),
        _together(response, spread, group),
        draws=_draws(response, spread, group),
        level_error=np.sqrt(np.bincount(group, (share * error) ** 2, n)),
        keys=keys.drop_duplicates().reset_index(drop=True),
        evidence=_evidence(response, group, n),
    )


def part_of(response: AnyCurve, products: np.ndarray) -> AnyCurve:
    """The curve of some products, where the prices of all others stay as they are.

    Args:
        response: a curve over n products.
        products: (n,) which to keep, or their positions.

    Raises:
        DataError: there is no such product, one is named twice, or none is.

    >>> from newretail_ml.pricing.response import ConstantElasticity
    >>> response = ConstantElasticity([60.0, 40.0], [2.0, 3.0], [[-3.0, 0.4], [0.2, -2.0]])
    >>> part_of(response, [1]).elasticities().tolist()
    [[-2.0]]
    """
    rows = _positions(np.asarray(products), response.n_products)
    both = np.ix_(rows, rows)
    draws = response.draws
    if draws is not None:
        draws = draws[:, rows] if draws.ndim == 2 else draws[:, rows][:, :, rows]
    return type(response)(
        response.base_units[rows],
        response.prices[rows],
        response.own[rows] if response.cross is None else response.coefficient[both],
        draws=draws,
        level_error=np.broadcast_to(response.level_error, response.prices.shape)[rows],
        keys=response.keys.iloc[rows].reset_index(drop=True),
        evidence=response.evidence.select(rows),
    )


def _positions(products: np.ndarray, n: int) -> np.ndarray:
    if products.dtype == bool and products.shape == (n,):
        products = np.flatnonzero(products)
    whole = products.ndim == 1 and np.issubdtype(products.dtype, np.integer) and len(products) > 0
    inside = whole and bool(((products >= 0) & (products < n)).all())
    if not inside or len(np.unique(products)) < len(products):
        raise DataError(
            f"products must be some of {n:,}, each once",
            next_step="Pass a mask with one value a product, or positions from 0.",
        )
    return products


def _share(units: np.ndarray, group: np.ndarray, total: np.ndarray) -> np.ndarray:
    """(products,) share of each product in its group's units; equal shares where none sells."""
    count = np.bincount(group)[group]
    return np.divide(units, total[group], out=1.0 / count, where=total[group] > 0)


def _together(response: Curve, spread: np.ndarray, group: np.ndarray) -> np.ndarray:
    if response.cross is None:
        return spread @ response.own
    gather = (group[:, None] == np.arange(len(spread))).astype(float)
    return spread @ response.coefficient @ gather


def _draws(response: Curve, spread: np.ndarray, group: np.ndarray) -> np.ndarray | None:
    """Draws of own coefficients, with the effect on one another of products that are merged."""
    if response.draws is None:
        return None
    if response.draws.ndim == 3:
        gather = (group[:, None] == np.arange(len(spread))).astype(float)
        return spread @ response.draws @ gather
    if response.cross is None:
        return response.draws @ spread.T
    within = (response.cross * (group[:, None] == group)).sum(axis=1)
    return (response.draws + within) @ spread.T


def _evidence(response: Curve, group: np.ndarray, n: int) -> Evidence:
    """Known where all members that sell are; seen where any was."""
    evidence = response.evidence
    sells = response.base_units > 0
    counts = sells | (np.bincount(group, sells, n) == 0)[group]
    lacking = counts & ~evidence.identified
    unknown = np.bincount(group, lacking, n) > 0
    reason = np.full(n, "", dtype=object)
    for product in np.flatnonzero(lacking)[::-1]:
        reason[group[product]] = evidence.reason[product]
    lowest, highest = np.full(n, np.nan), np.full(n, np.nan)
    np.fmin.at(lowest, group, evidence.lowest)
    np.fmax.at(highest, group, evidence.highest)
    return Evidence(~unknown, reason, lowest, highest)
