"""A list for each market, so that a store lists what its customers want."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import check_number, check_whole, need_columns
from newretail_ml.errors import DataError
from newretail_ml.pricing.assortment.best import Assortment, table_of
from newretail_ml.pricing.assortment.coupled import Coupling, coupled_lists
from newretail_ml.pricing.assortment.problem import Problem
from newretail_ml.pricing.assortment.rules import AssortmentRules
from newretail_ml.pricing.assortment.shared import shared_list
from newretail_ml.pricing.assortment.solution import Solution
from newretail_ml.pricing.choice import ChoiceResponse


@dataclass(frozen=True, eq=False, repr=False)
class MarketAssortments(Assortment):
    """A list for each market, and the one list for all beside it.

    Attributes:
        shared: the best single list that all markets list alike, under all their rules; None
            where not asked for, or where there is none.
    """

    shared: Assortment | None = None

    @property
    def gain(self) -> float:
        """Expected money a period over one list for all; NaN where not compared."""
        return np.nan if self.shared is None else self.objective - self.shared.objective


def assortments_by_market(
    response: ChoiceResponse,
    unit_cost: np.ndarray | float = 0.0,
    rules: AssortmentRules | Mapping[Hashable, AssortmentRules] | None = None,
    *,
    product: str = c.ITEM,
    least_markets: int = 0,
    most_markets: int | None = None,
    price_points: np.ndarray | None = None,
    compare: bool = True,
    time_limit: float = 30.0,
) -> MarketAssortments:
    """The most profitable list of each market, under its own rules and rules of the chain.

    Without rules of the chain markets are solved one by one, as by `best_assortment`. With them,
    one mixed-integer programme covers all (multinomial and latent-class logit); lists repaired
    market by market stand beside it. The bound is then that of the programme, or that of the
    markets one by one where this is lower.

    Args:
        response: of the products of all markets; `market` tells them apart.
        unit_cost: one number or (n,); left out, revenue is maximized.
        rules: one set for every market, its arrays over all rows of the response; or market ->
            rules, with arrays over the rows of that market.
        product: column of the keys that names a product across markets.
        least_markets: a product that is listed anywhere is listed in at least so many markets.
        most_markets: a product is listed in at most so many.
        price_points: (n, points) prices that each product may have in its market.
        compare: whether to find the best single list for all markets, too.
        time_limit: seconds for a programme of all markets; each alone gets its part, at least 1.

    Raises:
        DataError: numbers are wrong, or a market or the product column is not known.
        InfeasibleError: rules contradict one another.

    >>> from newretail_ml.pricing.choice import MultinomialLogit
    >>> keys = pd.DataFrame({"item_id": ["tea", "rice"] * 2, "location_id": list("xxyy")})
    >>> response = MultinomialLogit([2.0, 0.0, 0.0, 2.0], -0.1, [2.0, 2.0, 2.0, 2.0],
    ...                             market=list("xxyy"), market_size=100, keys=keys)
    >>> lists = assortments_by_market(response, rules=AssortmentRules(at_most=1))
    >>> lists.listed.tolist(), round(lists.gain, 1)
    ([True, False, False, True], 81.6)
    """
    check_number("time_limit", time_limit, above=0.0)
    problems, positions = _problems(response, unit_cost, rules, price_points)
    need_columns(response.keys, "keys", [product])
    codes = pd.factorize(response.keys[product])[0]
    items = [codes[members] for members in positions]
    if any(len(np.unique(one)) < len(one) for one in items):
        raise DataError(
            f"a market has several rows of one {product}",
            table="keys",
            column=product,
            next_step="Name the column that tells products apart.",
        )
    most = len(problems) if most_markets is None else check_whole("most_markets", most_markets)
    coupling = Coupling(items, check_whole("least_markets", least_markets), most)
    found = coupled_lists(problems, coupling, time_limit)
    shared = None
    if compare:
        alike = shared_list(problems, items, found[1].bound, time_limit)
        if alike is not None:
            shared = Assortment(*_result(problems, positions, alike))
    return MarketAssortments(*_result(problems, positions, found), shared)


def _problems(
    response: ChoiceResponse,
    unit_cost: object,
    rules: AssortmentRules | Mapping[Hashable, AssortmentRules] | None,
    price_points: object | None,
) -> tuple[list[Problem], list[np.ndarray]]:
    positions = response.markets.members()
    labels = list(response.markets.labels)
    if isinstance(rules, Mapping):
        unknown = [label for label in rules if label not in labels]
        if unknown:
            raise DataError(
                f"there are rules of '{unknown[0]}', which is no market",
                next_step=f"Name markets such as '{labels[0]}'.",
            )
    cost = np.broadcast_to(np.asarray(unit_cost, float), response.n_products)
    points = None if price_points is None else np.asarray(price_points, float)
    made = []
    for label, members in zip(labels, positions, strict=True):
        own = rules.get(label) if isinstance(rules, Mapping) else rules
        own = AssortmentRules() if own is None else own
        own = own if isinstance(rules, Mapping) else own.select(members)
        at = None if points is None else points[members]
        made.append(Problem.of(response.select(members), cost[members], own, at, None))
    return made, positions


def _result(
    problems: list[Problem],
    positions: list[np.ndarray],
    found: tuple[list[np.ndarray], Solution],
) -> tuple[pd.DataFrame, float, float, bool, str]:
    lists, summary = found
    tables = [table_of(problem, chosen) for problem, chosen in zip(problems, lists, strict=True)]
    order = np.argsort(np.concatenate(positions))
    table = pd.concat(tables, ignore_index=True).iloc[order].reset_index(drop=True)
    return table, summary.value, summary.bound, summary.exact, summary.why
