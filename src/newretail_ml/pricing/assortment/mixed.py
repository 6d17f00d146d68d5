"""Lists for several classes of customers, or with costs of listing: programme and search."""

from __future__ import annotations

import numpy as np

from newretail_ml.pricing.assortment.options import Options
from newretail_ml.pricing.assortment.programme import PROVEN, Programme
from newretail_ml.pricing.assortment.ratio import ratio_list
from newretail_ml.pricing.assortment.rules import Settled
from newretail_ml.pricing.assortment.search import Worth, climbed, every_list, few_enough
from newretail_ml.pricing.assortment.solution import Solution


def mixed_list(options: Options, rules: Settled, worth: Worth, time_limit: float) -> Solution:
    """The best list found, and what is proven of it.

    Short ranges are tried out in full. Longer ones go to a mixed-integer programme; a local
    search stands beside it, for the case that time ends first.
    """
    if few_enough(options.open, rules):
        best = every_list(worth, options.open, rules)
        if best is not None:
            value = float(worth(best[None])[0])
            return Solution(best, value, value, True, "Exact: every list was tried.")
    alone = [options.alone(number) for number in range(len(options.customers))]
    each = [ratio_list(one, rules) for one in alone]
    starts = [one.chosen for one in [*each, ratio_list(options.pooled(), rules)]]
    best = climbed(starts, worth, options.open, rules)
    programme = Programme()
    programme.market(options, rules)
    lists, bound = programme.solve(time_limit)
    if lists is not None and worth(lists[0][None])[0] > worth(best[None])[0]:
        best = lists[0]
    bound = min(bound, sum(one.value for one in each))
    return judged(best, float(worth(best[None])[0]), bound)


def judged(best: np.ndarray, value: float, bound: float) -> Solution:
    """The list with its bound; it is exact where the bound is as good as reached."""
    if bound - value <= 2 * PROVEN * max(abs(bound), 1e-12):
        why = "Exact: a mixed-integer programme proved that no list is better."
        return Solution(best, value, value, True, why)
    why = (
        "Heuristic: the best of a local search and of a mixed-integer programme that ran out "
        "of time; the bound is the programme's."
    )
    return Solution(best, value, bound, False, why)
