"""What the smoothing models share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from newretail_ml.forecasting.carry import Known
from newretail_ml.forecasting.paths import paths_around_mean, rounded_like
from newretail_ml.forecasting.smoothing.drift import Drifting
from newretail_ml.forecasting.smoothing.first_sale import demand_after_first_sale
from newretail_ml.forecasting.smoothing.fit import Fit, fit_form
from newretail_ml.forecasting.smoothing.form import Form, History
from newretail_ml.forecasting.smoothing.simulate import (
    Ratios,
    drawn_periods,
    held,
    least_expected,
    point_forecast,
    simulate,
    turned,
)
from newretail_ml.panel import Panel

# A longer season has more states than a few years can tell.
_LONGEST_SEASON = 24
# Fewer errors than this say next to nothing about spread.
_LEAST_ERRORS = 8
_CHUNK = 1024


@dataclass(frozen=True)
class Smoothed:
    """Some series, and the form that was fitted to them.

    Attributes:
        series: their positions in the panel.
        fit: the form, its parameters and its likelihood.
    """

    series: np.ndarray
    fit: Fit

    def only(self, kept: np.ndarray) -> Smoothed:
        """Those of the series that a boolean mask keeps."""
        fit = self.fit
        parameters, squares = fit.parameters[:, kept], fit.sum_of_squares[kept]
        return Smoothed(self.series[kept], Fit(fit.form, parameters, squares, fit.count[kept]))

    def at(self, position: np.ndarray) -> Smoothed:
        """The same fits for a panel in which series ``i`` stands at ``position[i]``, or not: -1."""
        kept = self.only(position[self.series] >= 0)
        return Smoothed(position[kept.series], kept.fit)

    def chunks(self) -> list[Smoothed]:
        """The same in pieces that fit into memory when they are simulated."""
        piece = np.arange(len(self.series)) // _CHUNK
        return [self.only(piece == number) for number in np.unique(piece)]


class Smoothing(Drifting):
    """What the smoothing models share: fits by form, and paths by simulation."""

    smoothed_: list[Smoothed]
    known_: Known

    def fit(self, panel: Panel) -> Self:
        """Fit every series. Newer days move the states on, with the parameters of the fit."""
        super().fit(panel)
        self.smoothed_ = self._smooth(panel)
        self.known_ = Known.of(panel, demand_after_first_sale(panel))
        return self

    @abstractmethod
    def _smooth(self, panel: Panel) -> list[Smoothed]:
        """The series, in groups of one form each, and their fits."""

    def _adjusted(self, panel: Panel) -> tuple[np.ndarray, np.ndarray]:
        """(series, periods) demand to smooth, and (series, season) factors to put back."""
        return demand_after_first_sale(panel), np.ones((panel.n_series, 1))

    def _parts(self, panel: Panel) -> list[Smoothed]:
        """Fits of the panel's series: those that were made, and new ones of unknown series."""
        position, unknown = self.known_.positions(panel)
        parts = [part.at(position) for part in self.smoothed_]
        if len(unknown):
            new = self._smooth(panel.select(unknown))
            parts += [Smoothed(unknown[part.series], part.fit) for part in new]
        return [chunk for part in parts for chunk in part.chunks()]

    def _mean(self, panel: Panel, horizon: int) -> np.ndarray:
        demand, factors = self._adjusted(panel)
        mean = np.empty((panel.n_series, horizon))
        for part in self._parts(panel):
            history = History.of(demand[part.series])
            errors, states = part.fit.errors(history)
            least = least_expected(history, errors)
            mean[part.series] = point_forecast(part.fit, states, panel.cut, horizon, least)
        return mean * factors[:, (panel.cut + np.arange(horizon)) % factors.shape[1]]

    def _paths(
        self, panel: Panel, horizon: int, n_paths: int, rng: np.random.Generator
    ) -> np.ndarray:
        paths = self._simulated(panel, horizon, n_paths, rng)
        short = (~np.isnan(demand_after_first_sale(panel))).sum(axis=1) < _LEAST_ERRORS
        if short.any():
            few = panel.select(short)
            paths[short] = paths_around_mean(self._mean(few, horizon), None, few, n_paths, rng)
        return rounded_like(panel, paths, rng)

    def _simulated(
        self, panel: Panel, horizon: int, n_paths: int, rng: np.random.Generator
    ) -> np.ndarray:
        """(series, paths, horizon) float32 paths whose mean is that of `_mean`."""
        demand, factors = self._adjusted(panel)
        season = panel.periods.season
        periods = drawn_periods(panel.cut, season, (n_paths, horizon), rng)
        any_phase = turned(periods, panel.cut, season, rng)
        has_factors = (factors != 1).any(axis=1)
        drift = self._drift()
        paths = np.empty((panel.n_series, n_paths, horizon), dtype=np.float32)
        for part in _by_season(self._parts(panel), has_factors):
            history, fit = History.of(demand[part.series]), part.fit
            errors, states = fit.errors(history)
            ratios = Ratios.of(fit, history, errors, has_factors[part.series] * factors.shape[1])
            seasonal = fit.form.has_season or has_factors[part.series].any()
            drawn = ratios.drawn(periods if seasonal else any_phase, rng)
            ahead = simulate(fit, states, panel.cut, drawn, ratios.least)
            ahead *= drift.factors((n_paths, horizon), ratios.variance, fit.count, rng)
            mean = point_forecast(fit, states, panel.cut, horizon, ratios.least)
            paths[part.series] = held(ahead.transpose(2, 0, 1), mean)
        phase = (panel.cut + np.arange(horizon)) % factors.shape[1]
        paths *= factors[:, None, phase].astype(np.float32)
        return paths


def _by_season(parts: list[Smoothed], has_factors: np.ndarray) -> list[Smoothed]:
    """The same, those with seasonal factors apart from those without."""
    halves = [part.only(has_factors[part.series] == has) for part in parts for has in (True, False)]
    return [half for half in halves if len(half.series)]


def fit_each(
    forms: Sequence[Form], chosen: np.ndarray, history: History, *, thorough: bool
) -> list[Smoothed]:
    """Each series fitted by its form: ``chosen`` holds its position among the forms."""
    parts = ((form, np.flatnonzero(chosen == number)) for number, form in enumerate(forms))
    return [
        Smoothed(series, fit_form(form, history.select(series), thorough=thorough))
        for form, series in parts
        if len(series)
    ]


def can_fit(form: Form, history: History) -> np.ndarray:
    """(series,) bool: enough is known for the form, and it is defined there."""
    can = history.count > form.n_parameters + 2
    if form.has_season:
        can &= (history.count >= 2 * form.length) & (1 < form.length <= _LONGEST_SEASON)
    if form.season == "multiplicative":
        can &= ((history.values > 0) | (history.known == 0)).all(axis=0)
    return can
