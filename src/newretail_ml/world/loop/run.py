"""The closed loop: the chain lives on, day by day, under the decisions of its policies."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import pandas as pd
from tqdm import tqdm

from newretail_ml import columns as c
from newretail_ml.checks import check_number, need_columns, refuse_repeated, refuse_values
from newretail_ml.forecast import Forecast
from newretail_ml.tables import RetailTables
from newretail_ml.world.chain import Chain
from newretail_ml.world.loop.books import Books
from newretail_ml.world.loop.coming import Coming
from newretail_ml.world.loop.ledger import Ledger
from newretail_ml.world.loop.policies import Policies
from newretail_ml.world.loop.state import Habits, LoopState, Offer, no_slates
from newretail_ml.world.loop.step import restock, trade
from newretail_ml.world.loop.view import HOLDING_RATE, View
from newretail_ml.world.make import World
from newretail_ml.world.pricing import listed_prices
from newretail_ml.world.slates.reading import Slots, read_slate


@dataclass(frozen=True, eq=False)
class LoopResult:
    """What became of a chain under some policies.

    Attributes:
        name: of the policies.
        ledger: money and units.
        orders: what shops ordered: date, item_id, location_id, units.
        prices: regular prices that were set: date (from which on), item_id, location_id, price.
        slates: what members were shown: date (from which on), customer_id, item_id, rank.
        tables: the chain's tables on the last evening.
    """

    name: str
    ledger: Ledger
    orders: pd.DataFrame
    prices: pd.DataFrame
    slates: pd.DataFrame
    tables: RetailTables

    @property
    def profit(self) -> float:
        """Revenue less cost of goods, holding and waste."""
        return self.ledger.profit

    def __repr__(self) -> str:
        return f"LoopResult({self.name}: profit {self.profit:,.0f})"


def run(
    world: World,
    policies: Policies | None = None,
    days: int = 28,
    *,
    habits: Habits | None = None,
    holding_rate: float = HOLDING_RATE,
    progress: bool = False,
) -> LoopResult:
    """Let a chain live on after today under the decisions of its policies.

    Day by day customers come through their channels, see prices and slates, buy, take something
    else or leave where a shelf is empty; orders arrive after their lead times; promotions run as
    planned; members learn what they like (see `newretail_ml.world.loop.step` for the order of
    events). On every evening the policies see what a real chain would see, in a `View`: sales,
    not demand. Then prices come first, the forecast second, orders third, slates last.

    What comes of itself is the same under all policies: levels of demand, the luck of customers,
    who visits and how far they look. So two runs differ by their decisions alone.

    Args:
        world: a chain with at least so many planned days; it is not changed.
        policies: who decides; by default the usual orders, prices as they are, no slates.
        days: days to run.
        habits: how customers behave.
        holding_rate: yearly cost of holding, as a share of unit cost.
        progress: show a progress bar.

    Raises:
        DataError: the world has not so many planned days, or a decision cannot be carried out.

    >>> from newretail_ml.world import ChainConfig, Policies, make_world, run
    >>> world = make_world(ChainConfig(days=60, n_stores=2, n_items=8, n_customers=50))
    >>> as_usual = run(world, days=14)
    >>> as_usual
    LoopResult(policies: profit ...)
    >>> dear = pd.DataFrame({"item_id": world.truth.items, "price": 99.0})
    >>> dearer = run(world, Policies(prices=lambda view: dear), days=14)
    >>> bool(dearer.ledger.totals()["units"][0] < as_usual.ledger.totals()["units"][0])
    True
    """
    check_number("holding_rate", holding_rate, at_least=0.0)
    coming = Coming.of(world, days)
    chain_day = _Evenings(coming, deepcopy(policies or Policies()), holding_rate)
    state, habits = LoopState.tonight(world), habits or Habits()
    chain_day.decide(int(coming.days[0]) - 1, state, 0)
    offers, happened = [], []
    for place, day in enumerate(tqdm(coming.days.tolist(), disable=not progress, unit="day")):
        offer = chain_day.offer(day)
        state, traded = trade(coming, place, state, offer, habits)
        offers.append(offer)
        happened.append(traded)
        chain_day.books.close(day, traded)
        if place + 1 < len(coming.days):
            state = chain_day.evening(day, state, place + 1)
    ledger = Ledger.of(world.chain, coming.days, offers, happened, holding_rate)
    return chain_day.result(ledger)


class _Evenings:
    """The evenings of a run: what was decided so far, and what is decided next."""

    def __init__(self, coming: Coming, policies: Policies, holding_rate: float) -> None:
        self.chain = coming.world.chain
        self.policies = policies
        self.holding_rate = holding_rate
        self.books = Books.of(coming.world)
        self.slots: Slots = no_slates(self.chain)
        self.made: tuple[int, Forecast] | None = None
        self.log: dict[str, list[pd.DataFrame]] = {c.ORDERS: [], c.PRICE: [], c.SLATES: []}
        first = int(coming.days[0])
        self.books.plan(self.books.regular[first - 1].copy(), first)

    def offer(self, day: int) -> Offer:
        return Offer(*self.books.offer_prices(day), self.slots)

    def view(self, day: int, state: LoopState) -> View:
        date = self.chain.calendar.dates[day]
        shown = self.log[c.SLATES][-1].drop(columns=c.DATE) if self.log[c.SLATES] else None
        return View(day, date, self.made, shown, self.holding_rate, self.books, state.stock)

    def decide(self, day: int, state: LoopState, evening: int) -> None:
        """Prices, forecast and slates, where their turn has come."""
        policies, from_date = self.policies, self.chain.calendar.dates[day + 1]
        if policies.prices is not None and evening % policies.prices_every == 0:
            listed = policies.prices(self.view(day, state))
            regular = listed_prices(self.chain, listed, self.books.regular[day + 1])
            self.books.plan(regular, day + 1)
            self.log[c.PRICE].append(listed.assign(**{c.DATE: from_date}))
        if policies.forecast is not None and evening % policies.forecast_every == 0:
            self.made = (day, policies.forecast(self.view(day, state)))
        if policies.slates is not None and evening % policies.slates_every == 0:
            slate = policies.slates(self.view(day, state))
            self.slots = read_slate(self.chain, slate)
            self.log[c.SLATES].append(slate.assign(**{c.DATE: from_date}))

    def evening(self, day: int, state: LoopState, evening: int) -> LoopState:
        """Decide, and order."""
        self.decide(day, state, evening)
        view = self.view(day, state)
        orders = self.policies.orders or View.usual_orders
        wanted = orders(view)
        asked = _asked(self.chain, wanted)
        self.log[c.ORDERS].append(wanted[[c.ITEM, c.LOCATION, c.UNITS]].assign(date=view.date))
        stock = restock(self.chain, state.stock, day, asked)
        return LoopState(stock, state.bought, state.learned)

    def result(self, ledger: Ledger) -> LoopResult:
        logged = {
            name: pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
            for name, frames in self.log.items()
        }
        return LoopResult(
            self.policies.name,
            ledger,
            logged[c.ORDERS],
            logged[c.PRICE],
            logged[c.SLATES],
            self.books.tables(),
        )


def _asked(chain: Chain, orders: pd.DataFrame) -> np.ndarray:
    """(items, shops) units of an order list.

    Raises:
        DataError: a column is missing, an item or shop is unknown or there twice, or units are not
            finite numbers of at least zero.
    """
    table, shops = "orders", chain.locations.ids[: chain.locations.n_shops]
    need_columns(orders, table, [c.ITEM, c.LOCATION, c.UNITS])
    refuse_repeated(orders, table, [c.ITEM, c.LOCATION])
    item, shop = (
        pd.Index(known).get_indexer(orders[name])
        for name, known in ((c.ITEM, chain.catalogue.ids), (c.LOCATION, shops))
    )
    for name, found in ((c.ITEM, item), (c.LOCATION, shop)):
        refuse_values(orders[name], found < 0, table, "are not known to the world")
    units = pd.to_numeric(orders[c.UNITS], errors="coerce").to_numpy(float)
    bad = ~(np.isfinite(units) & (units >= 0))
    refuse_values(orders[c.UNITS], bad, table, "are not numbers of at least zero")
    asked = np.zeros((len(chain.catalogue.ids), len(shops)))
    asked[item, shop] = units
    return asked
