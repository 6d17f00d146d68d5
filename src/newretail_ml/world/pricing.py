"""Price lists replayed in the world: what they would really have sold and earned."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import need_columns, refuse_repeated, refuse_values
from newretail_ml.errors import DataError
from newretail_ml.world.chain import Chain
from newretail_ml.world.demand import expected_demand
from newretail_ml.world.draws import draw_demand
from newretail_ml.world.make import World
from newretail_ml.world.randomness import stream


def current_prices(world: World) -> pd.DataFrame:
    """Regular prices today and costs of the items that are on sale in the planned days.

    Returns:
        One row an item: item_id, price, unit_cost.
    """
    chain = world.chain
    rows = np.flatnonzero(offered(chain, planned_days(chain)).any(axis=(0, 2)))
    return pd.DataFrame(
        {
            c.ITEM: chain.catalogue.ids[rows],
            c.PRICE: chain.prices.regular[chain.config.days - 1, rows],
            c.UNIT_COST: chain.catalogue.unit_cost[rows],
        }
    )


def replay_prices(
    world: World,
    prices: pd.DataFrame | None = None,
    *,
    promotions: bool = False,
    drawn: bool = False,
) -> pd.DataFrame:
    """Let the planned days after today pass under a price list.

    Demand comes from the world's own function, with the levels that those days really have; all
    of it is served. Both channels of a shop have the same price.

    Args:
        world: a chain with planned days.
        prices: item_id and price, and location_id where shops differ. Items that are not in it
            keep today's regular price. None: regular prices as the world plans them.
        promotions: whether the planned promotions run, with the same share off the new price.
        drawn: whole units as customers want them, by the random numbers of the world itself, so
            that all lists meet the same customers; otherwise expected units.

    Returns:
        One row an item and shop that is on sale: item_id, location_id, price (mean of those paid,
        or the list's where nothing is sold), units, revenue, profit.

    Raises:
        DataError: the world has no planned days; an item or shop is unknown, a price is missing
            or not above zero, or there are two prices for one item and shop.

    >>> from newretail_ml.world import ChainConfig, make_world
    >>> world = make_world(ChainConfig(days=30, n_stores=2, n_items=8, n_customers=50))
    >>> now = current_prices(world)
    >>> dearer = replay_prices(world, now.assign(price=1.1 * now["price"]))
    >>> bool(dearer["units"].sum() < replay_prices(world, now)["units"].sum())
    True
    """
    chain = world.chain
    days = planned_days(chain)
    listed = regular_prices(chain, prices)
    cells = offered(chain, days).any(axis=0)
    luck = luck_of_days(chain, days) if drawn else [None] * len(days)
    units, revenue = np.zeros(cells.shape), np.zeros(cells.shape)
    for place, day in enumerate(days):
        price, promoted = prices_to_pay(chain, day, listed[place], promotions)
        wanted = wanted_on_day(world, day, price, promoted, luck[place]).sum(axis=2)
        units += wanted
        revenue += wanted * price
    profit = revenue - units * chain.catalogue.unit_cost[:, None]
    paid = np.divide(revenue, units, out=listed.mean(axis=0), where=units > 0)
    item, shop = np.nonzero(cells)
    return pd.DataFrame(
        {
            c.ITEM: chain.catalogue.ids[item],
            c.LOCATION: chain.locations.ids[shop],
            c.PRICE: paid[cells],
            c.UNITS: units[cells],
            c.REVENUE: revenue[cells],
            c.PROFIT: profit[cells],
        }
    )


@dataclass(frozen=True)
class ProfitGap:
    """Profit of three price lists in the planned days.

    Attributes:
        current: at today's prices.
        achieved: at the prices that are judged.
        best: at the best prices, by the truth.
    """

    current: float
    achieved: float
    best: float

    @property
    def share_closed(self) -> float:
        """Share of the way from current to best profit; below 0 where profit was lost."""
        gap = self.best - self.current
        return (self.achieved - self.current) / gap if gap else float("nan")


def profit_gap(world: World, prices: pd.DataFrame, best: pd.DataFrame) -> ProfitGap:
    """Replay today's prices, those that are judged, and the best ones by the truth.

    Args:
        world: a chain with planned days.
        prices: a price list, as for `replay_prices`.
        best: another one, such as the best for `true_response` under the same rules.

    Raises:
        DataError: as `replay_prices`.
    """
    lists = (current_prices(world), prices, best)
    return ProfitGap(*(float(replay_prices(world, one)[c.PROFIT].sum()) for one in lists))


def planned_days(chain: Chain) -> np.ndarray:
    """Numbers of the days after today.

    Raises:
        DataError: there are none.
    """
    if not chain.config.plan_days:
        raise DataError(
            "the world ends today, so prices cannot be replayed",
            next_step="Make it with plan_days, such as ChainConfig(plan_days=60).",
        )
    return np.arange(chain.config.days, chain.config.days + chain.config.plan_days)


def regular_prices(chain: Chain, prices: pd.DataFrame | None) -> np.ndarray:
    """(days, items, shops) regular prices in the planned days under a list."""
    days, shops = planned_days(chain), chain.locations.n_shops
    shape = (len(days), len(chain.catalogue.ids), shops)
    if prices is None:
        return np.repeat(chain.prices.regular[days][:, :, None], shops, axis=2)
    today = np.repeat(chain.prices.regular[chain.config.days - 1][:, None], shops, axis=1)
    return np.broadcast_to(listed_prices(chain, prices, today), shape)


def listed_prices(chain: Chain, prices: pd.DataFrame, today: np.ndarray) -> np.ndarray:
    """(items, shops) the list's prices over today's."""
    table = "prices"
    need_columns(prices, table, [c.ITEM, c.PRICE])
    value = pd.to_numeric(prices[c.PRICE], errors="coerce").to_numpy(float)
    bad = ~(np.isfinite(value) & (value > 0))
    refuse_values(prices[c.PRICE], bad, table, "are not finite numbers above zero")
    item = _places(prices[c.ITEM], chain.catalogue.ids)
    listed = today.copy()
    if c.LOCATION not in prices:
        refuse_repeated(prices, table, [c.ITEM])
        listed[item] = value[:, None]
        return listed
    refuse_repeated(prices, table, [c.ITEM, c.LOCATION])
    shop = _places(prices[c.LOCATION], chain.locations.ids[: chain.locations.n_shops])
    listed[item, shop] = value
    return listed


def _places(names: pd.Series, known: np.ndarray) -> np.ndarray:
    found = pd.Index(known).get_indexer(names)
    refuse_values(names, found < 0, "prices", "are not known to the world")
    return found


def offered(chain: Chain, days: np.ndarray) -> np.ndarray:
    """(days, items, shops) what is on sale."""
    shops = chain.locations.n_shops
    return np.stack([chain.assortment.on_sale(day)[:, :shops] for day in days])


def prices_to_pay(
    chain: Chain, day: int, listed: np.ndarray, promotions: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Prices to pay and what is on promotion, (items, shops)."""
    plan = chain.prices
    if not promotions:
        return listed, np.zeros(listed.shape, bool)
    off = np.where(plan.promoted[day], plan.price[day] / plan.regular[day][:, None], 1.0)
    return np.where(plan.promoted[day], np.round(listed * off, 2), listed), plan.promoted[day]


def wanted_on_day(
    world: World, day: int, price: np.ndarray, promoted: np.ndarray, luck: np.ndarray | None
) -> np.ndarray:
    """(items, shops, channels) units that customers want on a day; expected ones without luck."""
    chain = world.chain
    level = world.truth.level[day]
    rate = expected_demand(chain.market, chain.calendar.day(day), price, promoted, level)
    if luck is None:
        return rate
    # In single precision, as the world keeps its expectation when it draws.
    rate = rate.astype(np.float32)
    return draw_demand(rate, chain.market.dispersion[:, None, None], luck)


def luck_of_days(chain: Chain, days: np.ndarray) -> np.ndarray:
    """The world's random numbers of demand, (days, items, shops, channels)."""
    shape = (len(chain.calendar.dates), *chain.market.base_rate.shape)
    return stream(chain.config.random_state, "demand").random(shape)[days]
