"""The latent-class logit: kinds of customers, each with tastes and a price sensitivity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from newretail_ml.checks import check_numbers
from newretail_ml.errors import DataError
from newretail_ml.pricing.choice.arguments import as_coefficient, as_utility, only_listed
from newretail_ml.pricing.choice.base import ChoiceResponse
from newretail_ml.pricing.choice.inversion import shifts_to_shares
from newretail_ml.pricing.response import Evidence, checked_prices


class LatentClassLogit(ChoiceResponse):
    """A mixture of multinomial logits: who is lost to a dear product differs from who stays.

    The classes' weights are their shares of the customers. Kamakura and Russell (1989), Journal
    of Marketing Research 26.

    Args:
        weights: (classes,) shares of the customers, which add up to 1.
        utility: (classes, n) worth of each product before its price; that of buying nothing is
            0. Minus infinity for a product that nobody takes.
        price_coefficient: (classes,) or (classes, n), change of the worth by one unit of money,
            at most zero.
        prices: (n,) current prices.
        market_size: customers a period who could buy: one number, or (n,) equal within a market.
        market: (n,) label of the market (such as the store) that a product is offered in.
        draws: responses of the same products and classes that are as likely as the data allows.
        level_error: relative standard error of the units at current prices, one number or (n,).
        keys: one row a product; numbers where left out.
        evidence: what the response rests on; taken as true where left out.

    Raises:
        DataError: shapes differ, weights are not above zero or do not add up to 1, a price is
            not above zero, or a coefficient is above zero.

    >>> response = LatentClassLogit([0.4, 0.6], [[3.0, 1.5], [1.0, 2.0]], [-0.5, -0.9], [5.0, 3.0])
    >>> response.units([5.0, 3.0]).round(4).tolist()
    [0.1926, 0.3048]
    """

    draws: Sequence[LatentClassLogit] | None

    by_product: ClassVar[tuple[str, ...]] = tuple(
        name for name in ChoiceResponse.by_product if name != "draws"
    )

    def __init__(
        self,
        weights: np.ndarray,
        utility: np.ndarray,
        price_coefficient: np.ndarray,
        prices: np.ndarray,
        *,
        market_size: np.ndarray | float = 1.0,
        market: np.ndarray | None = None,
        draws: Sequence[LatentClassLogit] | None = None,
        level_error: np.ndarray | float = 0.0,
        keys: pd.DataFrame | None = None,
        evidence: Evidence | None = None,
    ) -> None:
        self.weights = check_numbers("weights", weights)
        self.utility = as_utility(utility, dimensions=2)
        told = np.asarray(price_coefficient)
        told = told[:, None] if told.ndim == 1 else told
        self.price_coefficient = as_coefficient(told, self.utility.shape)
        whole = np.isclose(self.weights.sum(), 1.0) and (self.weights > 0).all()
        if len(self.weights) != len(self.utility) or not whole:
            raise DataError(
                f"{len(self.weights)} weights that add up to {self.weights.sum():g}, for "
                f"{len(self.utility)} classes",
                next_step="Give each class its share of the customers.",
            )
        self.draws = draws
        self._settle(prices, market_size, market, level_error, keys, evidence)

    def class_shares(self, prices: np.ndarray, listed: np.ndarray | None = None) -> np.ndarray:
        """(..., classes, n) share of each class's customers who choose each listed product."""
        value = self._values(prices)
        if listed is not None:
            value = only_listed(value, np.asarray(listed)[..., None, :])
        return np.exp(value - self.markets.spread(self._log_total(value)))

    def shares(self, prices: np.ndarray, listed: np.ndarray | None = None) -> np.ndarray:
        """(..., n) share of the customers of its market who choose each listed product."""
        return np.einsum("k,...kn->...n", self.weights, self.class_shares(prices, listed))

    def _values(self, prices: np.ndarray) -> np.ndarray:
        at = checked_prices(prices, self.utility.shape[1])[..., None, :]
        return self.utility + self.price_coefficient * at

    def _log_total(self, value: np.ndarray) -> np.ndarray:
        return np.logaddexp(0.0, self.markets.log_sum_exp(value))

    def buyers(self, prices: np.ndarray | None = None) -> np.ndarray:
        """(classes, n) share of each product's buyers who belong to each class."""
        value = self._values(self._at(prices))
        with np.errstate(divide="ignore", invalid="ignore"):
            logs = np.log(self.weights)[:, None] + value
            logs = logs - self.markets.spread(self._log_total(value))
            mixed = np.exp(logs - np.logaddexp.reduce(logs, axis=0))
        return np.where(np.isfinite(mixed), mixed, self.weights[:, None])

    def elasticities(self, prices: np.ndarray | None = None) -> np.ndarray:
        """(n, n) elasticities at the current prices, or at others."""
        at = self._at(prices)
        mixed, share = self.buyers(at), self.class_shares(at)
        slope = self.price_coefficient * at
        cross = np.einsum("ki,kj->ij", mixed, slope * share)
        own = np.diag((mixed * slope).sum(axis=0))
        return own - np.where(self.markets.same(), cross, 0.0)

    def own_elasticities(self, prices: np.ndarray | None = None) -> np.ndarray:
        """(n,) own-price elasticities."""
        at = self._at(prices)
        slope = self.price_coefficient * at
        return (self.buyers(at) * slope * (1 - self.class_shares(at))).sum(axis=0)

    def select(self, products: np.ndarray) -> Self:
        """The response of some products, at their positions; the others are not offered."""
        few = super().select(products)
        if self.draws is not None:
            few.draws = [one.select(products) for one in self.draws]
        return few

    def _log_nothing(self, prices: np.ndarray) -> np.ndarray:
        nothing = -self._log_total(self._values(prices))
        return np.logaddexp.reduce(np.log(self.weights)[:, None] + nothing, axis=0)

    def _through(
        self, shares: np.ndarray, prices: np.ndarray, log_nothing: np.ndarray
    ) -> np.ndarray:
        value, shift = self._values(prices), np.zeros(len(log_nothing))
        for members in self.markets.members():
            shift[members] = shifts_to_shares(self.weights, value[:, members], shares[members])
        return self.utility + np.where(np.isfinite(self.utility), shift, 0.0)

    def _drawn(self, n: int, rng: np.random.Generator) -> list[dict[str, Any]]:
        among = [self] if self.draws is None else self.draws
        whole = n == len(among)
        rows = np.arange(n) if whole else rng.integers(len(among), size=n)
        names = ("weights", "utility", "price_coefficient")
        return [{name: getattr(among[row], name) for name in names} for row in rows]

    def _arguments(self) -> dict[str, Any]:
        return self._common() | {
            "weights": self.weights,
            "utility": self.utility,
            "price_coefficient": self.price_coefficient,
        }
