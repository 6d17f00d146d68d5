"""What a policy may decide in the closed loop, and what it gets to see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from newretail_ml.checks import check_whole
from newretail_ml.forecast import Forecast

if TYPE_CHECKING:
    from newretail_ml.world.loop.view import View

Forecasting = Callable[["View"], Forecast]
"""Makes a forecast by item and location of the days after the view's date."""
Ordering = Callable[["View"], pd.DataFrame]
"""Orders of this evening: item_id, location_id, units. What is not named is not ordered."""
Pricing = Callable[["View"], pd.DataFrame]
"""Regular prices from tomorrow on: item_id, price, and location_id where shops differ."""
Showing = Callable[["View"], pd.DataFrame]
"""Slates from tomorrow on: customer_id, item_id, rank, and channel where slates differ."""


@dataclass(frozen=True)
class Policies:
    """Who decides what, and how often.

    Each policy is a function of a `View`. It may keep what it learned in itself: every run begins
    with a copy.

    Args:
        forecast: makes the forecast that the other policies find in the view; None: nobody does.
        orders: what shops order on the evening of their review; None: the chain's usual rule, up
            to mean sales over lead time and review period plus safety stock.
        prices: regular prices; None: they stay as they are tonight.
        slates: what members are shown; None: nothing.
        forecast_every, prices_every, slates_every: days from one to the next, the first of them
            on the evening before the first day.
        name: as tables show it.
    """

    forecast: Forecasting | None = None
    orders: Ordering | None = None
    prices: Pricing | None = None
    slates: Showing | None = None
    forecast_every: int = 7
    prices_every: int = 28
    slates_every: int = 7
    name: str = "policies"

    def __post_init__(self) -> None:
        for name in ("forecast_every", "prices_every", "slates_every"):
            check_whole(name, getattr(self, name), at_least=1)
