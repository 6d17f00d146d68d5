"""Nonlinear least squares for many small problems at once.

Levenberg's and Marquardt's method within bounds: the Jacobian by forward differences, all its
columns in one evaluation; several dampings tried side by side in another. Source: Marquardt
(1963), "An algorithm for least-squares estimation of nonlinear parameters", SIAM Journal on
Applied Mathematics 11, 431-441.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Errors = Callable[[np.ndarray, np.ndarray], np.ndarray]

_DIFFERENCE = 1e-6
_DAMPINGS = np.array([1e-3, 0.1, 10.0])


def least_squares(
    errors: Errors,
    start: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    *,
    max_rounds: int,
    tolerance: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Parameters (parameters, series) with the smallest sum of squares (series,).

    Args:
        errors: (parameters (parameters, candidates, series), positions of the series) ->
            (periods, candidates, series).
        start: (parameters, series), inside the bounds.
        low: (parameters,) lower bounds.
        high: (parameters,) upper bounds.
        max_rounds: most steps.
        tolerance: a series is done when a step gains a smaller share than this.
    """
    best = start.copy()
    low, high = low[:, None], high[:, None]
    left = np.arange(start.shape[1])
    lowest = _sum_of_squares(errors(best[:, None], left))[0]
    damping = np.full(len(left), 0.1)
    for _ in range(max_rounds):
        if not len(left):
            break
        here = best[:, left]
        steps, damped = _steps(errors, here, left, damping[left], (low, high))
        tried = np.clip(here[:, None] + steps, low[:, None], high[:, None])
        squares = _sum_of_squares(errors(tried, left))
        pick = squares.argmin(axis=0)
        row = np.arange(len(left))
        gain = lowest[left] - squares[pick, row]
        better = gain > 0
        winners = left[better]
        best[:, winners] = tried[:, pick, row][:, better]
        damping[left] = np.where(better, damped[pick, row], damping[left] * 100.0)
        done = np.where(better, gain <= tolerance * lowest[left], damping[left] > 1e4)
        lowest[winners] = squares[pick, row][better]
        left = left[~done]
    return best, lowest


def _steps(
    errors: Errors,
    here: np.ndarray,
    series: np.ndarray,
    damping: np.ndarray,
    bounds: tuple[np.ndarray, np.ndarray],
) -> tuple[np.ndarray, np.ndarray]:
    """(parameters, dampings, series) steps, one a damping; and (dampings, series) dampings."""
    low, high = bounds
    jacobian, now = _jacobian(errors, here, series, high)
    curvature = jacobian @ jacobian.transpose(0, 2, 1)
    slope = (jacobian @ now[:, :, None])[:, :, 0]
    stuck = ((here <= low) & (slope.T > 0)) | ((here >= high) & (slope.T < 0))
    free = ~stuck.T
    curvature *= free[:, :, None] & free[:, None, :]
    slope = slope * free
    identity = np.eye(len(here))
    scale = np.einsum("spp->sp", curvature)
    scale = np.where(free, np.maximum(scale, 1e-12 + 1e-9 * scale.max(axis=1)[:, None]), 1.0)
    damped = np.maximum(_DAMPINGS[:, None] * damping, 1e-9)
    added = (damped[:, :, None] * scale + ~free)[..., None] * identity
    steps = np.linalg.solve(curvature + added, -slope[..., None])[..., 0]
    return steps.transpose(2, 0, 1), damped


def _jacobian(
    errors: Errors, here: np.ndarray, series: np.ndarray, high: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(series, parameters, periods) derivatives and (series, periods) errors."""
    move = np.where(here + _DIFFERENCE > high, -_DIFFERENCE, _DIFFERENCE)
    tried = np.repeat(here[:, None], len(here) + 1, axis=1)
    rows = np.arange(len(here))
    tried[rows, rows] += move
    found = errors(tried, series)
    now = found[:, -1]
    change = (found[:, :-1] - now[:, None]) / move
    change = np.nan_to_num(change, nan=0.0, posinf=0.0, neginf=0.0)
    return np.ascontiguousarray(change.transpose(2, 1, 0)), np.ascontiguousarray(now.T)


def _sum_of_squares(errors: np.ndarray) -> np.ndarray:
    """(candidates, series), infinite where the errors are not finite."""
    squares = np.einsum("tcs,tcs->cs", errors, errors)
    return np.where(np.isfinite(squares), squares, np.inf)
