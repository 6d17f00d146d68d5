"""Who comes to which shop on which day, and for what."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.world.categories import CHANNELS, ONLINE
from newretail_ml.world.chain import Chain
from newretail_ml.world.customers import Customers
from newretail_ml.world.locations import Locations

NO_MEMBER = -1
LINES_PER_VISIT = 3.0
_SAME_REGION, _OTHER_REGION = 0.15, 0.02
_OTHER_CHANNEL = 0.25
_STORE_HOURS = np.array([0] * 8 + [4, 5, 6, 6, 5, 4, 4, 5, 6, 9, 10, 9, 6, 3] + [0] * 2)
_ONLINE_HOURS = np.array([2, 1, 1, 1, 1, 1, 2, 3, 4, 5, 6, 6, 6, 5, 5, 5, 5, 5, 6, 8, 10, 10, 8, 4])


@dataclass(frozen=True, eq=False)
class Visits:
    """Visits sorted by place, one entry per visit; a place is a shop and channel on one day.

    Attributes:
        line: the order line for which the visitor came.
        customer: position among the customers, or `NO_MEMBER`.
        second: time of the visit in seconds after midnight.
        first: number of the first visit to each place; one entry more than there are places.
    """

    line: np.ndarray
    customer: np.ndarray
    second: np.ndarray
    first: np.ndarray


def draw_visits(
    rng: np.random.Generator,
    chain: Chain,
    place: np.ndarray,
    item: np.ndarray,
    shape: tuple[int, int, int],
    first_day: int = 0,
) -> Visits:
    """Draw the visits in which order lines are bought: for each a line that brings the visitor.

    Args:
        rng: where chance comes from.
        chain: the chain.
        place: where and when each line is bought, a flat position in `shape`, sorted.
        item: the item of each line.
        shape: number of days, shops and channels.
        first_day: number of the first day.
    """
    lines = np.bincount(place, minlength=int(np.prod(shape)))
    count = np.ceil(lines / LINES_PER_VISIT).astype(np.int64)
    line = _first_in_random_order(rng, place, lines, count)
    day, shop, channel = np.unravel_index(place[line], shape)
    is_member = (channel == ONLINE) | (rng.random(len(line)) < chain.config.member_share)
    attracted = attraction(chain.customers, chain.locations)
    customer = np.full(len(line), NO_MEMBER)
    for here in range(shape[1]):
        for by in range(shape[2]):
            visits = np.flatnonzero(is_member & (shop == here) & (channel == by))
            pull = attracted[:, here, by, None] * chain.customers.taste
            customer[visits] = _draw_members(
                rng, pull, chain.customers.joined, item[line[visits]], first_day + day[visits]
            )
    return Visits(line, customer, _times(rng, channel), np.append(0, np.cumsum(count)))


def _first_in_random_order(
    rng: np.random.Generator, place: np.ndarray, lines: np.ndarray, count: np.ndarray
) -> np.ndarray:
    """Shuffle the lines of each place and return its first `count` ones."""
    shuffled = np.lexsort((rng.random(len(place)), place))
    rank = np.arange(len(place)) - (np.cumsum(lines) - lines)[place]
    return shuffled[rank < count[place]]


def attraction(customers: Customers, locations: Locations) -> np.ndarray:
    """How often a member comes, (customers, shops, channels): near home, by the liked channel."""
    n_shops = locations.n_shops
    region = locations.region[:n_shops]
    near = np.where(region[customers.home][:, None] == region, _SAME_REGION, _OTHER_REGION)
    near[np.arange(len(near)), customers.home] = 1.0
    near[:, locations.kind[:n_shops] == "online"] = 1.0
    liked = np.where(
        np.arange(len(CHANNELS)) == customers.favourite_channel[:, None], 1.0, _OTHER_CHANNEL
    )
    return customers.activity[:, None, None] * near[:, :, None] * liked[:, None, :]


def _draw_members(
    rng: np.random.Generator,
    pull: np.ndarray,
    joined: np.ndarray,
    item: np.ndarray,
    day: np.ndarray,
) -> np.ndarray:
    """Draw a member for each item and day, again while the one drawn has not joined yet.

    `pull`, (customers, items), says how strongly an item brings a customer. All items are
    searched at once: the customers' shares of item i fill the interval from i to i + 1.
    """
    total = np.cumsum(pull, axis=0)
    edges = (total / total[-1] + np.arange(pull.shape[1])).T.ravel()
    drawn = np.empty(len(item), dtype=np.int64)
    open_draws = np.arange(len(item))
    while open_draws.size:
        wanted = item[open_draws]
        found = np.searchsorted(edges, wanted + rng.random(len(wanted)), side="right")
        drawn[open_draws] = np.clip(found - wanted * len(pull), 0, len(pull) - 1)
        open_draws = open_draws[joined[drawn[open_draws]] > day[open_draws]]
    return drawn


def _times(rng: np.random.Generator, channel: np.ndarray) -> np.ndarray:
    hours = np.stack([_STORE_HOURS, _ONLINE_HOURS]).cumsum(axis=1)
    luck = rng.random(len(channel)) * hours[channel, -1]
    hour = (luck[:, None] >= hours[channel]).sum(axis=1)
    return hour * 3_600 + rng.integers(0, 3_600, len(channel))
