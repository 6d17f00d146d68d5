"""Policies for perishables: the optimum of small cases, and base stock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from newretail_ml.checks import check_number, check_whole
from newretail_ml.replenishment.long_run import long_run_shares
from newretail_ml.replenishment.perishable import (
    Perishable,
    PerishableDynamics,
    perishable_dynamics,
)

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix


@dataclass(frozen=True, eq=False)
class PerishableOptimum:
    """The optimal policy.

    Attributes:
        orders: units to order, by orders on their way (newest first) and stock from fresh to
            old; with lead time 0 by stock of one period of age and more.
        values: expected discounted cost from each such state on; without discounting, its
            difference to the state without stock.
        average_cost: a period, without discounting; else NaN.
    """

    orders: np.ndarray
    values: np.ndarray
    average_cost: float


@dataclass(frozen=True)
class PerishableBaseStock:
    """Long-run figures of ordering up to a level, whatever the age of stock.

    Attributes:
        level: units on hand and on order after ordering.
        average_cost: a period.
        waste: units a period.
        lost_sales: units a period.
    """

    level: int
    average_cost: float
    waste: float
    lost_sales: float


def perishable_optimum(item: Perishable, discount: float = 1.0) -> PerishableOptimum:
    """The optimal order for every state, by value iteration; for small cases.

    Args:
        item: what is sold.
        discount: of a period's cost against the period before, above 0 and at most 1; 1 asks
            for the least average cost.

    Raises:
        DataError: the discount is wrong.

    >>> from newretail_ml.replenishment.demand import DiscreteDemand
    >>> item = Perishable(DiscreteDemand.of({1: 1.0}), 1, 1, 2, 3, 1, 5, 7)
    >>> round(perishable_optimum(item).average_cost, 6)
    3.0
    """
    check_number("discount", discount, above=0.0, at_most=1.0)
    dynamics = perishable_dynamics(item)
    size = len(dynamics.cost) if item.lead_time else dynamics.move.shape[1]
    values = np.zeros(size)
    for _ in range(1_000_000):
        options = _options(item, dynamics, values, discount)
        better = options.min(axis=1)
        change = better - values
        low, high = change.min(), change.max()
        if high - low <= 1e-10 * max(abs(high), 1e-3):
            break
        values = _settled(values, better, low, discount)
    shape = (item.max_order + 1,) * (item.places - (item.lead_time == 0))
    orders = options.argmin(axis=1).reshape(shape)
    middle = (low + high) / 2
    if discount == 1.0:
        return PerishableOptimum(orders, (better - better[0]).reshape(shape), float(middle))
    final = better + discount / (1 - discount) * middle
    return PerishableOptimum(orders, final.reshape(shape), float("nan"))


def perishable_base_stock_at(item: Perishable, level: int) -> PerishableBaseStock:
    """Long-run cost, waste and lost sales of ordering up to a level, from no stock.

    Raises:
        DataError: the level is no whole number.

    >>> from newretail_ml.replenishment.demand import DiscreteDemand
    >>> item = Perishable(DiscreteDemand.of({1: 1.0}), 1, 1, 2, 0, 1, 5, 7)
    >>> perishable_base_stock_at(item, 2).waste
    0.5
    """
    check_whole("level", level)
    return _base_stock(item, perishable_dynamics(item), level)


def perishable_base_stock(item: Perishable) -> PerishableBaseStock:
    """The base-stock level with the least average cost; all that can matter are tried.

    >>> from newretail_ml.replenishment.demand import DiscreteDemand
    >>> item = Perishable(DiscreteDemand.of({1: 1.0}), 2, 1, 2, 0, 1, 5, 7)
    >>> perishable_base_stock(item).level
    2
    """
    dynamics = perishable_dynamics(item)
    highest = item.max_order * (item.shelf_life + item.lead_time)
    tried = (_base_stock(item, dynamics, level) for level in range(highest + 1))
    return min(tried, key=lambda result: (round(result.average_cost, 9), result.level))


def _base_stock(item: Perishable, dynamics: PerishableDynamics, level: int) -> PerishableBaseStock:
    block = dynamics.move.shape[1]
    if item.lead_time:
        states = item.states
        order = np.clip(level - states.sum(axis=1), 0, item.max_order)
        meeting, shift = np.arange(len(states)), order * block
    else:
        states = item.states[:block, 1:]
        order = np.clip(level - states.sum(axis=1), 0, item.max_order)
        meeting, shift = order * block + np.arange(block), np.zeros(block, int)
    shares = _long_run_shares(dynamics.move[meeting], shift)
    cost = dynamics.cost[meeting] + item.unit_cost * order
    return PerishableBaseStock(
        level,
        float(shares @ cost),
        float(shares @ dynamics.waste[meeting]),
        float(shares @ dynamics.short[meeting]),
    )


def _long_run_shares(move: csr_matrix, shift: np.ndarray) -> np.ndarray:
    """(states,) share of time in each, starting with none in stock.

    Args:
        move: chances of the next state without the order placed.
        shift: what the order placed adds to the number of the next state.
    """
    from scipy.sparse import csr_matrix

    moves, size = move.tocoo(), len(shift)
    step = csr_matrix((moves.data, (moves.col + shift[moves.row], moves.row)), shape=(size, size))
    return long_run_shares(step, np.eye(1, size)[0])


def _options(
    item: Perishable, dynamics: PerishableDynamics, values: np.ndarray, discount: float
) -> np.ndarray:
    """(states, orders) expected cost of each order, and of acting well from then on."""
    orders = item.max_order + 1
    bought = item.unit_cost * np.arange(orders)
    if item.lead_time:
        later = dynamics.move @ values.reshape(orders, -1).T
        return dynamics.cost[:, None] + bought + discount * later
    met = dynamics.cost + discount * (dynamics.move @ values)
    return met.reshape(orders, -1).T + bought


def _settled(values: np.ndarray, better: np.ndarray, low: float, discount: float) -> np.ndarray:
    if discount < 1.0:
        return better + discount / (1 - discount) * low
    # A part of the old values keeps chains that alternate from never settling.
    return 0.05 * values + 0.95 * (better - low)
