"""The (r, Q) policy under continuous review: order Q when the position falls to r.

Source: Snyder and Shen (2019), Fundamentals of Supply Chain Theory, 2nd edition, chapter 5;
Federgruen and Zheng (1992), An efficient algorithm for computing an optimal (r, Q) policy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from newretail_ml.checks import check_number
from newretail_ml.errors import DataError
from newretail_ml.replenishment.demand import Demand, as_demand
from newretail_ml.replenishment.demand.continuous import ContinuousDemand
from newretail_ml.replenishment.eoq import eoq, eoq_with_backorders
from newretail_ml.replenishment.newsvendor import newsvendor


@dataclass(frozen=True)
class RQPolicy:
    """When and how much to order.

    Attributes:
        reorder_point: position at which an order is placed.
        order_quantity: units an order.
        cost: expected, a unit of time.
    """

    reorder_point: float
    order_quantity: float
    cost: float


@dataclass(frozen=True)
class RQCosts:
    """Demand over the lead time, and what ordering, holding and shortage cost.

    Attributes:
        lead_time_demand: its distribution; discrete demand comes unit by unit.
        demand_rate: units a unit of time, above zero.
        fixed_cost: of an order.
        holding_cost: of a unit a unit of time, above zero.
        shortage_cost: of a unit that waits, a unit of time (a unit, in the approximation of
            ``rq_by_expected_stock``), above zero.
    """

    lead_time_demand: Demand
    demand_rate: float
    fixed_cost: float
    holding_cost: float
    shortage_cost: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "lead_time_demand", as_demand(self.lead_time_demand))
        check_number("demand_rate", self.demand_rate, above=0.0)
        check_number("fixed_cost", self.fixed_cost)
        check_number("holding_cost", self.holding_cost, above=0.0)
        check_number("shortage_cost", self.shortage_cost, above=0.0)

    @property
    def ordering(self) -> float:
        """Fixed cost times demand rate: over Q, the cost of ordering a unit of time."""
        return self.fixed_cost * self.demand_rate

    def at(self, position: float | np.ndarray) -> np.ndarray:
        """Expected cost a unit of time with that position a lead time earlier."""
        return self.lead_time_demand.expected_cost(position, self.shortage_cost, self.holding_cost)

    def between(self, low: float, high: float) -> float:
        """Sum (or integral) of the cost over the positions above low, up to high."""
        demand = self.lead_time_demand
        if demand.discrete:
            return float(self.at(np.arange(low + 1, high + 1)).sum())
        if not isinstance(demand, ContinuousDemand):
            raise DataError(
                f"{type(demand).__name__} has no second-order loss function",
                next_step="Use one of the continuous demands of this library.",
            )
        short = float(demand.expected_short_above(low) - demand.expected_short_above(high))
        left = (high - low) * ((high + low) / 2 - demand.mean) + short
        return self.holding_cost * left + self.shortage_cost * short


def rq_cost(costs: RQCosts, reorder_point: float, order_quantity: float) -> float:
    """Exact expected cost a unit of time of any (r, Q) policy (chapter 5 of the source).

    >>> from newretail_ml.replenishment.demand import PoissonDemand
    >>> round(rq_cost(RQCosts(PoissonDemand(3), 1.5, 100, 20, 150), 3, 5), 4)
    107.9236
    """
    check_number("reorder_point", reorder_point, at_least=None)
    check_number("order_quantity", order_quantity, above=0.0)
    if costs.lead_time_demand.discrete and not (
        float(reorder_point).is_integer() and float(order_quantity).is_integer()
    ):
        raise DataError(
            "demand comes in whole units, the policy does not",
            next_step="Round the reorder point and the order quantity.",
        )
    total = costs.ordering + costs.between(reorder_point, reorder_point + order_quantity)
    return total / order_quantity


def best_rq(costs: RQCosts) -> RQPolicy:
    """The (r, Q) policy with the least expected cost, exact.

    For continuous demand a fixed cost of zero gives a quantity of zero: a base-stock policy.

    >>> from newretail_ml.replenishment.demand import PoissonDemand
    >>> best_rq(RQCosts(PoissonDemand(3), 1.5, 100, 20, 150)).reorder_point
    3.0
    """
    if costs.lead_time_demand.discrete:
        return _best_in_units(costs)
    lowest = newsvendor(costs.lead_time_demand, costs.shortage_cost, costs.holding_cost)
    if costs.fixed_cost == 0:
        return RQPolicy(lowest, 0.0, float(costs.at(lowest)))

    def missing(reorder_point: float) -> float:
        """Ordering cost that the area between the cost curve and its level does not yet pay."""
        top = _other_side(costs, lowest, reorder_point)
        level = float(costs.at(reorder_point))
        return costs.ordering + costs.between(reorder_point, top) - level * (top - reorder_point)

    reorder_point = _root_beside(missing, lowest, -_first_step(costs))
    quantity = _other_side(costs, lowest, reorder_point) - reorder_point
    return RQPolicy(reorder_point, quantity, rq_cost(costs, reorder_point, quantity))


def rq_by_expected_stock(costs: RQCosts) -> RQPolicy:
    """The classical approximation by expected stock (Hadley and Whitin 1963).

    It takes the shortage cost a unit, however long it waits, and misses backorders in the stock
    held: keep it for comparison, ``best_rq`` is exact. The cost is the approximation's own.

    Raises:
        DataError: a unit short costs less than holding a lot for it.
    """
    quantity = eoq(costs.fixed_cost, costs.holding_cost, costs.demand_rate).quantity
    shortage = costs.shortage_cost * costs.demand_rate
    demand = costs.lead_time_demand
    for _ in range(1000):
        if not 0 < costs.holding_cost * quantity < shortage:
            raise DataError(
                "the approximation has no answer for these costs",
                next_step="Use best_rq, which is exact.",
            )
        reorder_point = demand.quantile(1 - costs.holding_cost * quantity / shortage)
        short = float(demand.expected_short(reorder_point))
        better = np.sqrt(2 * (costs.ordering + shortage * short) / costs.holding_cost)
        if abs(better - quantity) <= 1e-12 * quantity:
            break
        quantity = float(better)
    stock = reorder_point - demand.mean + quantity / 2
    ordering = (costs.ordering + shortage * short) / quantity
    return RQPolicy(reorder_point, quantity, costs.holding_cost * stock + ordering)


def rq_by_eoq_and_safety_stock(costs: RQCosts) -> RQPolicy:
    """EOQ, and the newsvendor's stock over the lead time; cost is exact."""
    quantity = eoq(costs.fixed_cost, costs.holding_cost, costs.demand_rate).quantity
    level = newsvendor(costs.lead_time_demand, costs.shortage_cost, costs.holding_cost)
    quantity = max(round(quantity), 1) if costs.lead_time_demand.discrete else quantity
    return RQPolicy(level, quantity, rq_cost(costs, level, quantity))


def rq_by_eoq_with_backorders(costs: RQCosts) -> RQPolicy:
    """EOQ with backorders, and the best reorder point for it; cost is exact."""
    quantity = eoq_with_backorders(
        costs.fixed_cost, costs.holding_cost, costs.demand_rate, costs.shortage_cost
    ).quantity
    lowest = newsvendor(costs.lead_time_demand, costs.shortage_cost, costs.holding_cost)
    if costs.lead_time_demand.discrete:
        quantity = max(round(quantity), 1)
        tried = np.arange(lowest - quantity, lowest + 1)
        reorder_point = min(tried.tolist(), key=lambda r: rq_cost(costs, r, quantity))
        return RQPolicy(reorder_point, quantity, rq_cost(costs, reorder_point, quantity))
    check_number("fixed_cost", costs.fixed_cost, above=0.0)
    reorder_point = _root_beside(
        lambda r: float(costs.at(r + quantity) - costs.at(r)), lowest, -quantity
    )
    return RQPolicy(reorder_point, quantity, rq_cost(costs, reorder_point, quantity))


def _best_in_units(costs: RQCosts) -> RQPolicy:
    """Add the cheapest positions one by one while they lower the average (Federgruen, Zheng)."""
    lowest = newsvendor(costs.lead_time_demand, costs.shortage_cost, costs.holding_cost)
    lowest, reach = float(np.floor(lowest)), 64
    while True:
        positions = np.arange(lowest - reach, lowest + reach + 1)
        each = costs.at(positions)
        order = np.argsort(each, kind="stable")
        average = (costs.ordering + np.cumsum(each[order])) / np.arange(1, len(each) + 1)
        best = int(np.argmin(average))
        chosen = positions[order[: best + 1]]
        # Positions beyond the window cost at least as much as its cheaper end.
        if average[best] <= min(each[0], each[-1]):
            return RQPolicy(float(chosen.min()) - 1, float(best + 1), float(average[best]))
        reach *= 2


def _other_side(costs: RQCosts, lowest: float, reorder_point: float) -> float:
    """The position above the lowest-cost one that costs as much as the reorder point."""
    level = float(costs.at(reorder_point))
    # Beside the lowest cost rounding errors may hide the rise.
    if level <= float(costs.at(lowest)):
        return lowest
    return _root_beside(lambda y: float(costs.at(y)) - level, lowest, _first_step(costs))


def _first_step(costs: RQCosts) -> float:
    lot = eoq(costs.fixed_cost, costs.holding_cost, costs.demand_rate).quantity
    return max(lot, costs.lead_time_demand.sd)


def _root_beside(function: Callable[[float], float], start: float, step: float) -> float:
    """Where the function changes its sign, going from the start in the step's direction."""
    from scipy.optimize import brentq

    sign = function(start)
    if sign == 0:
        return start
    while function(start + step) * sign > 0:
        step *= 2
    return float(brentq(function, start, start + step, xtol=1e-12, rtol=1e-14))
