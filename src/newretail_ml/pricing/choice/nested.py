"""The nested logit: products draw first from their own nest, such as a size or a brand."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pandas as pd

from newretail_ml.errors import DataError
from newretail_ml.pricing.choice.arguments import (
    as_coefficient,
    as_labels,
    as_utility,
    only_listed,
    spread,
)
from newretail_ml.pricing.choice.base import ChoiceResponse
from newretail_ml.pricing.choice.groups import Groups
from newretail_ml.pricing.choice.multinomial import as_draws, drawn_coefficients
from newretail_ml.pricing.response import Evidence, checked_prices


class NestedLogit(ChoiceResponse):
    """Customers choose a nest, or nothing, and a product in it.

    With v = utility + b price and d the dissimilarity of nest g, its worth is
    d log(sum over the nest of exp(v / d)), and nests compete like products of a multinomial
    logit, which d = 1 gives back. Train (2009), Discrete Choice Methods with Simulation, ch. 4.

    Args:
        utility: (n,) worth of each product before its price; that of buying nothing is 0. Minus
            infinity for a product that nobody takes.
        price_coefficient: change of the worth by one unit of money, at most zero: one number, or
            (n,).
        nest: (n,) label of each product's nest.
        dissimilarity: above 0 (products of a nest are the same) up to 1 (the nest means
            nothing): one number, or (n,) equal within a nest.
        prices: (n,) current prices.
        market_size: customers a period who could buy: one number, or (n,) equal within a market.
        market: (n,) label of the market (such as the store) that a product is offered in.
        draws: (draws,) or (draws, n) price coefficients that are as likely as the data allows.
        dissimilarity_draws: the same of the dissimilarity, drawn together with them.
        level_error: relative standard error of the units at current prices, one number or (n,).
        keys: one row a product; numbers where left out.
        evidence: what the response rests on; taken as true where left out.

    Raises:
        DataError: shapes differ, a price is not above zero, a coefficient is above zero, or a
            dissimilarity does not lie in (0, 1] or differs within a nest.

    >>> response = NestedLogit([1.0, 1.0, 1.0], -1.0, ["big", "big", "small"], 0.5, [1, 1, 1])
    >>> response.elasticities().round(3).tolist()
    [[-1.293, 0.707, 0.293], [0.707, -1.293, 0.293], [0.207, 0.207, -0.707]]
    """

    by_product: ClassVar[tuple[str, ...]] = (
        *ChoiceResponse.by_product,
        "nest",
        "dissimilarity",
        "dissimilarity_draws",
    )

    def __init__(
        self,
        utility: np.ndarray,
        price_coefficient: np.ndarray | float,
        nest: np.ndarray,
        dissimilarity: np.ndarray | float,
        prices: np.ndarray,
        *,
        market_size: np.ndarray | float = 1.0,
        market: np.ndarray | None = None,
        draws: np.ndarray | None = None,
        dissimilarity_draws: np.ndarray | None = None,
        level_error: np.ndarray | float = 0.0,
        keys: pd.DataFrame | None = None,
        evidence: Evidence | None = None,
    ) -> None:
        self.utility = as_utility(utility)
        self.price_coefficient = as_coefficient(price_coefficient, self.utility.shape)
        self.draws = as_draws(draws, self.utility.shape)
        self.dissimilarity_draws = as_draws(dissimilarity_draws, self.utility.shape)
        self._settle(prices, market_size, market, level_error, keys, evidence)
        self.nest = as_labels("nest", nest, self.n_products)
        self.dissimilarity = spread("dissimilarity", dissimilarity, self.n_products)
        pairs = pd.MultiIndex.from_arrays([self.markets.codes, self.nest])
        self.nests = Groups(pairs.factorize()[0])
        self._nest_markets = Groups(self.markets.codes[_first(self.nests)])
        self._check()

    def _check(self) -> None:
        own = self.dissimilarity
        if not ((own > 0) & (own <= 1)).all():
            raise DataError(
                "dissimilarities must lie above 0 and be at most 1",
                next_step="Correct them; at 1 the nests mean nothing.",
            )
        if not np.allclose(self.nests.spread(self.nests.max(own)), own):
            raise DataError(
                "products of one nest have different dissimilarities",
                next_step="Give each nest one.",
            )
        drawn, others = self.draws, self.dissimilarity_draws
        if others is not None and (drawn is None or len(drawn) != len(others)):
            raise DataError(
                "dissimilarities were drawn without price coefficients, or in another number",
                next_step="Draw both together.",
            )

    def shares(self, prices: np.ndarray, listed: np.ndarray | None = None) -> np.ndarray:
        """(..., n) share of the customers of its market who choose each listed product."""
        scaled, within, nest, log_total = self._parts(prices, listed)
        logs = scaled - self.nests.spread(np.where(np.isfinite(within), within, 0.0))
        nest = np.where(np.isfinite(nest), nest, 0.0)
        return np.exp(logs + self.nests.spread(nest) - self.markets.spread(log_total))

    def _parts(
        self, prices: np.ndarray, listed: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Worth over d, (..., n); log sum and worth of the nests; log sum of the markets."""
        at = checked_prices(prices, self.n_products)
        value = only_listed(self.utility + self.price_coefficient * at, listed)
        scaled = value / self.dissimilarity
        within = self.nests.log_sum_exp(scaled)
        nest = within * self.dissimilarity[_first(self.nests)]
        return scaled, within, nest, np.logaddexp(0.0, self._nest_markets.log_sum_exp(nest))

    def elasticities(self, prices: np.ndarray | None = None) -> np.ndarray:
        """(n, n) elasticities at the current prices, or at others."""
        at = self._at(prices)
        share = self.shares(at)
        meet = np.where(self.markets.same(), share, 0.0)
        inside = np.where(self.nests.same(), self._within(share), 0.0)
        near = 1 / self.dissimilarity
        return self.price_coefficient * at * (np.diag(near) - (near - 1) * inside - meet)

    def own_elasticities(self, prices: np.ndarray | None = None) -> np.ndarray:
        """(n,) own-price elasticities."""
        at = self._at(prices)
        share, near = self.shares(at), 1 / self.dissimilarity
        return self.price_coefficient * at * (near - (near - 1) * self._within(share) - share)

    def _within(self, shares: np.ndarray) -> np.ndarray:
        """(n,) shares of the nest."""
        total = self.nests.spread(self.nests.sum(shares))
        return np.divide(shares, total, out=np.zeros_like(shares), where=total > 0)

    def _log_nothing(self, prices: np.ndarray) -> np.ndarray:
        return -self._parts(prices)[-1]

    def _through(
        self, shares: np.ndarray, prices: np.ndarray, log_nothing: np.ndarray
    ) -> np.ndarray:
        """Berry's inversion: v = log s - log s0 - (1 - d) log share of the nest."""
        within = np.log(np.where(shares > 0, self._within(shares), 1.0))
        with np.errstate(divide="ignore"):
            worth = np.log(shares) - log_nothing - (1 - self.dissimilarity) * within
        return worth - self.price_coefficient * prices

    def _drawn(self, n: int, rng: np.random.Generator) -> list[dict[str, Any]]:
        if self.dissimilarity_draws is None or self.draws is None:
            return drawn_coefficients(self.draws, self.price_coefficient, n, rng)
        many = len(self.draws)
        rows = np.arange(n) if n == many else rng.integers(many, size=n)
        return [
            {
                "price_coefficient": np.minimum(self.draws[row], 0.0),
                "dissimilarity": np.clip(self.dissimilarity_draws[row], 0.01, 1.0),
                "dissimilarity_draws": None,
            }
            for row in rows
        ]

    def _arguments(self) -> dict[str, Any]:
        return self._common() | {
            "utility": self.utility,
            "price_coefficient": self.price_coefficient,
            "nest": self.nest,
            "dissimilarity": self.dissimilarity,
            "dissimilarity_draws": self.dissimilarity_draws,
        }


def _first(groups: Groups) -> np.ndarray:
    """Position of the first place of each group."""
    return np.unique(groups.codes, return_index=True)[1]
