"""One day of a chain's stock: pure functions of stock, demand and orders."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from newretail_ml.world.catalogue import Catalogue
from newretail_ml.world.categories import ONLINE
from newretail_ml.world.locations import Locations

_MEMORY = 1 / 21
_SHOP_SAFETY, _WAREHOUSE_SAFETY = 1.5, 3.0


@dataclass(frozen=True, eq=False)
class Supply:
    """How goods reach the shelves.

    Attributes:
        pack_size: units in a pack, (items,).
        shelf_life: days for which a unit can be sold at a shop, 0 for goods that keep, (items,).
            Goods keep while they are in a warehouse.
        lead_time: days from an order to its arrival, (locations,).
        review_period: days from one review of the stock to the next, (locations,).
        warehouse: position among the warehouses of the one that serves a shop, (shops,).
        safety: safety stock in standard deviations of Poisson demand, (locations,).
    """

    pack_size: np.ndarray
    shelf_life: np.ndarray
    lead_time: np.ndarray
    review_period: np.ndarray
    warehouse: np.ndarray
    safety: np.ndarray

    @property
    def n_shops(self) -> int:
        """Number of locations that sell to customers."""
        return len(self.warehouse)

    @property
    def at_shops(self) -> np.ndarray:
        """(locations,) whether a location sells to customers."""
        return np.arange(len(self.lead_time)) < self.n_shops

    def only(self, items: np.ndarray) -> Supply:
        """Return the supply of some items."""
        return replace(self, pack_size=self.pack_size[items], shelf_life=self.shelf_life[items])


@dataclass(frozen=True, eq=False)
class StockState:
    """The stock of a chain between two days, in units.

    Attributes:
        on_hand: (items, locations, days left): units that can be sold for so many more days
            after the coming one; the last place holds the goods that keep.
        on_order: (items, locations, days): units that arrive in so many days after the coming
            one.
        mean_sales: units a day that shops sold and warehouses were asked for, exponentially
            smoothed, (items, locations).
    """

    on_hand: np.ndarray
    on_order: np.ndarray
    mean_sales: np.ndarray


@dataclass(frozen=True, eq=False)
class StockDay:
    """What happened to the stock on one day, in units.

    Attributes:
        sold: (items, shops, channels).
        on_hand: stock when the doors closed, (items, locations).
        wasted: units whose shelf life ended on that day, (items, locations).
    """

    sold: np.ndarray
    on_hand: np.ndarray
    wasted: np.ndarray


def make_supply(catalogue: Catalogue, locations: Locations) -> Supply:
    """Return the supply of a chain, its warehouses safer than its shops."""
    at_shops = np.arange(len(locations.ids)) < locations.n_shops
    return Supply(
        pack_size=catalogue.pack_size,
        shelf_life=catalogue.shelf_life,
        lead_time=locations.lead_time,
        review_period=locations.review_period,
        warehouse=locations.region[: locations.n_shops],
        safety=np.where(at_shops, _SHOP_SAFETY, _WAREHOUSE_SAFETY),
    )


def first_stock(supply: Supply, mean_sales: np.ndarray, stocked: np.ndarray) -> StockState:
    """Return the stock of a chain that opens with its usual stock where it is `stocked`.

    Args:
        supply: how goods reach the shelves.
        mean_sales: what the chain believes to sell in units a day, (items, locations).
        stocked: whether an item is there on the first day, (items, locations).
    """
    life = int(supply.shelf_life.max()) + 1
    on_hand = np.zeros((*mean_sales.shape, life), dtype=np.int64)
    units = np.where(stocked, np.ceil(order_up_to_level(supply, mean_sales)), 0).astype(np.int64)
    on_order = np.zeros((*mean_sales.shape, int(supply.lead_time.max())), dtype=np.int64)
    empty = StockState(on_hand, on_order, mean_sales)
    return _put_on_shelf(supply, empty, units)


def stock_day(
    supply: Supply, state: StockState, day: int, demand: np.ndarray, orderable: np.ndarray
) -> tuple[StockState, StockDay]:
    """Let one day pass and return the next state and what happened.

    The order of events:

    1. Deliveries that are due arrive and are on the shelf before the doors open.
    2. Shops sell the smaller of demand and stock, the oldest units first. When stock is short,
       the channels get it in proportion to their demand; the odd unit goes to the store channel.
    3. Doors close and stock is counted; an empty shelf means that some demand may be lost.
    4. Units whose shelf life ends today are thrown away, the others age by a day.
    5. Shops whose review is due order from the warehouse of their region, in whole packs, up to
       mean sales over lead time and review period plus safety stock.
    6. Warehouses send what they have, in proportion to the orders when it is short. What they
       cannot send is not delivered later.
    7. Warehouses whose review is due order from the suppliers, who always deliver.

    Args:
        supply: how goods reach the shelves.
        state: the stock before the day.
        day: day number; a review is due when it is a multiple of the review period.
        demand: units, (items, shops, channels).
        orderable: whether a location may order an item, (items, locations).
    """
    state = receive(supply, state)
    state, sold = sell(state, demand)
    on_hand = state.on_hand.sum(axis=2)
    state, wasted = throw_away(state)
    shops = supply.at_shops
    state = remember(state, sold.sum(axis=2), orderable, shops)
    asked = wanted_units(supply, state, day, orderable)[:, shops]
    state = send(supply, state, asked)
    state = remember(state, per_warehouse(supply, asked), orderable, ~shops)
    wanted = wanted_units(supply, state, day, orderable)
    state = put_on_order(supply, state, np.where(shops, 0, wanted))
    return state, StockDay(sold, on_hand, wasted)


def receive(supply: Supply, state: StockState) -> StockState:
    """Step 1: put the deliveries of the day on the shelf."""
    arrived = state.on_order[:, :, 0]
    later = np.concatenate([state.on_order[:, :, 1:], np.zeros_like(arrived)[:, :, None]], axis=2)
    return _put_on_shelf(supply, replace(state, on_order=later), arrived)


def _put_on_shelf(supply: Supply, state: StockState, units: np.ndarray) -> StockState:
    n_shops, on_hand = supply.n_shops, state.on_hand.copy()
    rows = np.arange(len(units))
    freshest = np.where(supply.shelf_life > 0, supply.shelf_life - 1, on_hand.shape[2] - 1)
    on_hand[rows, :n_shops, freshest] += units[:, :n_shops]
    on_hand[:, n_shops:, -1] += units[:, n_shops:]
    return replace(state, on_hand=on_hand)


def sell(state: StockState, demand: np.ndarray) -> tuple[StockState, np.ndarray]:
    """Step 2: sell the smaller of demand and stock, the oldest units first."""
    n_shops = demand.shape[1]
    shelf = state.on_hand[:, :n_shops]
    asked, stock = demand.sum(axis=2), shelf.sum(axis=2)
    share = stock * demand[:, :, ONLINE] // np.maximum(asked, 1)
    online = np.where(asked > stock, share, demand[:, :, ONLINE])
    total = np.minimum(asked, stock)
    sold = np.stack([total - online, online], axis=2)
    return _take(state, n_shops, total), sold


def _take(state: StockState, n_shops: int, units: np.ndarray) -> StockState:
    on_hand = state.on_hand.copy()
    shelf = on_hand[:, :n_shops]
    older = np.cumsum(shelf, axis=2) - shelf
    shelf -= np.clip(units[:, :, None] - older, 0, shelf)
    return replace(state, on_hand=on_hand)


def throw_away(state: StockState) -> tuple[StockState, np.ndarray]:
    """Step 4: throw away what is too old; everything else is a day older tomorrow."""
    shelf, keeps = state.on_hand[:, :, :-1], state.on_hand[:, :, -1:]
    if shelf.shape[2] == 0:
        return state, np.zeros(keeps.shape[:2], dtype=np.int64)
    fresh = np.zeros_like(keeps)
    aged = np.concatenate([shelf[:, :, 1:], fresh, keeps], axis=2)
    return replace(state, on_hand=aged), shelf[:, :, 0]


def remember(
    state: StockState, units: np.ndarray, orderable: np.ndarray, where: np.ndarray
) -> StockState:
    """Smooth what was sold, stock-outs or not: the naive rule does not know better."""
    mean = state.mean_sales.copy()
    change = _MEMORY * (units - mean[:, where])
    mean[:, where] += np.where(orderable[:, where], change, 0.0)
    return replace(state, mean_sales=mean)


def order_up_to_level(supply: Supply, mean_sales: np.ndarray) -> np.ndarray:
    """Mean sales until the order after this one arrives, plus safety stock; at least 1 unit."""
    cover = mean_sales * (supply.lead_time + supply.review_period)
    return np.maximum(cover + supply.safety * np.sqrt(cover), 1.0)


def wanted_units(supply: Supply, state: StockState, day: int, orderable: np.ndarray) -> np.ndarray:
    """Steps 5 and 7: what each location wants to order, in whole packs, (items, locations)."""
    position = state.on_hand.sum(axis=2) + state.on_order.sum(axis=2)
    due = orderable & (day % supply.review_period == 0)
    lacking = np.where(due, order_up_to_level(supply, state.mean_sales) - position, 0.0)
    packs = np.ceil(np.maximum(lacking, 0.0) / supply.pack_size[:, None])
    return packs.astype(np.int64) * supply.pack_size[:, None]


def send(supply: Supply, state: StockState, asked: np.ndarray) -> StockState:
    """Step 6: send what shops asked for, (items, shops), from the warehouses of their regions."""
    n_shops = supply.n_shops
    total = per_warehouse(supply, asked)
    available = state.on_hand[:, n_shops:].sum(axis=2)
    share = asked * available[:, supply.warehouse] // np.maximum(total, 1)[:, supply.warehouse]
    units = np.zeros(state.mean_sales.shape, dtype=np.int64)
    units[:, :n_shops] = np.minimum(asked, share)
    on_hand = state.on_hand.copy()
    on_hand[:, n_shops:, -1] -= per_warehouse(supply, units[:, :n_shops])
    return put_on_order(supply, replace(state, on_hand=on_hand), units)


def per_warehouse(supply: Supply, at_shops: np.ndarray) -> np.ndarray:
    """Return the sums over the shops that a warehouse serves, (items, warehouses)."""
    n_warehouses = len(supply.lead_time) - supply.n_shops
    return at_shops @ np.eye(n_warehouses, dtype=at_shops.dtype)[supply.warehouse]


def put_on_order(supply: Supply, state: StockState, units: np.ndarray) -> StockState:
    """Put (items, locations) units on their way; they arrive after the lead times."""
    on_order = state.on_order.copy()
    on_order[:, np.arange(units.shape[1]), supply.lead_time - 1] += units
    return replace(state, on_order=on_order)
