"""From sold units to the order lines of customers, and what they bring back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.world.categories import CHANNELS
from newretail_ml.world.chain import Chain
from newretail_ml.world.config import ChainConfig
from newretail_ml.world.randomness import stream
from newretail_ml.world.visits import NO_MEMBER, Visits, draw_visits

NEW_LINE = 0.12
CANDIDATES = 8
_RETURNED_SHARE = 0.02
_RETURN_DAYS = 6.0
DAY_SECONDS = 86_400


@dataclass(frozen=True, eq=False)
class Lines:
    """Order lines as arrays of positions, one entry per line.

    Attributes:
        visit: number of the visit; the lines of a visit are one order.
        second: seconds from the start of the first day.
        shop, channel, item: positions.
        customer: position, or `NO_MEMBER`.
        units: units, negative where they come back.
        price: money per unit.
    """

    visit: np.ndarray
    second: np.ndarray
    shop: np.ndarray
    channel: np.ndarray
    item: np.ndarray
    customer: np.ndarray
    units: np.ndarray
    price: np.ndarray

    def only(self, where: np.ndarray) -> Lines:
        """Return some of the lines."""
        return Lines(**{name: values[where] for name, values in vars(self).items()})


def draw_lines(
    chain: Chain,
    sold: np.ndarray,
    *,
    first_day: int = 0,
    rng: np.random.Generator | None = None,
) -> Lines:
    """Spread sold units, (days, items, shops, channels), over the visits of customers.

    Each unit opens a new line or joins the line before it. One line in three brings a customer,
    who is drawn by taste, activity, home and channel; the other lines go to customers who are
    there on that day, by taste.

    Args:
        chain: the chain.
        sold: what was sold, day by day.
        first_day: number of the first of these days.
        rng: where chance comes from; the world's own stream by default.
    """
    rng = stream(chain.config.random_state, "baskets") if rng is None else rng
    by_cell = sold.transpose(0, 2, 3, 1)
    cell, units = _split_into_lines(rng, by_cell)
    place, item = np.divmod(cell, sold.shape[1])
    visits = draw_visits(rng, chain, place, item, by_cell.shape[:3], first_day)
    visit = _choose_visits(rng, visits, chain.customers.taste, place, item)
    visit, item, units = _join_lines(visit, item, units, sold.shape[1])
    place = np.searchsorted(visits.first, visit, side="right") - 1
    day, shop, channel = np.unravel_index(place, by_cell.shape[:3])
    day = day + first_day
    return Lines(
        visit=visit,
        second=day * DAY_SECONDS + visits.second[visit],
        shop=shop,
        channel=channel,
        item=item,
        customer=visits.customer[visit],
        units=units,
        price=chain.prices.price[day, item, shop],
    )


def _split_into_lines(
    rng: np.random.Generator, by_cell: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the cell of each line, a flat position in `by_cell`, and its units."""
    filled = np.flatnonzero(by_cell)
    count = by_cell.ravel()[filled].astype(np.int64)
    opens = rng.random(count.sum()) < NEW_LINE
    opens[np.cumsum(count) - count] = True
    start = np.flatnonzero(opens)
    return np.repeat(filled, count)[start], np.diff(np.append(start, len(opens)))


def _choose_visits(
    rng: np.random.Generator, visits: Visits, taste: np.ndarray, place: np.ndarray, item: np.ndarray
) -> np.ndarray:
    """Return the visit of each line: that of its own visitor, or one of a few by taste."""
    first = visits.first[place]
    count = visits.first[place + 1] - first
    luck = rng.random((len(place), CANDIDATES), dtype=np.float32)
    candidate = first[:, None] + (luck * count[:, None]).astype(np.int64)
    customer = visits.customer[candidate]
    liking = np.where(customer == NO_MEMBER, np.float32(1), taste[customer, item[:, None]])
    total = np.cumsum(liking, axis=1)
    aim = rng.random(len(place), dtype=np.float32) * total[:, -1]
    chosen = np.minimum((total <= aim[:, None]).sum(axis=1), CANDIDATES - 1)
    visit = candidate[np.arange(len(place)), chosen]
    visit[visits.line] = np.arange(len(visits.line))
    return visit


def _join_lines(
    visit: np.ndarray, item: np.ndarray, units: np.ndarray, n_items: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One line per visit and item."""
    key, line = np.unique(visit * n_items + item, return_inverse=True)
    return key // n_items, key % n_items, np.bincount(line, units).astype(np.int64)


def draw_returns(config: ChainConfig, lines: Lines) -> Lines:
    """Draw the lines that come back on a later day, to the same shop, at the price paid.

    Returned goods are not sold again, and what would come back after the last day is left out.
    """
    rng = stream(config.random_state, "returns")
    n = len(lines.visit)
    comes_back = rng.random(n) < _RETURNED_SHARE
    later = rng.geometric(1 / _RETURN_DAYS, n)
    clock = rng.integers(9 * 3_600, 21 * 3_600, n)
    second = (lines.second // DAY_SECONDS + later) * DAY_SECONDS + clock
    inside = second < config.days * DAY_SECONDS
    returned = lines.only(comes_back & inside)
    return replace(
        returned,
        visit=lines.visit.max(initial=0) + 1 + np.arange(len(returned.visit)),
        second=second[comes_back & inside],
        units=-returned.units,
    )


def joined_lines(parts: Sequence[Lines]) -> Lines:
    """Return the lines of all parts, one after another."""
    names = [field.name for field in fields(Lines)]
    return Lines(
        **{name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    )


def orders_frame(chain: Chain, *parts: Lines, before: int = 0) -> pd.DataFrame:
    """Return the orders table, sorted by time; order ids count up in time.

    Args:
        chain: the chain.
        parts: lines; a visit's lines are in one part.
        before: orders that were numbered before these.
    """
    lines = joined_lines(parts)
    lines = lines.only(np.lexsort((lines.item, lines.visit, lines.second)))
    opens = np.diff(lines.visit, prepend=-1) != 0
    order = np.cumsum(opens) - 1
    numbers = range(before + 1, before + order.max(initial=-1) + 2)
    member = pd.Series(chain.customers.ids).reindex(lines.customer).to_numpy()
    return pd.DataFrame(
        {
            c.ORDER: np.array([f"order_{number:07d}" for number in numbers], dtype=object)[order],
            c.TIME: chain.config.first_day + pd.to_timedelta(lines.second, unit="s"),
            c.CHANNEL: np.array(CHANNELS)[lines.channel],
            c.LOCATION: chain.locations.ids[lines.shop],
            c.CUSTOMER: member,
            c.ITEM: chain.catalogue.ids[lines.item],
            c.UNITS: lines.units,
            c.UNIT_PRICE: lines.price,
        }
    )
