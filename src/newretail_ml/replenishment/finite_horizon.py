"""Orders over a season: the finite-horizon dynamic programme with demand that changes.

Source: Scarf (1960), The optimality of (S, s) policies in the dynamic inventory problem; Snyder
and Shen (2019), Fundamentals of Supply Chain Theory, 2nd edition, chapter 4.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from newretail_ml.checks import check_number, check_whole
from newretail_ml.errors import DataError
from newretail_ml.replenishment.demand import Demand, as_demand
from newretail_ml.replenishment.lot_sizing import PerPeriod, each_period


@dataclass(frozen=True)
class SeasonCosts:
    """What a season costs; each is one number or one a period of ordering.

    Attributes:
        holding: of a unit left at the end of a period.
        shortage: of a unit short at the end of a period; the customer waits.
        fixed: of an order.
        unit: of a unit bought.
        end_holding: of a unit left after the season; negative where it brings money.
        end_shortage: of a unit still short after the season.
        discount: of a period's cost against the period before, above 0 and at most 1.
    """

    holding: PerPeriod
    shortage: PerPeriod
    fixed: PerPeriod = 0.0
    unit: PerPeriod = 0.0
    end_holding: float = 0.0
    end_shortage: float = 0.0
    discount: float = 1.0


@dataclass(frozen=True, eq=False)
class SeasonPlan:
    """The optimal policy of a season.

    Attributes:
        reorder_points: (periods,) largest position at which something is ordered; minus infinity
            where nothing is ordered at any position that can occur.
        order_up_to: (periods,) position to order up to from the reorder point, NaN without one.
        cost: expected discounted cost of the season from the starting position on.
        lowest: (periods,) smallest position that can occur.
        raised: for each period, the position after ordering by position from the lowest one on.
    """

    reorder_points: np.ndarray
    order_up_to: np.ndarray
    cost: float
    lowest: np.ndarray
    raised: tuple[np.ndarray, ...]

    def order(self, period: int, position: int) -> int:
        """Units to order in a period (the first is 0) at a position."""
        place = position - int(self.lowest[period])
        if not 0 <= place < len(self.raised[period]):
            raise DataError(
                f"position {position} cannot occur in period {period}",
                next_step="Plan again from the position that is there now.",
            )
        return int(self.raised[period][place]) - position


def season_plan(
    demands: Sequence[Demand], costs: SeasonCosts, start: int = 0, lead_time: int = 0
) -> SeasonPlan:
    """The optimal orders of a season by backward induction, exact for demand in whole units.

    Every position that can occur is looked at, so nothing is cut off and no shape of the policy
    is assumed.

    Args:
        demands: of each period; with a lead time, one more for each of its periods, in which
            nothing is ordered any more.
        costs: of the season; holding and shortage cost of an order's period are paid a lead time
            later.
        start: position before the first order, in whole units.
        lead_time: whole periods.

    Raises:
        DataError: a number is wrong, or units left over bring more than they cost.

    >>> from newretail_ml.replenishment.demand import PoissonDemand
    >>> plan = season_plan([PoissonDemand(3)] * 2, SeasonCosts(holding=1, shortage=4))
    >>> plan.order_up_to, round(plan.cost, 4)
    (array([4., 4.]), 5.1936)
    """
    lead_time = check_whole("lead_time", lead_time)
    periods = len(demands) - lead_time
    if periods < 1:
        raise DataError(
            f"{len(demands)} demands leave no period to order in",
            next_step="Give one demand a period, and one more for each period of the lead time.",
        )
    check_number("start", start, at_least=None)
    if start != int(start):
        raise DataError(f"start is {start!r}", next_step="Give whole units.")
    season = _Season(demands, costs, int(start), lead_time, periods)
    steps = [season.step(period) for period in range(periods - 1, -1, -1)][::-1]
    points, levels = zip(*(_levels(low, raised) for low, raised in steps), strict=True)
    return SeasonPlan(
        np.array(points),
        np.array(levels),
        float(season.values[int(start) - season.lowest[0]]),
        np.array(season.lowest[:periods]),
        tuple(raised for _, raised in steps),
    )


class _Season:
    """Values of the positions that can occur, from the last period backwards."""

    def __init__(
        self,
        demands: Sequence[Demand],
        costs: SeasonCosts,
        start: int,
        lead_time: int,
        periods: int,
    ) -> None:
        check_number("discount", costs.discount, above=0.0, at_most=1.0)
        check_number("end_holding", costs.end_holding, at_least=None)
        check_number("end_shortage", costs.end_shortage)
        self.discount, self.lead_time = costs.discount, lead_time
        self.holding = each_period("holding", costs.holding, periods)
        self.shortage = each_period("shortage", costs.shortage, periods)
        self.fixed = each_period("fixed", costs.fixed, periods)
        self.unit = each_period("unit", costs.unit, periods)
        if -costs.end_holding > self.unit.min():
            raise DataError(
                "units left over bring more than they cost",
                next_step="Correct end_holding: otherwise endless stock pays.",
            )
        self.chances = [as_demand(demand).probabilities() for demand in demands]
        most = [len(chance) - 1 for chance in self.chances]
        self.lowest = [start - sum(most[:period]) for period in range(periods + 1)]
        # No more than all demand to come is ever worth having.
        self.highest = max(start, sum(most))
        self.values = self._period_cost(
            periods, periods + lead_time, costs.end_holding, costs.end_shortage
        )

    def step(self, period: int) -> tuple[int, np.ndarray]:
        """Lowest position and position after ordering; values become those of the period."""
        low = self.lowest[period]
        positions = np.arange(low, self.highest + 1)
        paid = self._period_cost(
            period,
            period + self.lead_time + 1,
            float(self.holding[period]),
            float(self.shortage[period]),
        )
        later = np.convolve(self.values, self.chances[period], mode="valid")
        from_level = self.unit[period] * positions + paid + self.discount * later
        # Cheapest level at or above each position, the lowest of equals.
        least = np.minimum.accumulate(from_level[::-1])[::-1]
        at = np.where(from_level <= least, np.arange(len(positions)), len(positions))
        at = np.minimum.accumulate(at[::-1])[::-1]
        orders = self.fixed[period] + least < from_level - 1e-12 * np.abs(from_level)
        self.values = np.where(orders, self.fixed[period] + least, from_level)
        self.values = self.values - self.unit[period] * positions
        return low, np.where(orders, positions[at], positions)

    def _period_cost(self, period: int, end: int, holding: float, shortage: float) -> np.ndarray:
        """Expected cost at the end of later demand, by position of the period."""
        total = np.ones(1)
        for chance in self.chances[period:end]:
            total = np.convolve(total, chance)
        low = self.lowest[period] - (len(total) - 1)
        left = np.arange(low, self.highest + 1)
        costs = np.where(left > 0, holding * left, -shortage * left)
        return np.convolve(costs, total, mode="valid")


def _levels(low: int, raised: np.ndarray) -> tuple[float, float]:
    ordering = np.flatnonzero(raised > low + np.arange(len(raised)))
    if not ordering.size:
        return -math.inf, math.nan
    return float(low + ordering[-1]), float(raised[ordering[-1]])
