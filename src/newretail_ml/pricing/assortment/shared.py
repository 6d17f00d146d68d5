"""One list for all markets, to see what lists of their own bring."""

from __future__ import annotations

import numpy as np

from newretail_ml.pricing.assortment.mixed import mixed_list
from newretail_ml.pricing.assortment.options import NOT_LISTED, Options
from newretail_ml.pricing.assortment.problem import Problem
from newretail_ml.pricing.assortment.rules import Settled
from newretail_ml.pricing.assortment.search import climbed
from newretail_ml.pricing.assortment.solution import Solution
from newretail_ml.pricing.choice import NestedLogit


def shared_list(
    problems: list[Problem], items: list[np.ndarray], bound: float, time_limit: float
) -> tuple[list[np.ndarray], Solution] | None:
    """The best list that every market lists, as far as it offers the products; None if none can.

    Every market's rules hold: the smallest limits, the largest space of a product. Markets are
    then what classes of customers are in one market.

    Args:
        problems: of the markets.
        items: for each market the number of each product's item.
        bound: of lists of their own, which bounds this one, too.
        time_limit: seconds for a programme.
    """
    size = max(int(one.max()) for one in items) + 1
    rules = _strictest(problems, items, size)
    if len(rules.conflicts()):
        return None

    def worth(chosen: np.ndarray) -> np.ndarray:
        parts = zip(problems, _apart(problems, items, chosen), strict=True)
        return np.asarray(sum(problem.worth(one) for problem, one in parts))

    if any(isinstance(problem.response, NestedLogit) for problem in problems):
        open_ = _open(problems, items, size)
        best = climbed([_start(rules, size)], worth, open_, rules)
        why = "Heuristic: a local search; the bound is that of lists of their own."
        found = Solution(best, float(worth(best)), bound, False, why)
    else:
        found = mixed_list(_together(problems, items, size), rules, worth, time_limit)
    return _apart(problems, items, found.chosen), found


def _start(rules: Settled, size: int) -> np.ndarray:
    """The products that must be listed, and the first others as far as so many must be."""
    listed = rules.keep.copy()
    others = np.flatnonzero(~rules.keep & ~rules.never)
    listed[others[: max(rules.at_least - int(listed.sum()), 0)]] = True
    return np.where(listed, np.zeros(size, int), NOT_LISTED)


def _apart(
    problems: list[Problem], items: list[np.ndarray], chosen: np.ndarray
) -> list[np.ndarray]:
    """The list of each market, (..., its products), from that of all, (..., items)."""
    found = []
    for problem, item in zip(problems, items, strict=True):
        own = chosen[..., item]
        there = problem.open[np.arange(len(item)), np.maximum(own, 0)]
        found.append(np.where(there, own, NOT_LISTED))
    return found


def _open(problems: list[Problem], items: list[np.ndarray], size: int) -> np.ndarray:
    open_ = np.zeros((size, problems[0].open.shape[1]), bool)
    for problem, item in zip(problems, items, strict=True):
        open_[item] |= problem.open
    return open_


def _together(problems: list[Problem], items: list[np.ndarray], size: int) -> Options:
    each = [Options.of(one.response, one.cost, one.points) for one in problems]

    def spread(values: np.ndarray, item: np.ndarray) -> np.ndarray:
        whole = np.zeros((len(values), size, values.shape[2]))
        whole[:, item] = values
        return whole

    return Options(
        np.concatenate([one.customers for one in each]),
        np.concatenate([one.outside for one in each]),
        np.concatenate([spread(one.attraction, of) for one, of in zip(each, items, strict=True)]),
        np.concatenate([spread(one.gain, of) for one, of in zip(each, items, strict=True)]),
        _open(problems, items, size),
    )


def _strictest(problems: list[Problem], items: list[np.ndarray], size: int) -> Settled:
    space, fixed_cost = np.zeros(size), np.zeros(size)
    keep, never = np.zeros(size, bool), np.zeros(size, bool)
    for problem, item in zip(problems, items, strict=True):
        space[item] = np.maximum(space[item], problem.rules.space)
        fixed_cost[item] += problem.rules.fixed_cost
        keep[item] |= problem.rules.keep
        never[item] |= problem.rules.never
    rules = [problem.rules for problem in problems]
    return Settled(
        # A limit that counts no more than a market offers is none.
        min(
            (one.at_most for one in rules if one.at_most < len(one.keep)),
            default=size,
        ),
        max(one.at_least for one in rules),
        space,
        min(one.room for one in rules),
        keep,
        never,
        fixed_cost,
    )
