"""The (s, S) policy under periodic review: when the position is at most s, order up to S.

Source: Zheng and Federgruen (1991), Finding optimal (s, S) policies is about as simple as
evaluating a single policy; Snyder and Shen (2019), Fundamentals of Supply Chain Theory, 2nd
edition, chapter 4.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from newretail_ml.checks import check_number, check_numbers
from newretail_ml.errors import DataError
from newretail_ml.replenishment.demand import Demand, as_demand

_NEVER = 1e-18


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
    s, level, cost = cycle.best()
    return SSPolicy(s * cycle.step, level * cycle.step, cost)


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
        demand = as_demand(demand)
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
        best = self._protected.quantile(shortage_cost / sum(self._costs))
        self._middle = math.floor(best / self.step)
        lot = math.sqrt(2 * fixed_cost * demand.mean * (1 / holding_cost + 1 / shortage_cost))
        self._see(64 + math.ceil(lot / self.step))

    def best(self) -> tuple[int, int, float]:
        """The cheapest s and S, and their cost."""
        while True:
            s, level, cost = self._best_in_sight()
            # Beyond a level that costs more in one period than the policy on average, there is
            # no better policy.
            if cost <= min(self._one_period[0], self._one_period[-1]):
                return s, level, cost
            self._see(2 * self._reach)

    def cost(self, s: int, order_up_to: int) -> float:
        """Expected cost a period: cost of a cycle over its length."""
        if min(s + 1, order_up_to) < self._low or order_up_to > self._low + 2 * self._reach:
            self._see(2 * max(abs(s - self._middle), abs(order_up_to - self._middle)))
        steps = order_up_to - s
        levels = self._one_period[s + 1 - self._low : order_up_to + 1 - self._low]
        total = self._fixed_cost + float(self._visits[:steps] @ levels[::-1])
        return total / float(self._periods[steps - 1])

    def _best_in_sight(self) -> tuple[int, int, float]:
        """By turns the best s for an S and the best S for an s, and their cost.

        Where both agree no other pair is cheaper (Zheng and Federgruen, lemmas 1 and 3).
        """
        level = self._low + int(np.argmin(self._one_period))
        s, cost = self._best_s(level)
        while True:
            other = self._best_level(s)
            other_s, other_cost = self._best_s(other)
            if other_cost >= cost:
                return s, level, cost
            s, level, cost = other_s, other, other_cost

    def _best_s(self, level: int) -> tuple[int, float]:
        """The largest s that costs as much in one period as the policy does, and its cost.

        Where several cost the same this one is right from all positions, also from those that
        the policy never visits.
        """
        downwards = self._one_period[level - self._low :: -1]
        steps = len(downwards)
        totals = self._fixed_cost + np.cumsum(self._visits[:steps] * downwards)
        cost = float((totals / self._periods[:steps]).min())
        falling = self._one_period[: int(np.argmin(self._one_period))]
        dear = np.flatnonzero(falling >= cost)
        return self._low + (int(dear[-1]) if dear.size else -1), cost

    def _best_level(self, s: int) -> int:
        upwards = self._one_period[s + 1 - self._low :]
        steps = len(upwards)
        totals = self._fixed_cost + _first_terms(self._visits, upwards)
        return s + 1 + int(np.argmin(totals / self._periods[:steps]))

    def _see(self, reach: int) -> None:
        """Look at all levels up to so many steps from the best of one period."""
        self._reach, self._low = reach, self._middle - reach
        levels = np.arange(self._low, self._middle + reach + 1)
        self._one_period = self._protected.expected_cost(levels * self.step, *self._costs)
        self._visits = _visits(self._chances, len(levels))
        self._periods = np.cumsum(self._visits)


def _visits(chances: np.ndarray, steps: int) -> np.ndarray:
    """Expected periods of a cycle spent at each number of steps below S.

    The renewal equation: visits[n] = (n == 0) + sum of chances[k] * visits[n - k]. Solved block by
    block: what comes from earlier blocks, times the first block, which knows of no other.
    """
    possible = np.flatnonzero(chances[1:] > _NEVER) + 1
    least, most = int(possible[0]), int(possible[-1])
    sold = chances[least : most + 1]
    block = max(least, 64)
    visits = np.zeros(steps)
    visits[0] = 1.0 / (1.0 - chances[0])
    for below in range(least, min(block, steps)):
        reach = min(below, most) - least + 1
        before = visits[below - least - reach + 1 : below - least + 1][::-1]
        visits[below] = visits[0] * float(sold[:reach] @ before)
    own = np.trim_zeros(visits[:block], "b")
    padded = np.concatenate([np.zeros(most), visits])
    for start in range(block, steps, block):
        stop = min(start + block, steps)
        earlier = np.convolve(padded[start : stop + most - least], sold, mode="valid")
        padded[most + start : most + stop] = np.convolve(own, earlier)[: stop - start]
    return padded[most:]


def _first_terms(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """As many terms of the convolution of two arrays as the second has."""
    steps = len(other)
    if steps <= 2048:
        return np.convolve(one[:steps], other)[:steps]
    size = 2 ** math.ceil(math.log2(2 * steps))
    product = np.fft.rfft(one[:steps], size) * np.fft.rfft(other, size)
    return np.fft.irfft(product, size)[:steps]
