"""Demand responses that were learned before, for the prices of today."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.jobs.saved import Saved
from newretail_ml.panel import Panel
from newretail_ml.pricing import part_of
from newretail_ml.pricing.demand.local_level.design import current_prices
from newretail_ml.pricing.price_list.products import response_of
from newretail_ml.pricing.response.curves import Curve
from newretail_ml.pricing.response.merge import AnyCurve


@dataclass(frozen=True)
class SavedResponse(Saved):
    """A response, or a fitted model that has one, in a file."""

    def load(self) -> Curve:
        """The response.

        Raises:
            DataError: the file holds neither, or a response that is no curve.
        """
        response = response_of(self.opened(object, "price model"))
        if not isinstance(response, Curve) or c.ITEM not in response.keys:
            raise DataError(
                f"{self.address} is no curve by item_id but a {type(response).__name__}",
                next_step="Name a fitted LocalLevelRegression or PriceRegression, or its response.",
            )
        return response

    def of_series(self, panel: Panel) -> Curve | None:
        """What is known of the series of a panel, at the prices of today; None if nothing is."""
        response = self.load()
        keys = [name for name in response.keys if name in panel.keys]
        today = panel.keys[keys].assign(**{c.PRICE: current_prices(panel)})
        price = today.groupby(keys)[c.PRICE].mean()
        known = _index(response.keys, keys)
        there = np.flatnonzero(known.isin(_index(today, keys)))
        if not len(there):
            return None
        return at_prices(part_of(response, there), price.loc[known[there]].to_numpy(float))


def at_prices(response: AnyCurve, prices: np.ndarray) -> AnyCurve:
    """The same demand, seen from other current prices.

    >>> from newretail_ml.pricing import ConstantElasticity
    >>> at_prices(ConstantElasticity([80.0], [2.0], [-2.0]), np.array([4.0])).base_units
    array([20.])
    """
    return type(response)(
        response.units(prices),
        prices,
        response.coefficient,
        draws=response.draws,
        level_error=response.level_error,
        keys=response.keys,
        evidence=response.evidence,
    )


def _index(frame: pd.DataFrame, keys: list[str]) -> pd.Index:
    return pd.Index(frame[keys[0]]) if len(keys) == 1 else pd.MultiIndex.from_frame(frame[keys])
