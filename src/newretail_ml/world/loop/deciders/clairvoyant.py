"""A chain that knows the truth: tastes, elasticities, and who comes for what."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.forecast import Forecast
from newretail_ml.panel import Periods
from newretail_ml.world.categories import CHANNELS
from newretail_ml.world.loop.coming import Coming
from newretail_ml.world.loop.deciders.library import (
    FORECASTING,
    MODULES,
    PRICING,
    RECOMMENDATION,
    REPLENISHMENT,
    checked_modules,
)
from newretail_ml.world.loop.deciders.naive import SLOTS, BestSellers
from newretail_ml.world.loop.deciders.orders import planned_on, usual_orders_on
from newretail_ml.world.loop.deciders.prices import best_prices
from newretail_ml.world.loop.policies import Policies
from newretail_ml.world.loop.slate_sales import slate_sales
from newretail_ml.world.loop.state import Habits, LoopState, Offer, no_slates
from newretail_ml.world.loop.view import View
from newretail_ml.world.make import World
from newretail_ml.world.slates.best import top_slate
from newretail_ml.world.slates.planning import expected_sums, worth
from newretail_ml.world.slates.reading import read_slate
from newretail_ml.world.stock import StockState
from newretail_ml.world.true_response import true_response

_HORIZON = 21
_PLENTY = 1_000_000
_FURTHER_DAYS = 4


def clairvoyant_policies(
    world: World,
    modules: Collection[str] = MODULES,
    *,
    name: str | None = None,
    habits: Habits | None = None,
) -> Policies:
    """The chain that knows the truth where the library would have to learn it.

    The decisions are the library's own, under the same rules: demand that will really come in
    place of a forecast, true responses in place of estimates, true tastes in place of a ranker.
    What is missing to its profit is therefore knowledge. Prices are set once, as the truth stays
    what it is. It is a strong heuristic, not a bound.

    Args:
        world: the chain.
        modules: what is decided by the truth; the rest is naive.
        name: as tables show it.
        habits: of customers.

    Raises:
        DataError: there is no such module.
    """
    on = checked_modules(modules)
    truth = Clairvoyant(world, habits or Habits())
    orders = truth.orders if REPLENISHMENT in on else truth.usual_orders
    return Policies(
        orders=orders if {FORECASTING, REPLENISHMENT} & set(on) else None,
        prices=truth.prices if PRICING in on else None,
        prices_every=world.chain.config.plan_days,
        slates=truth.slates if RECOMMENDATION in on else BestSellers(),
        name=name or f"clairvoyant: {' + '.join(on)}",
    )


class Clairvoyant:
    """Decides with the truth in its hand.

    Args:
        world: the chain.
        habits: of customers.
    """

    def __init__(self, world: World, habits: Habits) -> None:
        self.world = world
        self.habits = habits
        self.coming = Coming.of(world, world.chain.config.plan_days)
        self.response = true_response(world)
        self.learned = np.ones(world.chain.customers.taste.shape, dtype=np.float32)
        self.units: dict[tuple[int, bytes, bytes], np.ndarray] = {}

    def __deepcopy__(self, memo: dict[int, object]) -> Clairvoyant:
        """The same truth, for another run."""
        copied = Clairvoyant.__new__(Clairvoyant)
        copied.__dict__.update(self.__dict__, units={})
        memo[id(self)] = copied
        return copied

    def orders(self, view: View) -> pd.DataFrame:
        """Orders by the planner on the demand that will come.

        Warehouses, whose usual rule looks back, may not send all that is asked; so orders last
        some days longer than they must.
        """
        return planned_on(view, self.demand(view), further_days=_FURTHER_DAYS)

    def usual_orders(self, view: View) -> pd.DataFrame:
        """Orders by the usual rule on the demand that will come."""
        return usual_orders_on(view, self.demand(view))

    def prices(self, view: View) -> pd.DataFrame:
        """The best list by the true response, under the rules of `PlannedPrices`."""
        return best_prices(view, self.response, self.response.prices)

    def slates(self, view: View) -> pd.DataFrame:
        """What earns most in the coming week by true tastes, at the prices of that week."""
        chain, wishes = self.world.chain, self.coming.wishes
        self.learned, self.units = self._learned(view), {}
        first = self._place(view)
        days = slice(first, first + 7)
        _, price, _ = view.price_plan(len(wishes.price[days]))
        now = price.transpose(0, 2, 1).astype(np.float32)
        moved = (now / wishes.price[days]) ** np.diag(chain.market.elasticity).astype(np.float32)
        week = replace(
            wishes,
            days=wishes.days[days],
            visits=wishes.visits[days],
            pull=wishes.pull[days],
            pulled=wishes.pulled[days],
            others=wishes.others[days] * moved[:, :, None, :],
            units=wishes.units[days],
            price=now,
            liking=wishes.liking * self.learned,
        )
        n, items = wishes.taste.shape
        value = expected_sums(
            week,
            [worth(self.world, week, c.PROFIT)],
            np.arange(n)[:, None],
            np.arange(items)[None, :],
            tuple(range(len(CHANNELS))),
            added=True,
        )[0]
        return top_slate(pd.DataFrame(value, chain.customers.ids, chain.catalogue.ids), SLOTS)

    def demand(self, view: View) -> Forecast:
        """One path: what customers will come for, and what they will take from their slates.

        After the last planned day the mean of the days before it goes on.
        """
        regular, price, promoted = view.price_plan(_HORIZON)
        shown = view.slates
        slots = (
            no_slates(self.world.chain) if shown is None else read_slate(self.world.chain, shown)
        )
        told = b"" if shown is None else pd.util.hash_pandas_object(shown).to_numpy().tobytes()
        first, days = self._place(view), []
        for ahead in range(len(price)):
            key = (first + ahead, told, price[ahead].tobytes())
            if key not in self.units:
                offer = Offer(regular[ahead], price[ahead], promoted[ahead], slots)
                self.units[key] = self._units(first + ahead, offer)
            days.append(self.units[key])
        units = np.stack(days, axis=2).astype(float)
        rest = np.repeat(units.mean(axis=2, keepdims=True), _HORIZON - units.shape[2], axis=2)
        return self._forecast(view, np.concatenate([units, rest], axis=2))

    def _units(self, place: int, offer: Offer) -> np.ndarray:
        """(items, shops) units that would be sold on a day if nothing ran out."""
        wanted = self.coming.wanted(place, offer.price, offer.promoted)
        stock = self._plenty()
        state = LoopState(stock, np.zeros(self.learned.shape, bool), self.learned)
        shown = slate_sales(self.coming, place, state, stock, offer, self.habits)
        return np.asarray((wanted + shown.units_by_cell).sum(axis=2))

    def _forecast(self, view: View, path: np.ndarray) -> Forecast:
        chain, n_shops = self.world.chain, self.world.chain.locations.n_shops
        item, shop = np.nonzero(chain.assortment.carried[:, :n_shops])
        keys = {c.ITEM: chain.catalogue.ids[item], c.LOCATION: chain.locations.ids[shop]}
        tomorrow = view.date + pd.Timedelta(days=1)
        last = view.date + pd.Timedelta(days=path.shape[2])
        periods = Periods.spanning(tomorrow, last, "D")
        return Forecast(pd.DataFrame(keys), periods, path[item, shop][:, None, :])

    def _place(self, view: View) -> int:
        """Tomorrow's place among the planned days."""
        return view.day + 1 - int(self.coming.days[0])

    def _plenty(self) -> StockState:
        stock = self.world.stock
        return replace(stock, on_hand=np.full_like(stock.on_hand, _PLENTY))

    def _learned(self, view: View) -> np.ndarray:
        """What members have learned from first purchases since today."""
        chain, orders = self.world.chain, view.tables.orders
        orders = orders[orders[c.CUSTOMER].notna()]
        customer = pd.Index(chain.customers.ids).get_indexer(orders[c.CUSTOMER])
        item = pd.Index(chain.catalogue.ids).get_indexer(orders[c.ITEM])
        bought = np.zeros(self.learned.shape, bool)
        bought[customer, item] = True
        new = bought & ~LoopState.tonight(self.world).bought
        factor = np.where(
            chain.customers.taste > 1,
            np.float32(self.habits.liked),
            np.float32(self.habits.disliked),
        )
        return np.where(new, factor, np.float32(1.0))
