"""Price lists of the loop, under the rules that a merchant would set."""

from __future__ import annotations

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.pricing import (
    DemandResponse,
    LocalLevelRegression,
    MarginFloor,
    PriceModel,
    merged,
    plan_prices,
    price_points,
)
from newretail_ml.world.loop.view import View

CHANGE, MARGIN = 0.15, 0.15


class PlannedPrices:
    """Price lists by `plan_prices` on what a model learned from the chain's own sales.

    One price an item in all shops, a margin of at least 15%, and within 15% of the price that the
    item had before the first list: further than that the past says too little. Where the data
    cannot tell how demand answers, the price stays.

    Args:
        model: an unfitted model of prices and demand.

    Attributes:
        response: what was learned for the last list, by item and location.
    """

    def __init__(self, model: PriceModel | None = None) -> None:
        self.model = LocalLevelRegression() if model is None else model
        self.before = pd.Series(dtype=float)
        self.response: DemandResponse | None = None

    def __call__(self, view: View) -> pd.DataFrame:
        """Regular prices from tomorrow on."""
        self.model = self.model.clone().fit(view.panel)
        self.response = self.model.response_
        response = merged(self.model.response_, c.ITEM)  # type: ignore[type-var]
        now = pd.Series(response.prices, response.keys[c.ITEM])
        self.before = self.before.combine_first(now)
        return best_prices(view, response, self.before.loc[now.index].to_numpy())


def best_prices(view: View, response: DemandResponse, before: np.ndarray) -> pd.DataFrame:
    """The best list among prices that end in 9 and are near those from before the first list.

    Args:
        view: of the evening.
        response: one product an item.
        before: price of each item before the first list.
    """
    plan = plan_prices(
        response,
        view.tables.items,
        [MarginFloor(MARGIN)],
        points=price_points(before * (1 - CHANGE), before * (1 + CHANGE), ".x9"),
        n_draws=1,
        progress=False,
    )
    prices = plan.prices
    kept = np.isclose(prices[c.PRICE], prices["current_price"])
    return prices.loc[~kept, [c.ITEM, c.PRICE]].reset_index(drop=True)
