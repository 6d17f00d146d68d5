"""What the factor models share: scores are products of factors of customers and items."""

from __future__ import annotations

import numpy as np

from newretail_ml.recommendation.base import Recommender


class FactorModel(Recommender):
    """A model that scores a customer and an item by the product of their factors.

    Scores are exact products, computed a batch of customers at a time. Of customers and items
    with factors of 0 nothing is known, and nothing is said about them.

    Attributes:
        customer_factors_: (customers, factors), 0 for customers who bought nothing.
        item_factors_: (items, factors), 0 for items that nobody bought.
    """

    customer_factors_: np.ndarray
    item_factors_: np.ndarray

    def _scores(self, rows: np.ndarray) -> np.ndarray:
        score = np.asarray(self.customer_factors_[rows] @ self.item_factors_.T)
        score[~self.customer_factors_[rows].any(axis=1)] = -np.inf
        score[:, ~self.item_factors_.any(axis=1)] = -np.inf
        return score

    def _similarities(self, items: np.ndarray) -> np.ndarray:
        """Cosine between the factors of items; those that point elsewhere are not alike."""
        length = np.linalg.norm(self.item_factors_, axis=1, keepdims=True)
        direction = self.item_factors_ / np.where(length > 0, length, 1.0)
        likeness = direction[items] @ direction.T
        likeness[np.arange(len(items)), items] = -np.inf
        return np.where(likeness > 0, likeness, -np.inf)
