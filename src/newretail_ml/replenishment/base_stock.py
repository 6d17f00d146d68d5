"""Base stock: order up to one level in every period."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.checks import check_number
from newretail_ml.replenishment.demand import Demand, as_demand
from newretail_ml.replenishment.newsvendor import newsvendor, newsvendor_cost


@dataclass(frozen=True)
class StockLevel:
    """A stock level and its expected cost a period.

    Attributes:
        level: units to have, or to order up to.
        cost: expected cost a period.
    """

    level: float
    cost: float


def base_stock(
    demand: Demand | np.ndarray, shortage_cost: float, holding_cost: float, lead_time: float = 0
) -> StockLevel:
    """Best base-stock level where demand that finds no stock waits.

    With review every period the level protects over lead time plus one period (Snyder and Shen,
    example 4.4).

    Args:
        demand: of one period; or equally likely samples of it, in whole units.
        shortage_cost: of a unit short at the end of a period.
        holding_cost: of a unit left at the end of a period.
        lead_time: periods; an order with lead time 0 meets the demand of its own period.

    >>> from newretail_ml.replenishment.demand import NormalDemand
    >>> best = base_stock(NormalDemand(50, 8), 0.7, 0.18, lead_time=4)
    >>> round(best.level, 2), round(best.cost, 4)
    (264.77, 4.4668)
    """
    check_number("lead_time", lead_time)
    protected = as_demand(demand).over(lead_time + 1)
    level = newsvendor(protected, shortage_cost, holding_cost)
    return StockLevel(level, float(newsvendor_cost(level, protected, shortage_cost, holding_cost)))
