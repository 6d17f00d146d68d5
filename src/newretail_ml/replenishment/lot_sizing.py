"""Lot sizing with known demand: the Wagner-Whitin plan, also a clairvoyant's orders.

Source: Wagner and Whitin (1958), Dynamic version of the economic lot size model; Snyder and Shen
(2019), Fundamentals of Supply Chain Theory, 2nd edition, chapter 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from newretail_ml.checks import check_numbers
from newretail_ml.errors import DataError

PerPeriod = float | Sequence[float] | np.ndarray


@dataclass(frozen=True, eq=False)
class LotPlan:
    """Orders that meet known demand at the least cost.

    Attributes:
        quantities: (periods,) units to order in each period.
        cost: of ordering, buying and holding over all periods.
    """

    quantities: np.ndarray
    cost: float


def wagner_whitin(
    demand: Sequence[float] | np.ndarray,
    fixed_cost: PerPeriod,
    holding_cost: PerPeriod,
    unit_cost: PerPeriod = 0.0,
) -> LotPlan:
    """Cheapest orders for known demand without backorders.

    An order is best when it covers whole periods, so the plan is a shortest path over the
    periods in which stock runs out.

    Args:
        demand: (periods,) units.
        fixed_cost: of an order; one number or one a period.
        holding_cost: of a unit held from a period into the next; one number or one a period.
        unit_cost: of a unit bought; one number or one a period.

    Raises:
        DataError: there is no period, or a number is negative or not finite.

    >>> plan = wagner_whitin([90, 120, 80, 70], fixed_cost=500, holding_cost=2)
    >>> plan.quantities, plan.cost
    (array([210.,   0., 150.,   0.]), 1380.0)
    """
    units = check_numbers("demand", demand)
    fixed = each_period("fixed_cost", fixed_cost, len(units))
    holding = each_period("holding_cost", holding_cost, len(units))
    unit = each_period("unit_cost", unit_cost, len(units))
    cost_from = np.zeros(len(units) + 1)
    next_order = np.zeros(len(units), int)
    # Cost of a unit carried from the first period to each; differences give any other start.
    carried = np.concatenate([[0.0], np.cumsum(holding)[:-1]])
    for period in range(len(units) - 1, -1, -1):
        later = units[period:]
        bought = np.cumsum(later)
        costs = np.cumsum(later * (unit[period] + carried[period:] - carried[period]))
        costs += np.where(bought > 0, fixed[period], 0.0) + cost_from[period + 1 :]
        best = int(np.argmin(costs))
        cost_from[period], next_order[period] = costs[best], period + best + 1
    return LotPlan(_orders(units, next_order), float(cost_from[0]))


def _orders(units: np.ndarray, next_order: np.ndarray) -> np.ndarray:
    quantities, period = np.zeros(len(units)), 0
    while period < len(units):
        until = next_order[period]
        quantities[period] = units[period:until].sum()
        period = until
    return quantities


def each_period(name: str, value: PerPeriod, periods: int) -> np.ndarray:
    """(periods,) the number of each period, from one number or one a period.

    >>> each_period("fixed_cost", 5, 3)
    array([5., 5., 5.])
    """
    array = check_numbers(name, np.atleast_1d(value))
    if len(array) not in (1, periods):
        raise DataError(
            f"{name} has {len(array)} numbers for {periods} periods",
            next_step="Give one number, or one a period.",
        )
    return np.broadcast_to(array, periods)
