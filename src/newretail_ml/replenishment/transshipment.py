"""Moving stock between stores, before or after demand is known.

Sources: Snyder and Shen (2019), Fundamentals of Supply Chain Theory, 2nd edition, chapter 7;
Herer, Tzur and Yücesan (2006), The multilocation transshipment problem.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from newretail_ml.checks import as_numbers, check_numbers
from newretail_ml.errors import DataError
from newretail_ml.replenishment.demand import Demand, as_demand


@dataclass(frozen=True, eq=False)
class Transshipment:
    """What moves between stores.

    Attributes:
        units: (from, to) units.
        cost: of moving, of units short and of units left, all stores together.
    """

    units: np.ndarray
    cost: float


def transship(
    stock: Sequence[float] | np.ndarray,
    demand: Sequence[float] | np.ndarray,
    move_cost: Sequence[Sequence[float]] | np.ndarray,
    shortage_costs: Sequence[float] | np.ndarray,
    holding_costs: Sequence[float] | np.ndarray,
) -> Transshipment:
    """The cheapest moves once demand is known, exact; whole units stay whole.

    A store sends only what it has itself: nothing moves twice.

    Args:
        stock: units at each store.
        demand: units wanted at each store.
        move_cost: (from, to) of a unit, at least 0; infinite where nothing can move.
        shortage_costs: of a unit short at each store.
        holding_costs: of a unit left at each store.

    Raises:
        DataError: shapes differ, or a number is wrong.

    >>> result = transship([9, 0], [4, 3], [[0, 2], [2, 0]], [5, 5], [1, 1])
    >>> result.units[0, 1].item(), result.cost
    (3.0, 8.0)
    """
    has, wanted = check_numbers("stock", stock), check_numbers("demand", demand)
    short, left = _costs(shortage_costs, holding_costs, len(has))
    if len(wanted) != len(has):
        raise DataError("stock and demand differ in length", next_step="Give one of each a store.")
    sizes = np.column_stack([wanted, np.full(len(has), np.inf)])
    moved, cost = _best_moves(
        has, _move_costs(move_cost, len(has)), sizes, np.stack([-short, left], 1)
    )
    return Transshipment(moved, cost + float(short @ wanted))


def rebalance(
    stock: Sequence[float] | np.ndarray,
    demands: Sequence[Demand],
    move_cost: Sequence[Sequence[float]] | np.ndarray,
    shortage_costs: Sequence[float] | np.ndarray,
    holding_costs: Sequence[float] | np.ndarray,
) -> Transshipment:
    """The cheapest moves before demand is known, by expected cost, exact in whole units.

    Expected cost is convex in each store's stock, so every further unit has its own cost, and a
    linear programme finds whole units.

    Args:
        stock: whole units at each store.
        demands: of each store until the next delivery.
        move_cost: (from, to) of a unit, at least 0; infinite where nothing can move.
        shortage_costs: of a unit short at each store.
        holding_costs: of a unit left at each store.

    Raises:
        DataError: shapes differ, or a number is wrong.

    >>> from newretail_ml.replenishment.demand import PoissonDemand
    >>> moves = rebalance([9, 0], [PoissonDemand(4)] * 2, [[0, 1], [1, 0]], [5, 5], [1, 1])
    >>> moves.units[0, 1].item()
    4.0
    """
    demands = [as_demand(demand) for demand in demands]
    has = check_numbers("stock", stock)
    short, left = _costs(shortage_costs, holding_costs, len(has))
    if len(demands) != len(has):
        raise DataError("stock and demands differ in length", next_step="Give one of each a store.")
    if (has != np.rint(has)).any():
        raise DataError("stock is not in whole units", next_step="Round it, or count in pieces.")
    levels = np.arange(int(has.sum()) + 1)
    costs = np.array(
        [
            demand.expected_cost(levels, p, h)
            for demand, p, h in zip(demands, short, left, strict=True)
        ]
    )
    # Rounding errors must not make a later unit look cheaper than an earlier one.
    slopes = np.maximum.accumulate(np.diff(costs, axis=1), axis=1)
    moved, cost = _best_moves(has, _move_costs(move_cost, len(has)), np.ones_like(slopes), slopes)
    return Transshipment(moved, cost + float(costs[:, 0].sum()))


def _best_moves(
    stock: np.ndarray, move_cost: np.ndarray, sizes: np.ndarray, slopes: np.ndarray
) -> tuple[np.ndarray, float]:
    """Units moved and their cost together with that of the stock that each store ends with.

    The last is piecewise linear: the first sizes[:, 0] units cost slopes[:, 0] each, and so on.
    """
    from scipy.optimize import linprog
    from scipy.sparse import bmat, eye_array, kron

    stores, pieces = slopes.shape
    possible = np.isfinite(move_cost)
    sent = kron(eye_array(stores), np.ones((1, stores)))
    received = kron(np.ones((1, stores)), eye_array(stores))
    kept = kron(eye_array(stores), np.ones((1, pieces)))
    limits = np.concatenate([np.where(possible, np.inf, 0.0).ravel(), sizes.ravel()])
    solved = linprog(
        np.concatenate([np.where(possible, move_cost, 0.0).ravel(), slopes.ravel()]),
        A_eq=bmat([[sent, None], [received, -kept]]).tocsr(),
        b_eq=np.concatenate([stock, np.zeros(stores)]),
        bounds=np.column_stack([np.zeros(len(limits)), limits]),
        method="highs-ds",
    )
    moved = solved.x[: stores**2].reshape(stores, stores)
    whole = np.rint(moved)
    moved = np.where(np.abs(moved - whole) < 1e-7, whole, moved)
    np.fill_diagonal(moved, 0.0)
    return moved, float(solved.fun)


def _costs(
    shortage_costs: Sequence[float] | np.ndarray,
    holding_costs: Sequence[float] | np.ndarray,
    stores: int,
) -> tuple[np.ndarray, np.ndarray]:
    short = check_numbers("shortage_costs", shortage_costs)
    left = check_numbers("holding_costs", holding_costs)
    if not len(short) == len(left) == stores:
        raise DataError("costs and stock differ in length", next_step="Give one of each a store.")
    return short, left


def _move_costs(move_cost: Sequence[Sequence[float]] | np.ndarray, stores: int) -> np.ndarray:
    costs = as_numbers("move_cost", move_cost).copy()
    if costs.shape != (stores, stores) or not (costs >= 0).all():
        raise DataError(
            f"move_cost must be a {stores} x {stores} table of numbers of at least 0",
            next_step="Correct it; infinity stands for a pair between which nothing can move.",
        )
    np.fill_diagonal(costs, 0.0)
    return costs
