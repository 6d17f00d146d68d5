"""The chance in demand: a slowly moving level, and the draw of whole units."""

from __future__ import annotations

import numpy as np

from newretail_ml.world.demand import Market


def next_level(market: Market, level: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Return tomorrow's log level: AR(1), with standard normal noise of the level's shape.

    Its mean is such that the level's factor on demand has mean 1.
    """
    mean = -(market.level_spread**2) / 2
    spread = market.level_spread * np.sqrt(1 - market.level_persistence**2)
    return mean + market.level_persistence * (level - mean) + spread * noise


def first_level(market: Market, noise: np.ndarray) -> np.ndarray:
    """Return a log level as it is after a long time, from standard normal noise."""
    return market.level_spread * noise - market.level_spread**2 / 2


def draw_demand(rate: np.ndarray, dispersion: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """Return units of demand: negative binomial, by inversion of uniform numbers.

    The same uniform number under a higher rate never gives fewer units, so that two plans can
    be compared on the same customers (common random numbers).

    Args:
        rate: expected units, any shape.
        dispersion: variance is rate + rate^2 / dispersion; broadcasts against `rate`.
        uniform: numbers in [0, 1), shape of `rate`.

    >>> draw_demand(np.array([0.0, 2.0, 2.0]), np.array(4.0), np.array([0.5, 0.5, 0.99]))
    array([0, 2, 7])
    """
    units = np.zeros(rate.shape, dtype=np.int64)
    size = np.broadcast_to(dispersion, rate.shape)
    chance = size / (size + rate)
    exactly = chance**size
    open_cells = np.flatnonzero(uniform > exactly)
    size, fail, target, exactly = (
        part.ravel()[open_cells] for part in (size, 1 - chance, uniform, exactly)
    )
    at_most, count = exactly, 0
    while open_cells.size:
        count += 1
        exactly = exactly * fail * (size + count - 1) / count
        at_most = at_most + exactly
        units.ravel()[open_cells] = count
        short = (target > at_most) & (exactly > 0)
        open_cells = open_cells[short]
        size, fail, target, exactly, at_most = (
            part[short] for part in (size, fail, target, exactly, at_most)
        )
    return units
