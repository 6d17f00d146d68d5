"""The days of a chain until today: demand, and the stock that met it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from newretail_ml.world.assortment import Assortment
from newretail_ml.world.chain import Chain
from newretail_ml.world.demand import expected_demand
from newretail_ml.world.draws import draw_demand, first_level, next_level
from newretail_ml.world.randomness import stream
from newretail_ml.world.stock import StockState, Supply, first_stock, per_warehouse, stock_day

_GUESS_SPREAD = 0.3
_SAFETY_RANGE = (-2.0, 10.0)
_SAFETY_STEPS = 9
_ITEMS_TO_TRY = 80


@dataclass(frozen=True, eq=False)
class DemandHistory:
    """Demand before stock-outs, days first.

    Attributes:
        expected: mean units given prices, date and level, (days, items, shops, channels).
        level: log level, (days, items, shops).
        units: what customers wanted, (days, items, shops, channels).
    """

    expected: np.ndarray
    level: np.ndarray
    units: np.ndarray


@dataclass(frozen=True, eq=False)
class StockHistory:
    """What was sold and what was left in units, days first.

    Attributes:
        sold: (days, items, shops, channels).
        on_hand: stock at the close, (days, items, locations).
        on_sale: whether the location had the item on sale, (days, items, locations).
        last: the stock on the last evening, orders of that evening included.
    """

    sold: np.ndarray
    on_hand: np.ndarray
    on_sale: np.ndarray
    last: StockState

    @property
    def stockout_share(self) -> float:
        """Share of the item-shop-days on sale that ended without stock."""
        n_shops = self.sold.shape[2]
        empty = self.on_hand[:, :, :n_shops] == 0
        return float(empty[self.on_sale[:, :, :n_shops]].mean())


def simulate_demand(chain: Chain) -> DemandHistory:
    """Draw the demand of all days, planned ones included."""
    market, calendar, prices = chain.market, chain.calendar, chain.prices
    seed = chain.config.random_state
    shape = (len(calendar.dates), *market.base_rate.shape)
    noise = stream(seed, "levels").standard_normal(shape[:3])
    level = np.empty(shape[:3], dtype=np.float32)
    expected = np.empty(shape, dtype=np.float32)
    today = first_level(market, noise[0])
    for number in range(shape[0]):
        today = next_level(market, today, noise[number]) if number else today
        level[number] = today
        expected[number] = expected_demand(
            market, calendar.day(number), prices.price[number], prices.promoted[number], today
        )
    uniform = stream(seed, "demand").random(shape)
    units = draw_demand(expected, market.dispersion[:, None, None], uniform)
    return DemandHistory(expected, level, units.astype(np.int32))


def guess_sales(chain: Chain) -> np.ndarray:
    """Return what the chain believes to sell when it opens, units a day, (items, locations)."""
    rng = stream(chain.config.random_state, "stock")
    supply, usual = chain.supply, chain.market.base_rate.sum(axis=2)
    at_shops = usual * rng.lognormal(0, _GUESS_SPREAD, usual.shape)
    return np.concatenate([at_shops, per_warehouse(supply, at_shops)], axis=1)


def simulate_stock(
    supply: Supply, assortment: Assortment, guess: np.ndarray, demand: np.ndarray
) -> StockHistory:
    """Let the days pass on which there is demand, (days, items, shops, channels)."""
    state = first_stock(supply, guess, assortment.orderable(0, supply.lead_time))
    sold = np.empty(demand.shape, dtype=np.int32)
    on_hand = np.empty((len(demand), *guess.shape), dtype=np.int32)
    on_sale = np.empty(on_hand.shape, dtype=bool)
    for number, wanted in enumerate(demand):
        orderable = assortment.orderable(number, supply.lead_time)
        state, day = stock_day(supply, state, number, wanted, orderable)
        sold[number], on_hand[number] = day.sold, day.on_hand
        on_sale[number] = assortment.on_sale(number)
    return StockHistory(sold, on_hand, on_sale, state)


def make_safe(
    supply: Supply, assortment: Assortment, guess: np.ndarray, demand: np.ndarray, target: float
) -> Supply:
    """Return the supply with the safety stock that comes close to a share of stock-outs.

    By bisection, on some of the items when there are many: items do not meet in the stock.
    """
    n_items = len(guess)
    few = np.unique(np.linspace(0, n_items - 1, min(n_items, _ITEMS_TO_TRY)).astype(int))
    part = (assortment.only(few), guess[few], demand[:, few])
    low, high = _SAFETY_RANGE
    for _ in range(_SAFETY_STEPS):
        middle = (low + high) / 2
        history = simulate_stock(_with_safety(supply.only(few), middle), *part)
        if history.stockout_share > target:
            low = middle
        else:
            high = middle
    return _with_safety(supply, (low + high) / 2)


def _with_safety(supply: Supply, safety: float) -> Supply:
    """Only the shops' safety stock changes; the warehouses keep theirs."""
    changed = supply.safety.copy()
    changed[: supply.n_shops] = safety
    return replace(supply, safety=changed)
