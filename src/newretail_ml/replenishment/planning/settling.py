"""From the best order of each line to the best orders under rules over many lines."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from newretail_ml.forecast import Forecast
from newretail_ml.replenishment.planning.coupling import Coupling
from newretail_ml.replenishment.planning.deciding import Decisions, priced, record
from newretail_ml.replenishment.planning.lines import OPEN, Lines
from newretail_ml.replenishment.planning.order_plan import EXPLAINED
from newretail_ml.replenishment.planning.programme import solve
from newretail_ml.replenishment.planning.programme.rules import (
    Limit,
    LineValues,
    Rule,
    Solution,
    SupplierMinimum,
    Trucks,
)
from newretail_ml.replenishment.planning.value_tables import ValueTables, value_tables


@dataclass(frozen=True)
class Settled:
    """What the rules over many lines did.

    Attributes:
        profit: expected, of all lines, trucks paid.
        bound: no orders within the rules can earn more.
        rules: one row a rule, as in `OrderPlan.explain`.
    """

    profit: float
    bound: float
    rules: pd.DataFrame


def settle(
    lines: Lines,
    made: Decisions,
    coupling: Coupling,
    forecast: Forecast,
    *,
    backorders: bool,
    gap: float,
    time_limit: float,
) -> Settled:
    """Changes the decisions so that they keep the rules, at the least loss of expected profit.

    Raises:
        InfeasibleError: the rules contradict one another.
    """
    profit = float(made.profit.sum())
    if coupling.kept_by(made.steps):
        free = Solution(made.steps, profit, profit, 0.0)
        return Settled(profit, profit, _explained(coupling, made.steps, free))
    rules: tuple[Rule, ...] = (*coupling.limits, *coupling.minimums, *coupling.trucks)
    ruled = np.any([rule.use > 0 for rule in rules], axis=0) & (lines.status == OPEN)
    tables = value_tables(lines, made, np.flatnonzero(ruled), forecast, backorders=backorders)
    values = LineValues(
        value=tables.value,
        fewest=tables.fewest,
        most=tables.most,
        minimum=tables.minimum,
        order_cost=lines.order_cost[tables.rows],
    )
    limits, minimums, trucks = _by_lot(coupling, tables)
    solution = solve(values, limits, minimums, trucks, gap=gap, time_limit=time_limit)
    others = float(made.profit[~ruled].sum())
    steps = made.steps.copy()
    steps[tables.rows] = np.asarray(solution.packs) * tables.lot
    wanted = made.steps.copy()
    _record_changes(lines, made, steps, forecast, backorders=backorders)
    _name_rules(made, wanted, coupling, solution.shadow_prices)
    return Settled(
        others + solution.value,
        others + solution.bound,
        _explained(coupling, made.steps, solution),
    )


def _by_lot(
    coupling: Coupling, tables: ValueTables
) -> tuple[list[Limit], list[SupplierMinimum], list[Trucks]]:
    """The rules on the tabled lines, with what a lot uses.

    Where there is no room left at all, nothing more may come; what is there already may stay.
    """

    def use(rule: Rule) -> np.ndarray:
        return rule.use[tables.rows] * tables.lot

    limits = [
        replace(rule, use=use(rule), at_most=max(rule.at_most, rule.used_already))
        for rule in coupling.limits
    ]
    minimums = [replace(rule, use=use(rule)) for rule in coupling.minimums]
    return limits, minimums, [replace(rule, use=use(rule)) for rule in coupling.trucks]


def _record_changes(
    lines: Lines, made: Decisions, steps: np.ndarray, forecast: Forecast, *, backorders: bool
) -> None:
    """Prices the lines whose orders changed; `rule_cost` becomes what the change costs."""
    changed = np.flatnonzero(steps != made.steps)
    before = made.profit[changed]
    reach = (np.maximum(steps, made.steps) * lines.step)[changed]
    some = lines.take(changed)
    for part in priced(some, forecast, backorders=backorders, reach=reach):
        record(made, replace(part, rows=changed[part.rows]), steps[changed[part.rows]])
    made.rule_cost[changed] = np.maximum(before - made.profit[changed], 0.0)


def _name_rules(
    made: Decisions, wanted: np.ndarray, coupling: Coupling, prices: dict[str, float]
) -> None:
    """Names, for each line that changed, the rule that did it.

    A line that was cut is cut by the rule with the largest shadow price for one of its steps; if
    none has a price, a supplier's minimum or a truck was not worth reaching. These are also what
    raises a line.
    """
    cut, raised = made.steps < wanted, made.steps > wanted
    dearest = np.zeros(len(wanted))
    whole: tuple[Rule, ...] = (*coupling.minimums, *coupling.trucks)
    for rule in whole:
        made.rule[(cut | raised) & (rule.use > 0)] = rule.name
    for rule in coupling.limits:
        price = rule.use * prices.get(rule.name, 0.0)
        mine = cut & (price > dearest)
        made.rule[mine] = rule.name
        dearest = np.maximum(dearest, price)


def _explained(coupling: Coupling, steps: np.ndarray, solution: Solution) -> pd.DataFrame:
    rows: list[tuple[object, ...]] = []
    for limit in coupling.limits:
        used = float(limit.use @ steps) + limit.used_already
        price = solution.shadow_prices.get(limit.name, 0.0)
        rows.append((limit.name, limit.at_most, used, price > 0, price, np.nan))
    for minimum in coupling.minimums:
        cost = solution.minimum_costs.get(minimum.name, 0.0)
        used = float(minimum.use @ steps)
        rows.append((minimum.name, minimum.at_least, used, cost > 0, np.nan, cost))
    for truck in coupling.trucks:
        used, count = float(truck.use @ steps), solution.trucks.get(truck.name, 0)
        room = count * truck.capacity
        full = used + truck.use[truck.use > 0].min(initial=np.inf) > room
        rows.append((truck.name, room, used, full and count > 0, np.nan, count * truck.cost))
    return pd.DataFrame(rows, columns=list(EXPLAINED))
