"""The truth's own response to regular prices in the planned days."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import as_numbers
from newretail_ml.errors import DataError
from newretail_ml.pricing.response import DemandResponse, Evidence, checked_prices
from newretail_ml.world.demand import expected_demand
from newretail_ml.world.make import World
from newretail_ml.world.pricing import offered, planned_days, regular_prices

if TYPE_CHECKING:
    from scipy.sparse import csr_array


class TrueResponse(DemandResponse):
    """Exact expected units of the planned days as a function of regular prices.

    A sum of demands with constant elasticities, one for each item, shop and set of items that
    the shop offers meanwhile, since only items on offer compete.

    Args:
        keys: (n) one row a product: an item, or an item at a shop.
        prices: (n,) current prices.
        product: (terms,) position of the product that each term is demand for.
        base: (terms,) units at current prices.
        elasticity: (terms, n) sparse: percent of the term per percent of a product's price.
    """

    def __init__(
        self,
        keys: pd.DataFrame,
        prices: np.ndarray,
        product: np.ndarray,
        base: np.ndarray,
        elasticity: csr_array,
    ) -> None:
        self.keys = keys.reset_index(drop=True)
        self.prices = checked_prices(prices, len(keys))
        self.evidence = Evidence.given(len(keys))
        self.product = product
        self.base = base
        self.elasticity = elasticity

    @property
    def separable(self) -> bool:
        """Whether no item has a substitute."""
        term, cause = self.elasticity.nonzero()
        return bool((self.product[term] == cause).all())

    def units(self, prices: np.ndarray) -> np.ndarray:
        """(..., n) expected units of all planned days at prices (..., n)."""
        move = np.log(checked_prices(prices, self.n_products) / self.prices)
        terms = self._terms(move.reshape(-1, self.n_products).T)
        return (self._sums() @ terms).T.reshape(move.shape)

    def elasticities(self, prices: np.ndarray | None = None) -> np.ndarray:
        """(n, n) elasticities of the sum over shops and days."""
        terms = self._terms(np.log(self._at(prices) / self.prices)[:, None])
        sums = self._sums()
        found = (sums @ (self.elasticity * terms)).toarray()
        total = sums @ terms
        return np.divide(found, total, out=np.zeros_like(found), where=total > 0)

    def sample(self, n: int, random_state: int = 0) -> list[Self]:  # noqa: ARG002
        """The truth is sure of itself: equal responses."""
        return [self] * n

    def anchored(self, units: np.ndarray, prices: np.ndarray | None = None) -> Self:
        """The same response with other units of each product."""
        wanted = as_numbers("units", units)
        if wanted.shape != (self.n_products,) or not (wanted >= 0).all():
            raise DataError(
                f"units must be {self.n_products:,} numbers of at least zero",
                next_step="Give one a product.",
            )
        there = self.units(self._at(prices))
        factor = np.divide(wanted, there, out=np.zeros_like(there), where=there > 0)
        base = self.base * factor[self.product]
        return type(self)(self.keys, self.prices, self.product, base, self.elasticity)

    def _terms(self, move: np.ndarray) -> np.ndarray:
        """(terms, lists) units of each term after log price moves (n, lists)."""
        return self.base[:, None] * np.exp(self.elasticity @ move)

    def _sums(self) -> csr_array:
        """(n, terms) matrix that adds the terms of each product."""
        from scipy.sparse import csr_array

        here = (self.product, np.arange(len(self.product)))
        return csr_array(
            (np.ones(len(self.product)), here), shape=(self.n_products, len(self.product))
        )


def true_response(world: World, *, by_location: bool = False) -> TrueResponse:
    """Return the truth's response to regular prices, promotions aside, over the planned days.

    `profit(prices, unit_cost)` is exactly the profit of `replay_prices` under the same list.

    Args:
        world: a chain with planned days.
        by_location: whether a product is an item at a shop; otherwise an item, at one price
            everywhere.

    Raises:
        DataError: the world has no planned days.

    >>> from newretail_ml.world import ChainConfig, make_world
    >>> world = make_world(ChainConfig(days=30, n_stores=2, n_items=8, n_customers=50))
    >>> true_response(world)
    TrueResponse(8 products, 8 identified)
    """
    chain, days = world.chain, planned_days(world.chain)
    on_offer, price = offered(chain, days), _today(world)
    by_place = np.asarray(on_offer.any(axis=0))
    cells = by_place if by_location else np.asarray(by_place.any(axis=1, keepdims=True))
    number = np.where(cells, np.cumsum(cells).reshape(cells.shape) - 1, -1)
    number = np.broadcast_to(number, on_offer.shape[1:])
    units = _daily_units(world, days, price)
    item, shop = np.nonzero(cells)
    keys = pd.DataFrame({c.ITEM: chain.catalogue.ids[item]})
    if by_location:
        keys[c.LOCATION] = chain.locations.ids[shop]
    terms = _all_terms(units, on_offer, number, chain.market.elasticity, len(keys))
    return TrueResponse(keys, price[item, shop], *terms)


def _today(world: World) -> np.ndarray:
    """(items, shops) regular prices of today."""
    nothing = pd.DataFrame({c.ITEM: pd.Series(dtype=object), c.PRICE: pd.Series(dtype=float)})
    return regular_prices(world.chain, nothing)[0]


def _daily_units(world: World, days: np.ndarray, price: np.ndarray) -> np.ndarray:
    """(days, items, shops) expected units at prices (items, shops), without promotions."""
    chain, nothing = world.chain, np.zeros(price.shape, bool)
    return np.stack(
        [
            expected_demand(
                chain.market, chain.calendar.day(day), price, nothing, world.truth.level[day]
            ).sum(axis=2)
            for day in days
        ]
    )


def _all_terms(
    units: np.ndarray, on_offer: np.ndarray, number: np.ndarray, elasticity: np.ndarray, n: int
) -> tuple[np.ndarray, np.ndarray, csr_array]:
    """Product, units and elasticities of all terms: each shop, and set of items on some days.

    Args:
        units: (days, items, shops).
        on_offer: (days, items, shops).
        number: (items, shops) the product whose price an item has at a shop.
        elasticity: (items, items).
        n: products.
    """
    from scipy.sparse import csr_array

    product, base, rows = [], [], []
    for shop in range(units.shape[2]):
        sets, which = np.unique(on_offer[:, :, shop], axis=0, return_inverse=True)
        for place, items in enumerate(sets):
            own = number[items, shop]
            full = np.zeros((len(own), n))
            full[:, own] = elasticity[np.ix_(items, items)]
            product.append(own)
            base.append(units[which.ravel() == place][:, items, shop].sum(axis=0))
            rows.append(csr_array(full))
    return np.concatenate(product), np.concatenate(base), _stacked(rows)


def _stacked(rows: list[csr_array]) -> csr_array:
    from scipy.sparse import csr_array, vstack

    return csr_array(vstack(rows))
