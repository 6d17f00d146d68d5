"""Sample paths of a fitted form: its own past errors, drawn again.

All series draw the errors of the same past periods, so that what moved the whole chain in a
period moves it in the path as well; with enough history whole weeks are drawn, so that a Friday
gets the error of a Friday.
"""

from __future__ import annotations

from copy import deepcopy

import numpy as np

from newretail_ml.forecasting.smoothing.fit import Fit
from newretail_ml.forecasting.smoothing.form import History, States

# Fewer errors than this of one phase of the season say little about its spread.
_ENOUGH_PER_PHASE = 20


def drawn_periods(
    n_periods: int, season: int, shape: tuple[int, int], rng: np.random.Generator
) -> np.ndarray:
    """(paths, horizon) past periods: whole seasons in their phase if there are many, else any.

    Source: the block bootstrap of Kunsch (1989), "The jackknife and the bootstrap for general
    stationary observations", Annals of Statistics 17, 1217-1241.

    >>> drawn_periods(210, 7, (1, 9), np.random.default_rng(0)) % 7
    array([[0, 1, 2, 3, 4, 5, 6, 0, 1]])
    """
    n_paths, horizon = shape
    length = season if n_periods // season >= _ENOUGH_PER_PHASE else 1
    n_blocks = -(-horizon // length)
    back = rng.integers(1, n_periods // length + 1, (n_paths, n_blocks, 1))
    blocks = n_periods - length * back + np.arange(length)
    return blocks.reshape(n_paths, -1)[:, :horizon]


def simulate(
    fit: Fit, history: History, periods: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """(series, horizon) point forecasts and (series, paths, horizon) paths around them.

    The point forecasts are the form's, never negative; the paths have them as their mean.

    Args:
        fit: a form fitted to these series.
        history: theirs.
        periods: (paths, horizon) past periods whose errors are drawn.
        rng: draws other errors of a series where it has none in those periods.
    """
    errors, states = fit.errors(history)
    start = len(history.values)
    mean = _point_forecast(fit, states, start, periods.shape[1])
    room = np.maximum(fit.count - fit.form.n_parameters, fit.count / 2)
    errors = errors * np.sqrt(fit.count / np.maximum(room, 1))
    drawn = _drawn(errors, history.known > 0, periods, rng)
    paths = np.maximum(_ahead(fit, states, drawn, start), 0.0)
    return mean, held(paths.transpose(2, 0, 1), mean)


def expected(fit: Fit, history: History, horizon: int) -> np.ndarray:
    """(series, horizon) point forecasts, never negative."""
    _, states = fit.errors(history)
    return _point_forecast(fit, states, len(history.values), horizon)


def _point_forecast(fit: Fit, states: States, start: int, horizon: int) -> np.ndarray:
    nothing = np.zeros((1, horizon, len(fit.count)))
    return np.maximum(_ahead(fit, states, nothing, start)[0], 0.0).T


def held(paths: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """(series, paths, horizon) float32 paths, each period scaled to the (series, horizon) mean."""
    average = paths.mean(axis=1)
    empty = average <= 1e-9 * mean
    scale = np.divide(mean, average, out=np.zeros_like(mean), where=~empty)
    paths = paths * scale[:, None, :]
    return np.where(empty[:, None, :], mean[:, None, :], paths).astype(np.float32)


def _ahead(fit: Fit, states: States, errors: np.ndarray, start: int) -> np.ndarray:
    """(paths, horizon, series) demand, given its (paths, horizon, series) errors."""
    n_paths, horizon, n_series = errors.shape
    smoothing = fit.form.smoothing(fit.parameters)
    states = deepcopy(states)
    shape = (n_paths, n_series)
    states = States(
        np.broadcast_to(states.level, shape).copy(),
        np.broadcast_to(states.trend, shape).copy(),
        np.broadcast_to(states.season[:, None], (len(states.season), *shape)).copy(),
    )
    demand = np.empty_like(errors)
    for step in range(horizon):
        phase = (start + step) % fit.form.length
        demand[:, step] = fit.form.expected(states, smoothing[2], phase) + errors[:, step]
        fit.form.move(states, smoothing, errors[:, step], phase)
    return demand


def _drawn(
    errors: np.ndarray, known: np.ndarray, periods: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """(paths, horizon, series) errors of the periods; of any known period where not known."""
    drawn = errors[periods]
    path, step, series = np.nonzero(~known[periods])
    order = np.argsort(~known, axis=0, kind="stable")
    count = np.maximum(known.sum(axis=0), 1)
    pick = (rng.random(len(series)) * count[series]).astype(np.intp)
    drawn[path, step, series] = errors[order[pick, series], series]
    return drawn
