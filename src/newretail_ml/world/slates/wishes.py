"""What members want when they come: the world's own law of baskets, visit by visit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.world.baskets import CANDIDATES, NEW_LINE
from newretail_ml.world.categories import ONLINE
from newretail_ml.world.chain import Chain
from newretail_ml.world.make import World
from newretail_ml.world.visits import LINES_PER_VISIT, attraction

_POINTS = 400
_SMALL = 1e-12


Place = tuple[np.ndarray | int, np.ndarray | int, np.ndarray | int]


@dataclass(frozen=True, eq=False)
class Pairs:
    """Members and items, as visits by one channel meet them.

    Attributes:
        customer, item: positions that broadcast, (n,), or (n, 1) and (1, m).
        taste, liking: of each pair, see `Wishes`.
    """

    customer: np.ndarray
    item: np.ndarray
    taste: np.ndarray
    liking: np.ndarray


@dataclass(frozen=True, eq=False)
class Wishes:
    """What members want on some days, before anything is shown to them.

    The law is that of `draw_lines`. One line in three, rounded up, brings its buyer to the shop: a
    member, in proportion to attraction x taste. The other lines go to one of eight visitors who
    are there, in proportion to their tastes. So at a visit of member m to shop s by channel c on
    day d

        P(m came for i) = pull[d, i, s, c] taste[m, i] / sum_j pull[d, j, s, c] taste[m, j]
        P(m wants i)    = 1 - (1 - P(m came for i)) exp(-others[d, i, s, c] liking[c, m, i])

    with `others` the other lines of the item over the visits there, and `liking` the mean of
    8 taste / (sum of the tastes of all eight). Wishes for different items are independent.

    Attributes:
        days: day numbers.
        visits: expected visits, (days, shops, channels, customers).
        pull: lines that bring a buyer over the attraction of all members, by item,
            (days, shops, channels, items).
        pulled: sum over the items of pull x taste, (days, shops, channels, customers).
        others: lines that bring no buyer, per visit, (days, shops, channels, items).
        units: mean units of a line, (days, shops, channels, items).
        price: money per unit, (days, shops, items).
        taste: (customers, items).
        liking: (channels, customers, items).
    """

    days: np.ndarray
    visits: np.ndarray
    pull: np.ndarray
    pulled: np.ndarray
    others: np.ndarray
    units: np.ndarray
    price: np.ndarray
    taste: np.ndarray
    liking: np.ndarray

    @classmethod
    def of(cls, world: World, days: np.ndarray) -> Wishes:
        """The wishes on some days, planned or past, at the prices and levels of these days."""
        chain = world.chain
        expected = world.truth.expected[days].transpose(0, 2, 3, 1).astype(np.float64)
        lines = _expected_lines(expected, chain.market.dispersion)
        shares, customers = _member_shares(chain), chain.customers
        attracted = attraction(customers, chain.locations).transpose(1, 2, 0)
        brings = _bringing(lines)
        pull = brings * shares[:, None] / np.maximum(attracted @ customers.taste, _SMALL)
        pulled = _times_taste(pull, customers.taste)
        there = (customers.joined <= days[:, None])[:, None, None, :]
        others = (lines - brings) / np.maximum(brings.sum(axis=3, keepdims=True), _SMALL)
        units = np.divide(expected, lines, out=np.ones_like(lines), where=lines > 0)
        price = chain.prices.price[days].transpose(0, 2, 1)
        parts = (attracted * pulled * there, pull, pulled, others, units, price)
        visits, pull, pulled, others, units, price = (part.astype(np.float32) for part in parts)
        liking = np.stack([_liking(customers.taste, share) for share in shares])
        return cls(days, visits, pull, pulled, others, units, price, customers.taste, liking)

    def pairs(self, channel: np.ndarray | int, customer: np.ndarray, item: np.ndarray) -> Pairs:
        """Members and items at positions that broadcast, as visits by a channel meet them."""
        liking = self.liking[channel, customer, item]
        return Pairs(customer, item, self.taste[customer, item], liking)

    def chance(self, place: Place, pairs: Pairs, *, added: bool = False) -> np.ndarray:
        """The chance that members want items at a visit to a place.

        Args:
            place: positions of day, shop and channel; they broadcast with the pairs.
            pairs: members and items, of the same channel.
            added: leave out the wish for which the member came.
        """
        there = -np.expm1(-self.others[(*place, pairs.item)] * pairs.liking)
        if added:
            return np.asarray(there)
        pulled = np.maximum(self.pulled[(*place, pairs.customer)], np.float32(_SMALL))
        came_for = self.pull[(*place, pairs.item)] / pulled * pairs.taste
        return np.asarray(there + came_for * (1 - there))


def _times_taste(pull: np.ndarray, taste: np.ndarray) -> np.ndarray:
    """(days, shops, channels, customers) sums over the items, in one product of matrices."""
    flat = pull.reshape(-1, pull.shape[-1]) @ taste.T.astype(np.float64)
    return flat.reshape(*pull.shape[:-1], len(taste))


def _expected_lines(expected: np.ndarray, dispersion: np.ndarray) -> np.ndarray:
    """The first unit of a cell opens a line, each other one opens one by chance."""
    some = 1 - (dispersion / (dispersion + expected)) ** dispersion
    return some + NEW_LINE * (expected - some)


def _bringing(lines: np.ndarray) -> np.ndarray:
    """Lines that bring their buyer: of n at a place ceil(n / 3), so 1/3 more than n / 3 in mean.

    Where hardly anything is sold, n is mostly 0 and nobody comes.
    """
    total = lines.sum(axis=-1, keepdims=True)
    visits = (total + 1 - np.exp(-total)) / LINES_PER_VISIT
    return lines * np.minimum(visits / np.maximum(total, _SMALL), 1.0)


def _member_shares(chain: Chain) -> np.ndarray:
    """(channels,) share of the visits that are made by members."""
    shares = np.full(chain.market.base_rate.shape[2], chain.config.member_share)
    shares[ONLINE] = 1.0
    return shares


def _liking(taste: np.ndarray, member_share: float) -> np.ndarray:
    """Mean of 8 t / (t + the tastes of seven others), for each taste t.

    By E[1 / (t + S)] = integral over x > 0 of exp(-x t) E[exp(-x S)]. The seven are independent:
    members with tastes as all have, or others whose taste is 1.
    """
    others = np.quantile(taste, (np.arange(_POINTS) + 0.5) / _POINTS)
    x = np.geomspace(1e-6, 1e5, _POINTS)
    one = member_share * np.exp(-x[:, None] * others).mean(axis=1)
    one += (1 - member_share) * np.exp(-x)
    weight = one ** (CANDIDATES - 1) * x * np.log(x[1] / x[0])
    lowest = max(float(taste.min()), 1e-6)
    grid = np.geomspace(lowest, max(float(taste.max()), 2 * lowest), _POINTS)
    mean = CANDIDATES * grid * (np.exp(-x * grid[:, None]) @ weight)
    flat = np.interp(np.log(np.maximum(taste, lowest)).ravel(), np.log(grid), mean)
    return flat.reshape(taste.shape).astype(np.float32)
