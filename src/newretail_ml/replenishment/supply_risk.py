"""Uncertain supply and shared stock: random lead times, yield, risk pooling.

Sources: Chopra and Meindl (2016), Supply Chain Management, 6th edition, chapter 12; Snyder and
Shen (2019), Fundamentals of Supply Chain Theory, 2nd edition, chapters 7 and 9.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from newretail_ml.checks import as_numbers, check_number, check_numbers
from newretail_ml.errors import DataError
from newretail_ml.replenishment.base_stock import StockLevel, base_stock
from newretail_ml.replenishment.demand import (
    Demand,
    DiscreteDemand,
    NormalDemand,
    as_demand,
)
from newretail_ml.replenishment.newsvendor import critical_ratio, newsvendor, newsvendor_cost


def demand_over_random_lead_time(
    mean: float, sd: float, lead_time: float, lead_time_sd: float
) -> NormalDemand:
    """Normal approximation of demand over a lead time that varies.

    Variance: lead time x sd**2 + mean**2 x lead_time_sd**2 (Chopra and Meindl).

    >>> demand = demand_over_random_lead_time(2500, 500, lead_time=7, lead_time_sd=7)
    >>> round(demand.quantile(0.9) - demand.mean)
    22491
    """
    check_number("mean", mean)
    for name, value in [("sd", sd), ("lead_time", lead_time), ("lead_time_sd", lead_time_sd)]:
        check_number(name, value)
    variance = lead_time * sd**2 + (mean * lead_time_sd) ** 2
    return NormalDemand(mean * lead_time, math.sqrt(variance))


def exact_demand_over_random_lead_time(demand: Demand, lead_time: DiscreteDemand) -> DiscreteDemand:
    """Exact chances of whole units demanded over a random whole number of periods.

    Args:
        demand: of one period.
        lead_time: chances of 0, 1, 2, ... periods.

    >>> exact_demand_over_random_lead_time(
    ...     DiscreteDemand.of({0: 0.5, 1: 0.5}), DiscreteDemand.of({1: 0.5, 2: 0.5})
    ... ).chances
    array([0.375, 0.5  , 0.125])
    """
    one, waits = as_demand(demand).probabilities(), as_demand(lead_time).probabilities()
    mixture, total = np.zeros((len(one) - 1) * (len(waits) - 1) + 1), np.ones(1)
    for wait in waits:
        mixture[: len(total)] += wait * total
        total = np.convolve(total, one)
    return DiscreteDemand(np.arange(len(mixture)), mixture)


def additive_yield(
    demand: float | Demand, yield_change: Demand, shortage_cost: float, holding_cost: float
) -> StockLevel:
    """Best order when a random number of units is added to (or lost from) every order.

    What counts is demand less the change, so this is a newsvendor on the difference (Snyder and
    Shen, example 9.6).

    Args:
        demand: certain units, or a distribution.
        yield_change: units received less units ordered; negative when units are lost.
        shortage_cost: of a unit short.
        holding_cost: of a unit left over.

    Raises:
        DataError: both are random, and neither both normal nor both DiscreteDemand.

    >>> from newretail_ml.replenishment.demand import UniformDemand
    >>> round(additive_yield(1.5, UniformDemand(-0.5, 0.5), 75e6, 15e6).level, 4)
    1.8333
    """
    wanted = as_demand(demand)
    if isinstance(wanted, DiscreteDemand) and len(wanted.values) == 1:
        # A unit more received is a unit less short: the newsvendor on the change, mirrored.
        ratio = float(critical_ratio(holding_cost, shortage_cost))
        order = max(wanted.mean - yield_change.quantile(ratio), 0.0)
        cost = yield_change.expected_cost(wanted.mean - order, holding_cost, shortage_cost)
        return StockLevel(order, float(cost))
    net = _net_of_yield(wanted, yield_change)
    order = max(newsvendor(net, shortage_cost, holding_cost), 0.0)
    return StockLevel(order, float(newsvendor_cost(order, net, shortage_cost, holding_cost)))


def _net_of_yield(demand: Demand, change: Demand) -> Demand:
    if isinstance(demand, NormalDemand) and isinstance(change, NormalDemand):
        return NormalDemand(demand.mean - change.mean, math.hypot(demand.sd, change.sd))
    if isinstance(demand, DiscreteDemand) and isinstance(change, DiscreteDemand):
        values = np.subtract.outer(demand.values, change.values).ravel()
        chances = np.multiply.outer(demand.chances, change.chances).ravel()
        unique, place = np.unique(np.round(values, 9), return_inverse=True)
        return DiscreteDemand(unique, np.bincount(place, weights=chances))
    raise DataError(
        f"{type(demand).__name__} less a yield of {type(change).__name__} has no closed form",
        next_step="Give both as NormalDemand, or both as DiscreteDemand, for example of samples.",
    )


def proportional_yield(
    demand: float | Demand, share: Demand, shortage_cost: float, holding_cost: float
) -> StockLevel:
    """Best order when a random share of it arrives, independent of demand.

    Expected cost is convex in the order: the best one is where the share that arrives beyond
    demand balances the one that arrives within it (Yano and Lee 1995).

    Args:
        demand: certain units, or a distribution.
        share: of an order that arrives, at least 0; a DiscreteDemand where demand is random.
        shortage_cost: of a unit short.
        holding_cost: of a unit left over.

    Raises:
        DataError: nothing ever arrives, no finite order is best, or both are random and the
            share is not a DiscreteDemand.

    >>> from newretail_ml.replenishment.demand import UniformDemand
    >>> proportional_yield(10, DiscreteDemand.of({0.5: 1.0}), 3, 1)
    StockLevel(level=20.0, cost=0.0)
    >>> round(proportional_yield(10, UniformDemand(0.5, 1.0), 3, 1).level, 3)
    15.119
    """
    wanted = as_demand(demand)
    check_number("expected share", share.mean, above=0.0)
    ratio = float(critical_ratio(shortage_cost, holding_cost))
    if not isinstance(share, DiscreteDemand):
        return _certain_of_share(wanted, share, ratio, (shortage_cost, holding_cost))
    check_numbers("share", share.values)
    arriving, chances = share.values[share.values > 0], share.chances[share.values > 0]
    weights = arriving * chances / share.mean
    if isinstance(wanted, DiscreteDemand):
        kinks = np.divide.outer(wanted.values, arriving).ravel()
        merged = np.unique(kinks)
        each = np.multiply.outer(wanted.chances, weights).ravel()
        each = np.bincount(np.searchsorted(merged, kinks), weights=each)
        order = DiscreteDemand(merged, each / each.sum()).quantile(ratio)
    else:
        bounds = wanted.quantile(ratio) / arriving
        order = _where_reached(
            lambda units: float(weights @ wanted.cdf(units * arriving)), ratio, bounds
        )
    order = max(order, 0.0)
    costs = wanted.expected_cost(order * share.values, shortage_cost, holding_cost)
    return StockLevel(order, float(share.chances @ costs))


def _certain_of_share(
    demand: Demand, share: Demand, ratio: float, costs: tuple[float, float]
) -> StockLevel:
    if not (isinstance(demand, DiscreteDemand) and len(demand.values) == 1):
        raise DataError(
            f"random demand with a share of {type(share).__name__} has no closed form",
            next_step="Give the share as DiscreteDemand, for example of samples.",
        )
    units = max(demand.mean, 0.0)
    # The order is demand over the share beyond which the arrivals balance.
    far = share.quantile(1 - 1e-12)

    def arriving_within(limit: float) -> float:
        beyond = share.expected_short(limit) + limit * (1.0 - share.cdf(limit))
        return float(1.0 - beyond / share.mean)

    limit = _where_reached(arriving_within, 1.0 - ratio, np.array([0.0, far]))
    if limit <= 0:
        raise DataError("no finite order is best", next_step="Check costs: none may be zero.")
    order = units / limit
    cost = order * float(share.expected_cost(limit, costs[1], costs[0]))
    return StockLevel(order, cost)


def _where_reached(rising: Callable[[float], float], target: float, bounds: np.ndarray) -> float:
    """The smallest number between the bounds at which the rising function is at the target."""
    low, high = float(bounds.min()), float(bounds.max())
    for _ in range(200):
        middle = (low + high) / 2
        if not low < middle < high:
            break
        low, high = (low, middle) if rising(middle) >= target else (middle, high)
    return high


@dataclass(frozen=True)
class RiskPooling:
    """The same demand served from many stocks and from one.

    Attributes:
        separate: sum of the best stocks and of their costs.
        pooled: the best shared stock and its cost.
    """

    separate: StockLevel
    pooled: StockLevel


def risk_pooling(
    means: Sequence[float],
    sds: Sequence[float],
    shortage_cost: float,
    holding_cost: float,
    correlation: float | np.ndarray = 0.0,
) -> RiskPooling:
    """What one stock for jointly normal demands saves (Eppen 1979; Snyder and Shen, chapter 7).

    Args:
        means: of each place.
        sds: of each place.
        shortage_cost: of a unit short.
        holding_cost: of a unit left over.
        correlation: one number for all pairs, or a matrix.

    Raises:
        DataError: shapes differ, or the correlations cannot occur together.

    >>> gain = risk_pooling([50, 50, 50, 50], [8, 8, 8, 8], 0.7, 0.18)
    >>> round(gain.pooled.cost / gain.separate.cost, 6)
    0.5
    """
    mean, sd = check_numbers("means", means, at_least=None), check_numbers("sds", sds)
    matrix = _correlations(correlation, len(mean))
    if len(sd) != len(mean):
        raise DataError("means and sds differ in length", next_step="Give one of each a place.")
    each = [
        base_stock(NormalDemand(m, s), shortage_cost, holding_cost)
        for m, s in zip(mean.tolist(), sd.tolist(), strict=True)
    ]
    separate = StockLevel(sum(one.level for one in each), sum(one.cost for one in each))
    together = NormalDemand(float(mean.sum()), math.sqrt(max(float(sd @ matrix @ sd), 0.0)))
    return RiskPooling(separate, base_stock(together, shortage_cost, holding_cost))


def _correlations(correlation: float | np.ndarray, places: int) -> np.ndarray:
    matrix = as_numbers("correlation", correlation)
    if matrix.ndim == 0:
        matrix = np.where(np.eye(places, dtype=bool), 1.0, matrix)
    good = matrix.shape == (places, places) and np.isfinite(matrix).all()
    good = good and np.allclose(matrix, matrix.T) and np.allclose(np.diag(matrix), 1.0)
    if not good or np.linalg.eigvalsh(matrix)[0] < -1e-9:
        raise DataError(
            f"the correlations of {places} places cannot occur together",
            next_step="Give a symmetric matrix with ones on its diagonal and no negative "
            "eigenvalue, or one number not below -1 / (places - 1).",
        )
    return matrix
