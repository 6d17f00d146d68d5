"""The best list of products of a market, and where asked for, its prices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import as_numbers, check_number, check_numbers
from newretail_ml.errors import DataError
from newretail_ml.pricing.assortment.mixed import mixed_list
from newretail_ml.pricing.assortment.options import NOT_LISTED, Options
from newretail_ml.pricing.assortment.problem import Problem
from newretail_ml.pricing.assortment.ratio import ratio_list
from newretail_ml.pricing.assortment.rules import AssortmentRules, Settled
from newretail_ml.pricing.assortment.search import Worth
from newretail_ml.pricing.assortment.solvers import solved
from newretail_ml.pricing.assortment.stock import StockCost
from newretail_ml.pricing.choice import ChoiceDecision, ChoiceResponse
from newretail_ml.pricing.choice.arguments import spread
from newretail_ml.pricing.response import numbered


@dataclass(frozen=True, eq=False, repr=False)
class Assortment(ChoiceDecision):
    """The products to list.

    The columns of `table` are the keys, listed, price (empty where a product is not listed),
    units, revenue and profit.
    """

    @property
    def listed(self) -> np.ndarray:
        """(n,) bool: which products are listed."""
        return self.table[c.LISTED].to_numpy(bool)


def best_assortment(
    response: ChoiceResponse,
    unit_cost: np.ndarray | float | pd.DataFrame = 0.0,
    rules: AssortmentRules | None = None,
    *,
    price_points: np.ndarray | None = None,
    stock: StockCost | None = None,
    time_limit: float = 30.0,
) -> Assortment:
    """The list of products of one market with the largest expected profit, and its prices.

    Multinomial logit: exact, with limits on number and space and with price points, too. Nested
    logit: exact at given prices with at most a limit on the number. Latent classes and costs of
    listing: a mixed-integer programme with a proven gap (Bront, Mendez-Diaz and Vulcano 2009).
    With the cost of stock, popular sets where they are best (van Ryzin and Mahajan 1999). Short
    ranges of any kind are tried out in full; what is not proven says so, with its bound.

    Args:
        response: a multinomial, nested or latent-class logit of one market.
        unit_cost: one number, (n,) or a frame with unit_cost; left out, revenue is maximized.
        rules: how many products, how much room, what must and must not be listed.
        price_points: (n, points) prices that each product may have, NaN where there are fewer;
            the current prices where left out.
        stock: what uncertain demand costs, if that is to count.
        time_limit: seconds for a programme.

    Raises:
        DataError: numbers are wrong, or the response has several markets.
        InfeasibleError: the rules contradict one another.

    >>> from newretail_ml.pricing.choice import MultinomialLogit
    >>> response = MultinomialLogit(np.log([0.2, 0.6, 0.3, 5.2]), 0.0, [9.5, 9.0, 7.0, 4.5])
    >>> best = best_assortment(response, rules=AssortmentRules(at_most=3))
    >>> best.listed.tolist(), round(best.objective, 5), best.exact
    ([True, True, True, False], 4.47619, True)
    """
    check_number("time_limit", time_limit, above=0.0)
    rules = AssortmentRules() if rules is None else rules
    problem = Problem.of(response, unit_cost, rules, price_points, stock)
    found = solved(problem, time_limit)
    return Assortment(
        table_of(problem, found.chosen), found.value, found.bound, found.exact, found.why
    )


def table_of(problem: Problem, chosen: np.ndarray) -> pd.DataFrame:
    """One row a product: keys, listed, price, expected units, revenue and profit."""
    listed = chosen != NOT_LISTED
    units = problem.units(chosen)
    prices = problem.prices(chosen)
    table = problem.response.keys.copy()
    table[c.LISTED] = listed
    table[c.PRICE] = np.where(listed, prices, np.nan)
    table[c.UNITS] = units
    table[c.REVENUE] = units * prices
    table[c.PROFIT] = problem.profit(chosen)
    return table


def best_list(
    attraction: np.ndarray,
    gain: np.ndarray,
    rules: AssortmentRules | None = None,
    *,
    outside: np.ndarray | float = 1.0,
    weights: np.ndarray | None = None,
    time_limit: float = 30.0,
) -> Assortment:
    """The list with the largest money a customer, from attractions instead of a response.

    Args:
        attraction: (n,) at least zero, or (classes, n).
        gain: (n,) money of a unit; revenue or margin, of any sign.
        rules: of the list.
        outside: attraction of buying nothing, at least zero: one number, or (classes,).
        weights: (classes,) shares of the customers, equal where left out.
        time_limit: seconds for a programme.

    Raises:
        DataError: numbers are wrong, or outside is zero where a programme is needed.
        InfeasibleError: the rules contradict one another.

    >>> best = best_list([1.0, 1.0, 5.0], [10.0, 8.0, 1.0], AssortmentRules(at_most=3))
    >>> best.listed.tolist(), best.objective
    ([True, True, False], 6.0)
    """
    options = _options(attraction, gain, outside, weights)
    settled = (AssortmentRules() if rules is None else rules).of(options.n)
    if len(options.customers) == 1 and settled.plain:
        found = ratio_list(options, settled)
    else:
        if not (options.outside > 0).all():
            raise DataError(
                "with classes or costs of listing, some customers must be able to buy nothing",
                next_step="Give outside a number above zero.",
            )
        found = mixed_list(options, settled, _net(options, settled), time_limit)
    table = _list_table(options, settled, found.chosen)
    return Assortment(table, found.value, found.bound, found.exact, found.why)


def _options(attraction: object, gain: object, outside: object, weights: object | None) -> Options:
    money = check_numbers("gain", gain, at_least=None)
    worth = np.atleast_2d(as_numbers("attraction", attraction))
    if worth.ndim != 2 or worth.shape[1] != len(money):
        raise DataError(
            f"attractions of shape {worth.shape} for {len(money)} gains",
            next_step="Give each product one, in each class.",
        )
    share = np.ones(len(worth)) / len(worth) if weights is None else weights
    share = check_numbers("weights", share)
    nothing = spread("outside", outside, len(worth))
    if not (np.isfinite(worth) & (worth >= 0)).all() or (nothing < 0).any():
        raise DataError("attractions must be finite and at least zero", next_step="Correct them.")
    if len(share) != len(worth) or not np.isclose(share.sum(), 1.0):
        raise DataError(
            f"{len(share)} weights that add up to {share.sum():g} for {len(worth)} classes",
            next_step="Give each class its share of the customers.",
        )
    top = np.maximum(worth.max(axis=1), nothing)
    top = np.where(top > 0, top, 1.0)
    return Options(
        share,
        nothing / top,
        (worth / top[:, None])[:, :, None],
        np.broadcast_to(money[:, None], (*worth.shape, 1)),
        np.ones((len(money), 1), bool),
    )


def _net(options: Options, rules: Settled) -> Worth:
    def worth(chosen: np.ndarray) -> np.ndarray:
        return options.worth(chosen) - (chosen != NOT_LISTED) @ rules.fixed_cost

    return worth


def _list_table(options: Options, rules: Settled, chosen: np.ndarray) -> pd.DataFrame:
    listed = chosen != NOT_LISTED
    units = np.tensordot(options.customers, options.shares(chosen), 1)
    table = numbered(options.n)
    table[c.LISTED] = listed
    table[c.UNITS] = units
    table[c.REVENUE] = units * options.gain[0, :, 0]
    table[c.PROFIT] = table[c.REVENUE] - np.where(listed, rules.fixed_cost, 0.0)
    return table
