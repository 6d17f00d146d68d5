"""What a forecast costs a shop that orders by it: stock that is left, and sales that are lost.

In each series the stock is filled up to a level S that has to last until the delivery of the
next order: over the protection interval of lead time plus review period. S is the quantile of
the forecast's total over that interval at the critical ratio, the newsvendor's answer (Arrow,
Harris and Marschak 1951; Silver, Pyke and Thomas 2017, "Inventory and Production Management in
Supply Chains", chapter 9). What then happens is one draw: demand D leaves max(S - D, 0) units
over and loses max(D - S, 0). A clairvoyant orders S = D and has neither cost, so all of the score
is money that a better forecast could save.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.forecasting.judging.calibration import draws


@dataclass(frozen=True)
class StockCosts:
    """Terms on which a forecast drives an order-up-to policy.

    Args:
        holding: money for a unit that is in stock for one period.
        lost_sale: money for a unit that was asked for and not there: its margin at least.
        lead_time: periods from an order to its delivery.
        review_period: periods from one order to the next; what is left over waits that long.

    Raises:
        DataError: a cost is not positive, or a time is out of range.

    >>> terms = StockCosts(holding=1.0, lost_sale=9.0, lead_time=2, review_period=1)
    >>> terms.interval, terms.critical_ratio
    (3, 0.9)
    """

    holding: float
    lost_sale: float
    lead_time: int
    review_period: int = 1

    def __post_init__(self) -> None:
        for name in ("holding", "lost_sale"):
            if not 0 < getattr(self, name) < np.inf:
                raise DataError(
                    f"{name} is {getattr(self, name)}, which is no cost",
                    next_step="Pass a positive amount of money a unit.",
                )
        if self.lead_time < 0 or self.review_period < 1:
            raise DataError(
                f"orders every {self.review_period} periods with a lead time of {self.lead_time} "
                "periods are impossible",
                next_step="Pass a lead time of 0 or more and a review period of 1 or more.",
            )

    @property
    def interval(self) -> int:
        """Periods that an order has to cover: lead time and review period."""
        return self.lead_time + self.review_period

    @property
    def critical_ratio(self) -> float:
        """Probability with which demand should be covered."""
        return self.lost_sale / (self.lost_sale + self.holding * self.review_period)

    def order_up_to(self, forecast: Forecast) -> np.ndarray:
        """(series,) smallest total among the paths that covers demand often enough."""
        totals = forecast.total(self.interval)
        return np.quantile(totals, self.critical_ratio, axis=1, method="inverted_cdf")

    def score(self, actual: np.ndarray, forecast: Forecast) -> dict[str, float]:
        """Costs over all series whose demand is known over the whole interval.

        Returns:
            ``stock_cost``: money a unit of demand above what a clairvoyant pays;
            ``relative_stock_cost``: the same in parts of what empty shelves would cost: 0 for the
            clairvoyant, 1 for who never orders, and more where stock is wasted;
            ``left_over``: units left over a unit of demand; ``lost_sales``: share of demand lost.
        """
        demand, _ = draws(actual, forecast, self.interval)
        gap = (self.order_up_to(forecast) - demand[:, 0])[~np.isnan(demand[:, 0])]
        units = float(np.nansum(demand))
        over, short = (
            float(np.maximum(side, 0.0).sum()) / units if units > 0 else float("nan")
            for side in (gap, -gap)
        )
        cost = self.holding * self.review_period * over + self.lost_sale * short
        return {
            "stock_cost": cost,
            "relative_stock_cost": cost / self.lost_sale,
            "left_over": over,
            "lost_sales": short,
        }
