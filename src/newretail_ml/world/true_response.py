"""The truth's own response to regular prices in the planned days."""

from __future__ import annotations

from typing import Self

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import as_numbers
from newretail_ml.errors import DataError
from newretail_ml.pricing.response import DemandResponse, Evidence, checked_prices
from newretail_ml.world.demand import expected_demand
from newretail_ml.world.make import World
from newretail_ml.world.pricing import offered, planned_days, regular_prices


class TrueResponse(DemandResponse):
    """Exact expected units of the planned days as a function of regular prices.

    A sum of demands with constant elasticities, one for each shop and each set of items that it
    offers meanwhile, since only items on offer compete.

    Args:
        keys: (n) one row a product: an item, or an item at a shop.
        prices: (n,) current prices.
        elasticity: (items, items) of the truth.
        product: (parts, items) position of the product whose price an item has in each part;
            -1 where it is not on offer.
        base: (parts, items) units at current prices.
    """

    def __init__(
        self,
        keys: pd.DataFrame,
        prices: np.ndarray,
        elasticity: np.ndarray,
        product: np.ndarray,
        base: np.ndarray,
    ) -> None:
        self.keys = keys.reset_index(drop=True)
        self.prices = checked_prices(prices, len(keys))
        self.evidence = Evidence.given(len(keys))
        self.elasticity = elasticity
        self.product = product
        self.base = base

    @property
    def separable(self) -> bool:
        """Whether no item has a substitute."""
        return not np.any(self.elasticity - np.diag(np.diagonal(self.elasticity)))

    def units(self, prices: np.ndarray) -> np.ndarray:
        """(..., n) expected units of all planned days at prices (..., n)."""
        move = np.log(checked_prices(prices, self.n_products) / self.prices)
        total = np.zeros(move.shape)
        for product, base in zip(self.product, self.base, strict=True):
            here = product >= 0
            within = self.elasticity[np.ix_(here, here)]
            factor = np.exp(move[..., product[here]] @ within.T)
            total[..., product[here]] += base[here] * factor
        return total

    def elasticities(self, prices: np.ndarray | None = None) -> np.ndarray:
        """(n, n) elasticities of the sum over shops and days."""
        at = self._at(prices)
        total, move = self.units(at), np.log(at / self.prices)
        found = np.zeros((self.n_products, self.n_products))
        for product, base in zip(self.product, self.base, strict=True):
            here = product >= 0
            within = self.elasticity[np.ix_(here, here)]
            units = base[here] * np.exp(within @ move[product[here]])
            found[np.ix_(product[here], product[here])] += units[:, None] * within
        return np.divide(found, total[:, None], out=found, where=total[:, None] > 0)

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
        base = self.base * np.where(self.product >= 0, factor[self.product], 0.0)
        return type(self)(self.keys, self.prices, self.elasticity, self.product, base)


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
    product, base = _parts(_daily_units(world, days, price), on_offer, number)
    item, shop = np.nonzero(cells)
    keys = pd.DataFrame({c.ITEM: chain.catalogue.ids[item]})
    if by_location:
        keys[c.LOCATION] = chain.locations.ids[shop]
    return TrueResponse(keys, price[item, shop], chain.market.elasticity, product, base)


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


def _parts(
    units: np.ndarray, on_offer: np.ndarray, number: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Products and units of each shop and of each set of items that it offers on some days."""
    product, base = [], []
    for shop in range(units.shape[2]):
        sets, which = np.unique(on_offer[:, :, shop], axis=0, return_inverse=True)
        for place, items in enumerate(sets):
            product.append(np.where(items, number[:, shop], -1))
            base.append(units[which.ravel() == place, :, shop].sum(axis=0))
    return np.stack(product), np.stack(base)
