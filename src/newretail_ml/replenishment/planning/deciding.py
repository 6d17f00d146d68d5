"""Decides line by line, some hundred lines at a time so that memory stays small."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from newretail_ml.forecast import Forecast
from newretail_ml.replenishment.planning.expected_cost import (
    ExpectedCost,
    expected_cost,
    periods_needed,
)
from newretail_ml.replenishment.planning.line_rules import choose, step_limits
from newretail_ml.replenishment.planning.lines import NEVER, OPEN, Lines
from newretail_ml.replenishment.planning.projection import Needs, demand_of, needs_of
from newretail_ml.replenishment.planning.run_down import heaps, with_run_down

_CHUNK = 100_000


@dataclass
class Decisions:
    """One entry a line, filled chunk by chunk.

    Attributes:
        steps: packs or pallets ordered.
        demand: expected over lead time and review period.
        cycle: expected from this arrival to the next.
        stock: expected at arrival, without the order.
        short: expected units short in the cycle.
        profit: expected, relative to no order.
        peak: units beyond which no path saves anything.
        rule, rule_cost: the rule that decided, and what it costs.
        fewest, most, minimum: steps, from the rules of the line.
    """

    size: int
    steps: np.ndarray = field(init=False)
    demand: np.ndarray = field(init=False)
    cycle: np.ndarray = field(init=False)
    stock: np.ndarray = field(init=False)
    short: np.ndarray = field(init=False)
    profit: np.ndarray = field(init=False)
    peak: np.ndarray = field(init=False)
    rule: np.ndarray = field(init=False)
    rule_cost: np.ndarray = field(init=False)
    fewest: np.ndarray = field(init=False)
    most: np.ndarray = field(init=False)
    minimum: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        for name in ("steps", "fewest", "most", "minimum"):
            setattr(self, name, np.zeros(self.size, int))
        for name in ("demand", "cycle", "stock", "short"):
            setattr(self, name, np.full(self.size, np.nan))
        for name in ("profit", "peak", "rule_cost"):
            setattr(self, name, np.zeros(self.size))
        self.rule = np.full(self.size, "", object)


@dataclass(frozen=True)
class Priced:
    """Lines with what they need, what orders of them cost, and the steps that cost least."""

    rows: np.ndarray
    lines: Lines
    needs: Needs
    cost: ExpectedCost
    best: np.ndarray


def decide(lines: Lines, forecast: Forecast, *, backorders: bool) -> Decisions:
    """The best order of each line within its own rules."""
    made = Decisions(len(lines))
    for part in priced(lines, forecast, backorders=backorders):
        stock = part.needs.stock.mean(axis=1)
        limits = step_limits(part.lines, stock)
        choice = choose(part.lines, part.cost, part.best, limits)
        rows = part.rows
        made.stock[rows], made.cycle[rows] = stock, part.needs.cycle
        made.demand[rows] = part.needs.before + part.needs.cycle
        made.fewest[rows], made.most[rows] = limits.fewest, limits.most
        made.minimum[rows], made.peak[rows] = limits.minimum, np.maximum(part.cost.peak(), 0.0)
        made.rule[rows], made.rule_cost[rows] = choice.rule, choice.rule_cost
        record(made, part, choice.steps)
    return made


def record(made: Decisions, part: Priced, steps: np.ndarray) -> None:
    """Notes the steps of some lines, with their profit and what will be short."""
    units = steps * part.lines.step
    made.steps[part.rows] = steps
    made.short[part.rows] = part.cost.short(units) + part.needs.after_end
    saved = part.cost.of(np.zeros(len(steps))) - part.cost.of(units)
    made.profit[part.rows] = saved - part.lines.order_cost * (steps > 0)


def priced(
    lines: Lines, forecast: Forecast, *, backorders: bool, reach: np.ndarray | None = None
) -> Iterator[Priced]:
    """Chunks of the open lines that share arrival and cycle, with the cost of their orders.

    Args:
        lines: all lines.
        forecast: the paths.
        backorders: whether demand waits.
        reach: (lines,) units up to which costs are asked for; by default up to the best order,
            or the one that a minimum raises it to.
    """
    for rows in _chunks(lines, forecast.n_paths):
        part = lines.take(rows)
        demand = demand_of(part, forecast)
        until = periods_needed(part, len(demand))
        needs = needs_of(part, demand, until, backorders=backorders)
        cost = expected_cost(part, needs, backorders=backorders)
        best = cost.best_steps(part.step)
        asked = np.maximum.reduce([best * part.step, part.smallest, part.presentation + part.step])
        heap = heaps(part, demand, asked if reach is None else reach[rows])
        if not heap.any():
            yield Priced(rows, part, needs, cost, best)
            continue
        keep = ~heap
        if keep.any():
            taken = part.take(keep), needs.take(keep), cost.take(keep)
            yield Priced(rows[keep], *taken, best[keep])
        part, demand = part.take(heap), demand[:, heap]
        needs = needs_of(part, demand, len(demand), backorders=backorders)
        cost = with_run_down(cost.take(heap), part, needs)
        yield Priced(rows[heap], part, needs, cost, cost.best_steps(part.step))


def _chunks(lines: Lines, n_paths: int) -> Iterator[np.ndarray]:
    is_open = np.flatnonzero(lines.status == OPEN)
    ends = (lines.end < NEVER)[is_open]
    arrival, following = lines.arrival[is_open], lines.following[is_open]
    ordered = is_open[np.lexsort((ends, following, arrival))]
    arrival, following = lines.arrival[ordered], lines.following[ordered]
    changes = np.flatnonzero((np.diff(arrival) != 0) | (np.diff(following) != 0)) + 1
    size = max(1, _CHUNK // max(n_paths, 1))
    for group in np.split(ordered, changes):
        for first in range(0, len(group), size):
            yield group[first : first + size]
