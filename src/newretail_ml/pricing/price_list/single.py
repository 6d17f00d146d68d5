"""The best price of single products, free of price points: closed forms of the textbook curves."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import as_numbers
from newretail_ml.errors import DataError
from newretail_ml.pricing.price_list import names as w
from newretail_ml.pricing.price_list.products import products_of, response_of
from newretail_ml.pricing.response import ConstantElasticity, Curve, Linear, SemiLog

INTERIOR, AT_LOWEST, AT_HIGHEST = "interior", "at the lowest price", "at the highest price"
UNBOUNDED, AT_STOCK = "unbounded", "at the price that sells the stock"
KEPT = "kept: not identified"


def best_price(
    response: object,
    costs: object,
    *,
    lowest: np.ndarray | float | None = None,
    highest: np.ndarray | float | None = None,
    stock: np.ndarray | float | None = None,
) -> pd.DataFrame:
    """The price of most profit of each product on its own, in closed form.

    With unit cost c: constant elasticity -e gives c e / (e - 1), linear demand a - b p gives
    (a / b + c) / 2, semi-log demand A exp(-b p) gives c + 1 / b (Phillips 2021, Pricing and
    Revenue Optimization, chapter 3). With constant elasticity of at most one, profit rises with
    the price for ever: there is no best price, and the highest one is the answer. With a stock,
    no price below the one that sells it out earns more. Where the data cannot tell how demand
    answers the price, the current one is kept, whatever the bounds.

    Args:
        response: a curve whose products do not touch each other, or a model fitted to one.
        costs: a number, (n,) numbers or a frame with unit_cost.
        lowest: lowest prices, one or (n,).
        highest: highest prices.
        stock: units that can be sold at most in the period, one or (n,).

    Returns:
        Keys, price, units, profit, and status: interior, at the lowest price, at the highest
        price, at the price that sells the stock, unbounded (its price is the highest; NaN where
        no highest price is given), or kept: not identified.

    Raises:
        DataError: another kind of response, or a number is wrong.

    >>> best_price(Linear([80.0], [10.0], [-2.0]), 10.0, stock=25)
      item_id  price  units  profit                            status
    0       1   37.5   25.0   687.5  at the price that sells the stock
    """
    demand = response_of(response)
    if not isinstance(demand, ConstantElasticity | Linear | SemiLog) or not demand.separable:
        raise DataError(
            f"a {type(demand).__name__} with cross effects or of another form has no closed form"
            if isinstance(demand, Curve)
            else f"a {type(demand).__name__} has no closed form",
            next_step="Use category_prices for prices without points, or plan_prices.",
        )
    cost = products_of(demand, costs)[c.UNIT_COST].to_numpy(float)
    n = demand.n_products
    low, high = _bounds("lowest", lowest, n, 0.0), _bounds("highest", highest, n, np.inf)
    if (low > high).any():
        raise DataError(
            "some lowest prices are above the highest",
            rows=np.flatnonzero(low > high),
            next_step="Correct them.",
        )
    limit = _bounds("stock", stock, n, np.inf)
    free = _FREE[type(demand)](demand, cost)
    selling = _SELLING[type(demand)](demand, limit)
    kept = ~np.asarray(demand.evidence.identified, bool)
    price = np.where(kept, demand.prices, np.clip(np.maximum(free, selling), low, high))
    status = np.select(
        [kept, np.isinf(free), price < free, price == free, price == selling],
        [KEPT, UNBOUNDED, AT_HIGHEST, INTERIOR, AT_STOCK],
        AT_LOWEST,
    )
    if (price <= 0).any():
        raise DataError(
            "the best price of some products is 0, which no curve can be asked for",
            rows=np.flatnonzero(price <= 0),
            next_step="Give unit costs above zero, or lowest prices.",
        )
    price = np.where(np.isfinite(price), price, np.nan)
    shown = np.where(np.isnan(price), 1.0, price)
    units = np.where(np.isnan(price), np.nan, np.minimum(demand.units(shown), limit))
    made = {c.PRICE: price, c.UNITS: units, w.PROFIT: (price - cost) * units, w.STATUS: status}
    return demand.keys.assign(**made)


def _bounds(name: str, given: object, n: int, default: float) -> np.ndarray:
    values = np.broadcast_to(as_numbers(name, default if given is None else given), (n,))
    if np.isnan(values).any() or (values < 0).any():
        raise DataError(f"{name} must be numbers of at least zero", next_step="Correct them.")
    return values.astype(float)


def _free_constant(demand: Curve, cost: np.ndarray) -> np.ndarray:
    power = -demand.own
    ratio = np.divide(power, power - 1.0, out=np.full(len(cost), np.inf), where=power > 1.0)
    return np.where(power > 1.0, cost * np.where(power > 1.0, ratio, 1.0), np.inf)


def _free_semi_log(demand: Curve, cost: np.ndarray) -> np.ndarray:
    slope = -demand.own
    return cost + np.divide(1.0, slope, out=np.full(len(cost), np.inf), where=slope > 0)


def _free_linear(demand: Curve, cost: np.ndarray) -> np.ndarray:
    slope = -demand.own
    level = demand.base_units + slope * demand.prices
    choke = np.divide(level, slope, out=np.full(len(cost), np.inf), where=slope > 0)
    return np.maximum((choke + cost) / 2, np.minimum(cost, choke))


def _selling_constant(demand: Curve, stock: np.ndarray) -> np.ndarray:
    return _selling(demand, stock, lambda share: demand.prices * share ** (1 / demand.own))


def _selling_semi_log(demand: Curve, stock: np.ndarray) -> np.ndarray:
    return _selling(demand, stock, lambda share: demand.prices + np.log(share) / demand.own)


def _selling_linear(demand: Curve, stock: np.ndarray) -> np.ndarray:
    units = demand.base_units
    return _selling(demand, stock, lambda share: demand.prices + units * (share - 1) / demand.own)


def _selling(
    demand: Curve, stock: np.ndarray, price: Callable[[np.ndarray], np.ndarray]
) -> np.ndarray:
    """(n,) the price at which demand is the stock; 0 where any price leaves some."""
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        found = price(stock / demand.base_units)
    known = np.isfinite(stock) & (demand.own < 0) & (demand.base_units > 0)
    return np.where(known, np.maximum(found, 0.0), 0.0)


_FREE = {
    ConstantElasticity: _free_constant,
    Linear: _free_linear,
    SemiLog: _free_semi_log,
}
_SELLING = {
    ConstantElasticity: _selling_constant,
    Linear: _selling_linear,
    SemiLog: _selling_semi_log,
}
