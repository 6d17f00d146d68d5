"""Which days and channels are replayed, and what a purchase is worth there."""

from __future__ import annotations

import numpy as np

from newretail_ml import columns as c
from newretail_ml.checks import check_number, check_whole
from newretail_ml.errors import DataError
from newretail_ml.world.categories import CHANNELS
from newretail_ml.world.chain import Chain
from newretail_ml.world.make import World
from newretail_ml.world.slates.wishes import Wishes

MEASURES = (c.PURCHASES, c.UNITS, c.REVENUE, c.PROFIT)


def first_planned_days(chain: Chain, days: int) -> np.ndarray:
    """Numbers of the first days after today.

    Raises:
        DataError: there are not so many.
    """
    check_whole("days", days, at_least=1)
    if days > chain.config.plan_days:
        raise DataError(
            f"the world ends {chain.config.plan_days} days after today, so {days} cannot be "
            "replayed",
            next_step="Ask for fewer days, or make it with more, such as ChainConfig(plan_days=60)",
        )
    return np.arange(chain.config.days, chain.config.days + int(days))


def channels_of(channel: str | None) -> tuple[int, ...]:
    """Positions of the channel, or of all.

    Raises:
        DataError: there is no such channel.
    """
    if channel is None:
        return tuple(range(len(CHANNELS)))
    if channel not in CHANNELS:
        raise DataError(
            f"there is no channel {channel!r}", next_step=f"Choose one of {', '.join(CHANNELS)}."
        )
    return (CHANNELS.index(channel),)


def attention(rank: np.ndarray, patience: float) -> np.ndarray:
    """The chance that a visitor looks down to a rank.

    Raises:
        DataError: the patience is not above 0 and at most 1.
    """
    check_number("patience", patience, above=0.0, at_most=1.0)
    return np.asarray(patience ** (np.asarray(rank, float) - 1))


def worth(world: World, wishes: Wishes, measure: str) -> np.ndarray:
    """What a purchase is worth, (days, shops, channels, items).

    Raises:
        DataError: there is no such measure.
    """
    if measure not in MEASURES:
        raise DataError(
            f"there is no measure {measure!r}", next_step=f"Choose one of {', '.join(MEASURES)}."
        )
    if measure == c.PURCHASES:
        return np.ones_like(wishes.units)
    if measure == c.UNITS:
        return wishes.units
    price = wishes.price[:, :, None, :]
    if measure == c.PROFIT:
        price = price - world.chain.catalogue.unit_cost.astype(np.float32)
    return wishes.units * price


def expected_sums(
    wishes: Wishes,
    worths: list[np.ndarray],
    customer: np.ndarray,
    item: np.ndarray,
    channels: tuple[int, ...],
    *,
    added: bool = False,
) -> list[np.ndarray]:
    """What members buy of items that they look at on every visit, over all days.

    Args:
        wishes: what they want.
        worths: what a purchase is worth, by measure.
        customer: positions, (n,), or (n, 1) for all pairs.
        item: positions, (n,), or (1, m) for all pairs.
        channels: positions of the channels whose visits count.
        added: leave out what they came for.
    """
    sums = [np.zeros(np.broadcast_shapes(customer.shape, item.shape)) for _ in worths]
    for by in channels:
        pairs = wishes.pairs(by, customer, item)
        for day, shop in np.ndindex(wishes.visits.shape[:2]):
            place = (day, shop, by)
            bought = wishes.chance(place, pairs, added=added)
            bought *= wishes.visits[(*place, customer)]
            for total, value in zip(sums, worths, strict=True):
                total += bought * value[(*place, item)]
    return sums
