"""The items of a chain: what they are, cost and replace."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.world.categories import BRANDS, CATEGORIES
from newretail_ml.world.config import ChainConfig
from newretail_ml.world.randomness import stream

LAUNCHED_SHARE = 0.15
DELISTED_SHARE = 0.08
NEVER = 1_000_000
PACKS = np.array([1, 2, 4, 6, 12, 24])
_KINDS = [(number, name) for number, one in enumerate(CATEGORIES) for name in one.subcategories]


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Items as arrays, one entry per item.

    Attributes:
        ids: item ids.
        category: position in `CATEGORIES`.
        subcategory: number of the subcategory, the same for items that replace one another.
        brand: position in `BRANDS`.
        reference_price: regular price on the first day, in money per unit.
        unit_cost: what the chain pays, in money per unit.
        rate: units a day at an average shop on an ordinary day.
        pack_size: units in the smallest pack that can be ordered.
        shelf_life: days for which a unit can be sold, 0 for goods that keep.
        launch: first day on sale, as a day number, negative for old items.
        delisting: first day no longer on sale, `NEVER` while none is planned.
    """

    ids: np.ndarray
    category: np.ndarray
    subcategory: np.ndarray
    brand: np.ndarray
    reference_price: np.ndarray
    unit_cost: np.ndarray
    rate: np.ndarray
    pack_size: np.ndarray
    shelf_life: np.ndarray
    launch: np.ndarray
    delisting: np.ndarray

    def to_frame(self, first_day: pd.Timestamp) -> pd.DataFrame:
        """Return the items table."""
        names = np.array([name for _, name in _KINDS])
        ended = pd.Series(self.delisting).where(self.delisting < NEVER)
        keeps = self.shelf_life == 0
        return pd.DataFrame(
            {
                c.ITEM: self.ids,
                c.CATEGORY: np.array([one.name for one in CATEGORIES])[self.category],
                c.SUBCATEGORY: names[self.subcategory],
                c.BRAND: np.array(BRANDS)[self.brand],
                c.UNIT_COST: self.unit_cost,
                c.PACK_SIZE: self.pack_size,
                c.SHELF_LIFE: pd.Series(self.shelf_life).mask(keeps).astype("Int64"),
                c.LAUNCH_DATE: first_day + pd.to_timedelta(self.launch, unit="D"),
                c.DELISTING_DATE: first_day + pd.to_timedelta(ended, unit="D"),
            }
        )


def make_catalogue(config: ChainConfig) -> Catalogue:
    """Draw the items of a chain."""
    rng = stream(config.random_state, "items")
    n = config.n_items
    subcategory = np.sort(np.arange(n) % len(_KINDS))
    category = np.array([number for number, _ in _KINDS])[subcategory]
    brand = rng.integers(len(BRANDS), size=n)
    price = _prices(rng, category, brand)
    rate = _rates(rng, category, config.units_per_day)
    shelf_life = np.array([one.shelf_life or 0 for one in CATEGORIES])[category]
    launch, delisting = _life(rng, config)
    return Catalogue(
        ids=np.array([f"item_{number:04d}" for number in range(1, n + 1)]),
        category=category,
        subcategory=subcategory,
        brand=brand,
        reference_price=price,
        unit_cost=np.round(price * (1 - rng.uniform(0.25, 0.5, n)), 2),
        rate=rate,
        pack_size=_packs(rate, shelf_life),
        shelf_life=shelf_life,
        launch=launch,
        delisting=delisting,
    )


def _prices(rng: np.random.Generator, category: np.ndarray, brand: np.ndarray) -> np.ndarray:
    """Prices scatter around the category's, brands from cheap to dear; at least 1."""
    middle = np.array([one.price for one in CATEGORIES])[category]
    tier = np.linspace(0.75, 1.35, len(BRANDS))[brand]
    scatter = rng.lognormal(0, 0.3, len(category))
    return np.maximum(np.round(middle * tier * scatter, 1), 1.0)


def _rates(rng: np.random.Generator, category: np.ndarray, mean: float) -> np.ndarray:
    popularity = np.array([one.popularity for one in CATEGORIES])[category]
    rate = popularity * rng.lognormal(0, 0.6, len(category))
    return mean * rate / rate.mean()


def _packs(rate: np.ndarray, shelf_life: np.ndarray) -> np.ndarray:
    """The largest pack that an average shop sells in six days, in two days if it spoils."""
    days = np.where(shelf_life > 0, 2, 6)
    fits = np.searchsorted(PACKS, days * rate, side="right") - 1
    return PACKS[np.maximum(fits, 0)]


def _life(rng: np.random.Generator, config: ChainConfig) -> tuple[np.ndarray, np.ndarray]:
    """Launches and delistings come evenly, the last ones among the planned days."""
    n = config.n_items
    launch = -rng.integers(60, 1_500, n)
    delisting = np.full(n, NEVER)
    new, old = int(LAUNCHED_SHARE * n), int(DELISTED_SHARE * n)
    chosen = rng.permutation(n)
    last = config.days + config.plan_days / 4
    launch[chosen[:new]] = np.linspace(0.15 * config.days, last, new).astype(int)
    delisting[chosen[new : new + old]] = np.linspace(0.4 * config.days, last, old).astype(int)
    return launch, delisting


def make_elasticities(config: ChainConfig, catalogue: Catalogue) -> np.ndarray:
    """Draw the price elasticities, shape (items, items).

    Entry (i, j) is the percentage change in demand for item i per percent of the price of j.
    An own-price elasticity lies between -4 and -1.3. Of the demand that item i loses or gains
    with its own price, a part goes to or comes from its substitutes, by their popularity.
    """
    rng = stream(config.random_state, "elasticities")
    n = len(catalogue.ids)
    own = -(1.3 + 2.7 * rng.beta(2, 2.5, n))
    switching = rng.uniform(0.15, 0.4, n)
    same = catalogue.subcategory[:, None] == catalogue.subcategory[None, :]
    weight = np.where(same & ~np.eye(n, dtype=bool), catalogue.rate[None, :], 0.0)
    total = weight.sum(axis=1, keepdims=True)
    share = np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
    return np.diag(own) - (own * switching)[:, None] * share
