"""The economic order quantity and its relatives.

Source: Snyder and Shen (2019), Fundamentals of Supply Chain Theory, 2nd edition, chapter 3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from newretail_ml.checks import check_number, check_numbers
from newretail_ml.errors import DataError


@dataclass(frozen=True)
class Lot:
    """How much to order at a time.

    Attributes:
        quantity: units an order.
        cost: a unit of time; with purchase cost where discounts make it matter.
        backordered_share: share of demand that waits, 0 without planned backorders.
    """

    quantity: float
    cost: float
    backordered_share: float = 0.0


def eoq(fixed_cost: float, holding_cost: float, demand_rate: float) -> Lot:
    """Economic order quantity (example 3.1).

    Args:
        fixed_cost: of an order; with 0, orders of any small size are best and quantity is 0.
        holding_cost: of a unit a unit of time, above zero.
        demand_rate: units a unit of time.

    >>> lot = eoq(8, 0.225, 1300)
    >>> round(lot.quantity, 3), round(lot.cost, 4)
    (304.047, 68.4105)
    """
    check_number("fixed_cost", fixed_cost)
    check_number("holding_cost", holding_cost, above=0.0)
    check_number("demand_rate", demand_rate)
    return Lot(
        math.sqrt(2 * fixed_cost * demand_rate / holding_cost),
        math.sqrt(2 * fixed_cost * demand_rate * holding_cost),
    )


def eoq_with_backorders(
    fixed_cost: float, holding_cost: float, demand_rate: float, shortage_cost: float
) -> Lot:
    """Economic order quantity where customers wait at a price (example 3.8).

    Args:
        fixed_cost: of an order.
        holding_cost: of a unit a unit of time, above zero.
        demand_rate: units a unit of time.
        shortage_cost: of a unit that waits, a unit of time, above zero.

    >>> round(eoq_with_backorders(8, 0.225, 1300, 5).backordered_share, 4)
    0.0431
    """
    check_number("shortage_cost", shortage_cost, above=0.0)
    lot = eoq(fixed_cost, holding_cost, demand_rate)
    ratio = shortage_cost / (shortage_cost + holding_cost)
    return Lot(lot.quantity / math.sqrt(ratio), lot.cost * math.sqrt(ratio), 1 - ratio)


def eoq_all_units_discount(
    fixed_cost: float,
    demand_rate: float,
    holding_rate: float,
    breakpoints: Sequence[float],
    unit_costs: Sequence[float],
) -> Lot:
    """Order quantity when a larger order makes all its units cheaper (example 3.6).

    Args:
        fixed_cost: of an order.
        demand_rate: units a unit of time, above zero.
        holding_rate: cost of holding as a share of unit cost a unit of time, above zero.
        breakpoints: smallest quantity of each price; the first is 0.
        unit_costs: price from each breakpoint on.

    Raises:
        DataError: breakpoints do not rise from 0, or costs do not fall.

    >>> lot = eoq_all_units_discount(8, 1300, 0.3, [0, 400, 800], [0.75, 0.72, 0.68])
    >>> lot.quantity, round(lot.cost, 4)
    (800.0, 978.6)
    """
    starts, costs = _checked_prices(fixed_cost, demand_rate, holding_rate, breakpoints, unit_costs)
    # Each price has one candidate: its own quantity, or the smallest that earns the price. A
    # quantity beyond the price's range is beaten by the same quantity at the next, lower price.
    quantities = np.maximum(np.sqrt(2 * fixed_cost * demand_rate / (holding_rate * costs)), starts)
    return _cheapest(
        quantities, costs * demand_rate, holding_rate * costs, fixed_cost * demand_rate
    )


def eoq_incremental_discount(
    fixed_cost: float,
    demand_rate: float,
    holding_rate: float,
    breakpoints: Sequence[float],
    unit_costs: Sequence[float],
) -> Lot:
    """Order quantity when only the units beyond a breakpoint are cheaper (example 3.7).

    Args:
        fixed_cost: of an order.
        demand_rate: units a unit of time, above zero.
        holding_rate: cost of holding as a share of unit cost a unit of time, above zero.
        breakpoints: quantity from which each price holds; the first is 0.
        unit_costs: price of the units beyond each breakpoint.

    Raises:
        DataError: breakpoints do not rise from 0, or costs do not fall.

    >>> lot = eoq_incremental_discount(8, 1300, 0.3, [0, 400, 800], [0.75, 0.72, 0.68])
    >>> round(lot.quantity, 3), round(lot.cost, 4)
    (304.047, 1043.4105)
    """
    starts, costs = _checked_prices(fixed_cost, demand_rate, holding_rate, breakpoints, unit_costs)
    # What the units before the breakpoint cost more acts like a further fixed cost.
    extra = np.concatenate([[0.0], np.cumsum(-np.diff(costs) * starts[1:])])
    quantities = np.sqrt(2 * (fixed_cost + extra) * demand_rate / (holding_rate * costs))
    purchase = costs * demand_rate + holding_rate * extra / 2
    quantities = np.maximum(quantities, starts)
    return _cheapest(quantities, purchase, holding_rate * costs, (fixed_cost + extra) * demand_rate)


def _cheapest(
    quantities: np.ndarray, purchase: np.ndarray, holding: np.ndarray, fixed: float | np.ndarray
) -> Lot:
    ordering = np.divide(
        np.broadcast_to(fixed, quantities.shape),
        quantities,
        out=np.zeros_like(quantities),
        where=quantities > 0,
    )
    costs = purchase + ordering + holding * quantities / 2
    best = int(np.argmin(costs))
    return Lot(float(quantities[best]), float(costs[best]))


def _checked_prices(
    fixed_cost: float,
    demand_rate: float,
    holding_rate: float,
    breakpoints: Sequence[float],
    unit_costs: Sequence[float],
) -> tuple[np.ndarray, np.ndarray]:
    check_number("fixed_cost", fixed_cost)
    check_number("demand_rate", demand_rate, above=0.0)
    check_number("holding_rate", holding_rate, above=0.0)
    starts = check_numbers("breakpoints", breakpoints)
    costs = check_numbers("unit_costs", unit_costs, above=0.0)
    if len(starts) != len(costs) or starts[0] != 0 or (np.diff(starts) <= 0).any():
        raise DataError(
            "breakpoints must rise from 0, with one unit cost each",
            next_step="Start with 0 for the price of the smallest order.",
        )
    if (np.diff(costs) > 0).any():
        raise DataError(
            "a larger order costs more a unit",
            next_step="Give discounts: unit costs that fall from breakpoint to breakpoint.",
        )
    return starts, costs
