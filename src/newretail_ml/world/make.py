"""Makes a chain, lets it live until today, and writes down what it would know of itself."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.tables import RetailTables
from newretail_ml.world.baskets import draw_lines, draw_returns, orders_frame
from newretail_ml.world.chain import Chain, make_chain
from newretail_ml.world.config import ChainConfig
from newretail_ml.world.history import (
    StockHistory,
    guess_sales,
    make_safe,
    simulate_demand,
    simulate_stock,
)
from newretail_ml.world.stock import StockState
from newretail_ml.world.truth import Truth, make_truth


@dataclass(frozen=True, eq=False, repr=False)
class World:
    """A synthetic chain.

    Attributes:
        tables: what the chain knows of itself.
        truth: what nobody in a real chain ever sees.
        chain: the structure of the chain, drawn once.
        stock: what is on hand and on order tonight, for the days to come.
    """

    tables: RetailTables
    truth: Truth
    chain: Chain
    stock: StockState

    def __repr__(self) -> str:
        return f"World({self.chain.config})"


def make_world(config: ChainConfig | None = None, festivals: pd.DataFrame | None = None) -> World:
    """Make a synthetic New Retail chain with known truth.

    Args:
        config: size and seed of the chain.
        festivals: shopping festivals in the form of `shopping_festivals`, to replace the usual.

    Raises:
        DataError: the festivals or the country are not usable.

    >>> from newretail_ml.world import ChainConfig, make_world
    >>> world = make_world(ChainConfig(days=30, n_stores=2, n_items=8, n_customers=50))
    >>> world
    World(ChainConfig(start='2025-01-01', days=30, ...))
    >>> world.truth.demand.shape
    (90, 8, 3, 2)
    >>> sorted(world.tables.locations["kind"].unique())
    ['online', 'store', 'warehouse']
    """
    config = config or ChainConfig()
    chain = make_chain(config, festivals)
    history = simulate_demand(chain)
    wanted = history.units[: config.days]
    guess = guess_sales(chain)
    supply = make_safe(chain.supply, chain.assortment, guess, wanted, config.stockout_share)
    chain = replace(chain, supply=supply)
    stock = simulate_stock(supply, chain.assortment, guess, wanted)
    return World(
        tables=_tables(chain, stock),
        truth=make_truth(chain, history.units, history.expected, history.level),
        chain=chain,
        stock=stock.last,
    )


def _tables(chain: Chain, stock: StockHistory) -> RetailTables:
    first_day, plan = chain.config.first_day, chain.prices
    lines = draw_lines(chain, stock.sold)
    return RetailTables.from_frames(
        orders_frame(chain, lines, draw_returns(chain.config, lines)),
        items=chain.catalogue.to_frame(first_day),
        locations=chain.locations.to_frame(),
        stock=_stock_frame(chain, stock),
        prices=prices_frame(chain, plan.price, plan.regular_at_shops, plan.promoted),
        customers=chain.customers.to_frame(first_day, chain.locations),
        events=chain.calendar.events,
    )


def _stock_frame(chain: Chain, stock: StockHistory) -> pd.DataFrame:
    cells = np.nonzero(stock.on_sale)
    day, item, location = cells
    return pd.DataFrame(
        {
            c.DATE: chain.calendar.dates[day],
            c.LOCATION: chain.locations.ids[location],
            c.ITEM: chain.catalogue.ids[item],
            c.ON_HAND: stock.on_hand[cells],
        }
    )


def prices_frame(
    chain: Chain, price: np.ndarray, regular: np.ndarray, promoted: np.ndarray
) -> pd.DataFrame:
    """Prices of what a shop has on sale, or is going to have; arrays are (days, items, shops)."""
    days, n_shops = len(chain.calendar.dates), chain.locations.n_shops
    on_sale = np.stack([chain.assortment.on_sale(day)[:, :n_shops] for day in range(days)])
    cells = np.nonzero(on_sale)
    day, item, shop = cells
    return pd.DataFrame(
        {
            c.DATE: chain.calendar.dates[day],
            c.ITEM: chain.catalogue.ids[item],
            c.LOCATION: chain.locations.ids[shop],
            c.PRICE: price[cells],
            c.REGULAR_PRICE: regular[cells],
            c.PROMOTION: promoted[cells].astype(int),
        }
    )
