"""Calendars as paths through a network of what is remembered: exact, cross effects included.

The calendar of each item is a path: nodes are a period, promotions so far and what is remembered,
arcs are levels. Where the units of an item change by a sum over what other items do, each product
of two decisions of a period becomes a variable of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from newretail_ml.pricing.promotions.columns import Solved
from newretail_ml.pricing.promotions.limits import Limits
from newretail_ml.pricing.promotions.problem import Problem
from newretail_ml.pricing.response import Linear


@dataclass(frozen=True, eq=False)
class Arcs:
    """The network of one item; all items have the same.

    Attributes:
        period, state, level: (arcs,) of each arc.
        flow: (nodes, arcs) 1 where an arc leaves, -1 where it arrives; the first nodes are the
            states, in order, that items begin in.
    """

    period: np.ndarray
    state: np.ndarray
    level: np.ndarray
    flow: sparse.csr_matrix

    @classmethod
    def of(cls, problem: Problem) -> Arcs:
        """Arcs that can be reached."""
        memory, most = problem.memory, problem.most
        _, periods, levels = problem.shape
        queue = [(0, 0, int(state)) for state in np.unique(problem.start)]
        nodes = {node: number for number, node in enumerate(queue)}
        arcs: list[tuple[int, int, int]] = []
        ends: list[tuple[int, int]] = []
        for period, count, state in queue:
            for level in range(levels):
                if level and (count == most or not memory.allowed[state, level]):
                    continue
                after = (period + 1, count + (level > 0), int(memory.following[state, level]))
                if after not in nodes and period + 1 < periods:
                    nodes[after] = len(nodes)
                    queue.append(after)
                arcs.append((period, state, level))
                ends.append((nodes[(period, count, state)], nodes.get(after, -1)))
        made, places = np.array(arcs), np.array(ends)
        number = np.arange(len(arcs))
        inner = places[:, 1] >= 0
        flow = sparse.csr_matrix(
            (
                np.concatenate([np.ones(len(arcs)), -np.ones(inner.sum())]),
                (
                    np.concatenate([places[:, 0], places[inner, 1]]),
                    np.concatenate([number, number[inner]]),
                ),
            ),
            (len(nodes), len(arcs)),
        )
        return cls(made[:, 0], made[:, 1], made[:, 2], flow)


def linear_cross(problem: Problem) -> np.ndarray | None:
    """(items, items, levels) change of the row's usual units by the column's level.

    As a share of them; None where demand is no such sum.
    """
    response = problem.response
    if not problem.crossed or type(response) is not Linear:
        return None
    usual = response.units(problem.price[:, 0])
    change = problem.price - problem.price[:, :1]
    slope = response.coefficient - np.diag(np.diagonal(response.coefficient))
    with np.errstate(divide="ignore", invalid="ignore"):
        effect = slope[:, :, None] * change[None] / usual[:, None, None]
    effect[usual <= 0] = 0.0
    lowest = problem.ratio.min(axis=1) + effect.min(axis=2).sum(axis=1)
    return effect if (lowest >= 0).all() else None


def solve_network(problem: Problem, cross: np.ndarray | None, time_limit: float) -> Solved:
    """The best calendar, by one mixed-integer programme.

    Args:
        problem: items and limits.
        cross: see `linear_cross`; None for items that do not touch each other.
        time_limit: seconds.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp

    arcs = Arcs.of(problem)
    items = problem.shape[0]
    factor = problem.memory.factors(problem.dips)[arcs.state]
    units = problem.alone[:, arcs.period, arcs.level] * factor
    money = units * problem.margin[:, arcs.level]
    spent = units * problem.invested[:, arcs.level]
    pairs = _Pairs.of(problem, cross, arcs, factor)
    flow = sparse.kron(sparse.eye_array(items), arcs.flow)
    start = np.zeros(flow.shape[0])
    begun = np.unique(problem.start, return_inverse=True)[1]
    start[np.arange(items) * arcs.flow.shape[0] + begun] = 1.0
    size = items * len(arcs.period) + len(pairs.money)
    rules = [LinearConstraint(_wide(flow, size), start, start), *pairs.links(items, arcs, size)]
    limits = Limits.of(problem)
    if len(limits):
        use = _use(limits, arcs, spent, pairs)
        rules.append(LinearConstraint(use, -np.inf, limits.most))
    upper = np.ones(size)
    upper[: items * len(arcs.period)] = problem.may[:, arcs.level].ravel()
    whole = np.zeros(size)
    whole[: items * len(arcs.period)] = 1
    found = milp(
        -np.concatenate([money.ravel(), pairs.money]),
        constraints=rules,
        integrality=whole,
        bounds=Bounds(0, upper),
        options={"time_limit": time_limit, "mip_rel_gap": 1e-7},
    )
    levels = np.zeros(problem.base.shape, np.intp)
    bound = np.inf if found.mip_dual_bound is None else -found.mip_dual_bound
    if found.x is not None:
        item, arc = np.nonzero(found.x[: items * len(arcs.period)].reshape(items, -1) > 0.5)
        levels[item, arcs.period[arc]] = arcs.level[arc]
    profit = float(problem.profits(levels).sum())
    return Solved(levels, profit, max(bound, profit), True, "mixed-integer programme")


@dataclass(frozen=True, eq=False)
class _Pairs:
    """Products of what an item does, and remembers, with another one's level of the same period.

    Attributes:
        item, period, state, level: (products,) of the item whose units change.
        other, by: (products,) the other item, and its level.
        money, spent: (products,) profit, and margin given up.
    """

    item: np.ndarray
    period: np.ndarray
    state: np.ndarray
    level: np.ndarray
    other: np.ndarray
    by: np.ndarray
    money: np.ndarray
    spent: np.ndarray

    @classmethod
    def of(
        cls, problem: Problem, cross: np.ndarray | None, arcs: Arcs, factor: np.ndarray
    ) -> _Pairs:
        if cross is None:
            none, nothing = np.zeros(0, int), np.zeros(0)
            return cls(none, none, none, none, none, none, nothing, nothing)
        item, other, by = np.nonzero(cross)
        cells, first = np.unique(
            np.column_stack([arcs.period, arcs.state, arcs.level]), axis=0, return_index=True
        )
        pair = np.repeat(np.arange(len(item)), len(cells))
        cell = np.tile(np.arange(len(cells)), len(item))
        item, other, by = item[pair], other[pair], by[pair]
        period, state, level = cells[cell].T
        units = problem.base[item, period] * problem.lift[item, level] * factor[first][cell]
        units = units * cross[item, other, by]
        money, spent = units * problem.margin[item, level], units * problem.invested[item, level]
        return cls(item, period, state, level, other, by, money, spent)

    def links(self, items: int, arcs: Arcs, size: int) -> list:
        """A product is one where both are, and zero elsewhere."""
        from scipy.optimize import LinearConstraint

        if not len(self.money):
            return []
        place = items * len(arcs.period) + np.arange(len(self.money))
        both = np.column_stack([self.other, self.by, self.period, self.item])
        first = self._link(both, arcs, place, size, (self.other, self.by, None))
        own = np.column_stack([self.item, self.level, self.state, self.period, self.other])
        second = self._link(own, arcs, place, size, (self.item, self.level, self.state))
        return [LinearConstraint(first, 0, 0), LinearConstraint(second, -np.inf, 0)]

    def _link(
        self,
        groups: np.ndarray,
        arcs: Arcs,
        place: np.ndarray,
        size: int,
        decision: tuple[np.ndarray, np.ndarray, np.ndarray | None],
    ) -> sparse.csr_matrix:
        """Sums of products by group, less the arcs of the decision that they hang on."""
        _, first, row = np.unique(groups, axis=0, return_index=True, return_inverse=True)
        item, level, state = decision
        rows, columns = [row.ravel()], [place]
        values = [np.ones(len(place))]
        for number, one in enumerate(first):
            own = (arcs.period == self.period[one]) & (arcs.level == level[one])
            if state is not None:
                own &= arcs.state == state[one]
            found = np.flatnonzero(own) + item[one] * len(arcs.period)
            rows.append(np.full(len(found), number))
            columns.append(found)
            values.append(-np.ones(len(found)))
        return sparse.csr_matrix(
            (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns))),
            (len(first), size),
        )


def _wide(matrix: sparse.sparray, size: int) -> sparse.csr_matrix:
    wide = sparse.csr_matrix(matrix)
    wide.resize((matrix.shape[0], size))
    return wide


def _use(limits: Limits, arcs: Arcs, spent: np.ndarray, pairs: _Pairs) -> sparse.csr_matrix:
    """(limits, variables) what arcs and products take of each limit."""
    rows = []
    for member, period in zip(limits.member, limits.period, strict=True):
        if period < 0:
            rows.append(np.concatenate([(spent * member[:, None]).ravel(), pairs.spent]))
        else:
            counted = (arcs.level > 0) & (arcs.period == period)
            own = np.outer(member, counted).astype(float).ravel()
            rows.append(np.concatenate([own, np.zeros(len(pairs.money))]))
    return sparse.csr_matrix(np.array(rows))


def network_size(problem: Problem, cross: np.ndarray | None) -> int:
    """About how many variables the programme has, at most."""
    items, periods, levels = problem.shape
    states = len(problem.memory.level)
    arcs = periods * states * levels * min(problem.most + 1, periods)
    products = 0 if cross is None else int((cross != 0).sum()) * periods * states * levels
    return items * arcs + products
