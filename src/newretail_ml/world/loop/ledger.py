"""What a chain earned in the closed loop, in money."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import need_columns
from newretail_ml.world.categories import CHANNELS
from newretail_ml.world.chain import Chain
from newretail_ml.world.loop.state import Offer, Trade

KEYS = (c.DATE, c.ITEM, c.LOCATION, c.CHANNEL)
MONEY = (
    c.REVENUE,
    c.COST_OF_GOODS,
    c.HOLDING,
    c.WASTE,
    c.PROFIT,
    c.LOST_MARGIN,
    c.MARKDOWN,
)
UNITS = (c.UNITS, c.WANTED, c.LOST, c.SUBSTITUTED, c.FROM_SLATES, c.WASTED)


@dataclass(frozen=True, eq=False)
class Ledger:
    """Money and units by day, item, location and channel.

    Attributes:
        entries: date, item_id, location_id, channel; in units: units (sold), wanted (what
            customers came for), lost (of it, without those who took something else), substituted,
            from_slates, wasted; in money: revenue, cost_of_goods (of what was sold), holding (of
            the stock at closing time), waste (thrown away, at cost), profit (revenue less these
            three), and, which no profit contains, lost_margin (margin of what was lost) and
            markdown (what promotions took off regular prices). Holding and waste of a shop are
            shared among its channels by their usual share of demand; warehouses have no channel.
    """

    entries: pd.DataFrame

    @classmethod
    def of(
        cls,
        chain: Chain,
        days: np.ndarray,
        offers: Sequence[Offer],
        happened: Sequence[Trade],
        holding_rate: float,
    ) -> Self:
        """Count what happened on some days."""
        shops = _shop_entries(chain, days, offers, happened, holding_rate / 365)
        warehouses = _warehouse_entries(chain, days, happened, holding_rate / 365)
        entries = pd.concat([shops, warehouses], ignore_index=True)
        entries[c.PROFIT] = entries[c.REVENUE] - entries[[c.COST_OF_GOODS, c.HOLDING, c.WASTE]].sum(
            axis=1
        )
        return cls(entries[[*KEYS, *UNITS, *MONEY]])

    @property
    def profit(self) -> float:
        """Revenue less cost of goods, holding and waste."""
        return float(self.entries[c.PROFIT].sum())

    def totals(self, by: str | Sequence[str] = ()) -> pd.DataFrame:
        """Sums by some of date, item_id, location_id, channel; one row without any.

        Raises:
            DataError: there is no such column.
        """
        names = [by] if isinstance(by, str) else list(by)
        need_columns(self.entries[list(KEYS)], "ledger", names)
        if not names:
            return self.entries[[*UNITS, *MONEY]].sum().to_frame().T
        return self.entries.groupby(names, as_index=False)[[*UNITS, *MONEY]].sum()

    def __repr__(self) -> str:
        total = self.totals().iloc[0]
        words = ", ".join(f"{name} {total[name]:,.0f}" for name in (c.REVENUE, c.PROFIT))
        return f"Ledger({len(self.entries):,} entries: {words})"


def _shop_entries(
    chain: Chain,
    days: np.ndarray,
    offers: Sequence[Offer],
    happened: Sequence[Trade],
    holding: float,
) -> pd.DataFrame:
    """Entries of what shops had, sold or threw away; arrays are (days, items, shops, channels)."""
    n_shops, cost = chain.locations.n_shops, chain.catalogue.unit_cost[:, None, None]
    sold, wanted, lost, instead, shown = (
        np.stack([getattr(day, name) for day in happened])
        for name in ("sold", "wanted", "lost", "substituted", "by_slates")
    )
    price, regular = (
        np.stack([getattr(offer, name) for offer in offers])[..., None]
        for name in ("price", "regular")
    )
    on_hand, wasted = (
        np.stack([getattr(day, name)[:, :n_shops] for day in happened])[..., None]
        * chain.locations.channel_share
        for name in ("on_hand", "wasted")
    )
    # A substitute was not lost to the chain, though to the item.
    gone = np.maximum(lost, 0)
    values = {
        c.UNITS: sold,
        c.WANTED: wanted,
        c.LOST: gone,
        c.SUBSTITUTED: instead,
        c.FROM_SLATES: shown,
        c.WASTED: wasted,
        c.REVENUE: sold * price,
        c.COST_OF_GOODS: sold * cost,
        c.HOLDING: holding * cost * on_hand,
        c.WASTE: cost * wasted,
        c.LOST_MARGIN: gone * (price - cost),
        c.MARKDOWN: sold * (regular - price),
    }
    cells = np.nonzero((on_hand > 0) | (wanted > 0) | (sold > 0) | (wasted > 0))
    day, item, shop, channel = cells
    return pd.DataFrame(
        {
            c.DATE: chain.calendar.dates[days[day]],
            c.ITEM: chain.catalogue.ids[item],
            c.LOCATION: chain.locations.ids[shop],
            c.CHANNEL: np.array(CHANNELS, dtype=object)[channel],
            **{name: value[cells] for name, value in values.items()},
        }
    )


def _warehouse_entries(
    chain: Chain, days: np.ndarray, happened: Sequence[Trade], holding: float
) -> pd.DataFrame:
    n_shops, cost = chain.locations.n_shops, chain.catalogue.unit_cost
    on_hand = np.stack([day.on_hand[:, n_shops:] for day in happened])
    cells = np.nonzero(on_hand)
    day, item, warehouse = cells
    entries = pd.DataFrame(
        {
            c.DATE: chain.calendar.dates[days[day]],
            c.ITEM: chain.catalogue.ids[item],
            c.LOCATION: chain.locations.ids[n_shops + warehouse],
            c.CHANNEL: np.full(len(day), None, dtype=object),
            c.HOLDING: holding * cost[item] * on_hand[cells],
        }
    )
    return entries.reindex(columns=[*KEYS, *UNITS, *MONEY]).fillna(
        dict.fromkeys([*UNITS, *MONEY], 0.0)
    )
