"""What a policy sees on an evening: the chain's own tables and its stock, nothing more."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.forecast import Forecast
from newretail_ml.panel import Panel
from newretail_ml.tables import RetailTables
from newretail_ml.world.chain import Chain
from newretail_ml.world.loop.books import Books
from newretail_ml.world.loop.step import may_order
from newretail_ml.world.stock import StockState, wanted_units

HOLDING_RATE = 0.25


@dataclass(frozen=True, eq=False)
class View:
    """An evening as the chain's own people see it.

    Attributes:
        day: number of the day that ends.
        date: its date.
        made: the last forecast of the forecasting policy, and the day of it.
        slates: what members are shown now: customer_id, item_id, rank; None: nothing.
        holding_rate: yearly cost of holding, as a share of unit cost.
    """

    day: int
    date: pd.Timestamp
    made: tuple[int, Forecast] | None
    slates: pd.DataFrame | None
    holding_rate: float
    _books: Books
    _stock: StockState

    @cached_property
    def tables(self) -> RetailTables:
        """The chain's tables as of tonight: sales and stock so far, prices planned from now on.

        Making them takes about a second, so a policy that decides every evening better does
        without.
        """
        return self._books.tables()

    @cached_property
    def panel(self) -> Panel:
        """Sales by item and location; evenings with an empty shelf are censored."""
        return Panel.from_tables(self.tables)

    @property
    def forecast(self) -> Forecast | None:
        """The last forecast, from tomorrow on; None where nobody makes one."""
        if self.made is None:
            return None
        day, forecast = self.made
        past = self.day - day
        periods = forecast.periods.shifted(past).resized(forecast.horizon - past)
        return replace(forecast, periods=periods, paths=forecast.paths[:, :, past:])

    def price_plan(self, days: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Regular prices, prices to pay and what is on promotion, from tomorrow on.

        Args:
            days: at most so many; fewer where the plan ends before.

        Returns:
            Three arrays (days, items, shops).
        """
        books, coming = self._books, slice(self.day + 1, self.day + 1 + days)
        return books.regular[coming], books.price[coming], books.promoted[coming]

    def planned_prices(self, lines: pd.DataFrame, days: int) -> np.ndarray:
        """(lines, days) prices to pay from tomorrow on, by item_id and location_id.

        Args:
            lines: the items and shops.
            days: at most so many; fewer where the plan ends before.
        """
        chain, (_, price, _) = self._chain, self.price_plan(days)
        item = pd.Index(chain.catalogue.ids).get_indexer(lines[c.ITEM])
        shop = pd.Index(chain.locations.ids).get_indexer(lines[c.LOCATION])
        return price[:, item, shop].T

    @cached_property
    def stock(self) -> pd.DataFrame:
        """One row an item and shop that may order tonight, as `plan_orders` takes it.

        Columns: item_id, location_id, on_hand (after what goes off tonight), lead_time and
        review_period as `plan_orders` counts them from tomorrow morning, pack_size, shelf_life,
        unit_cost, unit_price (regular, from tomorrow), shortage_cost (the margin), holding_cost
        (a unit and day), launch_date, delisting_date, mean_sales (units a day, as the
        usual rule remembers them).
        """
        chain = self._chain
        item, shop = np.nonzero(may_order(chain, self.day))
        items = chain.catalogue.to_frame(chain.config.first_day).iloc[item].reset_index(drop=True)
        price = self._books.regular[self._tomorrow][item, shop]
        cost = items[c.UNIT_COST].to_numpy()
        return items.drop(columns=[c.CATEGORY, c.SUBCATEGORY, c.BRAND]).assign(
            **{
                c.LOCATION: chain.locations.ids[shop],
                c.ON_HAND: self._stock.on_hand.sum(axis=2)[item, shop],
                c.LEAD_TIME: chain.supply.lead_time[shop] - 1,
                c.REVIEW_PERIOD: chain.supply.review_period[shop],
                c.UNIT_PRICE: price,
                c.SHORTAGE_COST: np.maximum(price - cost, 0.0),
                c.HOLDING_COST: self.holding_rate / 365 * cost,
                c.MEAN_SALES: self._stock.mean_sales[item, shop],
            }
        )

    @cached_property
    def due(self) -> pd.DataFrame:
        """Open orders of the shops: item_id, location_id, date of arrival, units."""
        return self._dated(self._stock.on_order)

    @cached_property
    def batches(self) -> pd.DataFrame:
        """Stock of shops that goes off: item_id, location_id, date (the last of sale), units."""
        return self._dated(self._stock.on_hand[:, :, :-1])

    def usual_orders(self, mean_sales: pd.DataFrame | None = None) -> pd.DataFrame:
        """Orders by the chain's usual rule, up to mean sales until the next delivery plus safety.

        Args:
            mean_sales: item_id, location_id, mean_sales (units a day) in place of the smoothed
                sales that the rule remembers.
        """
        chain, stock = self._chain, self._stock
        supply, shops = chain.supply, chain.locations.n_shops
        if mean_sales is not None:
            mean = stock.mean_sales.copy()
            item = pd.Index(chain.catalogue.ids).get_indexer(mean_sales[c.ITEM])
            shop = pd.Index(chain.locations.ids).get_indexer(mean_sales[c.LOCATION])
            mean[item, shop] = mean_sales[c.MEAN_SALES].to_numpy()
            stock = replace(stock, mean_sales=mean)
        orderable = chain.assortment.orderable(self.day, supply.lead_time)
        units = wanted_units(supply, stock, self.day, orderable)[:, :shops]
        item, shop = np.nonzero(units)
        return self._frame(item, shop).assign(**{c.UNITS: units[item, shop]})

    @property
    def _chain(self) -> Chain:
        return self._books.world.chain

    @property
    def _tomorrow(self) -> int:
        return min(self.day + 1, len(self._books.regular) - 1)

    def _dated(self, units: np.ndarray) -> pd.DataFrame:
        """Units by days after tomorrow, (items, locations, days), as a frame."""
        item, shop, later = np.nonzero(units[:, : self._chain.locations.n_shops])
        dates = self.date + pd.to_timedelta(1 + later, unit="D")
        frame = self._frame(item, shop)
        return frame.assign(**{c.DATE: dates, c.UNITS: units[item, shop, later]})

    def _frame(self, item: np.ndarray, shop: np.ndarray) -> pd.DataFrame:
        chain = self._chain
        ids = {c.ITEM: chain.catalogue.ids[item], c.LOCATION: chain.locations.ids[shop]}
        return pd.DataFrame(ids)
