"""Stock for a promised service: cycle service level and fill rate.

Sources: Chopra and Meindl (2016), Supply Chain Management, 6th edition, chapter 12; Silver, Pyke
and Thomas (2017), Inventory and Production Management in Supply Chains, 4th edition, chapter 6.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.checks import check_number
from newretail_ml.errors import DataError
from newretail_ml.replenishment.demand import Demand, as_demand


@dataclass(frozen=True)
class Service:
    """What a reorder point and an order quantity promise.

    Attributes:
        safety_stock: reorder point less expected demand over the lead time.
        cycle_service_level: probability of no stock-out in a cycle.
        short_per_cycle: expected units short when an order arrives.
        fill_rate: share of demand met from stock, as textbooks have it: an order always clears
            the backlog that it finds.
        exact_fill_rate: the same without that assumption; differs for small orders.
    """

    safety_stock: float
    cycle_service_level: float
    short_per_cycle: float
    fill_rate: float
    exact_fill_rate: float


def service_of(demand: Demand | np.ndarray, reorder_point: float, order_quantity: float) -> Service:
    """Service of a (r, Q) policy; demand that finds no stock waits (Chopra and Meindl).

    Args:
        demand: over the lead time; or equally likely samples of it.
        reorder_point: position at which an order is placed.
        order_quantity: units an order.

    >>> from newretail_ml.replenishment.demand import NormalDemand
    >>> service = service_of(NormalDemand(2500, 500).over(2), 6000, 10_000)
    >>> round(service.cycle_service_level, 2), round(service.fill_rate, 4)
    (0.92, 0.9975)
    """
    check_number("reorder_point", reorder_point, at_least=None)
    check_number("order_quantity", order_quantity, above=0.0)
    demand = as_demand(demand)
    short = float(demand.expected_short(reorder_point))
    still_short = float(demand.expected_short(reorder_point + order_quantity))
    return Service(
        safety_stock=reorder_point - demand.mean,
        cycle_service_level=float(demand.cdf(reorder_point)),
        short_per_cycle=short,
        fill_rate=1.0 - short / order_quantity,
        exact_fill_rate=1.0 - (short - still_short) / order_quantity,
    )


def stock_for_cycle_service(demand: Demand | np.ndarray, level: float) -> float:
    """Smallest stock that meets all demand of a cycle with the probability.

    Args:
        demand: over the interval to protect; or equally likely samples of it.
        level: above 0 and below 1.

    >>> from newretail_ml.replenishment.demand import PoissonDemand
    >>> stock_for_cycle_service(PoissonDemand(10), 0.95)
    15.0
    """
    _check_level("cycle service level", level)
    return as_demand(demand).quantile(level)


def reorder_point_for_fill_rate(
    demand: Demand | np.ndarray, fill_rate: float, order_quantity: float
) -> float:
    """Smallest reorder point with which a (r, Q) policy reaches the fill rate.

    Args:
        demand: over the lead time; or equally likely samples of it.
        fill_rate: above 0 and below 1.
        order_quantity: units an order.

    >>> from newretail_ml.replenishment.demand import NormalDemand
    >>> lead_time_demand = NormalDemand(2500, 500).over(2)
    >>> round(reorder_point_for_fill_rate(lead_time_demand, 0.975, 10_000) - 5000, 1)
    66.7
    """
    _check_level("fill rate", fill_rate)
    check_number("order_quantity", order_quantity, above=0.0)
    return _stock_with_short(as_demand(demand), (1.0 - fill_rate) * order_quantity)


def stock_for_fill_rate(demand: Demand | np.ndarray, fill_rate: float) -> float:
    """Smallest stock that meets the share of one period's expected demand.

    Args:
        demand: of the period, with a mean above zero; or equally likely samples of it.
        fill_rate: above 0 and below 1.

    >>> from newretail_ml.replenishment.demand import PoissonDemand
    >>> stock_for_fill_rate(PoissonDemand(10), 0.95)
    13.0
    """
    _check_level("fill rate", fill_rate)
    demand = as_demand(demand)
    check_number("mean demand", demand.mean, above=0.0)
    return _stock_with_short(demand, (1.0 - fill_rate) * demand.mean)


def _stock_with_short(demand: Demand, most: float) -> float:
    """Smallest stock (whole units for discrete demand) with at most so many units short."""

    def enough(stock: float) -> bool:
        return float(demand.expected_short(stock)) <= most * (1 + 1e-12)

    low, high = demand.mean - 1.0, demand.mean + demand.sd + 1.0
    while enough(low):
        low -= 2 * (high - low)
    while not enough(high):
        high += 2 * (high - low)
    whole = demand.discrete
    if whole:
        low, high = float(int(low) - 1), float(int(high) + 1)
    while high - low > (1.5 if whole else 1e-11 * max(1.0, abs(high))):
        middle = float(int((low + high) // 2)) if whole else (low + high) / 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _check_level(name: str, level: float) -> None:
    check_number(name, level, at_least=None)
    if not 0 < level < 1:
        raise DataError(
            f"a {name} of {level} cannot be planned for",
            next_step="Choose one above 0 and below 1: 1 would need endless stock.",
        )
