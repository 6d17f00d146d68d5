"""Uncertain supply and shared stock: random lead times, yield, risk pooling.

Sources: Chopra and Meindl (2016), Supply Chain Management, 6th edition, chapter 12; Snyder and
Shen (2019), Fundamentals of Supply Chain Theory, 2nd edition, chapters 7 and 9.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from newretail_ml.errors import DataError
from newretail_ml.replenishment.base_stock import StockLevel, base_stock
from newretail_ml.replenishment.checks import check_number, check_numbers
from newretail_ml.replenishment.demand import (
    Demand,
    DiscreteDemand,
    NormalDemand,
    UniformDemand,
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
    one, waits = demand.probabilities(), lead_time.probabilities()
    mixture, total = np.zeros((len(one) - 1) * (len(waits) - 1) + 1), np.ones(1)
    for wait in waits:
        mixture[: len(total)] += wait * total
        total = np.convolve(total, one)
    return DiscreteDemand(np.arange(len(mixture)), mixture)


def additive_yield(
    demand: float | DiscreteDemand,
    yield_change: UniformDemand | DiscreteDemand,
    shortage_cost: float,
    holding_cost: float,
) -> StockLevel:
    """Best order when a random number of units is added to (or lost from) every order.

    What counts is demand less the change, so this is a newsvendor on the difference (Snyder and
    Shen, example 9.6).

    Args:
        demand: certain units, or chances.
        yield_change: units received less units ordered; negative when units are lost.
        shortage_cost: of a unit short.
        holding_cost: of a unit left over.

    >>> round(additive_yield(1.5, UniformDemand(-0.5, 0.5), 75e6, 15e6).level, 4)
    1.8333
    """
    net = _net_of_yield(demand, yield_change)
    level = newsvendor(net, shortage_cost, holding_cost)
    return StockLevel(level, float(newsvendor_cost(level, net, shortage_cost, holding_cost)))


def _net_of_yield(
    demand: float | DiscreteDemand, yield_change: UniformDemand | DiscreteDemand
) -> Demand:
    if isinstance(yield_change, DiscreteDemand):
        units = demand
        if not isinstance(units, DiscreteDemand):
            units = DiscreteDemand.of({float(units): 1.0})
        values = np.subtract.outer(units.values, yield_change.values).ravel()
        chances = np.multiply.outer(units.chances, yield_change.chances).ravel()
        unique, place = np.unique(np.round(values, 9), return_inverse=True)
        return DiscreteDemand(unique, np.bincount(place, weights=chances))
    if isinstance(demand, DiscreteDemand):
        raise DataError(
            "random demand with a continuous yield has no closed form",
            next_step="Give the yield as DiscreteDemand, for example of samples.",
        )
    check_number("demand", demand)
    return UniformDemand(demand - yield_change.high, demand - yield_change.low)


def proportional_yield(
    demand: DiscreteDemand, share: DiscreteDemand, shortage_cost: float, holding_cost: float
) -> StockLevel:
    """Best order when a random share of it arrives, independent of demand.

    Expected cost is convex and piecewise linear with kinks at demand / share, so the best order
    is the quantile of those at the critical ratio, each weighted with the share that arrives.

    Args:
        demand: chances of units.
        share: chances of the share of an order that arrives, each at least 0.
        shortage_cost: of a unit short.
        holding_cost: of a unit left over.

    Raises:
        DataError: nothing ever arrives, or no finite order is best.

    >>> proportional_yield(DiscreteDemand.of({10: 1.0}), DiscreteDemand.of({0.5: 1.0}), 3, 1)
    StockLevel(level=20.0, cost=0.0)
    """
    check_numbers("share", share.values)
    check_number("expected share", share.mean, above=0.0)
    ratio = float(critical_ratio(shortage_cost, holding_cost))
    arriving = share.values > 0
    kinks = np.divide.outer(demand.values, share.values[arriving]).ravel()
    weights = np.multiply.outer(demand.chances, (share.values * share.chances)[arriving]).ravel()
    merged = np.unique(kinks)
    weights = np.bincount(np.searchsorted(merged, kinks), weights=weights)
    order = max(DiscreteDemand(merged, weights / weights.sum()).quantile(ratio), 0.0)
    gaps = np.subtract.outer(demand.values, order * share.values)
    costs = np.where(gaps > 0, shortage_cost * gaps, -holding_cost * gaps)
    return StockLevel(order, float(demand.chances @ costs @ share.chances))


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
    matrix = np.asarray(correlation, float)
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
