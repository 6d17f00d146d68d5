"""Weights of several predictions, at least zero and with a sum of one, by past errors."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

# Draws weights towards equal ones, in units of the best member's loss.
_TOWARDS_EQUAL = 0.2
_FLOOR = 1e-6


def simplex_weights(predicted: np.ndarray, actual: np.ndarray, *, counts: bool) -> np.ndarray:
    """(members,) weights of log predictions that would have made past errors smallest.

    Args:
        predicted: (members, rows) units predicted.
        actual: (rows,) units.
        counts: judge by the Poisson likelihood of units, zeros included; else by squared errors
            of log units where something was sold.

    Source: Bates and Granger (1969), Operational Research Quarterly 20, 451-468; weights bound
    to be positive as in Breiman (1996), "Stacked regressions", Machine Learning 24, 49-64.

    >>> actual = np.array([1.0, 2.0, 4.0, 3.0])
    >>> simplex_weights(np.array([actual, actual[::-1]]), actual, counts=False).round(2).tolist()
    [1.0, 0.0]
    """
    rows = np.isfinite(actual) & np.isfinite(predicted).all(axis=0)
    rows &= (actual > 0) | counts
    n = len(predicted)
    if not rows.any() or n == 1:
        return np.full(n, 1.0 / n)
    logs = np.log(np.maximum(predicted[:, rows], _FLOOR))
    loss = _count_loss(logs, actual[rows]) if counts else _log_loss(logs, actual[rows])
    return _least(loss, n)


Loss = Callable[[np.ndarray], tuple[float, np.ndarray]]


def _log_loss(logs: np.ndarray, actual: np.ndarray) -> Loss:
    errors = logs - np.log(actual)
    products = errors @ errors.T / len(actual)

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        return float(weights @ products @ weights), 2 * (products @ weights)

    return loss


def _count_loss(logs: np.ndarray, actual: np.ndarray) -> Loss:
    """Poisson deviance over the mean of units."""
    safe = np.maximum(actual, _FLOOR)
    constant = np.where(actual > 0, actual * np.log(safe), 0.0) - actual
    scale = max(float(actual.mean()), _FLOOR) * len(actual)

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        log_mean = weights @ logs
        mean = np.exp(log_mean)
        value = 2 * (mean - actual * log_mean + constant).sum() / scale
        return float(value), 2 * logs @ (mean - actual) / scale

    return loss


def _least(loss: Loss, n: int) -> np.ndarray:
    """The weights of least loss, drawn a little towards equal ones."""
    from scipy.optimize import minimize

    best = min(loss(one)[0] for one in np.eye(n))
    pull = _TOWARDS_EQUAL * best
    scale = loss(np.full(n, 1.0 / n))[0] or 1.0

    def drawn(weights: np.ndarray) -> tuple[float, np.ndarray]:
        value, slope = loss(weights)
        away = weights - 1.0 / n
        drawn_value = (value + pull * float(away @ away)) / scale
        return drawn_value, (slope + 2 * pull * away) / scale

    found = minimize(
        drawn,
        np.full(n, 1.0 / n),
        jac=True,
        method="SLSQP",
        bounds=[(0.0, 1.0)] * n,
        constraints={"type": "eq", "fun": lambda w: w.sum() - 1.0, "jac": lambda _: np.ones(n)},
        options={"ftol": 1e-10, "maxiter": 200},
    ).x
    found = np.where(found < 1e-6, 0.0, found)
    return np.asarray(found / found.sum())
