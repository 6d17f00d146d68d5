"""What customers want on one day: pure functions of prices, promotions and the date."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.world.assortment import Assortment
from newretail_ml.world.calendar import Day
from newretail_ml.world.catalogue import Catalogue, make_elasticities
from newretail_ml.world.categories import CATEGORIES
from newretail_ml.world.config import ChainConfig
from newretail_ml.world.locations import Locations
from newretail_ml.world.randomness import stream

_YEARLY_GROWTH = (0.03, 0.15)
_LAUNCH_START = 0.4
_LAUNCH_DAYS = 10.0


@dataclass(frozen=True, eq=False)
class Market:
    """Everything that decides demand, apart from prices, promotions and the date.

    Attributes:
        base_rate: units on an ordinary day at reference prices, (items, shops, channels);
            0 where an item is not carried.
        reference_price: money per unit, (items,).
        elasticity: (items, items), see `make_elasticities`.
        display_lift: log lift by the display of a promotion, apart from its price, (items,).
        category: position in `CATEGORIES`, (items,).
        weekday: factor, (7, categories, channels), with mean 1 over a week.
        summer, peak: log height and day of the yearly peak, (items,).
        growth: log growth a year, (channels,).
        assortment: what is on sale where and when.
        dispersion: variance of a day's demand is mean + mean^2 / dispersion, (items,).
        level_persistence: what remains tomorrow of today's log level.
        level_spread: standard deviation of the log level over a long time.
    """

    base_rate: np.ndarray
    reference_price: np.ndarray
    elasticity: np.ndarray
    display_lift: np.ndarray
    category: np.ndarray
    weekday: np.ndarray
    summer: np.ndarray
    peak: np.ndarray
    growth: np.ndarray
    assortment: Assortment
    dispersion: np.ndarray
    level_persistence: float = 0.98
    level_spread: float = 0.3


def make_market(
    config: ChainConfig, catalogue: Catalogue, locations: Locations, assortment: Assortment
) -> Market:
    """Draw what decides the demand of a chain."""
    rng = stream(config.random_state, "market")
    n = config.n_items
    summer = np.array([one.summer for one in CATEGORIES])[catalogue.category]
    peak = np.array([one.peak for one in CATEGORIES])[catalogue.category]
    return Market(
        base_rate=_base_rates(rng, catalogue, locations, assortment),
        reference_price=catalogue.reference_price,
        elasticity=make_elasticities(config, catalogue),
        display_lift=rng.uniform(0.05, 0.4, n),
        category=catalogue.category,
        weekday=_weekdays(),
        summer=summer * rng.uniform(0.7, 1.3, n),
        peak=peak + rng.integers(-10, 11, n),
        growth=np.log1p(_YEARLY_GROWTH),
        assortment=assortment,
        dispersion=rng.uniform(2.0, 8.0, n),
    )


def _base_rates(
    rng: np.random.Generator, catalogue: Catalogue, locations: Locations, assortment: Assortment
) -> np.ndarray:
    """Large shops sell more, and every region and shop has its own liking."""
    n, shops = len(catalogue.ids), locations.n_shops
    regional = rng.lognormal(0, 0.2, (len(CATEGORIES), locations.region.max() + 1))
    local = regional[catalogue.category][:, locations.region[:shops]]
    local = local * rng.lognormal(0, 0.3, (n, shops))
    carried = assortment.carried[:, :shops]
    rate = catalogue.rate[:, None] * locations.size * local * carried
    rate *= catalogue.rate.mean() / rate[carried].mean()
    return rate[:, :, None] * locations.channel_share


def _weekdays() -> np.ndarray:
    """Stores are full at the weekend, the online shop rather is not."""
    saturday = np.array([one.weekend for one in CATEGORIES])
    quiet = np.ones_like(saturday)
    friday = np.sqrt(saturday)
    in_store = np.stack([quiet, quiet, quiet, quiet, friday, saturday, saturday])
    online = np.array([1.06, 1.04, 1.02, 1.0, 0.94, 0.92, 1.02])
    factor = np.stack([in_store, np.repeat(online[:, None], len(saturday), axis=1)], axis=2)
    return factor / factor.mean(axis=0)


def expected_demand(
    market: Market, day: Day, price: np.ndarray, promoted: np.ndarray, level: np.ndarray
) -> np.ndarray:
    """Return the expected units of one day, shape (items, shops, channels).

    A product of base rate, growth, launch curve, season, weekday, events, level, and of the
    response to prices: prod_j (price_j / reference_price_j) ** elasticity_ij over the items j
    that the shop offers, times the lift by a promotion's display.

    Args:
        market: what decides demand.
        day: the day.
        price: money per unit, (items, shops).
        promoted: whether the item is on promotion, (items, shops).
        level: log level, (items, shops).
    """
    offered = market.assortment.on_sale(day.number)[:, : market.base_rate.shape[1]]
    log_price = np.where(offered, np.log(price / market.reference_price[:, None]), 0.0)
    log_rate = market.elasticity @ log_price + market.display_lift[:, None] * promoted + level
    log_rate += _season(market, day)[:, None] + np.log(_launch_curve(market, day))[:, None]
    per_channel = market.weekday[day.weekday] * day.event_lift
    per_channel = per_channel * np.exp(market.growth * day.number / 365.25)
    here = np.where(offered, np.exp(log_rate), 0.0)
    return market.base_rate * here[:, :, None] * per_channel[market.category][:, None, :]


def _season(market: Market, day: Day) -> np.ndarray:
    angle = 2 * np.pi * (day.day_of_year - market.peak) / 365.25
    return market.summer * np.cos(angle)


def _launch_curve(market: Market, day: Day) -> np.ndarray:
    """A new item starts small and is known after a few weeks."""
    age = np.maximum(day.number - market.assortment.launch, 0)
    return 1 - (1 - _LAUNCH_START) * np.exp(-age / _LAUNCH_DAYS)
