"""Slates replayed in the world: what members would really have bought from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import check_whole
from newretail_ml.errors import DataError
from newretail_ml.world.make import World
from newretail_ml.world.randomness import stream
from newretail_ml.world.slates.planning import (
    MEASURES,
    attention,
    channels_of,
    expected_sums,
    first_planned_days,
    worth,
)
from newretail_ml.world.slates.reading import Slots, Stock, read_slate, read_stock
from newretail_ml.world.slates.wishes import Wishes

PATIENCE = 0.9
COUNTS = (c.VISITS, c.SHOWN, *MEASURES, c.SOLD_OUT)


def replay_slates(
    world: World,
    slate: pd.DataFrame,
    *,
    days: int = 28,
    channel: str | None = None,
    stock: pd.DataFrame | None = None,
    patience: float = PATIENCE,
    added: bool = False,
    drawn: bool = True,
    random_state: int = 0,
) -> pd.DataFrame:
    """Let the days after today pass in which members are shown slates.

    Members come as the world's members do. At a visit the member looks down the slate and goes on
    from each rank to the next with chance `patience` (rank-biased attention: Moffat and Zobel
    2008). An item that is looked at, wanted at this visit (see `Wishes`: the law by which the
    world's baskets are made, with season, price and promotions of the day, shop and channel) and
    there is bought, in as many units as a line of it has in the world. What is wanted and not
    shown is not counted, and neither is what a purchase replaces: see
    docs/decisions/022-slates-in-the-world.md.

    Args:
        world: a chain with planned days.
        slate: customer_id, item_id, rank (from 1), and channel where slates differ. Members
            without slates come and see nothing.
        days: days to replay from the first one after today.
        channel: the channel whose visits show slates; None: all.
        stock: item_id, units, and location_id where shops have their own: what there is for all
            of the days. First come, first served; what has run out wastes its slot. Items (at
            shops) that are not in it do not run out. None: nothing does.
        patience: chance to go on from one rank to the next.
        added: count only what members did not come for.
        drawn: whole purchases by chance; otherwise expected ones, without limits of stock.
        random_state: another draw of visits and luck. All slates meet the same one: who comes
            when, how far they look and what they would want are the same, whatever is shown.

    Returns:
        The rows of the slate, with visits (at which the slate came up), shown (those at which it
        was looked at down to the rank), purchases, units, revenue, profit, sold_out (units that
        were wanted and had run out).

    Raises:
        DataError: the world has not so many planned days; customers, items, shops or channels are
            unknown; a customer has an item or a rank twice; units are not whole; stock without
            `drawn`.

    >>> from newretail_ml.world import ChainConfig, best_slate, make_world
    >>> world = make_world(ChainConfig(days=30, n_stores=2, n_items=8, n_customers=50))
    >>> slate = best_slate(world, 3)
    >>> turned = slate.assign(rank=4 - slate["rank"])
    >>> earned, less = (replay_slates(world, one, drawn=False) for one in (slate, turned))
    >>> bool(earned["revenue"].sum() > less["revenue"].sum())
    True
    """
    chain = world.chain
    planned = first_planned_days(chain, days)
    check_whole("random_state", random_state)
    channels, slots = channels_of(channel), read_slate(chain, slate)
    seen = attention(slots.rank, patience)
    if stock is not None and not drawn:
        raise DataError(
            "expected purchases know no stock", next_step="Leave out stock, or replay with drawn."
        )
    wishes = Wishes.of(world, planned)
    if drawn:
        shared = read_stock(chain, stock)
        bought = _drawn(world, wishes, slots, seen, channels, shared, added, random_state)
    else:
        bought = _expected(world, wishes, slots, seen, channels, added)
    kept = [name for name in (c.CUSTOMER, c.ITEM, c.RANK, c.CHANNEL) if name in slate]
    back = np.argsort(slots.row)
    counts = {name: bought[name][back] for name in COUNTS}
    return slate[kept].reset_index(drop=True).assign(**counts)


def _expected(
    world: World,
    wishes: Wishes,
    slots: Slots,
    seen: np.ndarray,
    channels: tuple[int, ...],
    added: bool,
) -> dict[str, np.ndarray]:
    total = {name: np.zeros(len(slots.row)) for name in COUNTS}
    worths = [worth(world, wishes, measure) for measure in MEASURES]
    for by in channels:
        some = np.flatnonzero(slots.shown_by(by))
        customer, item = slots.customer[some], slots.item[some]
        visits = wishes.visits[:, :, by].sum(axis=(0, 1), dtype=float)[customer]
        total[c.VISITS][some] += visits
        total[c.SHOWN][some] += visits * seen[some]
        sums = expected_sums(wishes, worths, customer, item, (by,), added=added)
        for measure, value in zip(MEASURES, sums, strict=True):
            total[measure][some] += value * seen[some]
    return total


@dataclass(frozen=True, eq=False)
class Day:
    """The visits of a day, in their order; luck is the same whatever is shown.

    Attributes:
        shop, channel, customer: positions.
        look: how far the visitor looks, from 0 (to the end) to 1, (visits,).
        luck: an item is wanted if its number is below its chance, (visits, items).
    """

    shop: np.ndarray
    channel: np.ndarray
    customer: np.ndarray
    look: np.ndarray
    luck: np.ndarray


def draw_day(random: np.random.Generator, visits: np.ndarray, n_items: int) -> Day:
    """Draw the visits of a day, of which so many are expected, (shops, channels, customers)."""
    count = random.poisson(visits)
    cell = np.repeat(np.arange(count.size), count.ravel())
    shop, channel, customer = np.unravel_index(random.permutation(cell), count.shape)
    luck = random.random((len(cell), n_items), dtype=np.float32)
    return Day(shop, channel, customer, random.random(len(cell)), luck)


def _drawn(
    world: World,
    wishes: Wishes,
    slots: Slots,
    seen: np.ndarray,
    channels: tuple[int, ...],
    stock: Stock,
    added: bool,
    random_state: int,
) -> dict[str, np.ndarray]:
    random = stream(world.chain.config.random_state, "slates", random_state)
    total = {name: np.zeros(len(slots.row)) for name in COUNTS}
    left = stock
    for number in range(len(wishes.days)):
        day = draw_day(random, wishes.visits[number], wishes.taste.shape[1])
        visit, slot = slots_of(day, slots, channels)
        looked = seen[slot] > day.look[visit]
        total[c.VISITS] += np.bincount(slot, minlength=len(slots.row))
        visit, slot = visit[looked], slot[looked]
        total[c.SHOWN] += np.bincount(slot, minlength=len(slots.row))
        visit, slot, wanted = _wanted(wishes, number, day, slots, visit, slot, added)
        item, shop = slots.item[slot], day.shop[visit]
        units = left.served(item, shop, wanted)
        left = left.without(item, shop, units)
        price = wishes.price[number, shop, item].astype(float)
        margin = price - world.chain.catalogue.unit_cost[item]
        for name, value in (
            (c.PURCHASES, units > 0),
            (c.UNITS, units),
            (c.REVENUE, units * price),
            (c.PROFIT, units * margin),
            (c.SOLD_OUT, wanted - units),
        ):
            total[name] += np.bincount(slot, value, minlength=len(slots.row))
    return total


def slots_of(day: Day, slots: Slots, channels: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Visit and slot of all that is on the slates of the day's visitors, in order of rank."""
    start = slots.first[day.customer]
    count = np.where(np.isin(day.channel, channels), slots.first[day.customer + 1] - start, 0)
    visit = np.repeat(np.arange(len(count)), count)
    slot = np.arange(len(visit)) - np.repeat(np.cumsum(count) - count - start, count)
    there = slots.shown_by(day.channel[visit], slot)
    return visit[there], slot[there]


def _wanted(
    wishes: Wishes,
    number: int,
    day: Day,
    slots: Slots,
    visit: np.ndarray,
    slot: np.ndarray,
    added: bool,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Visit and slot of the wishes among what is looked at, and their units."""
    item, shop, by = slots.item[slot], day.shop[visit], day.channel[visit]
    pairs = wishes.pairs(by, day.customer[visit], item)
    chance = wishes.chance((number, shop, by), pairs, added=added)
    luck = day.luck[visit, item]
    wants = luck < chance
    # Below the chance, the number is as good as a new one between 0 and 1.
    again = (luck[wants] / chance[wants]).astype(float)
    mean = wishes.units[number, shop[wants], by[wants], item[wants]].astype(float)
    return visit[wants], slot[wants], line_units(mean, again)


def line_units(mean: np.ndarray, uniform: np.ndarray) -> np.ndarray:
    """Units of lines: after each unit another one follows with the same chance."""
    follows = np.maximum(1 - 1 / np.maximum(mean, 1.0), 1e-12)
    return 1 + np.floor(np.log1p(-np.minimum(uniform, 1 - 1e-9)) / np.log(follows)).astype(np.int64)
