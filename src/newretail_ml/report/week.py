"""All that a page is made of: what was decided, given or made here, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from tqdm import tqdm

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.forecasting import AutoForecaster
from newretail_ml.jobs.prices.rules import PriceRules
from newretail_ml.panel import Panel
from newretail_ml.pricing.price_list import names as w
from newretail_ml.replenishment import plan_orders, state_from_tables
from newretail_ml.report.decisions import WEEK, price_list, slates, unit_margins
from newretail_ml.report.figures import Accuracy, accuracy_of, price_moves, stock_at_risk
from newretail_ml.tables import RetailTables

LOOK_BACK = 14
ORDER_VALUE = "order_value"


@dataclass(frozen=True)
class Terms:
    """On what terms decisions are made.

    Attributes:
        lead_time, review_period: days.
        horizon: days to forecast.
        holding_rate: yearly cost of holding, as a share of unit cost.
        random_state: the seed.
        progress: show a progress bar.
        price_rules: of price lists; None for the library's own.
    """

    lead_time: int
    review_period: int
    horizon: int
    holding_rate: float
    random_state: int
    progress: bool
    price_rules: PriceRules | None = None


@dataclass(frozen=True, eq=False)
class Week:
    """The frames behind a page; None where the chain has no table for them.

    Attributes:
        tables: the chain's.
        panel: its sales by item and location.
        forecast: paths of the coming days.
        earlier: paths of the last two weeks, made before them.
        orders, prices, slates: the decisions.
        state: stock on hand, lead times.
    """

    tables: RetailTables
    panel: Panel
    forecast: Forecast
    earlier: Forecast | None
    orders: pd.DataFrame | None
    prices: pd.DataFrame | None
    slates: pd.DataFrame | None
    state: pd.DataFrame | None

    @cached_property
    def margins(self) -> pd.DataFrame | None:
        """item_id, unit_cost, unit_price and unit_margin."""
        return unit_margins(self.tables)

    @cached_property
    def accuracy(self) -> Accuracy | None:
        """The last two weeks against what had been forecast of them."""
        return None if self.earlier is None else accuracy_of(self.earlier, self.panel)

    @cached_property
    def risk(self) -> pd.DataFrame | None:
        """Stock that may run out, and stock that nobody will want soon."""
        if self.state is None:
            return None
        return stock_at_risk(self.forecast, self.state, self.margins)

    @cached_property
    def moves(self) -> pd.DataFrame | None:
        """Prices that change."""
        return None if self.prices is None else price_moves(self.prices)

    @property
    def order_value(self) -> float:
        """What today's orders cost; NaN where that is not known."""
        if self.orders is None:
            return float("nan")
        if ORDER_VALUE in self.orders:
            return float(self.orders[ORDER_VALUE].sum())
        if self.margins is None:
            return float("nan")
        cost = self.orders[c.ITEM].map(self.margins.set_index(c.ITEM)[c.UNIT_COST])
        return float((self.orders[c.UNITS] * cost).sum())

    @property
    def expected_units(self) -> float:
        """Units that the coming week is expected to sell."""
        return float(self.forecast.mean()[:, :WEEK].sum())

    @property
    def expected_revenue(self) -> float:
        """The same in money, at the prices last paid; items that never sold are left out."""
        if self.margins is None:
            return float("nan")
        price = self.forecast.keys[c.ITEM].map(self.margins.set_index(c.ITEM)[c.UNIT_PRICE])
        weekly = self.forecast.mean()[:, :WEEK].sum(axis=1)
        return float(np.nansum(weekly * price.to_numpy(float)))


def week_of(
    tables: RetailTables,
    terms: Terms,
    *,
    forecast: Forecast | pd.DataFrame | None,
    earlier: Forecast | None,
    orders: pd.DataFrame | None,
    prices: pd.DataFrame | None,
    slates_given: pd.DataFrame | None,
) -> Week:
    """Take what was decided, and decide the rest by the library's defaults."""
    panel = Panel.from_tables(tables)
    bar = tqdm(total=5, disable=not terms.progress, desc="the week", unit="step")
    made = AutoForecaster(terms.horizon, random_state=terms.random_state, progress=False)
    if forecast is None:
        forecast = made.fit(panel).forecast(terms.horizon, random_state=terms.random_state)
    elif isinstance(forecast, pd.DataFrame):
        forecast = Forecast.from_frame(forecast)
    bar.update()
    if earlier is None:
        earlier = _looking_back(panel, made, terms)
    bar.update()
    state = _state(tables, terms)
    if orders is None and state is not None:
        orders = _orders(forecast, state)
    bar.update()
    if prices is None:
        listed = price_list(panel, tables, terms.random_state, terms.price_rules)
        prices = None if listed is None else listed.prices
    bar.update()
    if slates_given is None:
        shown = slates(tables, terms.random_state)
        slates_given = None if shown is None else shown.slates
    bar.update()
    bar.close()
    return Week(tables, panel, forecast, earlier, orders, prices, slates_given, state)


def _looking_back(panel: Panel, model: AutoForecaster, terms: Terms) -> Forecast | None:
    """What the default would have said of the last two weeks, had it been asked before them."""
    if panel.cut <= 2 * LOOK_BACK:
        return None
    before = panel.until(panel.cut - LOOK_BACK)
    return model.clone().fit(before).forecast(LOOK_BACK, random_state=terms.random_state)


def _state(tables: RetailTables, terms: Terms) -> pd.DataFrame | None:
    if tables.stock is None:
        return None
    known = tables.items is not None and c.UNIT_COST in tables.items
    try:
        return state_from_tables(
            tables,
            lead_time=terms.lead_time,
            review_period=terms.review_period,
            holding_rate=terms.holding_rate if known else None,
        )
    except DataError:
        return None


def _orders(forecast: Forecast, state: pd.DataFrame) -> pd.DataFrame | None:
    """An order list in money; without costs none is made, since nothing tells what it is worth."""
    if c.SHORTAGE_COST not in state:
        return None
    longest = int((state[c.LEAD_TIME] + state[c.REVIEW_PERIOD]).max())
    if forecast.horizon < longest:
        return None
    known = state[state[[c.SHORTAGE_COST, c.HOLDING_COST]].notna().all(axis=1)]
    return plan_orders(forecast, known).orders


def gain_a_week(moves: pd.DataFrame | None) -> tuple[float, float, float]:
    """Expected gain of profit by the price moves in a week, and the sum of its bounds."""
    if moves is None:
        return (np.nan,) * 3
    names = (w.PROFIT_GAIN, w.PROFIT_GAIN_LOWER, w.PROFIT_GAIN_UPPER)
    gain, lower, upper = (float(moves[name].sum()) * WEEK for name in names)
    return gain, lower, upper
