"""An assortment to be chosen: the response, the money, the points and the rules."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from newretail_ml.errors import DataError
from newretail_ml.pricing.assortment.options import NOT_LISTED, as_points
from newretail_ml.pricing.assortment.rules import AssortmentRules, Settled
from newretail_ml.pricing.assortment.stock import StockCost
from newretail_ml.pricing.choice import ChoiceResponse
from newretail_ml.pricing.choice.arguments import costs_of


@dataclass(frozen=True, eq=False)
class Problem:
    """What is asked, checked.

    Attributes:
        response: of the products of one market.
        cost: (n,) of a unit.
        points: (n, points) prices, NaN where there is none.
        rules: of the list.
        stock: what uncertain demand costs, if that counts.
    """

    response: ChoiceResponse
    cost: np.ndarray
    points: np.ndarray
    rules: Settled
    stock: StockCost | None

    @classmethod
    def of(
        cls,
        response: ChoiceResponse,
        unit_cost: object,
        rules: AssortmentRules,
        price_points: object | None,
        stock: StockCost | None,
    ) -> Problem:
        """The problem of a response that has one market.

        Raises:
            DataError: there are several markets, or costs are below zero or not below a price
                where stock counts.
        """
        if not isinstance(response, ChoiceResponse):
            raise DataError(
                f"a {type(response).__name__} does not say what customers choose instead",
                next_step="Pass a MultinomialLogit, NestedLogit or LatentClassLogit.",
            )
        if len(response.markets) > 1:
            raise DataError(
                f"the response has {len(response.markets)} markets",
                next_step="Use assortments_by_market, or select the products of one.",
            )
        cost = costs_of(response, unit_cost)
        points = as_points(price_points, response.prices)
        if stock is not None:
            stock.check(points, cost)
        return cls(response, cost, points, rules.of(response.n_products), stock)

    def without_stock(self) -> Problem:
        """The same without the cost of stock."""
        return replace(self, stock=None)

    @property
    def open(self) -> np.ndarray:
        """(n, points) bool: where there is a price point."""
        return ~np.isnan(self.points)

    def prices(self, chosen: np.ndarray) -> np.ndarray:
        """(..., n) prices of chosen points; the current price where a product is not listed."""
        at = self.points[np.arange(len(self.points)), np.maximum(chosen, 0)]
        return np.where(chosen == NOT_LISTED, self.response.prices, at)

    def units(self, chosen: np.ndarray) -> np.ndarray:
        """(..., n) expected units of lists (..., n)."""
        listed = chosen != NOT_LISTED
        return self.response.market_size * self.response.shares(self.prices(chosen), listed)

    def profit(self, chosen: np.ndarray) -> np.ndarray:
        """(..., n) money of each product, after the cost of stock and of listing it."""
        units, prices = self.units(chosen), self.prices(chosen)
        money = (prices - self.cost) * units
        if self.stock is not None:
            money = money - self.stock.money(units, prices, self.cost)
        return np.where(chosen == NOT_LISTED, 0.0, money - self.rules.fixed_cost)

    def worth(self, chosen: np.ndarray) -> np.ndarray:
        """(...) money of lists (..., n)."""
        return self.profit(chosen).sum(axis=-1)
