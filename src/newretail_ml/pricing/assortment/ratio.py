"""Best lists under the multinomial logit: a ratio, maximized exactly by Dinkelbach's steps."""

from __future__ import annotations

import numpy as np

from newretail_ml.pricing.assortment.knapsack import best_within_room
from newretail_ml.pricing.assortment.options import NOT_LISTED, Options
from newretail_ml.pricing.assortment.rules import Settled
from newretail_ml.pricing.assortment.solution import Solution

ROUNDS = 100


def ratio_list(options: Options, rules: Settled) -> Solution:
    """The list and price points with the largest money of one class of customers.

    A list earns at least R a customer if the sum over its products of attraction (gain - R)
    reaches R times the attraction of buying nothing; so for a given R each product stands at its
    best point, and the best products are those with the largest terms. R rises to what the list
    for R earns until nothing changes (Dinkelbach 1967). Without limits the list is ordered by
    revenue (Talluri and van Ryzin 2004); with a limit on their number it equals that of
    Rusmevichientong, Shen and Shmoys (2010), Operations Research 58.
    """
    earned, best = -np.inf, np.full(options.n, NOT_LISTED)
    reference = 0.0
    for _ in range(ROUNDS):
        chosen = _best_for(reference, options, rules)
        value = float(options.worth(chosen)) / float(options.customers[0])
        if value <= earned:
            break
        earned, best, reference = value, chosen, value
    total = float(options.worth(best))
    return Solution(best, total, total, True, _why(rules, options))


def _best_for(reference: float, options: Options, rules: Settled) -> np.ndarray:
    """(n,) points of the list that adds most over a profit of so much a customer."""
    over = options.attraction[0] * (options.gain[0] - reference)
    over = np.where(options.open, over, -np.inf)
    point = over.argmax(axis=1)
    gain = over.max(axis=1)
    # An indifferent product is left out; rounding must not decide.
    gain = np.where(np.abs(gain) <= 1e-13 * max(abs(reference), 1e-300), 0.0, gain)
    listed = _largest(gain, rules) if rules.roomy else best_within_room(gain, rules)
    return np.where(listed, point, NOT_LISTED)


def _largest(gain: np.ndarray, rules: Settled) -> np.ndarray:
    """(n,) the products that must be listed, and the best of the others as far as they pay."""
    listed = rules.keep.copy()
    others = np.flatnonzero(~rules.keep & ~rules.never)
    order = others[np.argsort(-gain[others], kind="stable")]
    kept = int(listed.sum())
    paying = int((gain[order] > 0).sum())
    listed[order[: min(max(paying, rules.at_least - kept), rules.at_most - kept)]] = True
    return listed


def _why(rules: Settled, options: Options) -> str:
    free = rules.roomy and rules.at_most >= options.n and rules.at_least == 0
    if free and not rules.keep.any() and not rules.never.any() and options.open.shape[1] == 1:
        return "Exact: without limits the best list is ordered by what a unit brings."
    return "Exact: Dinkelbach's steps on money over customers reached the best list."
