"""The multinomial logit: products that draw from one another in proportion to their shares."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from newretail_ml.checks import as_numbers
from newretail_ml.errors import DataError
from newretail_ml.pricing.choice.arguments import as_coefficient, as_utility, only_listed
from newretail_ml.pricing.choice.base import ChoiceResponse
from newretail_ml.pricing.response import Evidence, checked_prices


class MultinomialLogit(ChoiceResponse):
    """Each customer takes product i with chance exp(v_i) / (1 + sum exp(v)), v = utility + b price.

    The 1 stands for buying nothing. McFadden (1974), Conditional logit analysis of qualitative
    choice behavior.

    Args:
        utility: (n,) worth of each product before its price; that of buying nothing is 0. Minus
            infinity for a product that nobody takes.
        price_coefficient: change of the worth by one unit of money, at most zero: one number, or
            (n,).
        prices: (n,) current prices.
        market_size: customers a period who could buy: one number, or (n,) equal within a market.
        market: (n,) label of the market (such as the store) that a product is offered in; all
            in one where left out. Products of different markets never meet.
        draws: (draws,) or (draws, n) price coefficients that are as likely as the data allows.
        level_error: relative standard error of the units at current prices, one number or (n,).
        keys: one row a product; numbers where left out.
        evidence: what the response rests on; taken as true where left out.

    Raises:
        DataError: shapes differ, a price is not above zero, or a coefficient is above zero.

    >>> response = MultinomialLogit([1.0, 0.5], -2.0, [1.2, 0.9], market_size=100)
    >>> response.units([1.2, 0.9]).round(4).tolist()
    [16.2328, 17.94]
    >>> response.elasticities().round(6).tolist()
    [[-2.010413, 0.32292], [0.389587, -1.47708]]
    """

    def __init__(
        self,
        utility: np.ndarray,
        price_coefficient: np.ndarray | float,
        prices: np.ndarray,
        *,
        market_size: np.ndarray | float = 1.0,
        market: np.ndarray | None = None,
        draws: np.ndarray | None = None,
        level_error: np.ndarray | float = 0.0,
        keys: pd.DataFrame | None = None,
        evidence: Evidence | None = None,
    ) -> None:
        self.utility = as_utility(utility)
        self.price_coefficient = as_coefficient(price_coefficient, self.utility.shape)
        self.draws = as_draws(draws, self.utility.shape)
        self._settle(prices, market_size, market, level_error, keys, evidence)

    def shares(self, prices: np.ndarray, listed: np.ndarray | None = None) -> np.ndarray:
        """(..., n) share of the customers of its market who choose each listed product."""
        value = only_listed(self.values(prices), listed)
        return np.exp(value - self.markets.spread(self._log_total(value)))

    def values(self, prices: np.ndarray) -> np.ndarray:
        """(..., n) worth of the products at prices (..., n); that of buying nothing is 0."""
        return self.utility + self.price_coefficient * checked_prices(prices, self.n_products)

    def attractions(self, price_points: np.ndarray) -> np.ndarray:
        """(n, points) exp(worth) of each product at its price points (n, points).

        Chances are attraction over 1 plus the sum of the attractions of the market at the chosen
        points. A point that is NaN (a shorter ladder) has attraction 0.
        """
        points = np.asarray(price_points, float)
        value = self.utility[:, None] + self.price_coefficient[:, None] * points
        return np.exp(np.where(np.isnan(points), -np.inf, value))

    def elasticities(self, prices: np.ndarray | None = None) -> np.ndarray:
        """(n, n) own b p (1 - s) and cross -b p_j s_j elasticities, at the current prices."""
        at = self._at(prices)
        meet = np.where(self.markets.same(), self.shares(at), 0.0)
        return self.price_coefficient * at * (np.eye(self.n_products) - meet)

    def own_elasticities(self, prices: np.ndarray | None = None) -> np.ndarray:
        """(n,) own-price elasticities."""
        at = self._at(prices)
        return self.price_coefficient * at * (1 - self.shares(at))

    def _log_total(self, value: np.ndarray) -> np.ndarray:
        """(..., markets) log(1 + sum exp(v))."""
        return np.logaddexp(0.0, self.markets.log_sum_exp(value))

    def _log_nothing(self, prices: np.ndarray) -> np.ndarray:
        return -self._log_total(self.values(prices))

    def _through(
        self, shares: np.ndarray, prices: np.ndarray, log_nothing: np.ndarray
    ) -> np.ndarray:
        with np.errstate(divide="ignore"):
            return np.log(shares) - log_nothing - self.price_coefficient * prices

    def _drawn(self, n: int, rng: np.random.Generator) -> list[dict[str, Any]]:
        return drawn_coefficients(self.draws, self.price_coefficient, n, rng)

    def _arguments(self) -> dict[str, Any]:
        return self._common() | {
            "utility": self.utility,
            "price_coefficient": self.price_coefficient,
        }


def as_draws(draws: np.ndarray | None, shape: tuple[int, ...]) -> np.ndarray | None:
    """(draws, ...) price coefficients, from (draws,) or one for each."""
    if draws is None:
        return None
    array = as_numbers("draws", draws)
    array = array.reshape(array.shape + (1,) * (len(shape) + 1 - array.ndim))
    try:
        array = np.broadcast_to(array, (len(array), *shape))
    except ValueError:
        array = np.array([])
    if not (array.size and np.isfinite(array).all()):
        raise DataError(
            f"draws have shape {np.shape(draws)} for coefficients of shape {shape}",
            next_step="Give finite price coefficients, one a draw, or one a draw and product.",
        )
    return array


def drawn_coefficients(
    draws: np.ndarray | None, coefficient: np.ndarray, n: int, rng: np.random.Generator
) -> list[dict[str, Any]]:
    """Price coefficients among the draws; those above zero count as zero."""
    if draws is None:
        return [{"price_coefficient": coefficient}] * n
    rows = np.arange(n) if n == len(draws) else rng.integers(len(draws), size=n)
    return [{"price_coefficient": np.minimum(draws[row], 0.0)} for row in rows]
