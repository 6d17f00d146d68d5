"""The members of a chain: who they are, where they buy and what they like."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.world.catalogue import Catalogue
from newretail_ml.world.categories import CATEGORIES, CHANNELS
from newretail_ml.world.config import ChainConfig
from newretail_ml.world.locations import Locations
from newretail_ml.world.randomness import stream

SEGMENTS = ("family", "professional", "retired", "student")
_SEGMENT_SHARE = (0.35, 0.3, 0.2, 0.15)
_ONLINE_FAVOURED = (0.3, 0.5, 0.1, 0.6)
_JOINED_BEFORE = 0.75
_ACTIVITY_SPREAD = 0.6
_SUBCATEGORY_SPREAD = 0.5
_ITEM_SPREAD = 1.7


@dataclass(frozen=True, eq=False)
class Customers:
    """Members as arrays, one entry per customer.

    Attributes:
        ids: customer ids.
        segment: position in `SEGMENTS`.
        home: position of the nearest store among the locations.
        favourite_channel: position in `CHANNELS`.
        joined: day number of joining, negative for early members.
        activity: visits over those of an average customer.
        taste: liking of each item over the customer's mean, shape (customers, items).
    """

    ids: np.ndarray
    segment: np.ndarray
    home: np.ndarray
    favourite_channel: np.ndarray
    joined: np.ndarray
    activity: np.ndarray
    taste: np.ndarray

    def to_frame(self, first_day: pd.Timestamp, locations: Locations) -> pd.DataFrame:
        """Return the customers table."""
        return pd.DataFrame(
            {
                c.CUSTOMER: self.ids,
                c.SEGMENT: np.array(SEGMENTS)[self.segment],
                c.HOME_LOCATION: locations.ids[self.home],
                c.FAVOURITE_CHANNEL: np.array(CHANNELS)[self.favourite_channel],
                c.JOINED: first_day + pd.to_timedelta(self.joined, unit="D"),
            }
        )


def make_customers(config: ChainConfig, catalogue: Catalogue, locations: Locations) -> Customers:
    """Draw the members of a chain."""
    rng = stream(config.random_state, "customers")
    n, stores = config.n_customers, config.n_stores
    segment = rng.choice(len(SEGMENTS), n, p=_SEGMENT_SHARE)
    weight = locations.size[:stores]
    early = rng.random(n) < _JOINED_BEFORE
    early[0] = True
    joined = np.where(early, -rng.integers(1, 1_000, n), rng.integers(0, config.days, n))
    return Customers(
        ids=np.array([f"customer_{number:05d}" for number in range(1, n + 1)]),
        segment=segment,
        home=rng.choice(stores, n, p=weight / weight.sum()),
        favourite_channel=(rng.random(n) < np.array(_ONLINE_FAVOURED)[segment]).astype(int),
        joined=joined,
        activity=rng.lognormal(-(_ACTIVITY_SPREAD**2) / 2, _ACTIVITY_SPREAD, n),
        taste=_tastes(rng, segment, catalogue),
    )


def _tastes(rng: np.random.Generator, segment: np.ndarray, catalogue: Catalogue) -> np.ndarray:
    """A segment likes categories, a customer subcategories, and in them a few favourites."""
    n, items = len(segment), len(catalogue.ids)
    kinds = catalogue.subcategory.max() + 1
    of_segment = rng.normal(0, 0.4, (len(SEGMENTS), len(CATEGORIES)))
    of_customer = rng.normal(0, _SUBCATEGORY_SPREAD, (n, kinds))
    of_item = rng.normal(0, _ITEM_SPREAD, (n, items))
    liking = of_segment[segment][:, catalogue.category] + of_item
    liking += of_customer[:, catalogue.subcategory]
    taste = np.exp(liking)
    return (taste / taste.mean(axis=1, keepdims=True)).astype(np.float32)
