"""Slates of the loop: what a ranker proposes, planned by the margin that is expected."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import check_whole
from newretail_ml.errors import DataError
from newretail_ml.interactions import Interactions
from newretail_ml.recommendation import (
    ChanceModel,
    Recommender,
    TwoStageRanker,
    available_items,
    plan_slates,
)
from newretail_ml.world.loop.deciders.naive import SLOTS
from newretail_ml.world.loop.view import View

CANDIDATES = 30
WEEK = 7


class RankedSlates:
    """Slates by `plan_slates` on the lists of a recommender.

    Candidates are what the member's shop has. Of these the slate takes those with the highest
    expected margin: chance of a purchase within a week, times what a unit earns tomorrow.

    Args:
        model: an unfitted recommender.
        k: slots of a slate.
        candidates: items that the model proposes for each member.
        mix: how many candidates of each kind, see `Recommender.recommend`.
        fit_every: days from one fit to the next; between them the model sees newer orders.
    """

    def __init__(
        self,
        model: Recommender | None = None,
        *,
        k: int = SLOTS,
        candidates: int = CANDIDATES,
        mix: Mapping[str, int] | None = None,
        fit_every: int = 56,
    ) -> None:
        self.model = TwoStageRanker() if model is None else model
        self.k = check_whole("k", k, at_least=1)
        self.candidates = check_whole("candidates", candidates, at_least=1)
        self.mix = None if mix is None else dict(mix)
        self.fit_every = check_whole("fit_every", fit_every, at_least=1)
        self.fitted_on: int | None = None
        self.chances: ChanceModel | None = None

    def __call__(self, view: View) -> pd.DataFrame:
        """Slates from tomorrow on."""
        tables = view.tables
        orders = Interactions.from_tables(tables)
        anew = self.fitted_on is None or view.day - self.fitted_on >= self.fit_every
        model = self.model.clone().fit(orders) if anew else self.model.with_history(orders)
        lists = model.recommend(
            None, self.candidates, available=available_items(tables), mix=self.mix
        )
        if anew or self.chances is None:
            self.model, self.fitted_on = model, view.day
            self.chances = ChanceModel.learn(lists, model, horizon_days=WEEK)
        plan = plan_slates(
            self.chances.of(lists, model.interactions_),
            k=self.k,
            items=margins(view),
            objective="margin",
            progress=False,
        )
        return plan.slates[[c.CUSTOMER, c.ITEM, c.RANK]]


def margins(view: View) -> pd.DataFrame:
    """item_id and unit_margin, the mean of the shops at the prices of the coming week."""
    items = view.tables.items
    if items is None:
        raise DataError(
            "margins are not known without a table of items",
            table="items",
            next_step="Rank slates by chance, or bring the table.",
        )
    _, price, _ = view.price_plan(WEEK)
    earned = price.mean(axis=(0, 2)) - items[c.UNIT_COST].to_numpy()
    return items[[c.ITEM]].assign(**{c.UNIT_MARGIN: earned})
