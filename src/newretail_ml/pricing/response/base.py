"""The one interface of every demand response: units, elasticities, and how sure they are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Self

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import as_numbers
from newretail_ml.errors import DataError
from newretail_ml.pricing.response.evidence import Evidence


class DemandResponse(ABC):
    """Expected demand of n products in one period as a function of all their prices.

    Attributes:
        keys: one row a product.
        prices: (n,) current prices, money per unit.
        evidence: what the response rests on.
    """

    keys: pd.DataFrame
    prices: np.ndarray
    evidence: Evidence

    @property
    def n_products(self) -> int:
        """How many products there are."""
        return len(self.keys)

    @property
    @abstractmethod
    def separable(self) -> bool:
        """Whether the demand of each product depends on its own price alone."""

    @abstractmethod
    def units(self, prices: np.ndarray) -> np.ndarray:
        """(..., n) expected units a period at prices (..., n)."""

    @abstractmethod
    def elasticities(self, prices: np.ndarray | None = None) -> np.ndarray:
        """(n, n) percent by which the row's demand changes per percent of the column's price.

        At the current prices unless other prices, (n,), are given.
        """

    @abstractmethod
    def sample(self, n: int, random_state: int = 0) -> list[Self]:
        """Responses that are as likely as the data allows; `n` equal ones where all is known."""

    @abstractmethod
    def anchored(self, units: np.ndarray, prices: np.ndarray | None = None) -> Self:
        """The same response, with the given units, (n,), at prices (by default the current).

        So a forecast says how much will sell at the planned prices, and the response says how
        that changes with the price.
        """

    def own_elasticities(self, prices: np.ndarray | None = None) -> np.ndarray:
        """(n,) own-price elasticities, the diagonal of `elasticities`."""
        return np.diagonal(self.elasticities(prices)).copy()

    def profit(self, prices: np.ndarray, unit_cost: np.ndarray) -> np.ndarray:
        """(...) expected profit a period of price lists (..., n)."""
        prices = np.asarray(prices, float)
        cost = as_numbers("unit costs", unit_cost)
        if cost.ndim and cost.shape[-1] not in (1, self.n_products):
            raise DataError(
                f"unit costs have shape {cost.shape} for {self.n_products} products",
                next_step="Pass one cost, or one a product in the order of the keys.",
            )
        return ((prices - cost) * self.units(prices)).sum(axis=-1)

    def _at(self, prices: np.ndarray | None) -> np.ndarray:
        return self.prices if prices is None else checked_prices(prices, self.n_products)

    def __repr__(self) -> str:
        known = int(self.evidence.identified.sum())
        return f"{type(self).__name__}({self.n_products:,} products, {known:,} identified)"


def checked_prices(prices: object, n: int) -> np.ndarray:
    """(..., n) the prices, each finite and above zero.

    >>> checked_prices([2.0, 0.0], 2)
    Traceback (most recent call last):
    newretail_ml.errors.DataError: 1 prices are not finite numbers above zero, the first is 0. ...
    """
    try:
        array = np.asarray(prices, float)
    except (TypeError, ValueError):
        raise DataError("prices are not numbers", next_step="Correct them.") from None
    if array.ndim == 0 or array.shape[-1] != n:
        raise DataError(
            f"prices have shape {array.shape} for {n} products",
            next_step="Pass one price a product, the products along the last axis.",
        )
    wrong = ~(np.isfinite(array) & (array > 0))
    if wrong.any():
        raise DataError(
            f"{wrong.sum():,} prices are not finite numbers above zero, "
            f"the first is {array[wrong][0]:g}",
            next_step="Leave products without a price out, and correct the others.",
        )
    return array


def numbered(n: int) -> pd.DataFrame:
    """Keys of products that have no names: 1 to n."""
    return pd.DataFrame({c.ITEM: [str(number) for number in range(1, n + 1)]})
