"""The most profitable prices under a choice model, without rules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import check_whole
from newretail_ml.errors import DataError
from newretail_ml.pricing.choice.arguments import costs_of
from newretail_ml.pricing.choice.base import ChoiceResponse
from newretail_ml.pricing.choice.decision import ChoiceDecision, Priced
from newretail_ml.pricing.choice.latent import LatentClassLogit
from newretail_ml.pricing.choice.multinomial import MultinomialLogit
from newretail_ml.pricing.choice.nested import NestedLogit
from newretail_ml.pricing.choice.optimal_latent import latent_prices
from newretail_ml.pricing.choice.optimal_multinomial import multinomial_prices
from newretail_ml.pricing.choice.optimal_nested import nested_prices

Solver = Callable[[Any, np.ndarray, np.ndarray, int, int], Priced]

SOLVERS: dict[type[ChoiceResponse], Solver] = {
    MultinomialLogit: multinomial_prices,
    NestedLogit: nested_prices,
    LatentClassLogit: latent_prices,
}


def optimal_prices(
    response: ChoiceResponse,
    unit_cost: np.ndarray | float | pd.DataFrame,
    *,
    starts: int = 8,
    random_state: int = 0,
) -> ChoiceDecision:
    """Prices with the largest expected profit of each market, without any rule.

    Multinomial logit: price less cost less 1 / |b| is the profit R of an average customer of the
    market, for every product; R solves R = sum exp(v_i(R)) / |b_i|, which for one coefficient is
    Lambert's W (Li and Huh 2011, Manufacturing & Service Operations Management 13). Nested
    logit: the same with one adjusted markup a nest (Gallego and Wang 2014, Operations Research
    62). Latent classes: a local search from several starts, a heuristic; the bound lets each
    class have prices of its own.

    Products whose response is not identified keep their current price.

    Args:
        response: a multinomial, nested or latent-class logit.
        unit_cost: cost of a unit sold, one number, (n,) or a frame with unit_cost.
        starts: of the search, for latent classes.
        random_state: seed of the starts.

    Raises:
        DataError: costs are missing or negative, or a price coefficient is zero, so that the
            dearest is best and only a rule could stop it.

    >>> decision = optimal_prices(MultinomialLogit([2.0], -1.0, [2.0]), unit_cost=1.0)
    >>> round(decision.table["price"].item(), 6), round(decision.objective, 6), decision.exact
    (2.567143, 0.567143, True)
    """
    solve = _solver(response)
    cost = costs_of(response, unit_cost)
    check_whole("starts", starts, at_least=1)
    wanted = np.isfinite(np.atleast_2d(response.utility)).any(axis=0)
    free = response.evidence.identified & wanted
    _check_bounded(response, free)
    prices, bound, exact, why = response.prices.copy(), 0.0, True, "Nothing could be changed."
    for members in response.markets.members():
        market = response.select(members)
        if not free[members].any():
            bound += float(market.profit(market.prices, cost[members]))
            continue
        priced = solve(market, cost[members], free[members], starts, random_state)
        prices[members] = priced.prices
        bound += priced.bound
        # What is not proven anywhere is what should be read.
        why = priced.why if exact else why
        exact = exact and priced.exact
    profit = float(response.profit(prices, cost))
    if len(response.markets) > 1:
        why = f"{len(response.markets):,} markets, each for itself, of which one: {why}"
    kept = int((~free).sum())
    if kept:
        why += f" {kept:,} products keep their price: not identified, or nobody wants them."
    # Rounding must not make a proven optimum look better than its own bound.
    return ChoiceDecision(
        _table(response, cost, prices), profit, profit if exact else max(bound, profit), exact, why
    )


def _solver(response: object) -> Solver:
    for kind, solve in SOLVERS.items():
        if isinstance(response, kind):
            return solve
    raise DataError(
        f"a {type(response).__name__} is no choice model",
        next_step="Pass a MultinomialLogit, NestedLogit or LatentClassLogit.",
    )


def _check_bounded(response: ChoiceResponse, free: np.ndarray) -> None:
    endless = free & (np.atleast_2d(response.price_coefficient) == 0).any(axis=0)
    if endless.any():
        raise DataError(
            f"{endless.sum():,} products have a price coefficient of zero: the dearer the better",
            rows=np.flatnonzero(endless),
            next_step="Give them a highest price in a price list, or a coefficient below zero.",
        )


def _table(response: ChoiceResponse, cost: np.ndarray, prices: np.ndarray) -> pd.DataFrame:
    units = response.units(prices)
    table = response.keys.copy()
    table[c.PRICE] = prices
    table[c.CURRENT_PRICE] = response.prices
    table[c.UNITS] = units
    table[c.REVENUE] = prices * units
    table[c.PROFIT] = (prices - cost) * units
    return table
