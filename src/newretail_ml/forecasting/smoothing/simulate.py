"""Sample paths of a fitted form: its own past relative errors, drawn again.

Demand on a path is what the form expects times a past ratio of demand to expectation, so that it
is never negative, zero as often as it was, and wider where more is expected. Errors are
multiplicative then, with the point forecasts of additive ones: Hyndman, Koehler, Ord and Snyder
(2008), "Forecasting with Exponential Smoothing: The State Space Approach", Springer, sections
2.5 and 6.2.

All series draw the ratios of the same past periods, so that what moved the whole chain in a
period moves it in the path as well; with enough history whole weeks are drawn, so that a Friday
gets the ratio of a Friday.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.forecasting.smoothing.fit import Fit
from newretail_ml.forecasting.smoothing.form import History, States

# Fewer errors than this of one phase of the season say little about its spread.
_ENOUGH_PER_PHASE = 20
# Ratios explode where next to nothing is expected, as on a closing day. Those of expectations
# below this share of the mean are left out, and no smaller expectation is multiplied by a ratio.
_SMALLEST_SHARE = 0.3


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


def turned(
    periods: np.ndarray, n_periods: int, season: int, rng: np.random.Generator
) -> np.ndarray:
    """The same weeks, but on each path begun on another day: for series without a season.

    Otherwise a closing day that the form does not know would empty one period on every path.

    >>> sorted(turned(np.arange(7)[None], 7, 7, np.random.default_rng(0))[0].tolist())
    [0, 1, 2, 3, 4, 5, 6]
    """
    back = n_periods - 1 - periods
    turn = rng.integers(0, season, (len(periods), 1))
    other = back - back % season + (back + turn) % season
    return n_periods - 1 - np.where(other < n_periods, other, back)


@dataclass(frozen=True)
class Ratios:
    """Past demand over what was expected of it.

    Attributes:
        values: (periods, series), one on average.
        known: (periods, series) bool: demand is known, and more than the least was expected.
        least: (series,) a share of what was expected on average.
        variance: (series,) of the known ratios.
    """

    values: np.ndarray
    known: np.ndarray
    least: np.ndarray
    variance: np.ndarray

    @classmethod
    def of(cls, fit: Fit, history: History, errors: np.ndarray, n_factors: np.ndarray) -> Ratios:
        """The ratios of a fit, widened by the freedom that its parameters took.

        Args:
            fit: a form fitted to these series.
            history: theirs.
            errors: (periods, series) of the fit.
            n_factors: (series,) seasonal factors that were estimated before the fit.
        """
        count = np.maximum(fit.count, 1)
        least = least_expected(history, errors)
        expected = (history.values - errors) * history.known
        known = expected > least
        ratios = np.divide(history.values, expected, out=np.zeros_like(expected), where=known)
        average = _mean(ratios, known)
        ratios /= np.where(average > 0, average, 1.0)
        room = np.maximum(count - fit.form.n_parameters - n_factors, count / 2)
        ratios = 1.0 + (ratios - 1.0) * np.sqrt(count / room)
        return cls(np.maximum(ratios, 0.0), known, least, _mean((ratios - 1.0) ** 2, known))

    def drawn(self, periods: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """(paths, horizon, series) ratios of the periods; of any other where not known."""
        drawn = self.values[periods]
        path, step, series = np.nonzero(~self.known[periods])
        order = np.argsort(~self.known, axis=0, kind="stable")
        count = np.maximum(self.known.sum(axis=0), 1)
        pick = (rng.random(len(series)) * count[series]).astype(np.intp)
        drawn[path, step, series] = self.values[order[pick, series], series]
        return drawn


def least_expected(history: History, errors: np.ndarray) -> np.ndarray:
    """(series,) a share of what was expected on average."""
    expected = np.maximum((history.values - errors) * history.known, 0.0)
    return _SMALLEST_SHARE * expected.sum(axis=0) / np.maximum(history.count, 1)


def simulate(
    fit: Fit, states: States, start: int, ratios: np.ndarray, least: np.ndarray
) -> np.ndarray:
    """(paths, horizon, series) demand, never negative.

    Args:
        fit: a form fitted to these series.
        states: theirs at the end of history.
        start: number of the first period.
        ratios: (paths, horizon, series) of demand to expectation.
        least: (series,) what is expected at least.
    """
    n_paths, horizon, _ = ratios.shape
    smoothing = fit.form.smoothing(fit.parameters)
    states = states.on_paths(n_paths)
    demand = np.empty_like(ratios)
    for step in range(horizon):
        phase = (start + step) % fit.form.length
        expected = fit.form.expected(states, smoothing[2], phase)
        demand[:, step] = np.maximum(expected, least) * ratios[:, step]
        fit.form.move(states, smoothing, demand[:, step] - expected, phase)
    return demand


def point_forecast(
    fit: Fit, states: States, start: int, horizon: int, least: np.ndarray
) -> np.ndarray:
    """(series, horizon) demand if there were no errors; arguments as in `simulate`.

    A level may fall to nothing, and a season may close. A trend that goes on for ever would end
    below zero: without a season, it stops at the least.
    """
    smoothing = fit.form.smoothing(fit.parameters)
    states = states.on_paths(1)
    ahead = np.empty((horizon, len(fit.count)))
    for step in range(horizon):
        phase = (start + step) % fit.form.length
        ahead[step] = fit.form.expected(states, smoothing[2], phase)
        fit.form.move(states, smoothing, np.zeros_like(states.level), phase)
    endless = fit.form.trend in ("additive", "theta") and not fit.form.has_season
    return np.maximum(ahead, least if endless else 0.0).T


def held(paths: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """(series, paths, horizon) float32 paths, each period scaled to the (series, horizon) mean."""
    average = paths.mean(axis=1)
    empty = average <= 1e-9 * mean
    scale = np.divide(mean, average, out=np.zeros_like(mean), where=~empty)
    paths = paths * scale[:, None, :]
    return np.where(empty[:, None, :], mean[:, None, :], paths).astype(np.float32)


def _mean(values: np.ndarray, counted: np.ndarray) -> np.ndarray:
    return np.where(counted, values, 0.0).sum(axis=0) / np.maximum(counted.sum(axis=0), 1)
