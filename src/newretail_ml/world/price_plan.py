"""Regular prices and promotions of a chain, planned beyond the last order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml.world import festivals as f
from newretail_ml.world.calendar import Calendar
from newretail_ml.world.catalogue import Catalogue
from newretail_ml.world.config import ChainConfig
from newretail_ml.world.locations import Locations
from newretail_ml.world.randomness import stream

_CHANGES_A_YEAR = 2.0
_PROMOTIONS_A_YEAR = 8.0
_JOINS_FESTIVAL = 0.3
_PAUSE_DAYS = 14
_USUAL_DEPTHS = np.array([0.05, 0.10, 0.15, 0.20, 0.30])
_FESTIVAL_DEPTHS = np.array([0.15, 0.20, 0.25, 0.30, 0.35])
_USUAL_DAYS = np.array([3, 5, 7, 10, 14])


@dataclass(frozen=True, eq=False)
class PricePlan:
    """Prices at every shop on every day; both channels of a shop have the same price.

    Attributes:
        regular: regular price in money per unit, (days, items).
        price: the price to pay in money per unit, (days, items, shops).
        promoted: whether a promotion runs, (days, items, shops).
    """

    regular: np.ndarray
    price: np.ndarray
    promoted: np.ndarray

    @property
    def regular_at_shops(self) -> np.ndarray:
        """(days, items, shops) regular prices."""
        return np.broadcast_to(self.regular[:, :, None], self.price.shape)


def plan_prices(
    config: ChainConfig, catalogue: Catalogue, locations: Locations, calendar: Calendar
) -> PricePlan:
    """Draw the price plan of a chain."""
    rng = stream(config.random_state, "prices")
    regular = _regular_prices(rng, catalogue.reference_price, len(calendar.dates))
    depth = _promotion_depths(rng, config, locations, calendar)
    price = np.round(regular[:, :, None] * (1 - depth), 2)
    return PricePlan(regular, price, depth > 0)


def _regular_prices(rng: np.random.Generator, first: np.ndarray, days: int) -> np.ndarray:
    """Now and then a price changes for good, more often upwards."""
    shape = (days, len(first))
    changes = rng.random(shape) < _CHANGES_A_YEAR / 365
    changes[0] = False
    steps = np.where(changes, rng.normal(0.01, 0.08, shape), 0.0)
    drift = np.clip(np.cumsum(steps, axis=0), -0.25, 0.35)
    return np.maximum(np.round(first * np.exp(drift), 1), 1.0)


def _promotion_depths(
    rng: np.random.Generator, config: ChainConfig, locations: Locations, calendar: Calendar
) -> np.ndarray:
    """Share taken off the regular price, (days, items, shops); day by day, one at a time."""
    days, n = len(calendar.dates), config.n_items
    festival_days = _days_of_festival_left(calendar)
    luck = rng.random((days, n, 4))
    scopes = _scopes(locations)
    depth = np.zeros((days, n, locations.n_shops))
    free_from = np.zeros(n, dtype=np.int64)
    for day in range(days):
        left = festival_days[day]
        chance = _JOINS_FESTIVAL if left else _PROMOTIONS_A_YEAR / 365
        begins = np.flatnonzero((luck[day, :, 0] < chance) & (free_from <= day))
        lot = luck[day, begins]
        off = _pick(_FESTIVAL_DEPTHS if left else _USUAL_DEPTHS, lot[:, 1])
        length = np.full(len(begins), left) if left else _pick(_USUAL_DAYS, lot[:, 2])
        where = scopes[_scope_numbers(len(scopes), lot[:, 3])]
        for item, end in zip(begins, day + length, strict=True):
            free_from[item] = end + _PAUSE_DAYS
        _fill(depth, day, begins, length, off[:, None] * where)
    return depth


def _fill(
    depth: np.ndarray, day: int, items: np.ndarray, length: np.ndarray, off: np.ndarray
) -> None:
    for item, days, here in zip(items, length, off, strict=True):
        depth[day : day + days, item] = here


def _pick(choices: np.ndarray, luck: np.ndarray) -> np.ndarray:
    return choices[(luck * len(choices)).astype(int)]


def _days_of_festival_left(calendar: Calendar) -> np.ndarray:
    """On the first day of a festival its length, else 0."""
    left = np.zeros(len(calendar.dates), dtype=int)
    for row in calendar.festivals.to_dict("records"):
        length = (row[f.END] - row[f.START]) / pd.Timedelta(days=1) + 1
        left[calendar.dates == row[f.START]] = int(length)
    return left


def _scopes(locations: Locations) -> np.ndarray:
    """Where a promotion may run, (scopes, shops): the chain, the online shop, each region."""
    region = locations.region[: locations.n_shops]
    online = locations.kind[: locations.n_shops] == "online"
    everywhere = np.ones_like(online)
    return np.stack([everywhere, online, *(region == one for one in np.unique(region))])


def _scope_numbers(n_scopes: int, luck: np.ndarray) -> np.ndarray:
    """Half of the promotions run everywhere, a fifth only online, the others in one region."""
    regional = 2 + (np.maximum(luck - 0.7, 0) / 0.3 * (n_scopes - 2)).astype(int)
    return np.select([luck < 0.5, luck < 0.7], [0, 1], regional)
