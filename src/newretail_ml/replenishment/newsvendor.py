"""The newsvendor: how much to have when too little and too much both cost money.

Source: Snyder and Shen (2019), Fundamentals of Supply Chain Theory, 2nd edition, section 4.3.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import overload

import numpy as np

from newretail_ml.checks import as_numbers, check_number
from newretail_ml.errors import DataError
from newretail_ml.forecast.ranks import sample_rank
from newretail_ml.replenishment.demand import Demand, as_demand


def critical_ratio(
    shortage_cost: float | np.ndarray, holding_cost: float | np.ndarray
) -> np.ndarray:
    """Probability of meeting all demand that balances the two costs.

    Args:
        shortage_cost: cost of one unit short.
        holding_cost: cost of one unit left over.

    Raises:
        DataError: a cost is negative or not a number, or both are zero.

    >>> critical_ratio(0.7, 0.18).round(4).item()
    0.7955
    """
    shortage = as_numbers("shortage costs", shortage_cost)
    holding = as_numbers("holding costs", holding_cost)
    both = shortage + holding
    good = (shortage >= 0) & (holding >= 0) & (both > 0) & np.isfinite(both)
    if not np.all(good):
        raise DataError(
            "shortage and holding costs must be finite numbers of at least zero, and not both zero",
            next_step="Check costs against prices: an item sold below cost has no shortage cost.",
        )
    return shortage / both


@overload
def newsvendor(demand: Demand, shortage_cost: float, holding_cost: float) -> float: ...


@overload
def newsvendor(
    demand: np.ndarray, shortage_cost: float | np.ndarray, holding_cost: float | np.ndarray
) -> np.ndarray: ...


@overload
def newsvendor(
    demand: Demand, shortage_cost: np.ndarray, holding_cost: float | np.ndarray
) -> np.ndarray: ...


def newsvendor(
    demand: Demand | np.ndarray,
    shortage_cost: float | np.ndarray,
    holding_cost: float | np.ndarray,
) -> float | np.ndarray:
    """Stock that minimizes expected cost.

    The smallest stock that meets demand with at least the probability of the critical ratio
    (section 4.4 of the source for discrete demand).

    Args:
        demand: a distribution, or (..., samples) units that are equally likely.
        shortage_cost: of a unit short: (...) or one number.
        holding_cost: of a unit left over: (...) or one number.

    Raises:
        DataError: costs are wrong, or no finite stock is best (a cost is zero and demand has no
            bound).

    >>> newsvendor(np.array([1.0, 2.0, 3.0, 4.0]), shortage_cost=3.0, holding_cost=1.0).item()
    3.0
    >>> from newretail_ml.replenishment.demand import PoissonDemand
    >>> newsvendor(PoissonDemand(6), shortage_cost=4, holding_cost=1)
    8.0
    """
    ratio = critical_ratio(shortage_cost, holding_cost)
    if isinstance(demand, Demand):
        if ratio.ndim:
            return np.vectorize(demand.quantile, otypes=[float])(ratio)
        return demand.quantile(float(ratio))
    return sample_quantile(_checked_samples(demand), ratio)


def newsvendor_cost(
    stock: float | np.ndarray,
    demand: Demand | np.ndarray,
    shortage_cost: float | np.ndarray,
    holding_cost: float | np.ndarray,
) -> np.ndarray:
    """Expected cost of a stock, (...).

    Args:
        stock: (...) or one number.
        demand: a distribution, or (..., samples) units that are equally likely.
        shortage_cost: of a unit short.
        holding_cost: of a unit left over.

    Raises:
        DataError: costs are negative, or a number is not finite.

    >>> newsvendor_cost(3.0, np.array([1.0, 2.0, 3.0, 4.0]), 3.0, 1.0).item()
    1.5
    >>> from newretail_ml.replenishment.demand import PoissonDemand
    >>> newsvendor_cost(8, PoissonDemand(6), 4, 1).round(4).item()
    3.5701
    """
    units = as_numbers("stock", stock)
    shortage = as_numbers("shortage costs", shortage_cost)
    holding = as_numbers("holding costs", holding_cost)
    good = np.isfinite(units).all() and np.isfinite(shortage).all() and np.isfinite(holding).all()
    if not good or (shortage < 0).any() or (holding < 0).any():
        raise DataError(
            "stock must be finite, shortage and holding costs finite and at least zero",
            next_step="Correct them.",
        )
    if isinstance(demand, Demand):
        left, short = demand.expected_left(units), demand.expected_short(units)
    else:
        gap = units[..., None] - _checked_samples(demand)
        left = np.maximum(gap, 0.0).mean(axis=-1)
        short = np.maximum(-gap, 0.0).mean(axis=-1)
    return holding * left + shortage * short


def _checked_samples(demand: np.ndarray) -> np.ndarray:
    samples = as_numbers("samples of demand", demand)
    if samples.ndim == 0 or not samples.shape[-1] or not np.isfinite(samples).all():
        raise DataError(
            "demand must be a list of finite samples, at least one long",
            next_step="Drop missing samples, or give a distribution such as PoissonDemand.",
        )
    return samples


@dataclass(frozen=True)
class ProfitPlan:
    """The most profitable stock of a single season.

    Attributes:
        stock: units to buy.
        expected_profit: with that stock.
        clairvoyant_profit: expected, for one who knows demand before buying.
    """

    stock: float
    expected_profit: float
    clairvoyant_profit: float


def newsvendor_profit(
    demand: Demand | np.ndarray,
    price: float,
    unit_cost: float,
    salvage: float = 0.0,
    goodwill: float = 0.0,
) -> ProfitPlan:
    """Stock with the highest expected profit (example 4.2 of the source).

    Args:
        demand: of the season, at least zero in all that matters; or equally likely samples.
        price: of a unit sold.
        unit_cost: of a unit bought.
        salvage: for a unit left over; negative when it costs money to get rid of.
        goodwill: lost with a unit short, beyond its margin.

    Raises:
        DataError: unless salvage < unit cost <= price.

    >>> from newretail_ml.replenishment.demand import NormalDemand
    >>> plan = newsvendor_profit(NormalDemand(50, 8), price=1.0, unit_cost=0.3, salvage=0.12)
    >>> round(plan.stock, 2), round(plan.expected_profit, 2)
    (56.6, 33.0)
    """
    check_number("price", price)
    check_number("unit_cost", unit_cost, at_most=price)
    check_number("salvage", salvage, at_least=None)
    check_number("goodwill", goodwill)
    if salvage >= unit_cost:
        raise DataError(
            f"units left over bring {salvage:g}, not less than they cost ({unit_cost:g})",
            next_step="Correct salvage or unit cost: otherwise endless stock pays.",
        )
    costs = price - unit_cost + goodwill, unit_cost - salvage
    season = as_demand(demand)
    stock = newsvendor(season, *costs)
    best = (price - unit_cost) * season.mean
    return ProfitPlan(stock, best - float(newsvendor_cost(stock, season, *costs)), best)


def sample_quantile(demand: np.ndarray, probability: float | np.ndarray) -> np.ndarray:
    """Smallest sample that at least the given share of samples do not exceed, (...).

    >>> sample_quantile(np.array([4.0, 1.0, 3.0, 2.0]), 0.75).item()
    3.0
    """
    ordered = np.sort(demand, axis=-1)
    n = ordered.shape[-1]
    rank = np.broadcast_to(sample_rank(probability, n), ordered.shape[:-1])
    return np.take_along_axis(ordered, rank[..., None], axis=-1)[..., 0]
