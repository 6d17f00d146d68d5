"""The newsvendor: how much to have when too little and too much both cost money.

Source: Snyder and Shen (2019), Fundamentals of Supply Chain Theory, 2nd edition, section 4.3.
"""

from __future__ import annotations

import numpy as np

from newretail_ml.errors import DataError


def critical_ratio(
    shortage_cost: float | np.ndarray, holding_cost: float | np.ndarray
) -> np.ndarray:
    """Probability of meeting all demand that balances the two costs.

    Args:
        shortage_cost: cost of one unit short.
        holding_cost: cost of one unit left over.

    Raises:
        DataError: a cost is negative or not a number, or both are zero.

    >>> critical_ratio(0.7, 0.18).round(4).item()
    0.7955
    """
    shortage, holding = np.asarray(shortage_cost, float), np.asarray(holding_cost, float)
    if not (np.all(shortage >= 0) and np.all(holding >= 0) and np.all(shortage + holding > 0)):
        raise DataError(
            "shortage and holding costs must be numbers of at least zero, and not both zero",
            next_step="Check costs against prices: an item sold below cost has no shortage cost.",
        )
    return shortage / (shortage + holding)


def newsvendor(
    demand: np.ndarray, shortage_cost: float | np.ndarray, holding_cost: float | np.ndarray
) -> np.ndarray:
    """Stock that minimizes expected cost on equally likely demands.

    The smallest stock that meets demand with at least the probability of the critical ratio
    (equation 4.30 of the source for discrete demand).

    Args:
        demand: (..., samples) units.
        shortage_cost: (...) or one number.
        holding_cost: (...) or one number.

    >>> newsvendor(np.array([1.0, 2.0, 3.0, 4.0]), shortage_cost=3.0, holding_cost=1.0).item()
    3.0
    """
    return sample_quantile(demand, critical_ratio(shortage_cost, holding_cost))


def newsvendor_cost(
    stock: float | np.ndarray,
    demand: np.ndarray,
    shortage_cost: float | np.ndarray,
    holding_cost: float | np.ndarray,
) -> np.ndarray:
    """Expected cost of a stock on equally likely demands, (...).

    >>> newsvendor_cost(3.0, np.array([1.0, 2.0, 3.0, 4.0]), 3.0, 1.0).item()
    1.5
    """
    left = np.asarray(stock, float)[..., None] - demand
    expected_left = np.maximum(left, 0.0).mean(axis=-1)
    expected_short = np.maximum(-left, 0.0).mean(axis=-1)
    return np.asarray(holding_cost) * expected_left + np.asarray(shortage_cost) * expected_short


def sample_quantile(demand: np.ndarray, probability: float | np.ndarray) -> np.ndarray:
    """Smallest sample that at least the given share of samples do not exceed, (...).

    >>> sample_quantile(np.array([4.0, 1.0, 3.0, 2.0]), 0.75).item()
    3.0
    """
    ordered = np.sort(demand, axis=-1)
    n = ordered.shape[-1]
    # A ratio that is a whole number of samples must not slip to the next by a rounding error.
    rank = np.ceil(np.asarray(probability, float) * n - 1e-9).astype(int) - 1
    rank = np.broadcast_to(np.clip(rank, 0, n - 1), ordered.shape[:-1])
    return np.take_along_axis(ordered, rank[..., None], axis=-1)[..., 0]
