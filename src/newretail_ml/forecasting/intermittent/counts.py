"""A count model whose mean follows demand: negative binomial, exponentially smoothed."""

from __future__ import annotations

from typing import Self

import numpy as np

from newretail_ml.forecasting.carry import Known
from newretail_ml.forecasting.intermittent.likelihood import CountFit, Counts, fit_counts
from newretail_ml.forecasting.paths import rounded_like
from newretail_ml.forecasting.smoothing.drift import Drifting
from newretail_ml.forecasting.smoothing.first_sale import demand_after_first_sale
from newretail_ml.forecasting.smoothing.simulate import held
from newretail_ml.forecasting.smoothing.theta import seasonal_index
from newretail_ml.panel import Panel

# Demand that is not in whole units is counted in units of which a period sells this many.
_COUNTS_PER_PERIOD = 10.0
_CHUNK = 512


class NegativeBinomialSmoothing(Drifting):
    """Counts around a mean that follows past counts, for items that sell now and then.

    Demand in a period is negative binomial with mean ``factor * mean[t]`` and variance
    ``1 + dispersion`` times that; the mean goes on as

        mean[t+1] = (1 - rho) * long_run + (rho - alpha) * mean[t] + alpha * demand[t] / factor

    Paths are simulated with the counts that they themselves have drawn, so that a good week
    raises the next, around levels that wander as far as past totals show (see
    `newretail_ml.forecasting.smoothing.drift`). The factor is the index of the phase where
    there is a season. Where demand varies less than a Poisson count does, paths vary too much;
    demand that never varies at all is repeated.

    Source: the damped dynamic negative binomial model of Snyder, Ord and Beaumont (2012),
    "Forecasting the intermittent demand for slow-moving inventories: a modelling approach",
    International Journal of Forecasting 28, 485-496; rho near 1 is its undamped one.

    Args:
        season_length: periods in a season; by default 7 days, 52 weeks or 12 months.

    >>> import pandas as pd
    >>> days = pd.DataFrame({"item_id": "lamp", "date": pd.date_range("2026-01-05", periods=60),
    ...                      "units": [0, 0, 1, 0, 0, 2] * 10})
    >>> forecast = NegativeBinomialSmoothing().fit(Panel.from_frame(days)).forecast(7)
    >>> print(forecast.mean().mean().round(1))
    0.5
    """

    fitted_: CountFit
    known_: Known
    unit_: np.ndarray

    def __init__(self, season_length: int | None = None) -> None:
        self.season_length = season_length

    def fit(self, panel: Panel) -> Self:
        """Fit every series. Newer days move the mean on, with the parameters of the fit."""
        super().fit(panel)
        demand = demand_after_first_sale(panel)
        self.known_ = Known.of(panel, demand)
        self.unit_ = _unit_of_count(demand.astype(np.float64))
        self.fitted_ = fit_counts(self._counts(panel)[0])
        return self

    def _counts(self, panel: Panel) -> tuple[Counts, np.ndarray, np.ndarray]:
        """Counts, the (series, season) factors in them, and the (series,) units of a count."""
        demand = demand_after_first_sale(panel).astype(np.float64)
        index = seasonal_index(demand, self.season_length or panel.periods.season)
        unit = _unit_of_count(demand)
        position, _ = self.known_.positions(panel)
        unit[position[position >= 0]] = self.unit_[position >= 0]
        factor = index[:, np.arange(panel.cut) % index.shape[1]]
        return Counts.of(demand / unit[:, None], factor), index, unit

    def _fits(self, panel: Panel, counts: Counts) -> CountFit:
        """Fits of the panel's series: those that were made, and new ones of unknown series."""
        position, unknown = self.known_.positions(panel)
        kept = np.flatnonzero(position >= 0)
        parameters = np.empty((4, panel.n_series))
        parameters[:, position[kept]] = self.fitted_.parameters[:, kept]
        parameters[:, unknown] = fit_counts(counts.select(unknown)).parameters
        return CountFit.of(parameters, counts)

    def _mean(self, panel: Panel, horizon: int) -> np.ndarray:
        counts, index, unit = self._counts(panel)
        factors = index[:, (panel.cut + np.arange(horizon)) % index.shape[1]]
        mean = _expected(self._fits(panel, counts), factors) * unit[:, None]
        same = counts.never_varies
        mean[same] = (counts.values.max(axis=0) * unit)[same, None]
        return mean

    def _paths(
        self, panel: Panel, horizon: int, n_paths: int, rng: np.random.Generator
    ) -> np.ndarray:
        counts, index, unit = self._counts(panel)
        fitted = self._fits(panel, counts)
        factors = index[:, (panel.cut + np.arange(horizon)) % index.shape[1]]
        drift = self._drift()
        paths = np.empty((panel.n_series, n_paths, horizon), dtype=np.float32)
        for first in range(0, panel.n_series, _CHUNK):
            part = slice(first, first + _CHUNK)
            some = fitted.select(part)
            count = counts.known[:, part].sum(axis=0)
            levels = drift.factors((n_paths, horizon), some.scatter, count, rng)
            drawn = _drawn(some, factors[part], levels.transpose(2, 0, 1), rng)
            mean = _expected(some, factors[part])
            paths[part] = held(drawn * unit[part, None, None], mean * unit[part, None])
        same = counts.never_varies
        paths[same] = (counts.values.max(axis=0) * unit)[same, None, None]
        return rounded_like(panel, paths, rng)


def _unit_of_count(demand: np.ndarray) -> np.ndarray:
    """(series,) how much (series, periods) demand counts as one: a unit, where units are whole."""
    known = ~np.isnan(demand)
    if (demand[known] == np.floor(demand[known])).all():
        return np.ones(len(demand))
    mean = np.where(known, demand, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return np.where(mean > 0, mean, 1.0) / _COUNTS_PER_PERIOD


def _expected(fitted: CountFit, factors: np.ndarray) -> np.ndarray:
    """(series, horizon) mean counts: from the last mean to that of the long run."""
    _, rho, long_run, _ = fitted.parameters[:, :, None]
    share = rho ** np.arange(factors.shape[1])
    return factors * (long_run + share * (fitted.mean[:, None] - long_run))


def _drawn(
    fitted: CountFit,
    factors: np.ndarray,
    levels: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """(series, paths, horizon) counts that excite themselves, around levels that wander."""
    alpha, rho, long_run, dispersion = (row[:, None] for row in fitted.parameters)
    mean = np.repeat(fitted.mean[:, None], levels.shape[1], axis=1)
    paths = np.empty(levels.shape)
    for step in range(factors.shape[1]):
        factor = factors[:, step, None] * levels[:, :, step]
        paths[:, :, step] = rng.poisson(rng.gamma(factor * mean / dispersion, dispersion))
        seen = np.where(factor > 0, paths[:, :, step] / np.where(factor > 0, factor, 1.0), mean)
        mean = (1 - rho) * long_run + (rho - alpha) * mean + alpha * seen
    return paths
