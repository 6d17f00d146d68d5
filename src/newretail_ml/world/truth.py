"""What nobody in a real chain ever sees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.world.categories import CHANNELS
from newretail_ml.world.chain import Chain


@dataclass(frozen=True, eq=False, repr=False)
class Truth:
    """The truth behind the tables. All days count, also those that are only planned yet.

    Attributes:
        items, shops, channels, dates: the labels of the arrays' axes; shops are the stores and
            the online shop.
        demand: units that customers wanted, stock or not, (days, items, shops, channels).
        expected: mean of `demand` given prices, promotions, date and level, in units a day.
        level: log of the slowly moving level of demand, (days, items, shops).
        base_rate: units on an ordinary day at reference prices, (items, shops, channels).
        elasticities: items x items; the row's demand changes by so many percent per percent of
            the column's price. The diagonal holds the own-price elasticities.
        display_lifts: log of the factor on demand by a promotion's display, by item.
        reference_prices: the price at which an item's response to its price is 1, by item.
        tastes: customers x items; liking of an item over the customer's mean liking.
    """

    items: np.ndarray
    shops: np.ndarray
    channels: tuple[str, ...]
    dates: pd.DatetimeIndex
    demand: np.ndarray
    expected: np.ndarray
    level: np.ndarray
    base_rate: np.ndarray
    elasticities: pd.DataFrame
    display_lifts: pd.Series
    reference_prices: pd.Series
    tastes: pd.DataFrame

    def __repr__(self) -> str:
        size = " x ".join(f"{length:,}" for length in self.demand.shape)
        return f"Truth({size} days, items, shops, channels)"

    def demand_frame(self) -> pd.DataFrame:
        """Return demand as a long frame, without the days on which an item is not on sale.

        Columns: date, item_id, location_id, channel, units (wanted) and mean (expected units).
        """
        cells = np.nonzero(self.expected)
        day, item, shop, channel = cells
        return pd.DataFrame(
            {
                c.DATE: self.dates[day],
                c.ITEM: self.items[item],
                c.LOCATION: self.shops[shop],
                c.CHANNEL: np.array(self.channels)[channel],
                c.UNITS: self.demand[cells],
                c.MEAN: self.expected[cells],
            }
        )


def make_truth(chain: Chain, demand: np.ndarray, expected: np.ndarray, level: np.ndarray) -> Truth:
    """Return the truth of a chain with its demand."""
    items = pd.Index(chain.catalogue.ids, name=c.ITEM)
    customers = pd.Index(chain.customers.ids, name=c.CUSTOMER)
    market = chain.market
    return Truth(
        items=chain.catalogue.ids,
        shops=chain.locations.ids[: chain.locations.n_shops],
        channels=CHANNELS,
        dates=chain.calendar.dates,
        demand=demand,
        expected=expected,
        level=level,
        base_rate=market.base_rate,
        elasticities=pd.DataFrame(market.elasticity, items, items),
        display_lifts=pd.Series(market.display_lift, items),
        reference_prices=pd.Series(market.reference_price, items),
        tastes=pd.DataFrame(chain.customers.taste, customers, items),
    )
