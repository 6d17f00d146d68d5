"""Price lists of the loop, under the rules that a merchant would set."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.pricing import (
    DemandResponse,
    LocalLevelRegression,
    MarginFloor,
    MaxChange,
    PriceModel,
    merged,
    plan_prices,
    price_points,
)
from newretail_ml.pricing.price_list.rules import Rule
from newretail_ml.world.loop.view import View

CHANGE, MARGIN = 0.15, 0.1


class PlannedPrices:
    """A price list by `plan_prices` on what a model learned from the chain's own sales.

    One price an item in all shops. Where the data cannot tell how demand answers, and where an
    item is no longer sold, the price stays.

    Args:
        model: an unfitted model of prices and demand.
        rules: of the list; by default at most 15% from the price of today and a margin of at
            least 10%.
    """

    def __init__(
        self, model: PriceModel | None = None, rules: Sequence[Rule] | None = None
    ) -> None:
        self.model = LocalLevelRegression() if model is None else model
        self.rules = usual_rules() if rules is None else list(rules)

    def __call__(self, view: View) -> pd.DataFrame:
        """Regular prices from tomorrow on."""
        self.model = self.model.clone().fit(view.panel)
        return best_prices(view, merged(self.model.response_, c.ITEM), self.rules)


def usual_rules() -> list[Rule]:
    """At most 15% from today's price in one list, and a margin of at least 10%."""
    return [MaxChange(CHANGE), MarginFloor(MARGIN)]


def best_prices(view: View, response: DemandResponse, rules: Sequence[Rule]) -> pd.DataFrame:
    """The best list among prices that end in 9, within 15% of the current ones."""
    prices = response.prices
    plan = plan_prices(
        response,
        view.tables.items,
        rules,
        points=price_points(prices * (1 - CHANGE), prices * (1 + CHANGE), ".x9"),
        n_draws=1,
        progress=False,
    )
    changed = plan.prices[np.abs(plan.prices["change"]) > 0]
    return changed[[c.ITEM, c.PRICE]].reset_index(drop=True)
