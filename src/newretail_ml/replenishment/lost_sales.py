"""Lost sales with a lead time: exact costs of base-stock policies, and the optimum.

Every period: what was ordered a lead time ago arrives, an order is placed, demand is met as far
as stock lasts and the rest is lost, stock left and sales lost are paid for.

Source: Zipkin (2008), Old and new methods for lost-sales inventory systems; Xin (2021),
Understanding the performance of capped base-stock policies in lost-sales inventory models.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from newretail_ml.checks import check_number, check_whole
from newretail_ml.errors import DataError
from newretail_ml.replenishment.demand import Demand, as_demand
from newretail_ml.replenishment.lost_sales_chain import average_cost, least_average_cost


@dataclass(frozen=True)
class LostSales:
    """One item whose customers do not wait.

    Attributes:
        demand: of a period, whole units; continuous demand is rounded.
        lead_time: whole periods; an order with lead time 0 meets the demand of its own period.
        holding_cost: of a unit left at the end of a period, above zero.
        shortage_cost: of a lost sale, above zero.
    """

    demand: Demand
    lead_time: int
    holding_cost: float
    shortage_cost: float

    def __post_init__(self) -> None:
        check_whole("lead_time", self.lead_time)
        check_number("holding_cost", self.holding_cost, above=0.0)
        check_number("shortage_cost", self.shortage_cost, above=0.0)
        object.__setattr__(self, "demand", as_demand(self.demand))
        check_number("mean demand", self.demand.mean, above=0.0)

    @property
    def ratio(self) -> float:
        """Critical ratio of the two costs."""
        return self.shortage_cost / (self.shortage_cost + self.holding_cost)

    def level_over(self, periods: int) -> int:
        """Newsvendor's stock for so many periods, in whole units."""
        return int(np.ceil(self.demand.over(periods).quantile(self.ratio)))

    def one_period(self, on_hand: np.ndarray) -> np.ndarray:
        """Expected cost of a period by the stock that meets its demand."""
        chances = self.demand.probabilities()
        gap = np.asarray(on_hand)[..., None] - np.arange(len(chances))
        costs = np.where(gap > 0, self.holding_cost * gap, -self.shortage_cost * gap)
        return costs @ chances


@dataclass(frozen=True)
class LostSalesPolicy:
    """Order up to a level, but no more than the cap at a time.

    Attributes:
        level: units on hand and on order after ordering.
        cap: most units an order; the level itself where orders are not capped.
        cost: expected, a period.
    """

    level: int
    cap: int
    cost: float


@dataclass(frozen=True, eq=False)
class LostSalesOptimum:
    """The optimal policy.

    Attributes:
        cost: expected, a period.
        orders: units to order by units on hand, arriving next period, the one after, ...
    """

    cost: float
    orders: np.ndarray


def lost_sales_cost(item: LostSales, level: int, cap: int | None = None) -> float:
    """Exact expected cost a period of a (capped) base-stock policy, from its Markov chain.

    Raises:
        DataError: the chain has too many states to be solved exactly.

    >>> from newretail_ml.replenishment.demand import PoissonDemand
    >>> round(lost_sales_cost(LostSales(PoissonDemand(5), 1, 1, 4), level=12), 4)
    4.1628
    """
    level = check_whole("level", level)
    cap = level if cap is None else check_whole("cap", cap)
    if item.lead_time == 0 and cap >= level:
        return float(item.one_period(np.array(level)))
    return average_cost(item.demand.probabilities(), item.lead_time, level, cap, item.one_period)


def lost_sales_base_stock(item: LostSales) -> LostSalesPolicy:
    """The best base-stock level; expected cost is convex in it (Janakiraman and Roundy 2004).

    >>> from newretail_ml.replenishment.demand import PoissonDemand
    >>> lost_sales_base_stock(LostSales(PoissonDemand(5), 1, 1, 4)).level
    12
    """
    start = item.level_over(item.lead_time + 1)
    level, cost = _descend(lambda units: lost_sales_cost(item, units), start)
    return LostSalesPolicy(level, level, cost)


def lost_sales_capped_base_stock(item: LostSales) -> LostSalesPolicy:
    """The best capped base-stock policy: for every cap the level, searched from the last one.

    No cap above the newsvendor's stock for one period can help: no optimal order is larger.

    >>> from newretail_ml.replenishment.demand import PoissonDemand
    >>> lost_sales_capped_base_stock(LostSales(PoissonDemand(2), 2, 1, 9)).cap
    3
    """
    best = lost_sales_base_stock(item)
    if item.lead_time == 0:
        return best
    start = best.level
    for cap in range(item.level_over(1), 0, -1):
        capped = partial(lost_sales_cost, item, cap=cap)
        start, cost = _descend(capped, start, 3 * best.level)
        if cost < best.cost - 1e-10:
            best = LostSalesPolicy(start, cap, cost)
    return best


def lost_sales_optimum(item: LostSales) -> LostSalesOptimum:
    """The optimal policy by relative value iteration, for small cases.

    Orders are looked for up to the newsvendor's stock for one period, beyond which none is
    optimal (Morton 1969; Zipkin 2008).

    Raises:
        DataError: there are too many states.

    >>> from newretail_ml.replenishment.demand import PoissonDemand
    >>> round(lost_sales_optimum(LostSales(PoissonDemand(5), 1, 1, 4)).cost, 3)
    4.041
    """
    if item.lead_time == 0:
        best = lost_sales_base_stock(item)
        return LostSalesOptimum(best.cost, np.arange(best.level, -1, -1))
    most = item.level_over(1)
    highest = item.level_over(item.lead_time + 1) + most
    states = (highest + 1) * (most + 1) ** item.lead_time
    if states > 20_000_000:
        raise DataError(
            f"{states:,} pairs of state and order are too many",
            next_step="Use lost_sales_base_stock, or measure in packs.",
        )
    cost, orders = least_average_cost(
        item.demand.probabilities(),
        item.lead_time,
        item.one_period(np.arange(highest + 1)),
        most,
    )
    return LostSalesOptimum(cost, orders)


def _descend(
    cost_of: Callable[[int], float], start: int, highest: int | None = None
) -> tuple[int, float]:
    """Walk downhill over whole levels from the start."""
    level, cost = start, cost_of(start)
    for step in (-1, 1):
        while level + step >= 0 and (highest is None or level + step <= highest):
            other = cost_of(level + step)
            if other >= cost - 1e-12:
                break
            level, cost = level + step, other
        if level != start:
            break
    return level, cost
