"""The optimized Theta method, as simple exponential smoothing with a drift.

The two lines of the Theta method add up to exponential smoothing whose level drifts by a share
``1 - 1 / theta`` of the slope of the straight line through the series. Sources: Fiorucci,
Pellegrini, Louzada, Petropoulos and Koehler (2016), "Models for optimising the theta method and
their relationship to state space models", International Journal of Forecasting 32, 1151-1161;
Hyndman and Billah (2003), "Unmasking the Theta method", International Journal of Forecasting 19,
287-290.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.forecasting.smoothing.form import Form, History, States


@dataclass(frozen=True)
class ThetaForm(Form):
    """A level with a fixed drift: alpha and ``drift = 1 - 1 / theta`` are estimated."""

    trend: str = "theta"

    @property
    def name(self) -> str:
        """The name of the form."""
        return "Theta"

    @property
    def names(self) -> list[str]:
        """The smoothing parameters."""
        return ["alpha", "drift"]

    @property
    def n_parameters(self) -> int:
        """Both smoothing parameters and the level."""
        return 3

    @property
    def n_in_units(self) -> int:
        """The level."""
        return 1

    def smoothing(self, parameters: np.ndarray) -> tuple[np.ndarray, ...]:
        """Alpha, beta, phi and gamma: the trend never moves."""
        nothing = np.zeros_like(parameters[0])
        return parameters[0], nothing, np.ones_like(nothing), nothing

    def initial(self, parameters: np.ndarray, history: History) -> States:
        """The level before the first period, and the drift."""
        _, drift, level = parameters
        return States(level.copy(), drift * slope(history), np.zeros_like(parameters[:1]))


def slope(history: History) -> np.ndarray:
    """(series,) slope a period of the straight line through what is known.

    >>> slope(History.of(np.array([[1.0, np.nan, 5.0, 7.0]]))).round(6).tolist()
    [2.0]
    """
    count = np.maximum(history.count, 1)
    period = np.arange(len(history.values))[:, None] * history.known
    period = (period - period.sum(axis=0) / count) * history.known
    spread = (period**2).sum(axis=0)
    return (period * history.values).sum(axis=0) / np.where(spread > 0, spread, 1.0)


def seasonal_index(demand: np.ndarray, length: int) -> np.ndarray:
    """(series, length) mean of each phase over the mean of all, where there is a season.

    A season is there if the autocorrelation at its lag is positive with 90% confidence, as in
    Fiorucci et al. (2016), and history holds two of it; otherwise all phases get 1.

    Args:
        demand: (series, periods), NaN where it is not known.
        length: periods in a season.
    """
    index = np.ones((len(demand), length))
    n_periods = demand.shape[1]
    if length < 2 or n_periods < 2 * length:
        return index
    known = ~np.isnan(demand)
    values = np.where(known, demand, 0.0).astype(np.float64)
    count = known.sum(axis=1)
    mean = values.sum(axis=1) / np.maximum(count, 1)
    seasonal = _is_seasonal(np.where(known, values - mean[:, None], 0.0), count, length)
    for phase in range(length):
        seen = known[:, phase::length].sum(axis=1)
        usable = seasonal & (seen > 0) & (mean > 0)
        total = values[:, phase::length].sum(axis=1)
        index[usable, phase] = total[usable] / seen[usable] / mean[usable]
    return index


def _is_seasonal(centred: np.ndarray, count: np.ndarray, length: int) -> np.ndarray:
    """(series,) bool: a season by the test of the autocorrelations."""
    variance = (centred**2).sum(axis=1)
    variance = np.where(variance > 0, variance, 1.0)
    correlations = np.stack(
        [(centred[:, lag:] * centred[:, :-lag]).sum(axis=1) for lag in range(1, length + 1)]
    )
    correlations /= variance
    spread = np.sqrt((1 + 2 * (correlations[:-1] ** 2).sum(axis=0)) / np.maximum(count, 1))
    return (correlations[-1] > 1.645 * spread) & (count >= 2 * length)
