"""The locations of a chain: stores, an online shop, and a warehouse in each region."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.world.config import ChainConfig
from newretail_ml.world.randomness import stream

_ONLINE_SIZE = 1.1


@dataclass(frozen=True, eq=False)
class Locations:
    """Locations as arrays: the stores, then the online shop, then the warehouses.

    Stores and the online shop sell to customers and are called shops.

    Attributes:
        ids: location ids.
        kind: "store", "online" or "warehouse".
        region: number of the region; the warehouse of region r is the r-th warehouse.
        size: demand at a shop over that at an average shop, one entry per shop.
        channel_share: share of a shop's demand that comes by each channel, (shops, channels);
            at a store the online channel is orders by app that are picked up there.
        lead_time: days from an order to its arrival.
        review_period: days from one look at the stock to the next.
    """

    ids: np.ndarray
    kind: np.ndarray
    region: np.ndarray
    size: np.ndarray
    channel_share: np.ndarray
    lead_time: np.ndarray
    review_period: np.ndarray

    @property
    def n_shops(self) -> int:
        """Number of locations that sell to customers."""
        return len(self.size)

    def to_frame(self) -> pd.DataFrame:
        """Return the locations table."""
        region = [f"region_{number + 1}" for number in self.region]
        return pd.DataFrame({c.LOCATION: self.ids, c.KIND: self.kind, c.REGION: region})


def make_locations(config: ChainConfig) -> Locations:
    """Draw the locations of a chain."""
    rng = stream(config.random_state, "locations")
    stores, regions = config.n_stores, config.n_regions
    size = np.append(rng.lognormal(0, 0.45, stores), _ONLINE_SIZE)
    pick_up = np.append(rng.uniform(0.05, 0.13, stores), 1.0)
    near, far = rng.integers(1, 3, stores + 1), rng.integers(3, 7, regions)
    return Locations(
        ids=np.array(
            [f"store_{number:02d}" for number in range(1, stores + 1)]
            + ["online"]
            + [f"warehouse_{number:02d}" for number in range(1, regions + 1)]
        ),
        kind=np.array(["store"] * stores + ["online"] + ["warehouse"] * regions),
        region=np.concatenate([np.arange(stores) % regions, [0], np.arange(regions)]),
        size=size / size.mean(),
        channel_share=np.stack([1 - pick_up, pick_up], axis=1),
        lead_time=np.concatenate([near, far]),
        review_period=np.concatenate([rng.integers(1, 3, stores + 1), np.full(regions, 2)]),
    )
