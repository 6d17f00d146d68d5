"""Utilities that give the shares that were seen, when customers differ."""

from __future__ import annotations

import numpy as np

from newretail_ml.errors import DataError

ROUNDS = 500


def shifts_to_shares(weights: np.ndarray, values: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """(n,) what to add to each product's worth in every class, so that its share is as given.

    Newton's method on log shares, held to the steps of the contraction of Berry, Levinsohn and
    Pakes (1995), Econometrica 63, appendix 1, where it would go too far.

    Args:
        weights: (classes,) shares of the customers.
        values: (classes, n) worth of the products of one market.
        shares: (n,) wanted, below 1 in total; a product with share 0 gets minus infinity.

    Raises:
        DataError: no shift leads there.

    >>> shift = shifts_to_shares(np.array([1.0]), np.zeros((1, 2)), np.array([0.5, 0.2]))
    >>> shift.round(6).tolist()
    [0.510826, -0.405465]
    """
    shift = np.where(shares > 0, 0.0, -np.inf)
    wanted = (shares > 0) & np.isfinite(values).any(axis=0)
    worth, target = values[:, wanted], np.log(shares[wanted])
    moved = np.zeros(int(wanted.sum()))
    for _ in range(ROUNDS):
        parts = _class_shares(worth + moved)
        total = weights @ parts
        miss = target - np.log(np.maximum(total, 1e-300))
        if np.abs(miss).max(initial=0.0) < 1e-12:
            break
        moved = moved + _step(weights, parts, total, miss)
    else:
        if np.abs(miss).max() > 1e-8:
            raise DataError(
                "no utilities give these units",
                next_step="Check that they are below the customers who could buy.",
            )
    shift[wanted] = moved
    return shift


def _class_shares(value: np.ndarray) -> np.ndarray:
    top = np.maximum(value.max(axis=1, keepdims=True, initial=0.0), 0.0)
    attraction = np.exp(value - top)
    return attraction / (np.exp(-top) + attraction.sum(axis=1, keepdims=True))


def _step(
    weights: np.ndarray, parts: np.ndarray, total: np.ndarray, miss: np.ndarray
) -> np.ndarray:
    if np.abs(miss).max() > 2.0:
        return miss
    slope = np.diag(total) - (parts * weights[:, None]).T @ parts
    newton = np.linalg.solve(slope, total * miss)
    return newton if np.abs(newton).max() < 4.0 else miss
