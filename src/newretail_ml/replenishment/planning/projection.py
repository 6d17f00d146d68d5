"""Stock just before an order arrives, and what is needed after: path by path.

Demand before the arrival is met by what is on hand and on its way, in the order in which it
expires; what is short is lost, or waits. Only what goes out is tracked: with cumulative arrivals
A and cumulative units past their last day B, cumulative outflow is max(min(X + demand, A), B).

Source: Morton (1971), The near-myopic nature of the lagged-proportional-cost inventory problem
with lost sales, Operations Research 19: an order is charged with the costs of the periods that it
alone can influence, from its arrival to the next one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.forecast import Forecast
from newretail_ml.replenishment.planning.lines import NEVER, Lines


@dataclass(frozen=True)
class Needs:
    """What lines of one arrival and one cycle need, path by path.

    Attributes:
        stock: (lines, paths) units at arrival, without the order; negative where demand waits.
        before: (lines,) expected demand before the arrival.
        cycle: (lines,) expected demand from this arrival to the next.
        after_end: (lines,) the part of `cycle` that comes after the end of the shelf life.
        needed: one (lines, paths) array a period from the arrival on. A larger order leaves the
            difference at the end of the period, a smaller one is short of it: units lost since
            the arrival, or units that wait at that moment.
        demand: (periods, lines, paths).
    """

    stock: np.ndarray
    before: np.ndarray
    cycle: np.ndarray
    after_end: np.ndarray
    needed: list[np.ndarray]
    demand: np.ndarray

    def take(self, rows: np.ndarray) -> Needs:
        """Some of the lines."""
        return Needs(
            stock=self.stock[rows],
            before=self.before[rows],
            cycle=self.cycle[rows],
            after_end=self.after_end[rows],
            needed=[needed[rows] for needed in self.needed],
            demand=self.demand[:, rows],
        )


def demand_of(lines: Lines, forecast: Forecast) -> np.ndarray:
    """(periods, lines, paths) demand while the items are on sale."""
    demand = np.ascontiguousarray(forecast.paths[lines.series].transpose(2, 0, 1))
    horizon = len(demand)
    if (lines.launch > 0).any() or (lines.delisting < horizon).any():
        period = np.arange(horizon)[:, None]
        on_sale = (period >= lines.launch) & (period < lines.delisting)
        demand *= on_sale[:, :, None]
    return demand


def needs_of(lines: Lines, demand: np.ndarray, until: int, *, backorders: bool) -> Needs:
    """Needs of lines that share an arrival and a following arrival.

    Args:
        lines: at least one.
        demand: (periods, lines, paths).
        until: periods to look at.
        backorders: whether demand waits where stock is short.
    """
    arrival, following = int(lines.arrival[0]), int(lines.following[0])
    stock = lines.stock
    expired = _expired(lines, len(demand))
    out = np.zeros(demand.shape[1:]) + stock.expiring[:, :1]
    arrived = stock.on_hand[:, None].copy()
    for period in range(arrival):
        arrived += stock.due[:, period, None]
        out += demand[period]
        if not backorders:
            np.minimum(out, arrived, out=out)
        if expired is not None:
            np.maximum(out, expired[:, period, None], out=out)
    arrived += stock.due[:, arrival, None]
    means = demand[:following].mean(axis=2, dtype=float)
    too_late = np.arange(arrival, following)[:, None] >= lines.end
    net = _net_of_old_stock(demand, out, arrived, expired, arrival, until)
    return Needs(
        stock=arrived - out,
        before=means[:arrival].sum(axis=0),
        cycle=means[arrival:].sum(axis=0),
        after_end=(means[arrival:] * too_late).sum(axis=0),
        needed=_needed_since(net, stock.due[:, arrival + 1 :], backorders=backorders),
        demand=demand,
    )


def _expired(lines: Lines, horizon: int) -> np.ndarray | None:
    """(lines, periods) units that have gone off by the end of each period if nothing is sold.

    Units without a date are taken to be fresh when they arrive, those on hand today.
    """
    stock, keeps = lines.stock, lines.shelf_life >= NEVER
    if keeps.all() and not stock.dated.any():
        return None
    arrival = int(lines.arrival[0])
    going = stock.expiring[:, 1:].copy()
    fresh = ~stock.dated & ~keeps & (lines.shelf_life <= horizon)
    going[fresh, lines.shelf_life[fresh] - 1] += stock.on_hand[fresh]
    for period in range(arrival + 1):
        last = period + lines.shelf_life - 1
        rows = last < horizon
        going[rows, last[rows]] += stock.due[rows, period]
    return stock.expiring[:, :1] + going.cumsum(axis=1)


def _net_of_old_stock(
    demand: np.ndarray,
    out: np.ndarray,
    arrived: np.ndarray,
    expired: np.ndarray | None,
    arrival: int,
    until: int,
) -> list[np.ndarray]:
    """Demand from the arrival on that older stock does not meet, period by period.

    Where nothing goes off, older stock is taken off the first period: the sums are the same.
    """
    if expired is None:
        first = demand[arrival] - (arrived - out)
        return [first, *demand[arrival + 1 : until]]
    waiting = np.maximum(out - arrived, 0.0)
    out = np.minimum(out, arrived)
    net = []
    for period in range(arrival, until):
        sold = np.minimum(demand[period], arrived - out)
        net.append(demand[period] - sold)
        out = np.maximum(out + sold, expired[:, period, None])
    net[0] = net[0] + waiting
    return net


def _needed_since(net: list[np.ndarray], due: np.ndarray, *, backorders: bool) -> list[np.ndarray]:
    """What is needed by the end of each period so that nothing is left and nothing short.

    With deliveries in between and lost sales, it is the largest need so far: what was lost
    before a delivery is not made good by it (the reflected random walk).
    """
    needed, by_period = np.zeros(net[0].shape), []
    has_due = bool(due[:, : len(net) - 1].any())
    for number, units in enumerate(net):
        needed = needed + units
        if has_due and number:
            needed -= due[:, number - 1, None]
        by_period.append(needed)
    if has_due and not backorders:
        return list(np.maximum.accumulate(np.stack(by_period), axis=0))
    return by_period
