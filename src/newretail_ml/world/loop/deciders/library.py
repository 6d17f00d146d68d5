"""The library's own chain: each module takes the place of one naive decision."""

from __future__ import annotations

from collections.abc import Collection

from newretail_ml.errors import DataError
from newretail_ml.forecasting import AutoForecaster, MovingAverage, RecoveredDemand
from newretail_ml.world.loop.deciders.forecasts import HORIZON, ModelForecasts
from newretail_ml.world.loop.deciders.naive import BestSellers
from newretail_ml.world.loop.deciders.orders import orders_by_mean, planned_orders
from newretail_ml.world.loop.deciders.prices import PlannedPrices
from newretail_ml.world.loop.deciders.slates import RankedSlates
from newretail_ml.world.loop.policies import Forecasting, Ordering, Policies

FORECASTING, REPLENISHMENT = "forecasting", "replenishment"
PRICING, RECOMMENDATION = "pricing", "recommendation"
MODULES = (FORECASTING, REPLENISHMENT, PRICING, RECOMMENDATION)


def library_policies(
    modules: Collection[str] = MODULES, *, name: str | None = None, n_threads: int | None = None
) -> Policies:
    """The chain with some modules of the library, all by their defaults, and naive otherwise.

    Forecasting puts the mean of `AutoForecaster` in place of the moving average. Replenishment
    orders by `plan_orders` on its paths or, alone, on those of a moving average. Pricing sets
    lists by `plan_prices` every four weeks, recommendation shows slates by `TwoStageRanker` and
    `plan_slates` every week.

    Args:
        modules: some of "forecasting", "replenishment", "pricing", "recommendation".
        name: as tables show it; by default the names of the modules.
        n_threads: threads of the forecaster; results do not depend on it.

    Raises:
        DataError: there is no such module.

    >>> library_policies(["pricing"]).name
    'pricing'
    """
    on = checked_modules(modules)
    model = AutoForecaster(HORIZON, n_threads=n_threads, progress=False)
    forecast: Forecasting | None = None
    orders: Ordering | None = None
    pricing = PlannedPrices() if PRICING in on else None
    if FORECASTING in on:
        forecast, orders = ModelForecasts(model, pricing=pricing), orders_by_mean
    if REPLENISHMENT in on:
        average = RecoveredDemand(MovingAverage())
        forecast = forecast or ModelForecasts(average, pricing=pricing)
        orders = planned_orders
    return Policies(
        forecast=forecast,
        orders=orders,
        prices=pricing,
        slates=RankedSlates() if RECOMMENDATION in on else BestSellers(),
        name=name or " + ".join(on) or "naive",
    )


def checked_modules(modules: Collection[str]) -> list[str]:
    """The modules in their usual order.

    Raises:
        DataError: there is no such module.
    """
    asked = [modules] if isinstance(modules, str) else list(modules)
    for one in asked:
        if one not in MODULES:
            raise DataError(
                f"there is no module {one!r}", next_step=f"Choose among {', '.join(MODULES)}."
            )
    return [one for one in MODULES if one in asked]
