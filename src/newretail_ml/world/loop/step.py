"""One day of the closed loop: pure functions of state, offer and chance."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from newretail_ml.world.baskets import Lines, draw_lines, joined_lines
from newretail_ml.world.chain import Chain
from newretail_ml.world.loop.coming import Coming
from newretail_ml.world.loop.slate_sales import slate_sales
from newretail_ml.world.loop.state import Habits, LoopState, Offer, Trade
from newretail_ml.world.stock import (
    StockState,
    per_warehouse,
    put_on_order,
    receive,
    remember,
    sell,
    send,
    throw_away,
    wanted_units,
)
from newretail_ml.world.visits import NO_MEMBER


def trade(
    coming: Coming, place: int, state: LoopState, offer: Offer, habits: Habits
) -> tuple[LoopState, Trade]:
    """Let the doors open and close, and return the next state and what happened.

    The order of events:

    1. Deliveries that are due arrive and are on the shelf before the doors open.
    2. Customers come for what they want at today's prices and promotions, and are served from the
       oldest units first; where stock is short, channels get it in proportion.
    3. Of those who find an empty shelf, a share takes another item of the subcategory that the
       shop still has, by popularity; the others leave.
    4. Members look down their slates, and buy what they see, would like at this price and find on
       the shelf, first come, first served.
    5. Doors close and stock is counted.
    6. What is sold is put into baskets. A member who bought an item for the first time has learned
       whether to buy it again.
    7. Units whose shelf life ends today are thrown away; the others are a day older tomorrow.

    Then `restock` ends the day.

    Args:
        coming: the chance of all days.
        place: the day, by its place among them.
        state: the evening before.
        offer: prices, promotions and slates of the day.
        habits: of customers.
    """
    chain, day = coming.world.chain, int(coming.days[place])
    stock = receive(chain.supply, state.stock)
    wanted = coming.wanted(place, offer.price, offer.promoted)
    stock, met = sell(stock, wanted)
    asked = _substitutes(chain, stock, wanted - met, coming.rounding(place), habits.switching)
    stock, substituted = sell(stock, asked)
    shown = slate_sales(coming, place, state, stock, offer, habits)
    stock, by_slates = sell(stock, shown.units_by_cell)
    on_hand = stock.on_hand.sum(axis=2)
    basket = _baskets(coming, place, state, offer, met + substituted)
    state = _learn(chain, state, habits, basket, shown.lines)
    stock, wasted = throw_away(stock)
    sold = met + substituted + by_slates
    orderable = chain.assortment.orderable(day, chain.supply.lead_time)
    stock = remember(stock, sold.sum(axis=2), orderable, chain.supply.at_shops)
    lines = joined_lines([basket, shown.after(basket)])
    happened = Trade(wanted, sold, substituted, by_slates, on_hand, wasted, lines)
    return replace(state, stock=stock), happened


def restock(chain: Chain, stock: StockState, day: int, asked: np.ndarray) -> StockState:
    """End a day: shops order, warehouses send what they have and order from the suppliers.

    Shops whose review is due order whole packs of what they may order. Warehouses follow the
    chain's usual rule under every policy: up to what shops asked for in the mean, plus safety.

    Args:
        chain: the chain.
        stock: after the doors closed.
        day: day number.
        asked: units that shops order, (items, shops); made whole packs upwards.
    """
    supply = chain.supply
    orderable = chain.assortment.orderable(day, supply.lead_time)
    due = may_order(chain, day)
    packs = np.ceil(np.where(due, asked, 0) / supply.pack_size[:, None]).astype(np.int64)
    asked = packs * supply.pack_size[:, None]
    stock = send(supply, stock, asked)
    stock = remember(stock, per_warehouse(supply, asked), orderable, ~supply.at_shops)
    wanted = wanted_units(supply, stock, day, orderable)
    return put_on_order(supply, stock, np.where(supply.at_shops, 0, wanted))


def may_order(chain: Chain, day: int) -> np.ndarray:
    """(items, shops) whether a shop reviews its stock on this evening and may order the item."""
    supply, n_shops = chain.supply, chain.locations.n_shops
    orderable = chain.assortment.orderable(day, supply.lead_time)
    return orderable[:, :n_shops] & (day % supply.review_period[:n_shops] == 0)


def _substitutes(
    chain: Chain, stock: StockState, unmet: np.ndarray, luck: np.ndarray, switching: float
) -> np.ndarray:
    """(items, shops, channels) whole units that are asked for in place of what is sold out."""
    kind = chain.catalogue.subcategory
    here = np.eye(kind.max() + 1)[kind]
    left = stock.on_hand[:, : unmet.shape[1]].sum(axis=2) > 0
    weight = np.where(left, chain.market.base_rate.sum(axis=2), 0.0)
    total = here @ (here.T @ weight)
    share = np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
    switch = _whole(switching * unmet, luck[0])
    return _whole(share[:, :, None] * np.einsum("ik,ksc->isc", here, _sums(here, switch)), luck[1])


def _sums(here: np.ndarray, units: np.ndarray) -> np.ndarray:
    """(subcategories, shops, channels) sums over items."""
    return np.einsum("ik,isc->ksc", here, units.astype(float))


def _whole(units: np.ndarray, luck: np.ndarray) -> np.ndarray:
    """Whole units along the items that add up to the sum of the shares, but for one at most."""
    total = np.floor(np.cumsum(units, axis=0) + luck)
    return np.diff(total, axis=0, prepend=0.0).astype(np.int64)


def _baskets(coming: Coming, place: int, state: LoopState, offer: Offer, sold: np.ndarray) -> Lines:
    chain = coming.world.chain
    customers = replace(chain.customers, taste=chain.customers.taste * state.learned)
    lines = draw_lines(
        replace(chain, customers=customers),
        sold[None],
        first_day=int(coming.days[place]),
        rng=coming.baskets(place),
    )
    return replace(lines, price=offer.price[lines.item, lines.shop])


def _learn(chain: Chain, state: LoopState, habits: Habits, *parts: Lines) -> LoopState:
    lines = joined_lines(parts)
    known = lines.customer != NO_MEMBER
    pairs = np.unique(np.stack([lines.customer[known], lines.item[known]]), axis=1)
    customer, item = pairs[:, ~state.bought[pairs[0], pairs[1]]]
    bought, learned = state.bought.copy(), state.learned.copy()
    bought[customer, item] = True
    likes = chain.customers.taste[customer, item] > 1
    learned[customer, item] = np.where(likes, habits.liked, habits.disliked)
    return replace(state, bought=bought, learned=learned)
