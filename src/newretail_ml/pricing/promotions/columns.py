"""Calendars of items that do not touch each other: column generation to a proved gap.

Each column is a whole calendar of one item. A linear programme mixes columns under the limits, a
dynamic programme finds for each item the calendar that its shadow prices like best, until none is
better. What the linear programme then earns is a bound; whole calendars are chosen among the
columns by an integer programme.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.errors import InfeasibleError
from newretail_ml.pricing.promotions.dynamic import best_levels
from newretail_ml.pricing.promotions.limits import Limits
from newretail_ml.pricing.promotions.problem import Problem

_ROUNDS = 200
_TOLERANCE = 1e-7


@dataclass(frozen=True, eq=False)
class Solved:
    """A calendar and how good it provably is.

    Attributes:
        levels: (items, periods).
        profit: expected.
        bound: no calendar that keeps the limits earns more.
        exact: whether the method proves its calendar best, up to the gap.
        how: in words.
    """

    levels: np.ndarray
    profit: float
    bound: float
    exact: bool
    how: str


@dataclass(eq=False)
class _Columns:
    """Calendars so far: of which item, levels, profit, use of limits."""

    item: np.ndarray
    levels: np.ndarray
    profit: np.ndarray
    use: np.ndarray

    def add(self, other: _Columns) -> None:
        self.item = np.concatenate([self.item, other.item])
        self.levels = np.concatenate([self.levels, other.levels])
        self.profit = np.concatenate([self.profit, other.profit])
        self.use = np.concatenate([self.use, other.use])


def solve_alone(problem: Problem, time_limit: float) -> Solved:
    """The best calendar where items do not touch each other.

    Args:
        problem: cross effects are left out.
        time_limit: seconds for the last integer programme.

    Source: Dantzig and Wolfe (1960), Decomposition principle for linear programs, Operations
    Research 8(1).
    """
    limits = Limits.of(problem)
    nothing = np.zeros(problem.base.shape, np.intp)
    columns = _columns_of(nothing, problem, limits)
    free = _best(problem, problem.alone * problem.margin[:, None], problem.blocked)
    made = _columns_of(free, problem, limits)
    if limits.kept(free, _spent(problem, free)):
        profit = float(made.profit.sum())
        return Solved(free, profit, profit, True, "dynamic programme, exact")
    columns.add(made)
    bound = np.inf
    for _ in range(_ROUNDS):
        value, prices, worth = _mixed(columns, limits, len(nothing))
        plain, dipping = limits.penalties(prices, problem)
        scaled = problem.alone * problem.margin[:, None] - dipping
        made = _columns_of(_best(problem, scaled, problem.blocked - plain), problem, limits)
        better = made.profit - made.use @ prices - worth
        bound = min(bound, value + float(np.maximum(better, 0.0).sum()))
        fresh = better > _TOLERANCE * max(abs(value) / len(nothing), 1e-9)
        if not fresh.any():
            break
        columns.add(_only(made, fresh))
    levels = _whole(columns, limits, len(nothing), time_limit)
    profit = float(_profit(problem, levels).sum())
    return Solved(
        levels, profit, max(bound, profit), True, "calendars of items mixed by a programme"
    )


def _best(problem: Problem, scaled: np.ndarray, plain: np.ndarray) -> np.ndarray:
    memory = problem.memory
    factor = memory.factors(problem.dips)
    return best_levels(scaled, factor, memory, problem.most, plain, problem.start)


def _alone_units(problem: Problem, levels: np.ndarray) -> np.ndarray:
    rows = np.arange(len(levels))[:, None]
    periods = np.arange(levels.shape[1])
    return problem.alone[rows, periods, levels] * problem.dipped(levels)


def _profit(problem: Problem, levels: np.ndarray) -> np.ndarray:
    return problem.profits(levels, _alone_units(problem, levels)).sum(axis=1)


def _spent(problem: Problem, levels: np.ndarray) -> np.ndarray:
    return problem.spent(levels, _alone_units(problem, levels))


def _columns_of(levels: np.ndarray, problem: Problem, limits: Limits) -> _Columns:
    use = limits.use(levels, _spent(problem, levels))
    return _Columns(np.arange(len(levels)), levels, _profit(problem, levels), use)


def _only(columns: _Columns, rows: np.ndarray) -> _Columns:
    return _Columns(
        columns.item[rows], columns.levels[rows], columns.profit[rows], columns.use[rows]
    )


def _mixed(columns: _Columns, limits: Limits, items: int) -> tuple[float, np.ndarray, np.ndarray]:
    """Value, shadow prices of limits, and worth of each item's best mix of columns."""
    from scipy.optimize import linprog
    from scipy.sparse import csr_matrix

    n = len(columns.item)
    one = csr_matrix((np.ones(n), (columns.item, np.arange(n))), (items, n))
    found = linprog(
        -columns.profit,
        A_ub=csr_matrix(columns.use.T),
        b_ub=limits.most,
        A_eq=one,
        b_eq=np.ones(items),
        method="highs",
    )
    if found.status != 0:
        raise InfeasibleError(
            f"no mix of calendars keeps the limits ({found.message})",
            next_step="Loosen the limits; without promotions they must hold.",
        )
    return -found.fun, -found.ineqlin.marginals, -found.eqlin.marginals


def _whole(columns: _Columns, limits: Limits, items: int, time_limit: float) -> np.ndarray:
    """(items, periods) one calendar an item, the best among the columns."""
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_matrix

    n = len(columns.item)
    one = csr_matrix((np.ones(n), (columns.item, np.arange(n))), (items, n))
    found = milp(
        -columns.profit,
        constraints=[
            LinearConstraint(one, 1, 1),
            LinearConstraint(csr_matrix(columns.use.T), -np.inf, limits.most),
        ],
        integrality=np.ones(n),
        bounds=Bounds(0, 1),
        options={"time_limit": time_limit, "mip_rel_gap": 1e-7},
    )
    if found.x is None:
        return columns.levels[:items]
    levels = np.zeros((items, columns.levels.shape[1]), np.intp)
    chosen = np.flatnonzero(found.x > 0.5)
    levels[columns.item[chosen]] = columns.levels[chosen]
    return levels
