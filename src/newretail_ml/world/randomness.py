"""One seed, one independent stream of random numbers for each part of the world."""

from __future__ import annotations

import numpy as np

PARTS = (
    "items",
    "elasticities",
    "market",
    "locations",
    "assortment",
    "customers",
    "prices",
    "levels",
    "demand",
    "stock",
    "baskets",
    "returns",
    "slates",
    "loop",
)


def stream(random_state: int, part: str, *again: int) -> np.random.Generator:
    """Return the stream of one part; what one part draws never moves another.

    Further numbers give further streams of the part.

    >>> bool(stream(1, "items").random() == stream(1, "prices").random())
    False
    """
    seed = np.random.SeedSequence(random_state, spawn_key=(PARTS.index(part), *again))
    return np.random.default_rng(seed)
