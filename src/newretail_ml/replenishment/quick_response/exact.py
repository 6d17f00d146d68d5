"""The exact value of quick response where demand is Poisson at a level that nobody knows yet.

Source: Bradford and Sugrue (1990), A Bayesian approach to the two-period style-goods inventory
problem with single replenishment and heterogeneous Poisson demands, Journal of the Operational
Research Society 41(3).
"""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from newretail_ml.checks import check_number
from newretail_ml.errors import DataError
from newretail_ml.replenishment.demand import NegativeBinomialDemand
from newretail_ml.replenishment.quick_response.two_orders import QuickResponse, QuickResponseCosts

# Of the season: demand of a shorter part is none.
_SHORTEST = 1e-9
_TAIL = 1e-10
_MOST_CELLS = 20_000_000


def exact_quick_response(
    demand: NegativeBinomialDemand,
    costs: QuickResponseCosts,
    *,
    read_share: float,
    wait_share: float = 0.0,
) -> QuickResponse:
    """The best two orders when demand is Poisson with an unknown, gamma-distributed level.

    The season's demand is then negative binomial, and early sales sharpen the level by Bayes'
    rule. A read that sold out says no more than that demand was at least the first order: the
    levels are weighted by the chance of that. Every first order is tried, because what censoring
    hides makes profit other than concave. What is short is lost.

    Args:
        demand: of the whole season.
        costs: of the season, a unit.
        read_share: share of the season's expected demand before the second order, above 0.
        wait_share: share between the second order and its arrival.

    Raises:
        DataError: the shares leave nothing for the rest of the season, or demand is too large to
            look at one by one.

    >>> costs = QuickResponseCosts(price=10, first_cost=4, second_cost=5)
    >>> plan = exact_quick_response(NegativeBinomialDemand(40, 20), costs, read_share=0.25)
    >>> plan
    QuickResponse(first order 30, profit 186.14; one order of 42, profit 162.06;
    value 24.08 ± 0.00 of 77.94)
    >>> plan.second_order([5, 10, 30])
    array([ 0.,  9., 77.])
    """
    check_number("read_share", read_share, above=0.0)
    check_number("wait_share", wait_share)
    check_number("read_share + wait_share", read_share + wait_share, at_most=1 - 1e-9)
    season = _Season(demand, costs, read_share, wait_share if wait_share > _SHORTEST else 0.0)
    one_shot = demand.quantile(costs.first_ratio)
    plans = [season.plan(first) for first in range(int(max(one_shot, season.most_read)) + 1)]
    first = int(np.argmax([profit for profit, _ in plans]))
    return QuickResponse(
        first_order=float(first),
        sold=np.arange(first + 1.0),
        second_orders=plans[first][1],
        expected_profit=plans[first][0],
        one_shot_order=one_shot,
        one_shot_profit=float(
            costs.profit(demand.mean, one_shot, 0.0, demand.expected_left(one_shot))
        ),
        clairvoyant_profit=season.clairvoyant_profit(),
    )


class _Season:
    """Chances of demand in the three parts of the season: read, wait for the order, rest.

    The level is gamma-distributed with a shape and, in units of the season, a rate. Having seen
    n units in a share w of the season it is so again, with shape + n and rate + w.
    """

    def __init__(
        self, demand: NegativeBinomialDemand, costs: QuickResponseCosts, read: float, wait: float
    ) -> None:
        self.mean, self.costs = demand.mean, costs
        self.shape = demand.mean**2 / (demand.sd**2 - demand.mean)
        self.rate = self.shape / demand.mean
        rest = 1.0 - read - wait
        self.most_read = self._most(0, read, 0.0)
        most_wait = self._most(self.most_read, wait, read)
        most_rest = self._most(self.most_read + most_wait, rest, read + wait)
        _check_size((self.most_read + most_wait + 1) * (most_rest + 1))
        seen = np.arange(self.most_read + most_wait + 1)
        read_so_far = seen[: self.most_read + 1]
        self.read = self._chances(np.zeros(1), read, 0.0, self.most_read)[0]
        self.wait = self._chances(read_so_far, wait, read, most_wait)
        self.rest = np.cumsum(self._chances(seen, rest, read + wait, most_rest), axis=1)
        self.left = _expected_left(self.rest)
        # Sold out in the read, all later customers until the second order are lost as well.
        after_read = self._chances(read_so_far, rest, read, most_rest)
        at_least = np.cumsum((self.read[:, None] * after_read)[::-1], axis=0)[::-1]
        self.sold_out = np.cumsum(at_least, axis=1)
        self.late = self._demand(0, rest, 0.0)

    def plan(self, first: int) -> tuple[float, np.ndarray]:
        """Expected profit of a first order, and the second orders by units sold in the read."""
        sold = np.arange(min(first, self.most_read + 1))
        stock = first - sold[:, None]
        waiting = np.arange(self.wait.shape[1])
        # (sold, units wanted while waiting): stock that is still there when the order arrives.
        kept = np.maximum(stock - waiting, 0)
        seen = sold[:, None] + waiting
        orders = self._best_orders(sold, seen, kept)
        left = (self.wait[sold] * self._left(seen, kept + orders[:, None])).sum(axis=1)
        chances = self.read[sold]
        again, still = chances @ orders, chances @ left
        last, chance, left_over = self._after_sold_out(first)
        again, still = again + chance * last, still + left_over
        profit = float(self.costs.profit(self.mean, first, again, still))
        impossible = np.full(first - len(sold), last)
        return profit, np.concatenate([orders, impossible, [last]])

    def clairvoyant_profit(self) -> float:
        """Expected profit of one who knows demand before the season."""
        costs, second = self.costs, 0.0
        if costs.second_cost < costs.first_cost:
            second = self.late.mean
            if math.isfinite(costs.capacity):
                second -= float(self.late.expected_short(costs.capacity))
        return float(costs.profit(self.mean, self.mean - second, second, 0.0))

    def _best_orders(self, sold: np.ndarray, seen: np.ndarray, kept: np.ndarray) -> np.ndarray:
        """Smallest orders that reach the critical ratio, by halving; none above the capacity."""
        most = self.rest.shape[1] - 1
        none, enough = np.full(len(sold), -1), np.full(len(sold), most)
        while (enough - none > 1).any():
            middle = (none + enough) // 2
            stock = np.minimum(kept + np.maximum(middle, 0)[:, None], most)
            met = (self.wait[sold] * self.rest[seen, stock]).sum(axis=1)
            reached = (met >= self.costs.second_ratio - 1e-12) & (middle >= 0)
            none, enough = np.where(reached, none, middle), np.where(reached, middle, enough)
        return np.minimum(enough, np.floor(self.costs.capacity))

    def _after_sold_out(self, first: int) -> tuple[float, float, float]:
        """Second order, chance, and chance times units left at the end, of a read sold out."""
        if first > self.most_read:
            return self._after_sold_out(self.most_read)[0], 0.0, 0.0
        met = self.sold_out[first]
        order = int(np.argmax(met >= (self.costs.second_ratio - 1e-12) * met[-1]))
        order = int(min(order, self.costs.capacity))
        return float(order), float(met[-1]), float(met[:order].sum())

    def _left(self, seen: np.ndarray, stock: np.ndarray) -> np.ndarray:
        most = self.left.shape[1] - 1
        inside = np.minimum(stock, most).astype(int)
        return self.left[seen, inside] + np.maximum(stock - most, 0)

    def _chances(self, seen: np.ndarray, share: float, after: float, most: int) -> np.ndarray:
        """(seen, most + 1) chances of so many units in a share of the season, by units seen."""
        if share == 0:
            return np.ones((len(seen), 1))
        units, shape = np.arange(most + 1), self.shape + np.asarray(seen, float)[:, None]
        more = share / (self.rate + after + share)
        ways = special.gammaln(shape + units) - special.gammaln(shape) - special.gammaln(units + 1)
        chances = np.exp(ways + shape * np.log1p(-more) + units * math.log(more))
        return chances / chances.sum(axis=1, keepdims=True)

    def _most(self, seen: int, share: float, after: float) -> int:
        """Units that demand in a share of the season hardly ever exceeds."""
        if share == 0:
            return 0
        return int(self._demand(seen, share, after).quantile(1 - _TAIL))

    def _demand(self, seen: int, share: float, after: float) -> NegativeBinomialDemand:
        mean = (self.shape + seen) / (self.rate + after) * share
        # A level that is all but known leaves no more than Poisson's spread.
        excess = max(share / (self.rate + after), 1e-9)
        return NegativeBinomialDemand(mean, math.sqrt(mean * (1 + excess)))


def _expected_left(cdf: np.ndarray) -> np.ndarray:
    """E[(stock - demand)+] by stock: the chances of not exceeding each lower stock, added up."""
    return np.concatenate([np.zeros((len(cdf), 1)), np.cumsum(cdf, axis=1)[:, :-1]], axis=1)


def _check_size(cells: int) -> None:
    if cells > _MOST_CELLS:
        raise DataError(
            f"demand is too large to look at one by one ({cells:,} pairs of sales)",
            next_step="Measure in packs or in tens, or use quick_response on sample paths.",
        )
