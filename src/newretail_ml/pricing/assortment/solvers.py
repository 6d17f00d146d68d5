"""Which method finds the best list of which problem."""

from __future__ import annotations

import numpy as np

from newretail_ml.pricing.assortment.mixed import mixed_list
from newretail_ml.pricing.assortment.nested import nested_list
from newretail_ml.pricing.assortment.options import NOT_LISTED, Options
from newretail_ml.pricing.assortment.problem import Problem
from newretail_ml.pricing.assortment.ratio import ratio_list
from newretail_ml.pricing.assortment.search import climbed, every_list, few_enough
from newretail_ml.pricing.assortment.solution import Solution
from newretail_ml.pricing.choice import MultinomialLogit, NestedLogit


def solved(problem: Problem, time_limit: float) -> Solution:
    """The best list of a problem, or a good one and a bound."""
    if problem.stock is not None:
        return _stocked(problem, time_limit)
    if isinstance(problem.response, NestedLogit):
        return _nested(problem, problem.response)
    options = Options.of(problem.response, problem.cost, problem.points)
    if isinstance(problem.response, MultinomialLogit) and problem.rules.plain:
        return ratio_list(options, problem.rules)
    return mixed_list(options, problem.rules, problem.worth, time_limit)


def quickly_solved(problem: Problem) -> np.ndarray:
    """(n,) points of a good list at once: exact where that is quick, else by local search."""
    response = problem.response
    if problem.stock is None and problem.rules.plain and isinstance(response, MultinomialLogit):
        return ratio_list(Options.of(response, problem.cost, problem.points), problem.rules).chosen
    return climbed(_starts(problem), problem.worth, problem.open, problem.rules)


def _tried(problem: Problem) -> Solution | None:
    """The best of all lists, where they are few."""
    if not few_enough(problem.open, problem.rules):
        return None
    best = every_list(problem.worth, problem.open, problem.rules)
    if best is None:
        return None
    value = float(problem.worth(best))
    return Solution(best, value, value, True, "Exact: every list was tried.")


def _nested(problem: Problem, response: NestedLogit) -> Solution:
    rules, one_price = problem.rules, problem.open.shape[1] == 1
    limited_only = rules.plain and rules.roomy and not rules.keep.any() and rules.at_least == 0
    if not (limited_only and one_price):
        tried = _tried(problem)
        if tried is not None:
            return tried
    relaxed, bound, complete = _relaxed_nested(problem, response)
    if limited_only and one_price:
        chosen = np.where(relaxed, 0, NOT_LISTED)
        value = float(problem.worth(chosen))
        if complete:
            why = "Exact: each nest lists the beginning of an order that the limit brings about."
            return Solution(chosen, value, value, True, why)
    best = climbed(_starts(problem), problem.worth, problem.open, rules)
    value = float(problem.worth(best))
    why = (
        "Heuristic: a local search; the bound leaves out all rules but the number of products, "
        "and lets a product stand at several prices at once."
    )
    return Solution(best, value, max(bound, value), False, why)


def _relaxed_nested(problem: Problem, response: NestedLogit) -> tuple[np.ndarray, float, bool]:
    """(options,) bool, the best list if each price point were a product; a bound; if proven."""
    product, point = np.nonzero(problem.open)
    price = problem.points[product, point]
    own = response.dissimilarity[product]
    worth = (response.utility[product] + response.price_coefficient[product] * price) / own
    nests = [np.flatnonzero(np.isin(product, members)) for members in response.nests.members()]
    rules = problem.rules.of_options(product)
    gain = price - problem.cost[product]
    listed, money, complete = nested_list(worth, gain, nests, own, rules)
    if not complete:
        free = rules.without_limit()
        money = nested_list(worth, gain, nests, own, free)[1]
    return listed, money * float(response.market_size[0]), complete


def _starts(problem: Problem) -> list[np.ndarray]:
    """Lists that keep the rules: the best and the most that would be listed without nests."""
    response = problem.response
    flat = MultinomialLogit(
        np.atleast_2d(response.utility).mean(axis=0),
        np.atleast_2d(response.price_coefficient).mean(axis=0),
        response.prices,
        market_size=response.market_size,
    )
    options = Options.of(flat, problem.cost, problem.points)
    dear = Options.of(flat, np.zeros_like(problem.cost), problem.points)
    return [ratio_list(one, problem.rules).chosen for one in (options, dear)]


def _stocked(problem: Problem, time_limit: float) -> Solution:
    popular = _popular(problem)
    if popular is not None:
        return popular
    tried = _tried(problem)
    if tried is not None:
        return tried
    best = climbed(_starts(problem), problem.worth, problem.open, problem.rules)
    value = float(problem.worth(best))
    bound = solved(problem.without_stock(), time_limit).bound
    why = "Heuristic: a local search; the bound leaves out the cost of stock."
    return Solution(best, value, max(bound, value), False, why)


def _popular(problem: Problem) -> Solution | None:
    """The best beginning of the order of attraction, where products are alike but for that."""
    response, rules = problem.response, problem.rules
    if not isinstance(response, MultinomialLogit) or problem.open.shape[1] > 1:
        return None
    prices = problem.points[:, 0]
    alike = np.ptp(prices) == 0 and np.ptp(problem.cost) == 0 and np.ptp(rules.fixed_cost) == 0
    if not alike or rules.keep.any() or rules.at_least or not rules.roomy:
        return None
    order = np.argsort(-response.values(prices), kind="stable")
    order = order[~rules.never[order]][: rules.at_most]
    lists = np.full((len(order) + 1, len(prices)), NOT_LISTED)
    for number, product in enumerate(order):
        lists[number + 1 :, product] = 0
    money = problem.worth(lists)
    best = int(money.argmax())
    value = float(money[best])
    why = (
        f"Exact: products differ in nothing but their attraction, so the best list is a popular "
        f"set, here the {best} most attractive."
    )
    return Solution(lists[best], value, value, True, why)
