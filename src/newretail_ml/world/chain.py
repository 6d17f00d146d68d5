"""The structure of a chain: all that stays as it is while the days pass."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from newretail_ml.world.assortment import Assortment, make_assortment
from newretail_ml.world.calendar import Calendar, make_calendar
from newretail_ml.world.catalogue import Catalogue, make_catalogue
from newretail_ml.world.config import ChainConfig
from newretail_ml.world.customers import Customers, make_customers
from newretail_ml.world.demand import Market, make_market
from newretail_ml.world.locations import Locations, make_locations
from newretail_ml.world.price_plan import PricePlan, plan_prices
from newretail_ml.world.stock import Supply, make_supply


@dataclass(frozen=True, eq=False, repr=False)
class Chain:
    """A chain and its surroundings, drawn once from a configuration.

    Attributes:
        config: the configuration.
        calendar: days, festivals and holidays.
        catalogue: items.
        locations: stores, the online shop and warehouses.
        assortment: what is on sale where and when.
        customers: members.
        market: what decides demand.
        prices: the price plan.
        supply: how goods reach the shelves.
    """

    config: ChainConfig
    calendar: Calendar
    catalogue: Catalogue
    locations: Locations
    assortment: Assortment
    customers: Customers
    market: Market
    prices: PricePlan
    supply: Supply

    def __repr__(self) -> str:
        return f"Chain({self.config})"


def make_chain(config: ChainConfig, festivals: pd.DataFrame | None = None) -> Chain:
    """Draw the structure of a chain; `festivals` replaces the usual shopping festivals."""
    calendar = make_calendar(config, festivals)
    catalogue = make_catalogue(config)
    locations = make_locations(config)
    assortment = make_assortment(config, catalogue, locations)
    return Chain(
        config=config,
        calendar=calendar,
        catalogue=catalogue,
        locations=locations,
        assortment=assortment,
        customers=make_customers(config, catalogue, locations),
        market=make_market(config, catalogue, locations, assortment),
        prices=plan_prices(config, catalogue, locations, calendar),
        supply=make_supply(catalogue, locations),
    )
