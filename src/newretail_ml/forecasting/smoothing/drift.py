"""How far levels wander: what one-step errors leave out of the errors of totals.

A simulation takes the last level and the parameters for certain, and its totals are too narrow.
By how much shows in the past: forecasts of totals, made at earlier origins, missed by more than
simulated totals do. That excess is given back to the paths as a factor of the level that wanders,
a random walk in logs with mean one, for as long as it was measured. A few past windows of one
series say next to nothing about it, so it is measured over all series together.

The spread of a ratio R of demand to forecast is read off its mean root, which bulk orders hardly
touch and zeros leave finite. If R = L X, with X the ratio in the simulation and L a lognormal
level of mean 1 and log-variance v, then E sqrt(L) = exp(-v / 8), and so

    v = 8 (log E sqrt(X) - log E sqrt(R)).

Sources: Williams and Goodman (1971), "A simple method for the construction of empirical
confidence limits for economic forecasts", Journal of the American Statistical Association 66,
752-754; Lee and Scholtes (2014), "Empirical prediction intervals revisited", International
Journal of Forecasting 30, 217-234.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from dataclasses import dataclass
from typing import Self

import numpy as np

from newretail_ml.forecasting.base import Forecaster
from newretail_ml.forecasting.paths import PastForecasts
from newretail_ml.panel import Panel

Means = Callable[[Panel, int], np.ndarray]
Paths = Callable[[Panel, int, int, np.random.Generator], np.ndarray]

# Four weeks, two months, half a year.
_WINDOW = {"D": 28, "W": 8, "M": 6}
_MOST_ORIGINS = 10
_LEAST_KNOWN = 8
_N_PATHS = 50
_MOST_VARIANCE = 2.0
# Ratios explode where next to nothing was forecast: this share of the mean is the least.
_SMALLEST_SHARE = 0.3


@dataclass(frozen=True)
class Drift:
    """The wandering of the levels of a chain, in logs.

    Attributes:
        variance: of the mean level over a window.
        length: periods in a window; 0 where levels are taken for certain.
    """

    variance: float
    length: int

    @classmethod
    def none(cls) -> Drift:
        """Levels that are certain, and stay."""
        return cls(0.0, 0)

    @classmethod
    def measured(cls, predict: Means, simulate: Paths, panel: Panel) -> Drift:
        """The drift that past forecasts show.

        Args:
            predict: (panel, horizon) -> (series, horizon) means, with the parameters of the fit.
            simulate: (panel, horizon, paths, generator) -> (series, paths, horizon) paths whose
                levels do not wander.
            panel: history.
        """
        length = max(min(_WINDOW[panel.periods.freq], panel.cut // 5), 1)
        origins = _origins(panel.cut, length)
        past = PastForecasts.of(predict, panel, length, origins)
        if past is None or panel.n_series == 0:
            return cls(0.0, length)
        seen = _ratios(past, origins, panel.demand())
        drawn = simulate(panel, length, _N_PATHS, np.random.default_rng(0))
        variance = excess_variance(seen, drawn.sum(axis=2, dtype=np.float64))
        return cls(variance, length)

    def factors(
        self,
        shape: tuple[int, int],
        scatter: np.ndarray,
        count: np.ndarray,
        rng: np.random.Generator,
    ) -> np.ndarray:
        """(paths, horizon, series) float32 factors of levels, one on average.

        A level begins with the error of its estimate: that of a mean, twice, since the drift was
        measured where the mean had been fitted. No level wanders further than single periods
        scatter.

        Args:
            shape: (paths, horizon).
            scatter: (series,) variance of a single period over its expectation.
            count: (series,) periods that the level was estimated from.
            rng: draws them.
        """
        n_paths, horizon = shape
        if self.length == 0:
            return np.ones((n_paths, horizon, len(scatter)), dtype=np.float32)
        n = self.length
        # The mean of a random walk over n steps varies (n + 1) (2n + 1) / 6n times as a step.
        step = np.minimum(self.variance, np.log1p(scatter)) * 6 * n / ((n + 1) * (2 * n + 1))
        first = np.minimum(np.log1p(2 * scatter / np.maximum(count, 1)), _MOST_VARIANCE)
        variance = np.repeat(step[None], min(horizon, n), axis=0)
        variance[0] += first
        walk = rng.standard_normal((n_paths, *variance.shape), dtype=np.float32)
        walk *= np.sqrt(variance).astype(np.float32)
        walk -= (variance / 2).astype(np.float32)
        walk = np.exp(np.cumsum(walk, axis=1, out=walk), out=walk)
        last = np.broadcast_to(walk[:, -1:], (n_paths, horizon - len(variance), len(scatter)))
        return np.concatenate([walk, last], axis=1)


class Drifting(Forecaster):
    """A model whose levels drift on its paths.

    The drift is measured on the panel of the fit when the first paths are drawn: who asks for
    means alone does not wait for it.
    """

    drift_: Drift
    learned_from_: Panel | None

    def fit(self, panel: Panel) -> Self:
        """Learn from all that the panel knows."""
        self.drift_, self.learned_from_ = Drift.none(), panel
        return super().fit(panel)

    def _drift(self) -> Drift:
        panel = self.learned_from_
        if panel is not None:
            certain = copy(self)
            certain.learned_from_ = None
            self.drift_ = Drift.measured(certain._mean, certain._paths, panel)
            self.learned_from_ = None
        return self.drift_


def excess_variance(seen: np.ndarray, drawn: np.ndarray) -> float:
    """Log-variance of past ratios beyond that of simulated ones, from 0 to 2.

    Args:
        seen: (series, origins) ratios of demand to forecast, NaN where not known.
        drawn: (series, paths) simulated totals.

    >>> random = np.random.default_rng(0)
    >>> drawn = random.gamma(4.0, 1.0, (1000, 50))
    >>> level = np.exp(random.normal(-0.15, 0.3**0.5, (1000, 50)))
    >>> round(excess_variance(level * random.gamma(4.0, 1.0, (1000, 50)), drawn), 2)
    0.31
    """
    average = drawn.mean(axis=1)
    told = ~np.isnan(seen).all(axis=1) & (average > 0)
    usual = np.nanmean(seen[told]) if told.any() else 0.0
    if usual <= 0:
        return 0.0
    observed = np.nanmean(np.sqrt(seen[told] / usual), axis=1).mean()
    simulated = np.sqrt(drawn[told] / average[told, None]).mean()
    return float(np.clip(8 * np.log(simulated / observed), 0.0, _MOST_VARIANCE))


def _origins(n_periods: int, length: int) -> np.ndarray:
    """Where past windows begin: evenly over the second half of history."""
    first, last = max(n_periods // 2, 1), n_periods - length
    if first > last:
        return np.empty(0, dtype=int)
    return np.unique(np.linspace(first, last, _MOST_ORIGINS).astype(int))


def _ratios(past: PastForecasts, origins: np.ndarray, demand: np.ndarray) -> np.ndarray:
    """(series, origins) totals over their forecasts, NaN where too little is known."""
    known = ~np.isnan(past.actual)
    forecast = np.where(known, past.forecast, 0.0).sum(axis=2)
    actual = np.where(known, past.actual, 0.0).sum(axis=2, dtype=np.float64)
    count = (~np.isnan(demand)).cumsum(axis=1)
    usual = np.nansum(demand, axis=1, dtype=np.float64) / np.maximum(count[:, -1], 1)
    base = np.maximum(forecast, _SMALLEST_SHARE * usual[:, None] * known.sum(axis=2))
    enough = (2 * known.sum(axis=2) >= known.shape[2]) & (count[:, origins - 1] >= _LEAST_KNOWN)
    return np.divide(actual, base, out=np.full_like(base, np.nan), where=enough & (base > 0))
