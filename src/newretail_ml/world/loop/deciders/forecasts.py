"""Forecasts of the loop: any demand model, fitted now and then and brought up to date between."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import check_whole
from newretail_ml.forecast import Forecast
from newretail_ml.forecasting import Forecaster
from newretail_ml.panel import Panel
from newretail_ml.pricing import DemandResponse
from newretail_ml.world.loop.deciders.prices import PlannedPrices
from newretail_ml.world.loop.view import View

FIT_EVERY = 56
HORIZON = 28


class ModelForecasts:
    """A demand model's paths, on sales as the chain knows them.

    Args:
        model: an unfitted model of daily demand by item and location. It should recover demand
            where stock ran out, as `AutoForecaster` and `RecoveredDemand` do.
        fit_every: days from one fit to the next; between them the model starts from newer days.
        horizon: days ahead.
        n_paths: sample paths.
        random_state: seed of the paths.
        pricing: who sets the prices. What it knows of how demand answers them puts past sales at
            the prices of tomorrow (see `at_prices_of_tomorrow`): most demand models do not read
            prices, and would learn of a new one from sales alone, weeks later.
    """

    def __init__(
        self,
        model: Forecaster,
        *,
        fit_every: int = FIT_EVERY,
        horizon: int = HORIZON,
        n_paths: int = 200,
        random_state: int = 0,
        pricing: PlannedPrices | None = None,
    ) -> None:
        self.model = model
        self.fit_every = check_whole("fit_every", fit_every, at_least=1)
        self.horizon = check_whole("horizon", horizon, at_least=1)
        self.n_paths = check_whole("n_paths", n_paths, at_least=1)
        self.random_state = check_whole("random_state", random_state)
        self.pricing = pricing
        self.fitted_on: int | None = None

    def __call__(self, view: View) -> Forecast:
        """Paths of the days after the view's date."""
        panel, pricing = view.panel, self.pricing
        if pricing is not None and pricing.response is not None:
            panel = at_prices_of_tomorrow(panel, pricing.response, self.random_state)
        if self.fitted_on is None or view.day - self.fitted_on >= self.fit_every:
            self.model, self.fitted_on = self.model.clone().fit(panel), view.day
        else:
            self.model.update(panel)
        return self.model.forecast(
            self.horizon, n_paths=self.n_paths, random_state=self.random_state
        )


def at_prices_of_tomorrow(panel: Panel, response: DemandResponse, random_state: int = 0) -> Panel:
    """The panel as if regular prices had always been what they are from tomorrow on.

    Past sales are moved by what the response says of the difference, to whole units by chance,
    and past prices by the same share as the regular ones, so that promotions stay as deep as they
    were. Series that the response does not know, or that have no price tomorrow, stay as they
    are.

    Args:
        panel: with plans of price and regular_price.
        response: demand by item and location as a function of prices.
        random_state: seed of the chance.
    """
    keys = pd.MultiIndex.from_frame(response.keys)
    place = keys.get_indexer(pd.MultiIndex.from_frame(panel.keys[list(response.keys.columns)]))
    regular = panel.plans[c.REGULAR_PRICE].astype(float)
    last = min(panel.cut, regular.shape[1] - 1)
    rows = np.flatnonzero((place >= 0) & (regular[:, last] > 0))
    now = regular[rows, last]
    moved = np.ones((len(panel.keys), panel.cut))
    then = np.tile(response.prices, (panel.cut, 1))
    past = np.where(regular[rows, : panel.cut] > 0, regular[rows, : panel.cut], now[:, None])
    then[:, place[rows]] = past.T
    tomorrow = response.prices.copy()
    tomorrow[place[rows]] = now
    ratio = response.units(tomorrow) / np.maximum(response.units(then), 1e-12)
    moved[rows] = ratio[:, place[rows]].T
    chance = np.random.default_rng(random_state).random(panel.units.shape)
    units = np.where(moved == 1, panel.units, np.floor(panel.units * moved + chance))
    plans = {name: plan.copy() for name, plan in panel.plans.items()}
    for name in (c.PRICE, c.REGULAR_PRICE):
        plans[name][rows, : panel.cut] *= now[:, None] / past
    return replace(panel, units=units.astype(panel.units.dtype), plans=plans)
