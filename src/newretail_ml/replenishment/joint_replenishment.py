"""Joint replenishment: items that share the cost of an order.

Every base period T an order is placed; item i is in every m_i-th one.
Source: Silver (1976), A simple method of determining order quantities in joint replenishments
under deterministic demand; Silver, Pyke and Thomas (2017), Inventory and Production Management in
Supply Chains, 4th edition, chapter 10.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from newretail_ml.checks import check_number, check_numbers
from newretail_ml.errors import DataError


@dataclass(frozen=True)
class JointPlan:
    """When to order which item.

    Attributes:
        base_period: time between two orders.
        multiples: each item is in every so-many-th order.
        cost: a unit of time.
        gap: by how much, as a share, the cost exceeds the true optimum; 0 for the optimum.
    """

    base_period: float
    multiples: tuple[int, ...]
    cost: float
    gap: float = 0.0


def joint_replenishment(
    major_cost: float,
    minor_costs: Sequence[float],
    holding_costs: Sequence[float],
    demand_rates: Sequence[float],
) -> JointPlan:
    """The true optimum among plans with a base period and whole multiples.

    For a given base period each item's best multiple is known, and it changes at finitely many
    base periods. Between two changes the cost has a closed form, so all are tried (the idea of
    Goyal 1974 and of Wildeman, Frenk and Dekker 1997). Orders are charged the major cost in
    every base period.

    Args:
        major_cost: of an order, whatever is in it, above zero.
        minor_costs: of each item in an order.
        holding_costs: of a unit of each item a unit of time, above zero.
        demand_rates: units of each item a unit of time, above zero.

    Raises:
        DataError: lists differ in length, or a number is wrong.

    >>> plan = joint_replenishment(600, [120, 840, 300], [160, 20, 50], [1, 1, 1])
    >>> plan.multiples, round(plan.cost, 4)
    ((1, 3, 1), 837.8544)
    """
    minor, carrying = _checked(major_cost, minor_costs, holding_costs, demand_rates)
    shortest, longest = _range_of_base_period(major_cost, minor, carrying)
    item, after, changes = _changes(minor, carrying, shortest, longest)
    order = np.argsort(-changes, kind="stable")
    item, after = item[order], after[order]
    # Going down from the longest base period, each change raises one multiple by one.
    first = _best_multiples(minor, carrying, longest)
    ordering = major_cost + (minor / first).sum()
    ordering += np.concatenate([[0.0], np.cumsum(minor[item] * (1 / after - 1 / (after - 1)))])
    holding = (carrying * first).sum() + np.concatenate([[0.0], np.cumsum(carrying[item])])
    best = int(np.argmin(ordering * holding))
    multiples = first + np.bincount(item[:best], minlength=len(minor))
    return _plan(major_cost, minor, carrying, multiples)


def joint_replenishment_heuristic(
    major_cost: float,
    minor_costs: Sequence[float],
    holding_costs: Sequence[float],
    demand_rates: Sequence[float],
) -> JointPlan:
    """Silver's rule: one pass, with its gap to the true optimum.

    The item with the smallest minor cost over holding cost of its demand is in every order, the
    others in every so-many-th, rounded.

    Args:
        major_cost: of an order, whatever is in it, above zero.
        minor_costs: of each item in an order.
        holding_costs: of a unit of each item a unit of time, above zero.
        demand_rates: units of each item a unit of time, above zero.

    >>> plan = joint_replenishment_heuristic(
    ...     10, [1.87, 5.27, 7.94, 8.19, 8.87], [0.2] * 5, [1736, 656, 558, 170, 142])
    >>> plan.multiples, round(plan.cost, 3), f"{plan.gap:.2%}"
    ((1, 1, 1, 3, 3), 218.686, '0.20%')
    """
    minor, carrying = _checked(major_cost, minor_costs, holding_costs, demand_rates)
    ratio = minor / carrying
    lead = int(np.argmin(ratio))
    multiples = np.sqrt(ratio * carrying[lead] / (major_cost + minor[lead]))
    multiples = np.maximum(np.floor(multiples + 0.5), 1).astype(int)
    multiples[lead] = 1
    plan = _plan(major_cost, minor, carrying, multiples)
    optimum = joint_replenishment(major_cost, minor_costs, holding_costs, demand_rates)
    gap = max(plan.cost / optimum.cost - 1.0, 0.0)
    return JointPlan(plan.base_period, plan.multiples, plan.cost, gap)


def _plan(
    major_cost: float, minor: np.ndarray, carrying: np.ndarray, multiples: np.ndarray
) -> JointPlan:
    ordering = major_cost + float((minor / multiples).sum())
    holding = float((carrying * multiples).sum())
    return JointPlan(
        math.sqrt(2 * ordering / holding),
        tuple(multiples.tolist()),
        math.sqrt(2 * ordering * holding),
    )


def _range_of_base_period(
    major_cost: float, minor: np.ndarray, carrying: np.ndarray
) -> tuple[float, float]:
    """The best base period lies within: a shorter one costs more than a plan that is known.

    However short it is, items cost at least what they would cost if each had its own period.
    """
    alone = np.sqrt(2 * minor * carrying).sum()
    together = math.sqrt(2 * (major_cost + minor.sum()) * carrying.sum())
    shortest, longest = major_cost / (together - alone), together / carrying.sum()
    known = together
    for base_period in np.geomspace(shortest, longest, 100):
        multiples = _best_multiples(minor, carrying, base_period)
        ordering = major_cost + (minor / multiples).sum()
        known = min(known, math.sqrt(2 * ordering * (carrying * multiples).sum()))
    if known <= alone * (1 + 1e-14):
        _refuse(f"major_cost {major_cost:g} is so small that items share next to nothing")
    return major_cost / (known - alone), longest


def _best_multiples(minor: np.ndarray, carrying: np.ndarray, base_period: float) -> np.ndarray:
    """Smallest m with m (m + 1) >= 2 minor / (carrying T**2)."""
    bound = 2 * minor / (carrying * base_period**2)
    return np.maximum(np.ceil((np.sqrt(1 + 4 * bound) - 1) / 2 - 1e-12), 1).astype(int)


def _changes(
    minor: np.ndarray, carrying: np.ndarray, shortest: float, longest: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Item, its multiple below, and the base period of each change of a best multiple."""
    low = _best_multiples(minor, carrying, longest)
    high = _best_multiples(minor, carrying, shortest)
    item = np.repeat(np.arange(len(minor)), high - low)
    after = np.concatenate([np.arange(a, b) + 1 for a, b in zip(low, high, strict=True)])
    changes = np.sqrt(2 * minor[item] / (carrying[item] * after * (after - 1)))
    return item, after, changes


def _checked(
    major_cost: float,
    minor_costs: Sequence[float],
    holding_costs: Sequence[float],
    demand_rates: Sequence[float],
) -> tuple[np.ndarray, np.ndarray]:
    """Minor costs, and the holding cost a unit of time squared at a base period of one."""
    minor = check_numbers("minor_costs", minor_costs)
    holding = check_numbers("holding_costs", holding_costs, above=0.0)
    demand = check_numbers("demand_rates", demand_rates, above=0.0)
    if not len(minor) == len(holding) == len(demand):
        raise DataError(
            f"there are {len(minor)} minor costs, {len(holding)} holding costs and {len(demand)} "
            "demand rates",
            next_step="Give one of each an item.",
        )
    check_number("major_cost", major_cost)
    if major_cost == 0:
        _refuse("major_cost is 0, so items share nothing")
    return minor, holding * demand


def _refuse(problem: str) -> None:
    raise DataError(
        problem, next_step="Order each item by itself with eoq, or give the cost of an order."
    )
