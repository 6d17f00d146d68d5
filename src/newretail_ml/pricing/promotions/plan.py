"""The promotion planner: which item, which period, which depth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from newretail_ml.checks import check_number, check_whole
from newretail_ml.forecast import Forecast
from newretail_ml.pricing.price_list.products import response_of
from newretail_ml.pricing.promotions.calendar import PromotionCalendar
from newretail_ml.pricing.promotions.columns import Solved, solve_alone
from newretail_ml.pricing.promotions.network import linear_cross, network_size, solve_network
from newretail_ml.pricing.promotions.preparing import problem_of
from newretail_ml.pricing.promotions.problem import Problem
from newretail_ml.pricing.promotions.rules import PromotionRules
from newretail_ml.pricing.promotions.search import solve_by_search
from newretail_ml.pricing.promotions.telling import told

# Larger programmes over arcs and products take minutes.
_MOST_VARIABLES = 40_000
_SMALL_GAP = 1e-6


def plan_promotions(
    forecast: Forecast,
    response: object,
    items: pd.DataFrame,
    depths: Sequence[float] = (0.1, 0.2, 0.3),
    rules: PromotionRules | None = None,
    *,
    lift: float | Mapping[float, float] = 1.0,
    dips: Mapping[float, float | Sequence[float]] | None = None,
    cost_of_limits: bool = True,
    draws: int = 40,
    random_state: int = 0,
    time_limit: float = 60.0,
) -> PromotionCalendar:
    """The calendar of promotions with the largest expected profit under all limits.

    Units of an item are the forecast's mean without promotion, times the response's ratio at
    the prices of the period (cross effects of other items' promotions included), times the lift
    of the depth (display, leaflet), times the dip that its last promotion left.

    Where items do not touch each other, the calendar of each is an exact dynamic programme, and
    limits over items are kept by column generation, with a proved gap. Where they do and demand
    is linear in prices, one mixed-integer programme is exact. With other cross effects, the
    calendar is a local search's: a heuristic, whose gap is taken to the profit that promotions
    could earn if others' promotions never hurt.

    Args:
        forecast: paths of demand without promotions.
        response: a `DemandResponse` or a fitted model that has one. Items whose response is not
            identified get no promotion. With cross effects it must have the items of the table
            in their order.
        items: keys of the forecast and unit_cost; where wanted regular_price (by default the
            response's current), category for slots, funding (money a supplier pays for each unit
            sold on promotion), last_depth and periods_since of the last promotion before the
            first period (1: the period just before), whose dip and gap still count.
        depths: shares off the regular price.
        rules: see `PromotionRules`.
        lift: factor on units of a promotion beyond its price, one or by depth.
        dips: by depth, the factor on units in the period after a promotion, or one for each of
            several periods after it. A newer promotion's dip takes the place of an older one's.
        cost_of_limits: whether to plan again without each limit.
        draws: of the response, for the interval of the gain.
        random_state: of the draws.
        time_limit: seconds for each integer programme.

    Returns:
        A `PromotionCalendar`.

    Raises:
        DataError: a number is missing or out of its range, or an item is not known.

    Source: Cohen, Leung, Panchamgam, Perakis and Smith (2017), The impact of linear optimization
    on promotion planning, Operations Research 65(2).

    >>> import numpy as np
    >>> from newretail_ml.panel import Periods
    >>> from newretail_ml.pricing.response import ConstantElasticity
    >>> keys = pd.DataFrame({"item_id": ["juice"]})
    >>> base = np.array([[[100, 100, 120, 100, 150, 100, 100, 130]]], dtype=float)
    >>> forecast = Forecast(keys, Periods(pd.Timestamp("2026-01-05"), 8, "W"), base)
    >>> response = ConstantElasticity([100.0], [10.0], [-3.0], keys=keys)
    >>> calendar = plan_promotions(
    ...     forecast, response, keys.assign(unit_cost=5.0), (0.2, 0.4),
    ...     PromotionRules(at_most=3, gap=1), dips={0.2: 0.85, 0.4: 0.7})
    >>> calendar.promotions["date"].dt.day.tolist(), calendar.limits["cost"].round(2).tolist()
    ([19, 2, 23], [10.94, 0.0])
    """
    rules = PromotionRules() if rules is None else rules
    check_number("time_limit", time_limit, above=0.0)
    demand = response_of(response)
    likely = demand.sample(check_whole("draws", draws, at_least=1), random_state)
    problem, why = problem_of(forecast, demand, items, depths, rules, lift, dips)
    solved = _solved(problem, time_limit)
    costs = {}
    for name in rules.limits() if cost_of_limits else []:
        freed = _solved(problem.with_rules(rules.without(name)), time_limit)
        costs[name] = max(freed.profit - solved.profit, 0.0)
    return told(problem, why, solved, costs, forecast.periods, likely)


def _solved(problem: Problem, time_limit: float) -> Solved:
    if not problem.crossed:
        solved = solve_alone(problem, time_limit)
        gap = solved.bound - solved.profit
        small = network_size(problem, None) <= _MOST_VARIABLES
        if gap <= _SMALL_GAP * abs(solved.bound) or not small:
            return solved
        return _better(solved, solve_network(problem, None, time_limit))
    cross = linear_cross(problem)
    if cross is not None and network_size(problem, cross) <= _MOST_VARIABLES:
        return solve_network(problem, cross, time_limit)
    return solve_by_search(problem, time_limit)


def _better(one: Solved, other: Solved) -> Solved:
    best = other if other.profit >= one.profit else one
    bound = max(min(one.bound, other.bound), best.profit)
    return Solved(best.levels, best.profit, bound, best.exact, best.how)
