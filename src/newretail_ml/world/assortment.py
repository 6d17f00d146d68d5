"""Which items are on sale where, and when."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.world.catalogue import Catalogue
from newretail_ml.world.config import ChainConfig
from newretail_ml.world.locations import Locations
from newretail_ml.world.randomness import stream

_ORDER_AHEAD_DAYS = 12


@dataclass(frozen=True, eq=False)
class Assortment:
    """What is on sale where and when.

    Attributes:
        carried: whether a location has an item while it is on sale, (items, locations).
        launch: first day on sale, (items,).
        delisting: first day no longer on sale, (items,).
    """

    carried: np.ndarray
    launch: np.ndarray
    delisting: np.ndarray

    def on_sale(self, day: int) -> np.ndarray:
        """Whether a location has an item on sale on a day, (items, locations)."""
        alive = (self.launch <= day) & (day < self.delisting)
        return self.carried & alive[:, None]

    def orderable(self, day: int, lead_time: np.ndarray) -> np.ndarray:
        """Whether a location may order an item: not much too early, and not too late to sell."""
        early = self.launch - _ORDER_AHEAD_DAYS <= day
        in_time = day + lead_time < self.delisting[:, None]
        return self.carried & early[:, None] & in_time

    def only(self, items: np.ndarray) -> Assortment:
        """Return the assortment of some items."""
        return Assortment(self.carried[items], self.launch[items], self.delisting[items])


def make_assortment(config: ChainConfig, catalogue: Catalogue, locations: Locations) -> Assortment:
    """Draw the assortment: small stores leave items out, all others carry everything."""
    rng = stream(config.random_state, "assortment")
    luck = rng.random((len(catalogue.ids), config.n_stores))
    carried = np.ones((len(catalogue.ids), len(locations.ids)), dtype=bool)
    carried[:, : config.n_stores] = luck < 0.75 + 0.2 * locations.size[: config.n_stores]
    return Assortment(carried, catalogue.launch, catalogue.delisting)
