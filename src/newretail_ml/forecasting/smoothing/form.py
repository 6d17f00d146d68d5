"""The forms of exponential smoothing with additive errors, and their recursion over all series.

    y[t] = level[t-1] + phi * trend[t-1] + season[t-m] + error[t]

and every state moves by its smoothing parameter times the error; with a multiplicative season
the season is a factor instead of a summand. Source: Hyndman, Koehler, Ord and Snyder (2008),
"Forecasting with Exponential Smoothing: The State Space Approach", Springer, table 2.2; in their
taxonomy these are ETS(A, N | A | Ad, N | A | M).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

_BOUNDS = {"phi": (0.8, 0.98), "drift": (0.0, 1.0)}


@dataclass(frozen=True)
class History:
    """Demand as the recursion reads it, one row a period.

    Attributes:
        values: (periods, series), zero where demand is not known.
        known: (periods, series) 1 where demand is known, else 0.
        started: (periods, series) 1 from the first known period on: before, no state moves.
    """

    values: np.ndarray
    known: np.ndarray
    started: np.ndarray

    @classmethod
    def of(cls, demand: np.ndarray) -> History:
        """The history of (series, periods) demand, NaN where it is not known."""
        demand = np.ascontiguousarray(demand.T, dtype=np.float64)
        known = ~np.isnan(demand)
        started = np.maximum.accumulate(known, axis=0)
        return cls(np.where(known, demand, 0.0), known.astype(float), started.astype(float))

    @property
    def count(self) -> np.ndarray:
        """(series,) known periods."""
        return self.known.sum(axis=0)

    def select(self, series: np.ndarray | slice) -> History:
        """The history of some series: a boolean mask or positions."""
        parts = (self.values, self.known, self.started)
        return History(*(np.ascontiguousarray(part[:, series]) for part in parts))


@dataclass
class States:
    """Level and trend (..., series), and season (m, ..., series) by period modulo m."""

    level: np.ndarray
    trend: np.ndarray
    season: np.ndarray

    def on_paths(self, n_paths: int) -> States:
        """A copy of (series,) states for every path: (paths, series)."""
        shape = (n_paths, len(self.level))
        season = np.broadcast_to(self.season[:, None], (len(self.season), *shape))
        level, trend = np.broadcast_to(self.level, shape), np.broadcast_to(self.trend, shape)
        return States(level.copy(), trend.copy(), season.copy())


@dataclass(frozen=True)
class Form:
    """Which states there are.

    Attributes:
        trend: "none", "additive" or "damped".
        season: "none", "additive" or "multiplicative".
        length: periods in a season.

    >>> Form("damped", "additive", 7).name
    'AAdA'
    """

    trend: str = "none"
    season: str = "none"
    length: int = 1

    @property
    def name(self) -> str:
        """The name in the taxonomy: error, trend, season."""
        trend = {"none": "N", "additive": "A", "damped": "Ad"}[self.trend]
        return f"A{trend}{self.season[0].upper()}"

    @property
    def has_trend(self) -> bool:
        """Whether there is a trend."""
        return self.trend != "none"

    @property
    def has_season(self) -> bool:
        """Whether there is a season."""
        return self.season != "none"

    @property
    def names(self) -> list[str]:
        """The smoothing parameters; beta is a share of alpha, and gamma one of 1 - alpha."""
        there = {"beta": self.has_trend, "phi": self.trend == "damped", "gamma": self.has_season}
        return ["alpha", *(name for name, is_there in there.items() if is_there)]

    @property
    def bounds(self) -> np.ndarray:
        """(smoothing parameters, 2) the least and the most that they can be."""
        return np.array([_BOUNDS.get(name, (1e-4, 1 - 1e-4)) for name in self.names])

    @property
    def n_parameters(self) -> int:
        """Smoothing parameters and free initial states; one season is fixed by the level."""
        return len(self.bounds) + 1 + self.has_trend + self.has_season * (self.length - 1)

    def smoothing(self, parameters: np.ndarray) -> tuple[np.ndarray, ...]:
        """Alpha, beta, phi and gamma from (parameters, ..., series)."""
        rows = iter(parameters)
        alpha = next(rows)
        beta = alpha * next(rows) if self.has_trend else np.zeros_like(alpha)
        phi = next(rows) if self.trend == "damped" else np.ones_like(alpha)
        gamma = (1 - alpha) * next(rows) if self.has_season else np.zeros_like(alpha)
        return alpha, beta, phi, gamma

    @property
    def n_in_units(self) -> int:
        """How many initial states are in units of demand; they come first."""
        return 1 + self.has_trend + (self.length - 1) * (self.season == "additive")

    def initial(self, parameters: np.ndarray, history: History) -> States:  # noqa: ARG002
        """The states before the first period, from (parameters, ..., series)."""
        free = parameters[len(self.bounds) :]
        trend = free[1] if self.has_trend else np.zeros_like(free[0])
        neutral = np.full_like(free[:1], float(self.season == "multiplicative"))
        season = free[1 + self.has_trend :] if self.has_season else free[:0]
        return States(free[0].copy(), trend.copy(), np.concatenate([season, neutral]))

    def errors(self, parameters: np.ndarray, history: History) -> tuple[np.ndarray, States]:
        """(periods, ..., series) one-step errors, zero where not known, and the last states.

        Args:
            parameters: (parameters, ..., series).
            history: of the same series.
        """
        smoothing, states = self.smoothing(parameters), self.initial(parameters, history)
        errors = np.empty((len(history.values), *parameters.shape[1:]))
        rows = zip(history.values, history.known, history.started, strict=True)
        if not self.has_season:
            follow = _follow_trend if self.has_trend else _follow_level
            follow(states, smoothing, rows, errors)
            return errors, states
        for period, (value, known, started) in enumerate(rows):
            phase = period % self.length
            expected = self.expected(states, smoothing[2], phase, started)
            error = np.subtract(value, expected, out=errors[period])
            error *= known
            self.move(states, smoothing, error, phase, started)
        return errors, states

    def expected(
        self, states: States, phi: np.ndarray, phase: int, started: np.ndarray | float = 1.0
    ) -> np.ndarray:
        """(..., series) demand expected in the next period."""
        base = states.level + started * phi * states.trend if self.has_trend else states.level
        if not self.has_season:
            return base
        season = states.season[phase]
        return base + season if self.season == "additive" else base * season

    def move(
        self,
        states: States,
        smoothing: tuple[np.ndarray, ...],
        error: np.ndarray,
        phase: int,
        started: np.ndarray | float = 1.0,
    ) -> None:
        """Move the states by one period in which demand was off by ``error``."""
        alpha, beta, phi, gamma = smoothing
        by_season = error
        if self.season == "multiplicative":
            base = states.level + started * phi * states.trend
            by_season = error / _away_from_zero(states.season[phase])
            states.season[phase] += gamma * error / _away_from_zero(base)
        elif self.has_season:
            states.season[phase] += gamma * error
        if self.has_trend:
            damped = phi * states.trend
            states.level += started * damped
            states.trend += started * (damped - states.trend) + beta * by_season
        states.level += alpha * by_season


_Rows = Iterable[tuple[np.ndarray, np.ndarray, np.ndarray]]


def _follow_level(
    states: States, smoothing: tuple[np.ndarray, ...], rows: _Rows, errors: np.ndarray
) -> None:
    """`Form.expected` and `Form.move` of a level alone, in place: most time goes into this."""
    level, alpha = states.level, smoothing[0]
    change = np.empty_like(level)
    for (value, known, _), error in zip(rows, errors, strict=True):
        np.subtract(value, level, out=error)
        error *= known
        np.multiply(alpha, error, out=change)
        level += change


def _follow_trend(
    states: States, smoothing: tuple[np.ndarray, ...], rows: _Rows, errors: np.ndarray
) -> None:
    """The same of a level and a trend; a trend that has not started moves nothing."""
    (alpha, beta, phi, _), level, trend = smoothing, states.level, states.trend
    damped, change = np.empty_like(level), np.empty_like(level)
    for (value, known, started), error in zip(rows, errors, strict=True):
        np.multiply(phi, trend, out=damped)
        np.multiply(started, damped, out=change)
        level += change
        np.subtract(value, level, out=error)
        error *= known
        damped -= trend
        damped *= started
        np.multiply(beta, error, out=change)
        damped += change
        trend += damped
        np.multiply(alpha, error, out=change)
        level += change


def _away_from_zero(values: np.ndarray) -> np.ndarray:
    return np.where(np.abs(values) < 1e-6, 1e-6, values)
