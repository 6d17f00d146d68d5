"""What every choice model has in common: markets of customers who choose one product or none."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from newretail_ml.errors import DataError
from newretail_ml.pricing.choice.arguments import as_labels, spread
from newretail_ml.pricing.choice.groups import Groups
from newretail_ml.pricing.response import DemandResponse, Evidence, checked_prices, numbered


class ChoiceResponse(DemandResponse):
    """Demand of customers who each choose one product of their market, or none.

    Attributes:
        utility: what a product is worth to a customer before its price; none has 0.
        price_coefficient: (n,) what one unit of money takes from that, at most zero.
        market: (n,) label of the market (a store, a chain) in which a product is offered.
        market_size: (n,) customers a period of each product's market.
        draws: price coefficients that are as likely as the data allows, or None.
        level_error: (n,) relative standard error of the units at the current prices.
    """

    utility: np.ndarray
    price_coefficient: np.ndarray
    draws: Any

    # The constructor's arguments with products along their last axis.
    by_product: ClassVar[tuple[str, ...]] = (
        "utility",
        "price_coefficient",
        "prices",
        "market_size",
        "market",
        "draws",
        "level_error",
    )

    def _settle(
        self,
        prices: object,
        market_size: object,
        market: object | None,
        level_error: object,
        keys: pd.DataFrame | None,
        evidence: Evidence | None,
    ) -> None:
        """Check and keep what all choice models are told."""
        n = self.utility.shape[-1]
        self.prices = checked_prices(np.atleast_1d(np.asarray(prices)), n)
        self.market = np.zeros(n, int) if market is None else as_labels("market", market, n)
        self.markets = Groups(self.market)
        self.market_size = spread("market_size", market_size, n)
        self.level_error = spread("level_error", level_error, n)
        if not (self.market_size > 0).all() or not (self.level_error >= 0).all():
            raise DataError(
                "market sizes must be above zero, and level errors at least zero",
                next_step="Correct them.",
            )
        largest = self.markets.spread(self.markets.max(self.market_size))
        if not np.allclose(largest, self.market_size):
            raise DataError(
                "products of one market have different market sizes",
                next_step="Give each market one size: the customers who could buy there.",
            )
        self.keys = numbered(n) if keys is None else keys.reset_index(drop=True)
        if len(self.keys) != n:
            raise DataError(f"{len(self.keys)} keys for {n} products", next_step="Give one each.")
        self.evidence = Evidence.given(n) if evidence is None else evidence

    @property
    def separable(self) -> bool:
        """Whether every product is alone in its market."""
        return len(self.markets) == self.n_products

    @abstractmethod
    def shares(self, prices: np.ndarray, listed: np.ndarray | None = None) -> np.ndarray:
        """(..., n) share of the customers of its market who choose each product.

        Where `listed`, (..., n) bool, is given, only those products are offered.
        """

    @abstractmethod
    def _log_nothing(self, prices: np.ndarray) -> np.ndarray:
        """(markets,) logarithms of the shares of those who buy nothing at prices (n,)."""

    @abstractmethod
    def _through(
        self, shares: np.ndarray, prices: np.ndarray, log_nothing: np.ndarray
    ) -> np.ndarray:
        """Utilities with which the shares at prices (n,) are as given, (n,).

        The logarithms of the shares that buy nothing, (n,), are known to more digits than the
        shares tell.
        """

    @abstractmethod
    def _drawn(self, n: int, rng: np.random.Generator) -> list[dict[str, Any]]:
        """Changes of the constructor's arguments for n likely responses."""

    @abstractmethod
    def _arguments(self) -> dict[str, Any]:
        """Arguments with which the constructor makes the same response."""

    def units(self, prices: np.ndarray) -> np.ndarray:
        """(..., n) expected units a period at prices (..., n)."""
        return self.market_size * self.shares(prices)

    def anchored(self, units: np.ndarray, prices: np.ndarray | None = None) -> Self:
        """The same response, with the given units, (n,), at prices (by default the current).

        The number of customers grows or falls with the total, so that the share of those who
        buy nothing at those prices stays as it is, and utilities share the total out. A product
        of which nothing sells gets the utility minus infinity.
        """
        wanted = spread("units", units, self.n_products)
        if (wanted < 0).any():
            raise DataError("units are below zero", next_step="Correct them.")
        return self._anchored(wanted, self._at(prices))

    def _anchored(self, units: np.ndarray, prices: np.ndarray) -> Self:
        total = self.markets.spread(self.markets.sum(units))
        inside = self.markets.spread(self.markets.sum(self.shares(prices)))
        size = np.where((total > 0) & (inside > 0), total, self.market_size * inside)
        size = np.divide(size, inside, out=self.market_size.copy(), where=inside > 0)
        nothing = self.markets.spread(self._log_nothing(prices))
        utility = self._through(units / size, prices, nothing)
        return self._with(utility=utility, market_size=size)

    def with_shares(self, shares: np.ndarray, prices: np.ndarray | None = None) -> Self:
        """The same customers with other tastes: shares at prices (by default the current).

        Args:
            shares: (n,) at least zero and below 1 in total in each market; a product with 0 gets
                the utility minus infinity.
            prices: (n,) at which they hold.

        Raises:
            DataError: the shares of a market add up to 1 or more, or one is below zero.
        """
        wanted = spread("shares", shares, self.n_products)
        left = 1 - self.markets.sum(wanted)
        if (wanted < 0).any() or (left <= 0).any():
            raise DataError(
                f"shares are below zero, or add up to 1 or more in {(left <= 0).sum():,} markets",
                next_step="Give a market size above the units sold: some customers buy nothing.",
            )
        nothing = self.markets.spread(np.log(left))
        return self._with(utility=self._through(wanted, self._at(prices), nothing))

    def select(self, products: np.ndarray) -> Self:
        """The response of some products, at their positions; the others are not offered."""
        told = self._arguments()
        changes = {
            name: told[name][..., products] for name in self.by_product if told[name] is not None
        }
        changes["keys"] = self.keys.iloc[products].reset_index(drop=True)
        return self._with(**changes, evidence=self.evidence.select(products))

    def sample(self, n: int, random_state: int = 0) -> list[Self]:
        """Responses that are as likely as the data allows, each with its own coefficients.

        They agree on the units at the current prices up to the level error, because the data
        knows these best.
        """
        # A stream of its own: models draw coefficients from the same seed.
        rng = np.random.default_rng([random_state, 1])
        changes = self._drawn(n, rng)
        noise = rng.standard_normal((n, self.n_products)) * self.level_error
        here = self.units(self.prices)
        levels = here * np.exp(noise - self.level_error**2 / 2)
        return [
            self._with(**change, draws=None, level_error=0.0)._anchored(level, self.prices)
            for change, level in zip(changes, levels, strict=True)
        ]

    def _with(self, **changes: Any) -> Self:
        return type(self)(**(self._arguments() | changes))

    def _common(self) -> dict[str, Any]:
        return {
            "prices": self.prices,
            "market_size": self.market_size,
            "market": self.market,
            "draws": self.draws,
            "level_error": self.level_error,
            "keys": self.keys,
            "evidence": self.evidence,
        }
