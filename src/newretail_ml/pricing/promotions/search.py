"""Calendars of items that touch each other in other ways: one item after another, improved."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from newretail_ml.pricing.promotions.columns import Solved, solve_alone
from newretail_ml.pricing.promotions.dynamic import best_levels
from newretail_ml.pricing.promotions.limits import Limits
from newretail_ml.pricing.promotions.problem import Problem

_PASSES = 20
_BUDGET_PRICES = (0.0, 0.5, 1.0, 2.0)


def solve_by_search(problem: Problem, time_limit: float) -> Solved:
    """A good calendar: each item's best answer to all others, again and again.

    It begins with the best calendar without cross effects and with none at all. Given the other
    items, the best calendar of one is found exactly; where limits are used up, two items may
    also trade a period. No promise that it is best, but a bound: what calendars could earn if
    other items' promotions only ever helped.
    """
    starts = [np.zeros(problem.base.shape, np.intp), solve_alone(problem, time_limit).levels]
    limits = Limits.of(problem)
    best, profit = starts[0], -np.inf
    for start in starts:
        if not limits.kept(start, problem.spent(start)):
            start = starts[0]
        found = _improved(problem, limits, start)
        earned = float(problem.profits(found).sum())
        if earned > profit:
            best, profit = found, earned
    bound = max(_bound(problem, time_limit), profit)
    return Solved(best, profit, bound, False, "local search, a heuristic")


def _improved(problem: Problem, limits: Limits, levels: np.ndarray) -> np.ndarray:
    levels = levels.copy()
    profit = float(problem.profits(levels).sum())
    for _ in range(_PASSES):
        before = profit
        for item in range(len(levels)):
            levels, profit = _with_best_answer(problem, limits, levels, profit, item)
        levels, profit = _with_trades(problem, limits, levels, profit)
        if profit <= before + 1e-9 * abs(before):
            break
    return levels


def _with_best_answer(
    problem: Problem, limits: Limits, levels: np.ndarray, profit: float, item: int
) -> tuple[np.ndarray, float]:
    """The best calendar of one item while the others stay."""
    scaled, plain, spent = _answers(problem, levels, item)
    full = _full(limits, levels, item, problem.base.shape[1])
    plain[full, 1:] = -np.inf
    memory = problem.memory
    factor = memory.factors(problem.dips)
    prices = _BUDGET_PRICES if problem.rules.budget is not None else (0.0,)
    for price in prices:
        answer = best_levels(
            (scaled - price * spent)[None],
            factor,
            memory,
            problem.most,
            plain[None],
            problem.start[item : item + 1],
        )
        trial = levels.copy()
        trial[item] = answer[0]
        levels, profit = _better(problem, limits, levels, profit, trial)
    return levels, profit


def _better(
    problem: Problem, limits: Limits, levels: np.ndarray, profit: float, trial: np.ndarray
) -> tuple[np.ndarray, float]:
    units = problem.units(trial)
    earned = float(problem.profits(trial, units).sum())
    if earned > profit + 1e-9 and limits.kept(trial, problem.spent(trial, units)):
        return trial, earned
    return levels, profit


def _answers(
    problem: Problem, levels: np.ndarray, item: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(periods, levels) own profit before dips, profit of the others, own margin given up."""
    rows = np.arange(len(levels))
    n_levels = problem.shape[2]
    prices = np.repeat(problem.price[rows[:, None], levels].T[:, None], n_levels, axis=1)
    prices[:, :, item] = problem.price[item]
    ratio = problem.ratios(prices)
    own = problem.base[item, :, None] * ratio[:, :, item] * problem.lift[item]
    weight = problem.base * problem.lift[rows[:, None], levels] * problem.dipped(levels)
    weight = weight * problem.margin[rows[:, None], levels]
    weight[item] = 0.0
    others = np.einsum("tlj,jt->tl", ratio, weight)
    plain = others + np.where(problem.may[item], 0.0, -np.inf)
    return own * problem.margin[item], plain, own * problem.invested[item]


def _full(limits: Limits, levels: np.ndarray, item: int, periods: int) -> np.ndarray:
    """(periods,) whether the other items leave no room for this one."""
    others = levels.copy()
    others[item] = 0
    used = limits.use(others, np.zeros(levels.shape)).sum(axis=0)
    counting = (limits.period >= 0) & limits.member[:, item]
    full = np.zeros(periods, bool)
    full[limits.period[counting & (used + 1 > limits.most)]] = True
    return full


def _with_trades(
    problem: Problem, limits: Limits, levels: np.ndarray, profit: float
) -> tuple[np.ndarray, float]:
    """In full periods, one item steps back and another one answers."""
    if not len(limits):
        return levels, profit
    for item, period in np.argwhere(levels > 0):
        if levels[item, period] == 0:
            continue
        left = levels.copy()
        left[item, period] = 0
        here = float(problem.profits(left).sum())
        for other in range(len(levels)):
            if other != item:
                trial, earned = _with_best_answer(problem, limits, left, here, other)
                if earned > profit + 1e-9:
                    return trial, earned
    return levels, profit


def _bound(problem: Problem, time_limit: float) -> float:
    """Profit if each item sold at its own price what the kindest choice of the others gives."""
    help_ = _most_help(problem)
    kind = replace(
        problem,
        ratio=np.where(problem.margin >= 0, problem.ratio * help_[:, None], 0.0),
        invested=np.zeros_like(problem.invested),
        rules=replace(problem.rules, budget=None),
        crossed=False,
    )
    return solve_alone(kind, time_limit).bound


def _most_help(problem: Problem) -> np.ndarray:
    """(items,) factor that other items' promotions can at most put on units.

    One where no promotion of another item sells more of this one, as with substitutes. Helps of
    several items are multiplied.
    """
    items, _, n_levels = problem.shape
    help_ = np.ones(items)
    for other in range(items):
        prices = np.repeat(problem.price[:, 0][None], n_levels - 1, axis=0)
        prices[:, other] = problem.price[other, 1:]
        factor = np.maximum(problem.ratios(prices).max(axis=0), 1.0)
        factor[other] = 1.0
        help_ *= factor
    return help_
