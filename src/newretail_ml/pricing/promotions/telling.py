"""From arrays to tables: promotions, items, periods and limits."""

from __future__ import annotations

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.panel import Periods
from newretail_ml.pricing.promotions import calendar as k
from newretail_ml.pricing.promotions.columns import Solved
from newretail_ml.pricing.promotions.problem import Problem
from newretail_ml.pricing.promotions.rules import PromotionRules
from newretail_ml.pricing.response import DemandResponse


def told(
    problem: Problem,
    why: np.ndarray,
    solved: Solved,
    costs: dict[str, float],
    periods: Periods,
    draws: list[DemandResponse],
) -> k.PromotionCalendar:
    """The calendar as tables.

    Args:
        problem: what was solved.
        why: (items,) why an item may have no promotion.
        solved: the calendar.
        costs: of limits, by name.
        periods: of the forecast.
        draws: responses that are as likely.
    """
    table = _periods(problem, solved.levels, periods)
    promoted = (solved.levels > 0).ravel()
    items = _items(problem, solved.levels, table, why)
    limits = [(name, _said(problem.rules, name), cost) for name, cost in costs.items()]
    return k.PromotionCalendar(
        table[promoted].reset_index(drop=True),
        items,
        table,
        pd.DataFrame(limits, columns=["limit", "says", "cost"]),
        solved.profit,
        float(table[k.PROFIT_WITHOUT].sum()),
        _gain_interval(problem, solved.levels, draws),
        solved.bound,
        solved.exact,
        solved.how,
    )


def _gain_interval(
    problem: Problem, levels: np.ndarray, draws: list[DemandResponse]
) -> tuple[float, float]:
    """Ends of the 90% interval of the calendar's gain."""
    without = (problem.without() * problem.margin[:, :1]).sum()
    gains = [problem.drawn(one).profits(levels).sum() - without for one in draws]
    lower, upper = np.quantile(gains, (0.05, 0.95))
    return float(lower), float(upper)


def _periods(problem: Problem, levels: np.ndarray, periods: Periods) -> pd.DataFrame:
    items, horizon = levels.shape
    rows = np.arange(items)[:, None]
    units, without = problem.units(levels), problem.without()
    price = problem.price[rows, levels]
    frame = problem.keys.loc[problem.keys.index.repeat(horizon)].reset_index(drop=True)
    return frame.assign(
        **{
            c.DATE: np.tile(periods.dates, items),
            k.DEPTH: (1 - price / problem.price[:, :1]).ravel().round(12),
            c.PRICE: price.ravel(),
            k.EXPECTED_UNITS: units.ravel(),
            k.UNITS_WITHOUT: without.ravel(),
            k.EXPECTED_PROFIT: problem.profits(levels, units).ravel(),
            k.PROFIT_WITHOUT: (without * problem.margin[:, :1]).ravel(),
            k.INVESTED: (problem.spent(levels, units) * (levels > 0)).ravel(),
        }
    )


def _items(
    problem: Problem, levels: np.ndarray, table: pd.DataFrame, why: np.ndarray
) -> pd.DataFrame:
    names = [k.EXPECTED_UNITS, k.UNITS_WITHOUT, k.EXPECTED_PROFIT, k.PROFIT_WITHOUT]
    sums = {name: table[name].to_numpy().reshape(levels.shape).sum(axis=1) for name in names}
    frame = problem.keys.assign(**{k.PROMOTIONS: (levels > 0).sum(axis=1)}, **sums)
    frame[k.GAIN] = frame[k.EXPECTED_PROFIT] - frame[k.PROFIT_WITHOUT]
    alone = _best_week_alone(problem)
    frame[k.WHY] = [
        f"no promotion: {reason}" if reason else _sentence(*row)
        for reason, *row in zip(
            why,
            frame[k.PROMOTIONS].tolist(),
            frame[k.GAIN].tolist(),
            alone.tolist(),
            strict=True,
        )
    ]
    return frame


def _best_week_alone(problem: Problem) -> np.ndarray:
    """(items,) profit that the best single promotion adds in its own period."""
    profit = problem.alone * problem.margin[:, None] + problem.blocked
    return (profit[:, :, 1:].max(axis=2) - profit[:, :, 0]).max(axis=1)


def _sentence(number: int, gain: float, alone: float) -> str:
    if number:
        plural = "s" if number > 1 else ""
        return f"{number} promotion{plural}, dips and neighbours included {gain:+,.2f} for the item"
    if alone <= 0:
        return f"no promotion: its best one would change profit by {alone:+,.2f} in its own period"
    return (
        f"no promotion: its best one would add {alone:,.2f} in its own period, less than dips, "
        "other items or limits take"
    )


def _said(rules: PromotionRules, name: str) -> str:
    value = getattr(rules, name)
    if name == "slots":
        return ", ".join(f"{category}: {most}" for category, most in value.items())
    return f"{value:g}"
