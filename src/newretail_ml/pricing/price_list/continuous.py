"""The best prices of a whole category without price points: of the shop, or product by product."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import as_numbers
from newretail_ml.errors import DataError, NewRetailError
from newretail_ml.pricing.price_list import names as w
from newretail_ml.pricing.price_list.products import products_of, response_of
from newretail_ml.pricing.price_list.rules import SamePrice
from newretail_ml.pricing.price_list.single import AT_HIGHEST, AT_LOWEST, INTERIOR, KEPT
from newretail_ml.pricing.response import DemandResponse, Linear

_WIDE = 5.0
_ROUNDS = 500
_CLOSE = 1e-7


def category_prices(
    response: object,
    costs: object,
    *,
    lowest: np.ndarray | float | None = None,
    highest: np.ndarray | float | None = None,
    same: Sequence[SamePrice] = (),
    by_item: bool = False,
) -> pd.DataFrame:
    """The prices of most profit, free of price points, with all cross effects.

    Linear demand a - B p at unit costs c has its category optimum where (B + B') p = a + B' c, and
    prices set product by product end where each is best against the others (Nash): u_i =
    b_ii (p_i - c_i). A category manager charges more than product managers do, because what a
    dear product loses its substitutes win (Vives 1999, Oligopoly Pricing, chapter 6). Both are
    solved as linear equations where no bound is met; in all other cases prices climb from several
    starts, which finds the optimum where profit has one peak. Where the data cannot tell how
    demand answers the price, the current one is kept, whatever the bounds, and rules do not tie
    such products to one another.

    Args:
        response: expected demand, or a fitted model.
        costs: a number, (n,) numbers or a frame with unit_cost.
        lowest: bounds of the prices, one or (n,); by default a fifth of the current prices.
        highest: likewise; by default five times the current prices.
        same: rules of one price, or of prices within a gap, across places or channels.
        by_item: each product against the others, instead of the profit of all.

    Returns:
        Keys, price, units, profit, and status: interior, at the lowest price, at the highest
        price, or kept: not identified.

    Raises:
        DataError: a number is wrong, or rules of one price are asked for product by product.
        NewRetailError: prices set product by product do not settle.

    >>> demand = Linear([96.0, 80.0], [4.0, 5.0], [-6.0, -8.0])
    >>> category_prices(demand, [4.0, 5.0])["price"].round(6).tolist()
    [12.0, 10.0]
    """
    demand = response_of(response)
    products = products_of(demand, costs)
    cost = products[c.UNIT_COST].to_numpy(float)
    low = _bound("lowest", lowest, demand.prices / _WIDE)
    high = _bound("highest", highest, demand.prices * _WIDE)
    kept = ~np.asarray(demand.evidence.identified, bool)
    low, high = np.where(kept, demand.prices, low), np.where(kept, demand.prices, high)
    if (low > high).any():
        raise DataError(
            "some lowest prices are above the highest",
            rows=np.flatnonzero(low > high),
            next_step="Correct them.",
        )
    keys = list(demand.keys.columns)
    if by_item:
        if same:
            raise DataError(
                "prices set product by product cannot be tied to one another",
                next_step="Leave the rules out, or by_item.",
            )
        price = _settled(demand, cost, low, high)
    else:
        ties = _ties(same, products, keys)
        ties = [tie for tie in ties if not (kept[tie[0]] and kept[tie[1]])]
        price = _together(demand, cost, low, high, ties)
    price = np.where(kept, demand.prices, price)
    units = demand.units(price)
    near_low, near_high = price <= low * (1 + _CLOSE), price >= high * (1 - _CLOSE)
    status = np.select([kept, near_low, near_high], [KEPT, AT_LOWEST, AT_HIGHEST], INTERIOR)
    made = {c.PRICE: price, c.UNITS: units, w.PROFIT: (price - cost) * units, w.STATUS: status}
    return products[keys].assign(**made)


Ties = list[tuple[int, int, float]]


def _ties(same: Sequence[SamePrice], products: pd.DataFrame, keys: list[str]) -> Ties:
    made: Ties = []
    for rule in same:
        for group in rule.groups(products, keys):
            first, second = np.triu_indices(len(group), 1)
            pairs = zip(group[first].tolist(), group[second].tolist(), strict=True)
            made += [(one, other, rule.within) for one, other in pairs]
    return made


def _together(
    demand: DemandResponse, cost: np.ndarray, low: np.ndarray, high: np.ndarray, ties: Ties
) -> np.ndarray:
    """(n,) prices of most profit of all products together."""
    solved = _linear_optimum(demand, cost)
    if solved is not None and not ties and _inside(demand, solved, low, high):
        return solved
    best, most = demand.prices, -np.inf
    for start in _starts(demand, low, high):
        price = _climb(demand, cost, low, high, ties, start)
        value = float(demand.profit(price, cost))
        if value > most + 1e-9 * abs(value):
            best, most = price, value
    return best


def _linear_optimum(demand: DemandResponse, cost: np.ndarray) -> np.ndarray | None:
    if not isinstance(demand, Linear):
        return None
    level, slope = _line(demand)
    both = slope + slope.T
    if np.linalg.eigvalsh(both).min() <= 1e-12 * np.abs(both).max():
        return None
    return np.linalg.solve(both, level + slope.T @ cost)


def _line(demand: Linear) -> tuple[np.ndarray, np.ndarray]:
    """A and B of demand a - B p."""
    slope = -(np.diag(demand.coefficient) if demand.separable else demand.coefficient)
    return demand.base_units + slope @ demand.prices, slope


def _inside(demand: DemandResponse, price: np.ndarray, low: np.ndarray, high: np.ndarray) -> bool:
    inside = bool(((price >= low) & (price <= high)).all())
    return inside and bool((demand.units(price) > 0).all())


def _starts(demand: DemandResponse, low: np.ndarray, high: np.ndarray) -> list[np.ndarray]:
    now = np.clip(demand.prices, low, high)
    return [now, np.sqrt(low * now), np.sqrt(high * now)]


def _climb(
    demand: DemandResponse,
    cost: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    ties: Ties,
    start: np.ndarray,
) -> np.ndarray:
    """Sequential quadratic programming (Kraft 1988) with exact slopes."""
    from scipy.optimize import minimize

    size = demand.prices
    worth = max(float(np.abs(demand.profit(demand.prices, cost))), 1e-9)

    def loss(shares: np.ndarray) -> tuple[float, np.ndarray]:
        price = np.maximum(shares * size, 1e-9)
        units = demand.units(price)
        slopes = demand.elasticities(price) * units[:, None] / price[None, :]
        gradient = units + (price - cost) @ slopes
        return -float((price - cost) @ units) / worth, -gradient * size / worth

    rows = np.zeros((len(ties), len(size)))
    for row, (one, other, _) in zip(rows, ties, strict=True):
        row[one], row[other] = size[one], -size[other]
    gaps = np.array([gap for _, _, gap in ties])
    constraints: list[dict[str, Any]] = []
    if len(ties):
        equal = gaps == 0
        tied, apart, most = rows[equal], rows[~equal], gaps[~equal]
        tied = _independent(tied)
        constraints.append({"type": "eq", "fun": lambda x: tied @ x, "jac": lambda _: tied})
        both, limit = np.vstack([-apart, apart]), np.tile(most, 2)
        constraints.append(
            {"type": "ineq", "fun": lambda x: limit + both @ x, "jac": lambda _: both}
        )
    found = minimize(
        loss,
        start / size,
        jac=True,
        method="SLSQP",
        bounds=list(zip(low / size, high / size, strict=True)),
        constraints=[one for one in constraints if len(one["jac"](None))],
        options={"ftol": 1e-15, "maxiter": _ROUNDS},
    )
    return np.clip(found.x * size, low, high)


def _independent(rows: np.ndarray) -> np.ndarray:
    """A basis of the rows, because the solver does not bear repeated ones."""
    if not len(rows):
        return rows
    _, sizes, basis = np.linalg.svd(rows, full_matrices=False)
    return basis[sizes > 1e-9 * sizes.max()]


def _settled(
    demand: DemandResponse, cost: np.ndarray, low: np.ndarray, high: np.ndarray
) -> np.ndarray:
    """(n,) prices each of which is best against the others."""
    if isinstance(demand, Linear):
        level, slope = _line(demand)
        solved = np.linalg.solve(slope + np.diag(np.diag(slope)), level + np.diag(slope) * cost)
        if _inside(demand, solved, low, high):
            return solved
    price = np.clip(demand.prices, low, high)
    for _ in range(_ROUNDS):
        before = price.copy()
        for one in range(len(price)):
            price[one] = _best_reply(demand, cost, price, one, low[one], high[one])
        if np.abs(price / before - 1).max() < 1e-9:
            return price
    raise NewRetailError(
        "prices set product by product do not settle. Narrow their bounds, or price the category."
    )


def _best_reply(
    demand: DemandResponse, cost: np.ndarray, price: np.ndarray, one: int, low: float, high: float
) -> float:
    grid = np.geomspace(low, high, 65)
    for _ in range(6):
        lists = np.repeat(price[None], len(grid), axis=0)
        lists[:, one] = grid
        best = int(((grid - cost[one]) * demand.units(lists)[:, one]).argmax())
        grid = np.linspace(grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)], 65)
    return float(grid[32]) if grid[0] < grid[-1] else float(grid[0])


def _bound(name: str, given: object, default: np.ndarray) -> np.ndarray:
    values = np.broadcast_to(as_numbers(name, default if given is None else given), default.shape)
    if not (np.isfinite(values) & (values > 0)).all():
        raise DataError(f"{name} must be finite and above zero", next_step="Correct it.")
    return values.astype(float)
