"""Scarce stock of a warehouse: how much each store gets.

Source: Zipkin (2000), Foundations of Inventory Management, chapter 8; Fox
(1966), Discrete optimization via marginal analysis.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from newretail_ml.checks import check_numbers, check_whole
from newretail_ml.errors import DataError
from newretail_ml.replenishment.demand import Demand, as_demand


@dataclass(frozen=True, eq=False)
class Allocation:
    """What each store gets.

    Attributes:
        units: (stores,) whole units.
        cost: expected at all stores.
        unit_value: what one more unit in the warehouse would save; 0 when units stay there.
    """

    units: np.ndarray
    cost: float
    unit_value: float


def allocate(
    available: int,
    demands: Sequence[Demand],
    shortage_costs: Sequence[float],
    holding_costs: Sequence[float],
    on_hand: Sequence[float] | None = None,
) -> Allocation:
    """Units for each store with the least expected cost, exact.

    Expected cost is convex in a store's stock, so handing out unit by unit where it saves most
    is optimal; units that would cost more than they save stay in the warehouse.

    Args:
        available: whole units in the warehouse.
        demands: of each store until the next delivery.
        shortage_costs: of a unit short at each store.
        holding_costs: of a unit left at each store, beyond what it would cost in the warehouse.
        on_hand: units each store has; 0 unless given.

    Raises:
        DataError: lists differ in length, or a number is wrong.

    >>> from newretail_ml.replenishment.demand import PoissonDemand
    >>> allocate(5, [PoissonDemand(4), PoissonDemand(2)], [5, 5], [1, 1]).units
    array([3, 2])
    """
    available = check_whole("available", available)
    demands = [as_demand(demand) for demand in demands]
    shortage = check_numbers("shortage_costs", shortage_costs)
    holding = check_numbers("holding_costs", holding_costs)
    has = np.zeros(len(demands)) if on_hand is None else check_numbers("on_hand", on_hand)
    if not len(demands) == len(shortage) == len(holding) == len(has):
        raise DataError(
            "demands, costs and stock on hand differ in length",
            next_step="Give one of each a store.",
        )
    savings = [
        -np.diff(demand.expected_cost(stock + np.arange(available + 2), short, left))
        for demand, stock, short, left in zip(
            demands, has.tolist(), shortage.tolist(), holding.tolist(), strict=True
        )
    ]
    units, unit_value = _hand_out(available, np.array(savings))
    cost = sum(
        float(demand.expected_cost(stock, short, left))
        for demand, stock, short, left in zip(
            demands, (has + units).tolist(), shortage.tolist(), holding.tolist(), strict=True
        )
    )
    return Allocation(units, cost, unit_value)


def _hand_out(available: int, savings: np.ndarray) -> tuple[np.ndarray, float]:
    """Units for each store, and the saving of one more, from (stores, units) falling savings."""
    # Rounding errors must not let a later unit of a store look better than an earlier one.
    savings = np.minimum.accumulate(savings, axis=1)
    order = np.argsort(-savings, axis=None, kind="stable")
    worth = int((savings > 1e-12).sum())
    given = order[: min(available, worth)]
    units = np.bincount(given // savings.shape[1], minlength=len(savings))
    missed = order[available:worth]
    return units, float(savings.ravel()[missed[0]]) if missed.size else 0.0
