"""The (s, S) policy under periodic review: when the position is at most s, order up to S.

Source: Zheng and Federgruen (1991), Finding optimal (s, S) policies is about as simple as
evaluating a single policy; Snyder and Shen (2019), Fundamentals of Supply Chain Theory, 2nd
edition, chapter 4.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from newretail_ml.errors import DataError
from newretail_ml.replenishment.checks import check_number, check_numbers
from newretail_ml.replenishment.demand import Demand


@dataclass(frozen=True)
class SSPolicy:
    """Order up to a level as soon as the position is at or below the reorder point.

    Attributes:
        reorder_point: s.
        order_up_to: S, above s.
        cost: expected, a period; without it where the method gives none.
    """

    reorder_point: float
    order_up_to: float
    cost: float = math.nan


def best_ss(
    demand: Demand,
    fixed_cost: float,
    holding_cost: float,
    shortage_cost: float,
    lead_time: float = 0,
    step: float | None = None,
) -> SSPolicy:
    """The (s, S) policy with the least expected cost a period; demand short waits.

    Exact for demand in whole units. Continuous demand is rounded to small steps; its cost
    differs from the limit by about the square of the step.

    Args:
        demand: of one period.
        fixed_cost: of an order.
        holding_cost: of a unit left at the end of a period, above zero.
        shortage_cost: of a unit short at the end of a period, above zero.
        lead_time: periods; an order with lead time 0 meets the demand of its own period.
        step: distance of the levels tried: 1 for discrete demand, a 32nd of the standard
            deviation for continuous.

    Raises:
        DataError: a number is wrong, or there is never any demand.

    >>> from newretail_ml.replenishment.demand import PoissonDemand
    >>> policy = best_ss(PoissonDemand(6), fixed_cost=5, holding_cost=1, shortage_cost=4)
    >>> policy.reorder_point, policy.order_up_to, round(policy.cost, 4)
    (4.0, 10.0, 8.0341)
    """
    cycle = _Cycle(demand, fixed_cost, holding_cost, shortage_cost, lead_time, step)
    best_level = cycle.cheapest_level
    s = best_level - 1
    while cycle.cost(s, best_level) > cycle.one_period(s):
        s -= 1
    best, tried = cycle.cost(s, best_level), best_level + 1
    while cycle.one_period(tried) <= best:
        if cycle.cost(s, tried) < best:
            best_level = tried
            while s + 1 < best_level and cycle.cost(s, best_level) <= cycle.one_period(s + 1):
                s += 1
            best = cycle.cost(s, best_level)
        tried += 1
    return SSPolicy(s * cycle.step, best_level * cycle.step, best)


def ss_cost(
    demand: Demand,
    reorder_point: float,
    order_up_to: float,
    fixed_cost: float,
    holding_cost: float,
    shortage_cost: float,
    lead_time: float = 0,
) -> float:
    """Exact expected cost a period of any (s, S) policy on demand in whole units.

    >>> from newretail_ml.replenishment.demand import PoissonDemand
    >>> round(ss_cost(PoissonDemand(6), 4, 10, 5, 1, 4), 4)
    8.0341
    """
    levels = check_numbers("s and S", [reorder_point, order_up_to], at_least=None)
    if (levels != np.rint(levels)).any():
        raise DataError("s and S must be whole units", next_step="Round them.")
    if levels[0] >= levels[1]:
        raise DataError(
            f"the reorder point {reorder_point:g} is not below the order-up-to level "
            f"{order_up_to:g}",
            next_step="Ordering in every period has s = S - 1.",
        )
    cycle = _Cycle(demand, fixed_cost, holding_cost, shortage_cost, lead_time, 1.0)
    return cycle.cost(int(levels[0]), int(levels[1]))


class _Cycle:
    """Costs of the periods between two orders; levels are whole numbers of steps."""

    def __init__(
        self,
        demand: Demand,
        fixed_cost: float,
        holding_cost: float,
        shortage_cost: float,
        lead_time: float,
        step: float | None,
    ) -> None:
        check_number("fixed_cost", fixed_cost)
        check_number("holding_cost", holding_cost, above=0.0)
        check_number("shortage_cost", shortage_cost, above=0.0)
        check_number("lead_time", lead_time)
        if step is None:
            step = 1.0 if demand.discrete or demand.sd == 0 else demand.sd / 32
        self.step = step
        self._chances = demand.probabilities(self.step)
        if self._chances[0] > 1 - 1e-12:
            raise DataError(
                "there is never any demand, so nothing is ever ordered",
                next_step="Leave the item out.",
            )
        self._fixed_cost = fixed_cost
        self._costs = shortage_cost, holding_cost
        self._protected = demand.over(lead_time + 1)
        middle = math.floor(self._protected.quantile(shortage_cost / sum(self._costs)) / self.step)
        self._see(middle - 128, middle + 128)
        self._visits, self._periods = np.zeros(0), np.zeros(1)
        pair = [middle, middle + 1]
        self.cheapest_level = min(pair, key=self.one_period)

    def _see(self, low: int, high: int) -> None:
        self._low, self._high = low, high
        levels = np.arange(low, high + 1) * self.step
        self._one_period = self._protected.expected_cost(levels, *self._costs)

    def _widen(self, low: int, high: int) -> None:
        if low < self._low or high > self._high:
            width = self._high - self._low
            self._see(min(self._low, low - width), max(self._high, high + width))

    def one_period(self, level: int) -> float:
        """Expected cost of a period that starts at the level (a lead time later)."""
        self._widen(level, level)
        return float(self._one_period[level - self._low])

    def cost(self, s: int, order_up_to: int) -> float:
        """Expected cost a period: cost of a cycle over its length."""
        self._widen(s, order_up_to)
        steps = order_up_to - s
        if steps > len(self._visits):
            self._renew(2 * steps)
        levels = self._one_period[s + 1 - self._low : order_up_to + 1 - self._low]
        total = self._fixed_cost + float(self._visits[:steps] @ levels[::-1])
        return total / float(self._periods[steps])

    def _renew(self, steps: int) -> None:
        """Expected periods of a cycle spent at each number of steps below S."""
        sold = self._chances[1:]
        again = 1.0 / (1.0 - self._chances[0])
        visits = np.empty(steps)
        visits[0] = again
        for below in range(1, steps):
            reach = min(below, len(sold))
            before = visits[below - reach : below][::-1]
            visits[below] = again * float(sold[:reach] @ before)
        self._visits = visits
        self._periods = np.concatenate([[0.0], np.cumsum(visits)])
