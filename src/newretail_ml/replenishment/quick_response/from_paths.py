"""Quick response from sample paths of demand: whatever the forecast, no distribution assumed.

What is left of the season is foreseen from the paths whose early sales were like those that were
read. That is a heuristic: near the read there are only so many paths.
"""

from __future__ import annotations

import numpy as np

from newretail_ml.checks import as_numbers
from newretail_ml.errors import DataError
from newretail_ml.replenishment.newsvendor import sample_quantile
from newretail_ml.replenishment.quick_response.similar import Season, SecondOrders
from newretail_ml.replenishment.quick_response.two_orders import QuickResponse, QuickResponseCosts

_FEWEST_PATHS = 20
_TABLE = 200


def quick_response(
    paths: np.ndarray, costs: QuickResponseCosts, *, read: int, lead_time: int = 0
) -> QuickResponse:
    """Two orders from sample paths of one item's season, and what the second one is worth.

    The read is the number of units sold in its periods, and whether they sold out. After a read
    that did not, the rest of the season is foreseen by the paths with similar early demand:
    weights fall with the square of the distance (Epanechnikov) to zero beyond the nearest
    n ** 0.9 paths, and each path is moved to the read along the weighted regression line of
    later on early demand, beyond the largest read of any path too. After a read that sold out,
    all paths with at least that demand count alike. The second order is the newsvendor's on
    those. It never falls with the units sold, and is largest after a read that sold out. What is
    short is lost.

    Profit is measured on the same paths, each decided on without itself; the first order is
    searched in whole units for the most profit.

    Sources: Bertsimas and Kallus (2020), From predictive to prescriptive analytics, Management
    Science 66(3), for decisions on weighted samples; Beaumont, Zhang and Balding (2002),
    Approximate Bayesian computation in population genetics, Genetics 162(4), for the weights and
    the regression; Jewell (1974), Credible means are exact Bayesian for exponential families,
    ASTIN Bulletin 8(1), for the straight line.

    Args:
        paths: (paths, periods) units of demand, from the first day of the season on.
        costs: of the season, a unit.
        read: periods of which the sales are read; then the second order is placed.
        lead_time: periods from the second order to its arrival.

    Raises:
        DataError: there are fewer than 20 paths, a number is wrong, or the second order would
            arrive after the season.

    >>> random = np.random.default_rng(0)
    >>> level = random.gamma(4, 2.5, size=(500, 1))
    >>> paths = random.poisson(level, size=(500, 4))
    >>> costs = QuickResponseCosts(price=10, first_cost=4, second_cost=5)
    >>> plan = quick_response(paths, costs, read=1)
    >>> plan.first_order < plan.one_shot_order, plan.value > 0
    (True, True)
    """
    season = Season.of(_checked_paths(paths), read, lead_time)
    demand = season.demand
    one_shot = float(np.rint(sample_quantile(demand, costs.first_ratio)))
    alone = costs.profit(demand, one_shot, 0.0, np.maximum(one_shot - demand, 0.0))
    evaluate = SecondOrders(season, costs)
    first = evaluate.best_first_order(one_shot)
    earned = evaluate.profits(first)
    sold = np.unique(np.rint(np.linspace(0.0, first, _TABLE)))
    # Selling out is known to be more than the first order, so the unit before has its own entry.
    sold = np.union1d(sold, max(first - 1.0, 0.0))
    return QuickResponse(
        first_order=first,
        sold=sold,
        second_orders=evaluate.second_orders(first, sold),
        expected_profit=float(earned.mean()),
        one_shot_order=one_shot,
        one_shot_profit=float(alone.mean()),
        clairvoyant_profit=float(costs.clairvoyant(demand, season.rest).mean()),
        standard_error=float((earned - alone).std(ddof=1) / np.sqrt(len(demand))),
    )


def _checked_paths(paths: np.ndarray) -> np.ndarray:
    units = as_numbers("paths", paths)
    if units.ndim != 2 or len(units) < _FEWEST_PATHS:
        raise DataError(
            f"paths have the shape {units.shape}, not (paths, periods) with at least "
            f"{_FEWEST_PATHS} paths",
            next_step="Pass the paths of one item, or a forecast to quick_response_by_item.",
        )
    bad = ~(np.isfinite(units) & (units >= 0)).all(axis=1)
    if bad.any():
        raise DataError(
            f"{bad.sum():,} paths hold demand that is missing or below zero",
            rows=np.flatnonzero(bad),
            next_step="Correct them.",
        )
    return units
