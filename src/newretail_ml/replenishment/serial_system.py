"""Echelon base stock in a serial system with random demand.

Sources: Clark and Scarf (1960), Optimal policies for a multi-echelon inventory problem; Shang and
Song (2003), Newsvendor bounds and heuristic for optimal policies in serial supply chains; Snyder
and Shen (2019), Fundamentals of Supply Chain Theory, 2nd edition, chapter 6.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from newretail_ml.checks import check_number, check_numbers
from newretail_ml.errors import DataError
from newretail_ml.replenishment.demand import Demand, as_demand


@dataclass(frozen=True)
class SerialPolicy:
    """Base-stock levels of the stages, the one that serves customers first.

    Attributes:
        echelon_levels: units in and below each stage to order up to.
        local_levels: the same for the stock of each stage alone.
        cost: expected, a unit of time; units on their way to a stage cost what they cost at its
            supplier, the pipeline from outside costs nothing.
    """

    echelon_levels: tuple[float, ...]
    local_levels: tuple[float, ...]
    cost: float


def serial_system(
    demand: Demand,
    lead_times: Sequence[float],
    echelon_holding_costs: Sequence[float],
    shortage_cost: float,
    review_period: float = 0.0,
    step: float | None = None,
) -> SerialPolicy:
    """The optimal echelon base-stock levels; demand short waits.

    Exact for demand in whole units. Continuous demand is rounded to small steps; its cost
    differs from the limit by about the square of the step.

    Args:
        demand: of a unit of time.
        lead_times: from each stage's supplier to it, the stage that serves customers first.
        echelon_holding_costs: what holding a unit costs more at a stage than at its supplier, a
            unit of time; above zero.
        shortage_cost: of a unit that waits, a unit of time; above zero.
        review_period: 0 under continuous review, 1 when orders and costs are a period apart.
        step: distance of the levels tried: 1 for discrete demand, a 128th of the standard
            deviation for continuous.

    Raises:
        DataError: lists differ in length, or a number is wrong.

    >>> from newretail_ml.replenishment.demand import PoissonDemand
    >>> policy = serial_system(PoissonDemand(16), [0.25] * 4, [0.25] * 4, shortage_cost=9)
    >>> policy.echelon_levels, round(policy.cost, 3)
    ((8.0, 13.0, 18.0, 22.0), 12.688)
    """
    holding, times = _checked(lead_times, echelon_holding_costs, shortage_cost, review_period)
    demand = as_demand(demand)
    if step is None:
        step = 1.0 if demand.discrete or demand.sd == 0 else demand.sd / 128
    times[0] += review_period
    chances = [_over(demand, time, step) for time in times]
    reach = sum(len(chance) - 1 for chance in chances)
    # Numbers of steps; each stage's lead time takes its largest demand off the lower end.
    levels = np.arange(-reach, reach + 1)
    below = (shortage_cost + holding.sum()) * np.maximum(-levels * step, 0.0)
    found = []
    for cost, chance in zip(holding, chances, strict=True):
        expected = np.convolve(cost * levels * step + below, chance, mode="valid")
        levels = levels[len(chance) - 1 :]
        best = int(np.argmin(expected))
        found.append(float(levels[best] * step))
        # A stage cannot pass on more than it wants: above its level nothing changes below it.
        below = np.where(np.arange(len(levels)) < best, expected, expected[best])
    reachable = np.minimum.accumulate(found[::-1])[::-1]
    local = np.diff(reachable, prepend=0.0)
    return SerialPolicy(tuple(found), tuple(local.tolist()), float(below[-1]))


def serial_heuristic(
    demand: Demand,
    lead_times: Sequence[float],
    echelon_holding_costs: Sequence[float],
    shortage_cost: float,
    review_period: float = 0.0,
) -> tuple[float, ...]:
    """Echelon levels as the mean of two newsvendor bounds, rounded down to whole units if discrete.

    Source: Shang and Song (2003).

    Args:
        demand: of a unit of time.
        lead_times: the stage that serves customers first.
        echelon_holding_costs: the stage that serves customers first; above zero.
        shortage_cost: of a unit that waits, a unit of time; above zero.
        review_period: 0 under continuous review, 1 when orders and costs are a period apart.

    >>> from newretail_ml.replenishment.demand import PoissonDemand
    >>> serial_heuristic(PoissonDemand(16), [0.25] * 4, [0.25] * 4, shortage_cost=9)
    (8.0, 13.0, 18.0, 22.0)
    """
    holding, times = _checked(lead_times, echelon_holding_costs, shortage_cost, review_period)
    demand = as_demand(demand)
    above = holding.sum() - np.cumsum(holding)
    together = np.cumsum(times) + review_period
    levels = []
    for own, further, time in zip(holding, above, together, strict=True):
        low = (shortage_cost + further) / (shortage_cost + holding.sum())
        high = (shortage_cost + further) / (shortage_cost + further + own)
        bounds = [demand.over(float(time)).quantile(float(ratio)) for ratio in (low, high)]
        level = sum(bounds) / 2
        levels.append(float(np.floor(level)) if demand.discrete else level)
    return tuple(levels)


def _over(demand: Demand, time: float, step: float) -> np.ndarray:
    return demand.over(float(time)).probabilities(step) if time > 0 else np.ones(1)


def _checked(
    lead_times: Sequence[float],
    echelon_holding_costs: Sequence[float],
    shortage_cost: float,
    review_period: float,
) -> tuple[np.ndarray, np.ndarray]:
    holding = check_numbers("echelon_holding_costs", echelon_holding_costs, above=0.0)
    times = check_numbers("lead_times", lead_times).copy()
    check_number("shortage_cost", shortage_cost, above=0.0)
    check_number("review_period", review_period)
    if len(holding) != len(times):
        raise DataError(
            f"there are {len(holding)} holding costs and {len(times)} lead times",
            next_step="Give one of each a stage.",
        )
    return holding, times
