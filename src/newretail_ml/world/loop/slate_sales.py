"""What members buy because a slate showed it to them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from newretail_ml.world.baskets import DAY_SECONDS, Lines
from newretail_ml.world.loop.coming import Coming
from newretail_ml.world.loop.state import Habits, LoopState, Offer
from newretail_ml.world.slates.planning import attention
from newretail_ml.world.slates.reading import Stock
from newretail_ml.world.slates.replay import line_units, slots_of
from newretail_ml.world.stock import StockState

_OPENS, _OPEN_SECONDS = 9 * 3_600, 12 * 3_600


@dataclass(frozen=True, eq=False)
class SlateSales:
    """Purchases from slates on one day.

    Attributes:
        lines: the order lines; one order a visit.
        units_by_cell: units sold, (items, shops, channels).
    """

    lines: Lines
    units_by_cell: np.ndarray

    def after(self, other: Lines) -> Lines:
        """The lines with visits that are numbered after those of others."""
        return replace(self.lines, visit=self.lines.visit + other.visit.max(initial=-1) + 1)


def slate_sales(
    coming: Coming,
    place: int,
    state: LoopState,
    stock: StockState,
    offer: Offer,
    habits: Habits,
) -> SlateSales:
    """Let the day's members look down their slates.

    An item that is looked at is wished for with the chance that a visitor puts it into the basket
    beside what brought them (`Wishes`, `added`), moved by what the member has learned and by
    the price against the planned one (own elasticity); `habits.impulse` of these wishes would not
    have been there without the slate. Visitors, how far they look and their luck do not depend on
    what is shown.
    """
    slots, wishes, chain = offer.slots, coming.wishes, coming.world.chain
    visitors = coming.visitors(place)
    visit, slot = slots_of(visitors, slots, tuple(range(wishes.liking.shape[0])))
    looked = attention(slots.rank, habits.patience)[slot] > visitors.look[visit]
    visit, item = visit[looked], slots.item[slot[looked]]
    customer = visitors.customer[visit]
    shop, channel = visitors.shop[visit], visitors.channel[visit]
    dearer = offer.price[item, shop] / wishes.price[place, shop, item]
    moved = dearer ** chain.market.elasticity[item, item] * state.learned[customer, item]
    rate = wishes.others[place, shop, channel, item] * wishes.liking[channel, customer, item]
    chance = habits.impulse * -np.expm1(-rate * moved)
    luck = visitors.luck[visit, item]
    wants = luck < chance
    visit, item, shop, channel = visit[wants], item[wants], shop[wants], channel[wants]
    mean = wishes.units[place, shop, channel, item].astype(float)
    asked = line_units(mean, luck[wants] / chance[wants])
    units = _shelf(stock, coming.luck.shape[2]).served(item, shop, asked)
    by_cell = np.zeros(coming.luck.shape[1:], dtype=np.int64)
    np.add.at(by_cell, (item, shop, channel), units)
    clock = _OPENS + visit * _OPEN_SECONDS // max(len(visitors.shop), 1)
    lines = Lines(
        visit=visit,
        second=coming.days[place] * DAY_SECONDS + clock,
        shop=shop,
        channel=channel,
        item=item,
        customer=visitors.customer[visit],
        units=units,
        price=offer.price[item, shop],
    )
    return SlateSales(lines.only(units > 0), by_cell)


def _shelf(stock: StockState, n_shops: int) -> Stock:
    on_hand = stock.on_hand[:, :n_shops].sum(axis=2)
    return Stock(np.arange(on_hand.size).reshape(on_hand.shape), on_hand.ravel())
