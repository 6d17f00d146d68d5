"""What can be listed, at which prices, and what customers make of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.checks import as_numbers
from newretail_ml.errors import DataError
from newretail_ml.pricing.choice import ChoiceResponse

NOT_LISTED = -1
# Nobody can tell a smaller share of customers who buy nothing, and programmes divide by it.
LEAST_OUTSIDE = 1e-12


@dataclass(frozen=True, eq=False)
class Options:
    """Products at price points, and the attraction of each to each class of customers.

    Attributes:
        customers: (classes,) a period.
        outside: (classes,) attraction of buying nothing.
        attraction: (classes, n, points), 0 where a point is not open. Scaled class by class.
        gain: (classes, n, points) money that a unit brings.
        open: (n, points) whether there is such a point.
    """

    customers: np.ndarray
    outside: np.ndarray
    attraction: np.ndarray
    gain: np.ndarray
    open: np.ndarray

    @classmethod
    def of(
        cls,
        response: ChoiceResponse,
        cost: np.ndarray,
        price_points: np.ndarray | None,
    ) -> Options:
        """The options of a multinomial or latent-class logit of one market."""
        points = as_points(price_points, response.prices)
        utility = np.atleast_2d(response.utility)[:, :, None]
        coefficient = np.atleast_2d(response.price_coefficient)[:, :, None]
        open_ = ~np.isnan(points)
        at = np.where(open_, points, 0.0)
        logs = np.where(open_, utility + coefficient * at, -np.inf)
        top = np.maximum(logs.max(axis=(1, 2)), 0.0)
        weights = getattr(response, "weights", np.ones(1))
        return cls(
            weights * response.market_size[0],
            np.maximum(np.exp(-top), LEAST_OUTSIDE),
            np.exp(logs - top[:, None, None]),
            np.broadcast_to(np.where(open_, at - cost[:, None], 0.0), logs.shape),
            open_,
        )

    @property
    def n(self) -> int:
        """How many products there are."""
        return len(self.open)

    def shares(self, chosen: np.ndarray) -> np.ndarray:
        """(classes, ..., n) chances of points (..., n), NOT_LISTED where a product is not."""
        listed = chosen != NOT_LISTED
        at = self.attraction[:, np.arange(self.n), np.maximum(chosen, 0)]
        at = np.where(listed, at, 0.0)
        outside = self.outside.reshape(-1, *(1,) * chosen.ndim)
        total = outside + at.sum(axis=-1, keepdims=True)
        return np.divide(at, total, out=np.zeros_like(at), where=total > 0)

    def worth(self, chosen: np.ndarray) -> np.ndarray:
        """(...) money a period of points (..., n)."""
        gain = self.gain[:, np.arange(self.n), np.maximum(chosen, 0)]
        return np.tensordot(self.customers, (self.shares(chosen) * gain).sum(axis=-1), 1)

    def pooled(self) -> Options:
        """All classes as one, in which each option has its average chance against nothing."""
        share = self.customers / self.customers.sum()
        ratio = self.attraction / np.maximum(self.outside, 1e-300)[:, None, None]
        mean = np.einsum("k,knp->np", share, ratio / (1 + ratio))
        attraction = (mean / np.maximum(1 - mean, 1e-12))[None]
        total = self.customers.sum(keepdims=True)
        gain = np.tensordot(share, self.gain, 1)[None]
        return Options(total, np.ones(1), attraction, gain, self.open)

    def alone(self, number: int) -> Options:
        """The options before one class of customers only."""
        one = slice(number, number + 1)
        return Options(
            self.customers[one],
            self.outside[one],
            self.attraction[one],
            self.gain[one],
            self.open,
        )


def as_points(price_points: object | None, prices: np.ndarray) -> np.ndarray:
    """(n, points) price points, NaN where a ladder is shorter; current prices where none given."""
    if price_points is None:
        return prices[:, None]
    points = as_numbers("price points", price_points)
    if points.ndim != 2 or len(points) != len(prices):
        raise DataError(
            f"price points have shape {points.shape} for {len(prices)} products",
            next_step="Give one row of points a product; fill shorter rows with NaN.",
        )
    wrong = ~(np.isnan(points) | (np.isfinite(points) & (points > 0)))
    if wrong.any() or np.isnan(points).all(axis=1).any():
        raise DataError(
            "price points must be above zero, and each product needs one",
            rows=np.flatnonzero(wrong.any(axis=1) | np.isnan(points).all(axis=1)),
            next_step="Correct them.",
        )
    return points
