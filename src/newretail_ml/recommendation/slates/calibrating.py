"""From features to an index, and from an index to chances that are right on average."""

from __future__ import annotations

import numpy as np

_RIDGE = 1.0
_STEPS = 50
_LEAST_ROWS = 50


def logistic(features: np.ndarray, outcome: np.ndarray) -> np.ndarray:
    """(features,) weights of a logistic regression with a small ridge, by Newton's method.

    Args:
        features: (rows, features) the first of which is 1.
        outcome: (rows,) 0 or 1.

    >>> said = logistic(np.ones((4, 1)), np.array([0.0, 1.0, 1.0, 1.0]))
    >>> (1.0 / (1.0 + np.exp(-said))).round(2).tolist()
    [0.75]
    """
    weights = np.zeros(features.shape[1])
    mean = (outcome.sum() + 0.5) / (len(outcome) + 1.0)
    weights[0] = np.log(mean / (1.0 - mean))
    ridge = _RIDGE * np.eye(len(weights))
    ridge[0, 0] = 1e-6
    for _ in range(_STEPS):
        chance = 1.0 / (1.0 + np.exp(-np.clip(features @ weights, -30.0, 30.0)))
        gradient = features.T @ (outcome - chance) - ridge @ weights
        curved = (features * (chance * (1.0 - chance))[:, None]).T @ features + ridge
        step = np.linalg.solve(curved, gradient)
        weights += step * min(1.0, 5.0 / max(float(np.abs(step).max()), 1e-12))
        if np.abs(step).max() < 1e-8:
            break
    return weights


def isotonic(index: np.ndarray, outcome: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Corners of the rising curve closest to the outcomes: index, and chance there.

    Pool adjacent violators (Ayer et al. 1955, Annals of Mathematical Statistics 26), on bins of
    at least 50 rows with one more row of the mean outcome in each, so that no chance is 0 or 1
    for lack of data.

    >>> index = np.repeat([0.0, 1.0, 2.0], 100)
    >>> outcome = np.repeat([0.0, 1.0, 0.0], [150, 50, 100])
    >>> isotonic(index, outcome)[1].round(3).tolist()
    [0.002, 0.249, 0.249]
    """
    from scipy.optimize import isotonic_regression

    order = np.argsort(index, kind="stable")
    index, outcome = index[order], outcome[order]
    change = np.flatnonzero(np.diff(index) > 0) + 1
    starts = [0]
    for one in change:
        if one - starts[-1] >= _LEAST_ROWS and len(index) - one >= _LEAST_ROWS:
            starts.append(int(one))
    size = np.diff([*starts, len(index)])
    prior = (outcome.sum() + 0.5) / (len(outcome) + 1.0)
    mean = (np.add.reduceat(outcome, starts) + prior) / (size + 1.0)
    at = np.add.reduceat(index, starts) / size
    fitted = isotonic_regression(mean, weights=size + 1.0).x
    return at, np.clip(fitted, 0.0, 1.0)
