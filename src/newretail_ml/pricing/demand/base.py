"""What every demand model with prices as causes has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Self

import numpy as np

from newretail_ml import columns as c
from newretail_ml.errors import DataError, NotFittedError
from newretail_ml.panel import Panel
from newretail_ml.parameters import Parameterized
from newretail_ml.pricing.response import DemandResponse


class PriceModel(Parameterized, ABC):
    """A model of demand in which prices are causes.

    Parameters go into the constructor, `fit` returns the model, what was learned ends in an
    underscore. A model sees sales up to the panel's cut only; days out of stock teach nothing.

    Attributes:
        response_: demand of each series of the panel, in its order, in an ordinary period at the
            end of the history without promotion, as a function of all prices.
    """

    response_: DemandResponse

    def fit(self, panel: Panel) -> Self:
        """Learn from all that the panel knows.

        Raises:
            DataError: that is not a panel, it has no prices, or some are zero or below.
        """
        _check(panel)
        self._fit(panel)
        return self

    def units(self, prices: np.ndarray) -> np.ndarray:
        """(..., series) expected units a period at prices (..., series)."""
        return self._fitted().units(prices)

    def elasticities(self, prices: np.ndarray | None = None) -> np.ndarray:
        """(series, series) own and cross elasticities, the row's demand to the column's price."""
        return self._fitted().elasticities(prices)

    def sample(self, n: int, random_state: int = 0) -> list[DemandResponse]:
        """Responses that are as likely as the data allows."""
        return self._fitted().sample(n, random_state)

    def predict(self, panel: Panel, periods: slice) -> np.ndarray:
        """(series, periods) expected units under the plans of a panel.

        Args:
            panel: the series of the fit in their order, with prices of those periods. Its sales
                are not looked at.
            periods: positions in the panel's calendar, which begins where that of the fit does.

        Raises:
            NotFittedError: `fit` was not called.
        """
        self._fitted()
        return self._predict(panel, periods)

    def _fitted(self) -> DemandResponse:
        if not hasattr(self, "response_"):
            raise NotFittedError(self)
        return self.response_

    @abstractmethod
    def _fit(self, panel: Panel) -> None:
        """Learn, and leave `response_`."""

    @abstractmethod
    def _predict(self, panel: Panel, periods: slice) -> np.ndarray:
        """(series, periods) expected units."""


def _check(panel: object) -> None:
    if not isinstance(panel, Panel):
        raise DataError(
            f"a {type(panel).__name__} is not a panel",
            next_step="Pass a Panel: Panel.from_frame(frame).",
        )
    if c.PRICE not in panel.plans:
        raise DataError(
            "the panel has no prices, so the response to them cannot be learned",
            table="panel",
            column=c.PRICE,
            next_step="Bring a prices table, or a column price in the frame.",
        )
    wrong = (panel.plans[c.PRICE] <= 0) | np.isinf(panel.plans[c.PRICE])
    if wrong.any():
        raise DataError(
            f"{wrong.sum():,} prices are not finite numbers above zero",
            table="panel",
            column=c.PRICE,
            rows=np.flatnonzero(wrong.any(axis=1)),
            next_step="Correct them in the source; leave prices that are not known empty.",
        )
