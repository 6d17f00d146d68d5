"""A season that series share: estimated for all of them together, then for each.

One item sells too little to tell its own weekday pattern from noise, and the chain as a whole
sells enough. The index of a series is therefore the chain's, plus as much of its own deviation
from it as the spread of such deviations warrants. Sources: Withycombe (1989), "Forecasting with
combined seasonal indices", International Journal of Forecasting 5, 547-552, for the shared index;
Miller and Williams (2003), "Shrinkage estimators of time series seasonal factors and their effect
on forecasting accuracy", International Journal of Forecasting 19, 669-684, for the shrinkage.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from newretail_ml.forecasting.base import Forecaster, PointForecaster
from newretail_ml.panel import Panel

# A season is told from a trend only where it has come round so often. The weeks of a year are
# read together with their neighbours, so that two years tell something.
_LEAST_SEASONS = 3
_LEAST_LONG_SEASONS = 2
_LONGEST_SHORT_SEASON = 12
_NEIGHBOURS = np.hanning(15)[1:-1]
# Of a window, so much has to be known for its mean to count as the level.
_LEAST_KNOWN = 0.75
# Phases below this share of the mean are closing days: their sales say nothing about the level.
_CLOSED = 0.02


class SeasonallyAdjusted(PointForecaster):
    """A model of demand without its season, which is put back into what the model says.

    Args:
        model: fitted to demand divided by the index of its phase.
        season_length: periods in a season; by default 7 days, 52 weeks or 12 months.

    >>> import pandas as pd
    >>> from newretail_ml.forecasting import MovingAverage
    >>> days = pd.DataFrame({"item_id": "tea", "date": pd.date_range("2026-01-05", periods=70),
    ...                      "units": [1, 2, 3, 4, 5, 6, 0] * 10})
    >>> model = SeasonallyAdjusted(MovingAverage()).fit(Panel.from_frame(days))
    >>> model.mean(7).round(3).tolist()
    [[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 0.0]]
    """

    model_: Forecaster

    def __init__(self, model: Forecaster, season_length: int | None = None) -> None:
        self.model = model
        self.season_length = season_length

    def fit(self, panel: Panel) -> Self:
        """Fit the model to demand without its season."""
        super().fit(panel)
        self.model_ = self.model.clone().fit(adjusted(panel, self._index(panel)))
        return self

    def get_params(self) -> dict[str, Any]:
        """The parameters of the constructor, by name, with a model that was not fitted."""
        return {"model": self.model.clone(), "season_length": self.season_length}

    def _index(self, panel: Panel) -> np.ndarray:
        return seasonal_index(panel, self.season_length)

    def _mean(self, panel: Panel, horizon: int) -> np.ndarray:
        index = self._index(panel)
        phase = (panel.cut + np.arange(horizon)) % index.shape[1]
        return self.model_.mean(horizon, panel=adjusted(panel, index)) * index[:, phase]


def adjusted(panel: Panel, index: np.ndarray) -> Panel:
    """The panel with its units divided by the (series, season) index; NaN on closing days."""
    factor = index[:, np.arange(panel.cut) % index.shape[1]]
    units = np.full(panel.units.shape, np.nan, dtype=np.float32)
    np.divide(panel.units, factor, out=units, where=factor > _CLOSED, casting="same_kind")
    return replace(panel, units=units)


def seasonal_index(panel: Panel, season_length: int | None = None) -> np.ndarray:
    """(series, season) factor of each phase, 1 on average; all ones where history is short.

    Args:
        panel: history; the first period is in phase 0.
        season_length: periods in a season; by default 7 days, 52 weeks or 12 months.
    """
    length = season_length or panel.periods.season
    least = _LEAST_LONG_SEASONS if length > _LONGEST_SHORT_SEASON else _LEAST_SEASONS
    if panel.cut < least * length:
        return np.ones((panel.n_series, length))
    sums = _Sums.of(panel.demand().astype(np.float64), length)
    chain = _chain_index(sums)
    index = np.maximum(chain + _own_deviation(sums, chain), 0.0)
    mean = index.mean(axis=1, keepdims=True)
    return np.where(mean > 0, index / np.where(mean > 0, mean, 1.0), 1.0)


@dataclass(frozen=True)
class _Sums:
    """Demand and its level, where both are known, and zero elsewhere.

    Attributes:
        demand: (series, seasons, phases).
        level: (series, seasons, phases) centred moving average over one season.

    In a season of many phases both are sums over neighbouring periods, near ones weighing more,
    and half a season at either end of history has the nearest level that is known.
    """

    demand: np.ndarray
    level: np.ndarray

    @classmethod
    def of(cls, demand: np.ndarray, length: int) -> _Sums:
        level = centred_average(demand, length)
        if length > _LONGEST_SHORT_SEASON:
            level = np.where(np.isnan(demand), np.nan, _held(level, length // 2))
        known = ~np.isnan(level)
        seasons = -(-demand.shape[1] // length)
        missing = seasons * length - demand.shape[1]
        shape = (len(demand), seasons, length)
        pair = (np.where(known, demand, 0.0), np.where(known, level, 0.0))
        if length > _LONGEST_SHORT_SEASON:
            pair = (_moving_sum(pair[0], _NEIGHBOURS), _moving_sum(pair[1], _NEIGHBOURS))
        return cls(*(np.pad(part, ((0, 0), (0, missing))).reshape(shape) for part in pair))


def _chain_index(sums: _Sums) -> np.ndarray:
    """(phases,) index of the chain in which every series weighs the same, shrunk towards 1."""
    weight = 1 / np.maximum(_mean_level(sums), np.finfo(float).tiny)
    weight[_mean_level(sums) == 0] = 0.0
    demand, level = (np.einsum("s,scp->cp", weight, part) for part in (sums.demand, sums.level))
    whole = level.sum(axis=0)
    if (whole <= 0).any():
        return np.ones(len(whole))
    index = demand.sum(axis=0) / whole
    seasons = np.maximum((level > 0).sum(axis=0), 2)
    noise = ((demand - index * level) ** 2).sum(axis=0) / whole**2 * seasons / (seasons - 1)
    spread = ((index - 1) ** 2).mean()
    kept = max(1 - noise.mean() / spread, 0.0) if spread > 0 else 0.0
    return 1 + kept * (index - 1)


def _own_deviation(sums: _Sums, chain: np.ndarray) -> np.ndarray:
    """(series, phases) what is known of each series' own deviation from the chain's index.

    The variance of true deviations is estimated by moments over all series, precise ones
    weighing more; a series keeps the share of it in the variance of its estimate.
    """
    level = sums.level.sum(axis=1)
    own = np.divide(
        sums.demand.sum(axis=1), level, out=np.tile(chain, (len(level), 1)), where=level > 0
    )
    errors = ((sums.demand - chain * sums.level) ** 2).sum(axis=1).mean(axis=1)
    noise = errors / np.maximum((level**2).mean(axis=1), np.finfo(float).tiny)
    deviation = ((own - chain) ** 2).mean(axis=1)
    told = (noise > 0) & (level > 0).all(axis=1)
    if told.sum() < 2:
        return np.zeros_like(own)
    weight = np.where(told, 1 / np.where(told, noise, 1.0) ** 2, 0.0)
    true = max(float(weight @ (deviation - noise)) / weight.sum(), 0.0)
    kept = np.where(told, true / (true + np.where(told, noise, 1.0)), 0.0)
    return kept[:, None] * (own - chain)


def _mean_level(sums: _Sums) -> np.ndarray:
    count = np.maximum((sums.level > 0).sum(axis=(1, 2)), 1)
    return sums.level.sum(axis=(1, 2)) / count


def centred_average(demand: np.ndarray, length: int) -> np.ndarray:
    """(series, periods) mean over one season around each period; NaN where it is not known.

    An even season counts its first and last period by half.

    >>> centred_average(np.array([[1.0, 2.0, 6.0, 1.0]]), 3).tolist()
    [[nan, 3.0, 3.0, nan]]
    """
    weights = np.ones(length + 1 - length % 2)
    if length % 2 == 0:
        weights[[0, -1]] = 0.5
    half, known = len(weights) // 2, ~np.isnan(demand)
    total, count = (_moving_sum(part, weights) for part in (np.where(known, demand, 0.0), known))
    inside = known & (count >= _LEAST_KNOWN * length)
    inside[:, :half] = inside[:, demand.shape[1] - half :] = False
    return np.divide(total, count, out=np.full_like(demand, np.nan), where=inside)


def _held(level: np.ndarray, most: int) -> np.ndarray:
    """The (series, periods) level with gaps filled by the last known one, or else the next.

    Gaps wider than ``most`` are filled so far only.
    """
    period = np.arange(level.shape[1])
    known = ~np.isnan(level)
    last = np.maximum.accumulate(np.where(known, period, -1), axis=1)
    following = np.where(known, period, len(period))[:, ::-1]
    following = np.minimum.accumulate(following, axis=1)[:, ::-1]
    source = np.clip(np.where(last >= 0, last, following), 0, len(period) - 1)
    held = np.take_along_axis(level, source, axis=1)
    return np.where(np.abs(source - period) <= most, held, np.nan)


def _moving_sum(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    half, n = len(weights) // 2, values.shape[1]
    padded = np.pad(values.astype(np.float64), ((0, 0), (half, half)))
    return sum(weight * padded[:, at : at + n] for at, weight in enumerate(weights))
