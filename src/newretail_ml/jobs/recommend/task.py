"""Slates of the customers in a partition."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from newretail_ml import columns as c
from newretail_ml.interactions import Interactions
from newretail_ml.jobs.recommend.model import SavedRecommender
from newretail_ml.jobs.recommend.stock import Offer
from newretail_ml.jobs.task import Answer
from newretail_ml.recommendation import Recommender
from newretail_ml.tables import RetailTables

_NOTHING = "nothing that may be offered to them is available"


@dataclass(frozen=True)
class Slots:
    """What a slate holds.

    Args:
        k: items of each customer.
        mix: slots of each kind, such as (("repeat", 6), ("discovery", 4)); they add up to k.
        exclude_bought: leave out what the customer bought before.
        channel: the channel of the slates; None: each customer's favourite one.
    """

    k: int = 10
    mix: tuple[tuple[str, int], ...] | None = None
    exclude_bought: bool = False
    channel: str | None = None

    def facts(self) -> dict[str, Any]:
        """Plain values."""
        mix = None if self.mix is None else dict(self.mix)
        return {
            "k": self.k,
            "mix": mix,
            "exclude_bought": self.exclude_bought,
            "channel": self.channel,
        }

    def ask(
        self, model: Recommender, customers: pd.Series, available: pd.DataFrame | None
    ) -> pd.DataFrame:
        """The slates of some customers."""
        mix: Mapping[str, int] | None = None if self.mix is None else dict(self.mix)
        with warnings.catch_warnings():
            # The offer is the chain's own: items that the model does not know are new, not typed
            # wrongly, and each partition would say so.
            warnings.filterwarnings("ignore", "available", UserWarning)
            return model.recommend(
                customers,
                self.k,
                available=available,
                exclude_bought=self.exclude_bought,
                channel=self.channel,
                mix=mix,
            )


@dataclass(frozen=True)
class RecommendTask:
    """Slates by a model that was fitted before, on what the customers bought until now.

    Args:
        model: the model.
        slots: what a slate holds.
        offer: what can be offered; None: all that is launched and not delisted.
    """

    model: SavedRecommender
    slots: Slots
    offer: Offer | None = None

    name = "recommend"
    key = c.CUSTOMER

    def facts(self) -> dict[str, Any]:
        """Arguments and the version of the model, for the digest and the tracker."""
        return {
            **self.slots.facts(),
            "model": self.model.facts(),
            "offer": None if self.offer is None else self.offer.digest,
        }

    def __call__(self, folder: Path) -> Answer:
        """The slates of all customers of the partition: those with orders, and those known."""
        tables = RetailTables.read(folder)
        model = self.model.load()
        customers = _customers(tables)
        if not self.model.up_to_date and _bought(tables):
            model = model.with_history(Interactions.from_tables(tables))
        rows = self.slots.ask(model, customers, None if self.offer is None else self.offer.read())
        return Answer(rows, refused_customers(customers, rows), len(tables.orders))


def refused_customers(customers: pd.Series, rows: pd.DataFrame) -> pd.DataFrame:
    """Customers without a slate, and why."""
    without = customers[~customers.isin(rows[c.CUSTOMER])]
    return pd.DataFrame({c.CUSTOMER: without, c.REASON: _NOTHING}).reset_index(drop=True)


def _bought(tables: RetailTables) -> bool:
    """Whether any customer bought anything: there is no history of returns alone."""
    orders = tables.orders
    return bool(((orders[c.UNITS] > 0) & orders[c.CUSTOMER].notna()).any())


def _customers(tables: RetailTables) -> pd.Series:
    """Ids of all customers, in their order."""
    known = [tables.orders[c.CUSTOMER].dropna()]
    known += [] if tables.customers is None else [tables.customers[c.CUSTOMER]]
    return pd.concat(known).drop_duplicates().sort_values(ignore_index=True)
