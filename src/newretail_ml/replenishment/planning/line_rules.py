"""Rules of one line: from the cheapest number of packs to the one that may be ordered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml import columns as c
from newretail_ml.replenishment.planning.expected_cost import ExpectedCost
from newretail_ml.replenishment.planning.lines import NEVER, Lines

_ROUNDING = 1e-9


@dataclass(frozen=True)
class StepLimits:
    """How many steps (packs or pallets) a line may order.

    Attributes:
        fewest, most: (lines,) steps, whatever else is decided.
        minimum: (lines,) steps if anything is ordered.
    """

    fewest: np.ndarray
    most: np.ndarray
    minimum: np.ndarray


@dataclass(frozen=True)
class Choice:
    """What is ordered of each line, and the rule that decided.

    Attributes:
        steps: (lines,) packs or pallets.
        rule: (lines,) column of the last rule that changed the order, empty without.
        rule_cost: (lines,) expected profit lost to that rule.
    """

    steps: np.ndarray
    rule: np.ndarray
    rule_cost: np.ndarray


def step_limits(lines: Lines, expected_stock: np.ndarray) -> StepLimits:
    """Bounds from shelf, presentation and minimum order.

    Expected stock at arrival plus the order stays within the shelf's capacity and reaches the
    presentation minimum. Where no number of packs does both, the shelf's capacity stands. An item
    whose sale ends before the next order arrives needs no full shelf.
    """
    room = (lines.shelf - expected_stock) / lines.step
    stays = lines.delisting > lines.following
    wanted = np.where(stays, lines.presentation - expected_stock, 0.0) / lines.step
    most = _whole(np.floor(room + _ROUNDING))
    fewest = np.minimum(_whole(np.ceil(wanted - _ROUNDING)), most)
    minimum = _whole(np.ceil(lines.minimum / lines.step - _ROUNDING))
    return StepLimits(fewest, most, minimum)


def choose(lines: Lines, cost: ExpectedCost, best: np.ndarray, limits: StepLimits) -> Choice:
    """The cheapest order of each line within its own rules, one rule after the other.

    Args:
        lines: the lines.
        cost: of their orders.
        best: (lines,) steps with the least cost.
        limits: bounds on the steps.
    """
    packs = best * lines.step
    pallets = np.flatnonzero(lines.step != lines.pack)
    if pallets.size:
        by_pack = cost.take(pallets).best_steps(lines.pack[pallets])
        packs[pallets] = by_pack * lines.pack[pallets]
    made = _Changes(lines.step, cost, packs)
    made.to(best, c.PALLET_SIZE)
    made.to(np.maximum(made.steps, limits.fewest), c.PRESENTATION_MINIMUM)
    made.to(np.minimum(made.steps, limits.most), c.SHELF_CAPACITY)
    raised = np.maximum(made.steps, limits.minimum)
    raised = np.where((made.steps > 0) & (raised <= limits.most), raised, 0)
    asked = (raised > made.steps) & (limits.fewest == 0)
    made.to(np.where(asked & (made.worth(raised, asked) <= 0), 0, raised), lines.minimum_rule)
    charged = (made.steps > 0) & (lines.order_cost > 0) & (limits.fewest == 0)
    loses = charged & (made.worth(made.steps, charged) <= lines.order_cost)
    made.to(np.where(loses, 0, made.steps), c.ORDER_COST)
    return Choice(made.steps, made.rule, made.rule_cost)


class _Changes:
    """An order that rules change one after the other."""

    def __init__(self, step: np.ndarray, cost: ExpectedCost, units: np.ndarray) -> None:
        self.step, self.cost, self.units = step, cost, units
        self.rule = np.full(len(units), "", object)
        self.rule_cost = np.zeros(len(units))

    @property
    def steps(self) -> np.ndarray:
        return np.round(self.units / self.step).astype(int)

    def to(self, steps: np.ndarray, rule: np.ndarray | str) -> None:
        units = steps * self.step
        rows = np.flatnonzero(~np.isclose(units, self.units))
        if rows.size:
            cost = self.cost.take(rows)
            self.rule_cost[rows] = cost.of(units[rows]) - cost.of(self.units[rows])
            self.rule[rows] = np.broadcast_to(np.asarray(rule, object), len(units))[rows]
        self.units = units

    def worth(self, steps: np.ndarray, where: np.ndarray) -> np.ndarray:
        """(lines,) expected profit of the steps relative to no order, zero elsewhere."""
        rows = np.flatnonzero(where)
        made = np.zeros(len(steps))
        if rows.size:
            cost = self.cost.take(rows)
            made[rows] = cost.of(np.zeros(len(rows))) - cost.of((steps * self.step)[rows])
        return made


def _whole(steps: np.ndarray) -> np.ndarray:
    return np.clip(steps, 0, NEVER).astype(int)
