"""The plan that earns most under rules that tie lines together, with a proved bound.

Four steps. The linear relaxation gives the bound and prices. Suppliers and trucks are rounded and
the rest relaxed again. Packs are rounded by single moves. If the gap is still too wide, the
mixed-integer programme is solved on the packs that a better plan could use.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import TypeVar

import numpy as np

from newretail_ml.checks import check_number
from newretail_ml.errors import DataError
from newretail_ml.replenishment.planning.programme.arrays import arrays
from newretail_ml.replenishment.planning.programme.conflicts import conflict
from newretail_ml.replenishment.planning.programme.relaxation import relax
from newretail_ml.replenishment.planning.programme.rules import (
    Limit,
    LineValues,
    Rule,
    Solution,
    SupplierMinimum,
    Trucks,
    joined,
)
from newretail_ml.replenishment.planning.programme.search import search
from newretail_ml.replenishment.planning.programme.shadow_prices import (
    by_rule,
    minimum_costs,
    prices_of_rows,
)

_R = TypeVar("_R", Limit, SupplierMinimum, Trucks)


def solve(
    values: LineValues,
    limits: Sequence[Limit] = (),
    minimums: Sequence[SupplierMinimum] = (),
    trucks: Sequence[Trucks] = (),
    *,
    gap: float = 0.001,
    time_limit: float = 60.0,
) -> Solution:
    """Packs of each line with the largest expected profit that keep all rules.

    The same input gives the same plan, unless the time limit cuts the exact search short.

    Args:
        values: what each line earns by its packs, and its own rules.
        limits: sums that must not be exceeded.
        minimums: of suppliers: nothing, or at least so much.
        trucks: whole trucks.
        gap: share of the bound that is small enough to stop at. Large programmes stop at the
            first good plan; the gap of the solution says how good it is proved to be.
        time_limit: seconds for the exact search.

    Raises:
        DataError: shapes differ, a number is wrong, or two rules have the same name.
        InfeasibleError: no plan keeps all rules; its `conflicts` say which rules conflict.
        NewRetailError: no plan was found in time, though there may be one.

    >>> lines = LineValues(
    ...     value=np.array([[0.0, 5.0, 8.0, 9.0], [0.0, 4.0, 7.0, 9.0]]),
    ...     fewest=[0, 0], most=[3, 3], minimum=[0, 0], order_cost=[0.0, 0.0],
    ... )
    >>> plan = solve(lines, [Limit("budget", np.array([10.0, 10.0]), 40.0)])
    >>> plan.packs, plan.value
    (array([2, 2]), 15.0)
    """
    check_number("gap", gap)
    check_number("time_limit", time_limit, above=0.0)
    _check_rules(values, joined(limits, minimums, trucks))
    end = time.monotonic() + time_limit
    if not values.allowed().any(axis=1).all() or any(one.room < 0 for one in limits):
        raise conflict(values, limits, minimums, trucks)
    enough = _enough(values, joined(minimums, trucks))
    binding = [one for one in limits if one.use @ enough > one.room]
    coupling = (one.use for one in joined(binding, minimums, trucks))
    tied = np.any([np.zeros(len(enough)), *coupling], axis=0) & (enough > 0)
    packs = values.gain().argmax(axis=1)
    free = float(values.gain().max(axis=1)[~tied].sum())
    if not tied.any():
        return _solution(values, limits, minimums, trucks, _Found(packs, free, {}, {}))
    inner = (_of(binding, tied), _of(minimums, tied), _of(trucks, tied))
    found = _solve_tied(_lines(replace(values, most=enough), tied), *inner, gap=gap, end=end)
    if found is None:
        raise conflict(values, limits, minimums, trucks)
    packs[tied] = found.packs
    found = replace(found, packs=packs, bound=found.bound + free)
    return _solution(values, limits, minimums, trucks, found)


@dataclass(frozen=True, eq=False)
class _Found:
    packs: np.ndarray
    bound: float
    shadow_prices: dict[str, float]
    minimum_costs: dict[str, float]


def _solve_tied(
    values: LineValues,
    limits: Sequence[Limit],
    minimums: Sequence[SupplierMinimum],
    trucks: Sequence[Trucks],
    *,
    gap: float,
    end: float,
) -> _Found | None:
    """The plan of lines that rules tie together; None if there is none."""
    programme = arrays(values, limits, minimums, trucks)
    relaxed = relax(programme)
    found = None if relaxed is None else search(programme, relaxed, gap=gap, end=end)
    if relaxed is None or found is None:
        return None
    packs, bound = found
    prices = prices_of_rows(programme, relaxed, packs)
    return _Found(
        packs=packs,
        bound=bound,
        shadow_prices=by_rule(programme, prices, limits, minimums, trucks),
        minimum_costs=minimum_costs(programme, prices, packs, minimums),
    )


def _solution(
    values: LineValues,
    limits: Sequence[Limit],
    minimums: Sequence[SupplierMinimum],
    trucks: Sequence[Trucks],
    found: _Found,
) -> Solution:
    """The plan valued on the table itself, whatever the solver thought it worth."""
    packs = found.packs
    used = {one.name: one.needed(float(one.use @ packs)) for one in trucks}
    gain = values.gain()[np.arange(len(packs)), packs].sum()
    value = float(gain - sum(one.cost * used[one.name] for one in trucks))
    bound = max(value, found.bound)
    return Solution(
        packs=packs,
        value=value,
        bound=bound,
        gap=(bound - value) / abs(bound) if bound > value else 0.0,
        shadow_prices={
            one.name: found.shadow_prices.get(one.name, 0.0)
            for one in joined(limits, minimums, trucks)
        },
        ordered={one.name: bool(packs[one.use > 0].any()) for one in minimums},
        minimum_costs={one.name: found.minimum_costs.get(one.name, 0.0) for one in minimums},
        trucks=used,
    )


def _check_rules(values: LineValues, rules: Sequence[Rule]) -> None:
    names = [rule.name for rule in rules]
    if len(set(names)) < len(names):
        raise DataError(
            "two rules have the same name",
            rows=sorted({name for name in names if names.count(name) > 1}),
            next_step="Name each rule once.",
        )
    for rule in rules:
        if len(rule.use) != len(values.value):
            raise DataError(
                f"{rule.name} has uses of {len(rule.use):,} lines, and there are "
                f"{len(values.value):,}",
                next_step="Give the use of each line, 0 for lines that the rule does not touch.",
            )


def _enough(values: LineValues, rules: Sequence[Rule]) -> np.ndarray:
    """(lines,) packs beyond which no line is worth more.

    More than a line's best is ordered only to reach a minimum or to fill a truck.
    """
    best = values.gain().argmax(axis=1)
    filling = np.any([np.zeros(len(best)), *(one.use for one in rules)], axis=0)
    return np.where(filling, values.most, best)


def _of(rules: Sequence[_R], some: np.ndarray) -> list[_R]:
    return [replace(rule, use=rule.use[some]) for rule in rules]


def _lines(values: LineValues, some: np.ndarray) -> LineValues:
    return LineValues(*(getattr(values, part.name)[some] for part in fields(values)))
