"""Fit of a form to every series at once.

The likelihood is Gaussian with the variance profiled out, over known periods only:

    log L = -n / 2 * (log(2 pi * SSE / n) + 1)

and the initial states are estimated together with the smoothing parameters, as in Hyndman,
Koehler, Ord and Snyder (2008), chapter 5, and in statsmodels' `ETSModel`. Bounds are the usual
ones: 0 < alpha < 1, 0 < beta < alpha, 0 < gamma < 1 - alpha, 0.8 <= phi <= 0.98.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.forecasting.smoothing.form import Form, History, States
from newretail_ml.forecasting.smoothing.least_squares import least_squares

_GRID = {
    "alpha": (0.001, 0.03, 0.2, 0.6),
    "beta": (0.01, 0.3, 0.95),
    "phi": (0.95,),
    "gamma": (0.03, 0.3),
    "drift": (0.5,),
}
# Where searches begin: the initial trend as a share of the level, and how high alpha may be.
_BEGINNING = (0.0, 1.0)
_STILL = (0.0, 0.001)
_TILTED = ((-0.15, 1.0), (0.1, 1.0))
_CHUNK = 512
_SMALLEST_SHARE = 1e-12


@dataclass
class Fit:
    """One form fitted to some series.

    Attributes:
        form: the form.
        parameters: (parameters, series): smoothing parameters, then initial states.
        sum_of_squares: (series,) of one-step errors.
        count: (series,) known periods.
    """

    form: Form
    parameters: np.ndarray
    sum_of_squares: np.ndarray
    count: np.ndarray

    @property
    def log_likelihood(self) -> np.ndarray:
        """(series,) Gaussian log-likelihood; infinite where the fit is perfect."""
        with np.errstate(divide="ignore", invalid="ignore"):
            variance = self.sum_of_squares / self.count
            return -self.count / 2 * (np.log(2 * np.pi * variance) + 1)

    @property
    def aicc(self) -> np.ndarray:
        """(series,) Akaike's criterion, corrected; infinite where history is too short for it."""
        k = self.form.n_parameters + 1
        room = self.count - k - 1
        correction = 2 * k * (k + 1) / np.maximum(room, 1)
        return np.where(room > 0, 2 * k - 2 * self.log_likelihood + correction, np.inf)

    def errors(self, history: History) -> tuple[np.ndarray, States]:
        """(periods, series) one-step errors, and the states at the end of history."""
        return self.form.errors(self.parameters, history)


def fit_form(form: Form, history: History, *, thorough: bool = True) -> Fit:
    """The most likely parameters of each series.

    Args:
        form: the form.
        history: of the series.
        thorough: search to the last digits and from several beginnings. If not,
            likelihoods end within hundredths of their best for nearly all series: enough to
            compare forms, in a third of the time.
    """
    n_series = history.values.shape[1]
    parts = [
        _fit_chunk(form, history.select(slice(first, first + _CHUNK)), thorough)
        for first in range(0, n_series, _CHUNK)
    ]
    if not parts:
        return Fit(form, np.empty((form.n_parameters, 0)), np.empty(0), history.count)
    parameters, squares = (np.concatenate(part, axis=-1) for part in zip(*parts, strict=True))
    return Fit(form, parameters, squares, history.count)


def _fit_chunk(form: Form, history: History, thorough: bool) -> tuple[np.ndarray, np.ndarray]:
    scale = history.values.sum(axis=0) / np.maximum(history.count, 1)
    scale = np.where(scale > 0, scale, 1.0)
    scaled = History(history.values / scale, history.known, history.started)
    beginnings = [_BEGINNING]
    if thorough:
        beginnings += [_STILL, *(_TILTED if form.has_trend else ())]
    with np.errstate(all="ignore"):
        found = [_search(form, scaled, beginning, thorough) for beginning in beginnings]
    squares = np.stack([part for _, part in found])
    pick, series = squares.argmin(axis=0), np.arange(len(scale))
    parameters = np.stack([part for part, _ in found])[pick, :, series].T.copy()
    first = len(form.bounds)
    parameters[first : first + form.n_in_units] *= scale
    least = squares[pick, series]
    least = np.where(least <= _SMALLEST_SHARE * history.count, 0.0, least)
    return parameters, least * scale**2


def _search(
    form: Form, history: History, beginning: tuple[float, float], thorough: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Parameters and sums of squares of series whose mean is 1, from one beginning."""

    def errors(parameters: np.ndarray, series: np.ndarray) -> np.ndarray:
        whole = len(series) == history.values.shape[1]
        return form.errors(parameters, history if whole else history.select(series))[0]

    n_free = form.n_parameters - len(form.bounds)
    return least_squares(
        errors,
        _start(form, history, *beginning),
        np.append(form.bounds[:, 0], np.full(n_free, -np.inf)),
        np.append(form.bounds[:, 1], np.full(n_free, np.inf)),
        tolerance=1e-7 if thorough else 1e-5,
        max_rounds=60 if thorough else 30,
    )


def _start(form: Form, history: History, slope: float, most_alpha: float) -> np.ndarray:
    """(parameters, series) the best of a coarse grid, with simple initial states."""
    states = _simple_states(form, history, slope)
    grid = np.stack(np.meshgrid(*(_GRID[name] for name in form.names), indexing="ij"))
    grid = grid.reshape(len(form.names), -1)
    grid = grid[:, grid[0] <= most_alpha]
    shape = (grid.shape[1], states.shape[1])
    tried = np.concatenate(
        [
            np.broadcast_to(grid[:, :, None], (len(grid), *shape)),
            np.broadcast_to(states[:, None], (len(states), *shape)),
        ]
    )
    errors, _ = form.errors(tried, history)
    best = np.einsum("tcs,tcs->cs", errors, errors).argmin(axis=0)
    return np.ascontiguousarray(tried[:, best, np.arange(shape[1])])


def _simple_states(form: Form, history: History, slope: float) -> np.ndarray:
    """(initial states, series): the level of the first periods, a share of it, mean by phase."""
    age = history.started.cumsum(axis=0)
    early = history.known * (age <= max(2 * form.length, 8))
    level = _mean(history.values, early)
    rows = [level] + [slope * level] * (form.has_trend and "drift" not in form.names)
    if not form.has_season:
        return np.stack(rows)
    overall = _mean(history.values, history.known)
    phases = range(form.length)
    index = np.stack(
        [
            _mean(history.values[phase :: form.length], history.known[phase :: form.length])
            for phase in phases
        ]
    )
    if form.season == "additive":
        rows[0] = level + index[-1] - overall
        return np.concatenate([np.stack(rows), index[:-1] - index[-1]])
    last = np.where(index[-1] > 0, index[-1], 1.0)
    rows[0] = level * last / np.where(overall > 0, overall, 1.0)
    return np.concatenate([np.stack(rows), index[:-1] / last])


def _mean(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return (values * weights).sum(axis=0) / np.maximum(weights.sum(axis=0), 1)
