"""How good a forecast was. Periods whose demand is not known never count.

Sources: scaled errors from Hyndman and Koehler (2006), "Another look at measures of forecast
accuracy", International Journal of Forecasting 22, 679-688, and the M5 competition's RMSSE,
Makridakis, Spiliotis and Assimakopoulos (2022), International Journal of Forecasting 38,
1346-1364. All arrays are (series, horizon); ``actual`` is NaN where demand is not known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from newretail_ml.forecast import DECILES, Forecast

_CHUNK_VALUES = 4_000_000


def rmsse(actual: np.ndarray, forecast: np.ndarray, history: np.ndarray) -> np.ndarray:
    """(series,) root of the mean squared error over the mean squared one-step difference.

    ``history`` is (series, periods), NaN before the first sale. A series whose history never
    changes has no scale and gets NaN.

    >>> rmsse(np.array([[3.0]]), np.array([[1.0]]), np.array([[1.0, 2.0, 3.0]])).tolist()
    [2.0]
    """
    return np.sqrt(row_means((actual - forecast) ** 2) / rmsse_scale(history))


def mase(actual: np.ndarray, forecast: np.ndarray, history: np.ndarray, season: int) -> np.ndarray:
    """(series,) mean absolute error over that of the seasonal naive forecast inside history."""
    return row_means(np.abs(actual - forecast)) / mase_scale(history, season)


def rmsse_scale(history: np.ndarray) -> np.ndarray:
    """(series,) mean squared one-step difference from the first sale on; NaN where it is zero."""
    started = np.maximum.accumulate(np.nan_to_num(history) > 0, axis=1)
    return _scale(np.diff(np.where(started, history, np.nan)) ** 2)


def mase_scale(history: np.ndarray, season: int) -> np.ndarray:
    """(series,) mean absolute seasonal difference of history; NaN where it is zero."""
    return _scale(np.abs(history[:, season:] - history[:, :-season]))


def wape(actual: np.ndarray, forecast: np.ndarray) -> float:
    """Sum of absolute errors over all units."""
    return over_units(np.abs(actual - forecast), actual)


def bias(actual: np.ndarray, forecast: np.ndarray) -> float:
    """Units forecast too much (negative: too little) over all units."""
    return over_units(forecast - actual, actual)


def weighted_quantile_loss(
    actual: np.ndarray, forecast: Forecast, levels: Sequence[float] = DECILES
) -> float:
    """Twice the pinball loss, averaged over levels, over all units (Gneiting 2011).

    Source: Gneiting (2011), "Quantiles as optimal point forecasts", International Journal of
    Forecasting 27, 197-207; weighted by units as in the M5 uncertainty competition.
    """
    return over_units(quantile_loss(actual, forecast, levels), actual)


def crps(actual: np.ndarray, forecast: Forecast) -> float:
    """Continuous ranked probability score over all units: the quantile loss of every level.

    For a single path it is the WAPE, and the weighted quantile loss of more and more evenly
    spaced levels comes ever closer to it.
    """
    return over_units(sample_crps(actual, forecast), actual)


def quantile_loss(
    actual: np.ndarray, forecast: Forecast, levels: Sequence[float] = DECILES
) -> np.ndarray:
    """(series, horizon) twice the pinball loss, averaged over levels, in units."""
    level = np.asarray(levels)[:, None, None]
    loss = np.empty(actual.shape)
    for rows in chunks_of_series(forecast.paths):
        over = actual[rows] - forecast.select(np.arange(len(actual))[rows]).quantiles(levels)
        loss[rows] = (2 * np.maximum(level * over, (level - 1) * over)).mean(axis=0)
    return loss


def sample_crps(actual: np.ndarray, forecast: Forecast) -> np.ndarray:
    """(series, horizon) CRPS of the paths as they are, in units; NaN where demand is unknown.

    E|X - y| - E|X - X'| / 2 with X and X' drawn from the n paths; the second term from the sorted
    paths as sum (2i - n - 1) x_(i) / n**2.

    Source: Gneiting and Raftery (2007), "Strictly proper scoring rules, prediction, and
    estimation", Journal of the American Statistical Association 102, 359-378, equation 21.

    >>> from newretail_ml.panel import Periods
    >>> day = Periods.spanning("2026-01-01", "2026-01-01", "D")
    >>> import pandas as pd
    >>> tea = pd.DataFrame({"item_id": ["tea"]})
    >>> paths = np.array([[[2.0], [4.0]]], dtype=np.float32)
    >>> sample_crps(np.array([[5.0]]), Forecast(tea, day, paths)).tolist()
    [[1.5]]
    """
    n = forecast.n_paths
    weight = (2 * np.arange(1, n + 1) - n - 1) / n**2
    scores = np.empty(actual.shape)
    for rows in chunks_of_series(forecast.paths):
        drawn = np.sort(forecast.paths[rows].swapaxes(1, 2), axis=2).astype(np.float64)
        scores[rows] = np.abs(drawn - actual[rows][..., None]).mean(axis=2) - drawn @ weight
    return scores


def chunks_of_series(paths: np.ndarray) -> Iterator[slice]:
    """Runs of series whose paths are few enough to be copied."""
    step = max(_CHUNK_VALUES // max(paths[0].size if len(paths) else 1, 1), 1)
    return (slice(first, first + step) for first in range(0, len(paths), step))


def row_means(errors: np.ndarray) -> np.ndarray:
    """(series,) mean of what is known; NaN where nothing is."""
    known = ~np.isnan(errors)
    count = known.sum(axis=1)
    total = np.where(known, errors, 0.0).sum(axis=1, dtype=np.float64)
    return np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)


def over_units(errors: np.ndarray, actual: np.ndarray) -> float:
    """Sum of errors over the sum of units, where demand is known; NaN without a unit."""
    known = ~np.isnan(actual)
    units = float(actual[known].sum(dtype=np.float64))
    return float(errors[known].sum(dtype=np.float64)) / units if units > 0 else float("nan")


def average(values: np.ndarray) -> float:
    """Mean of the finite values; NaN where there is none."""
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def _scale(differences: np.ndarray) -> np.ndarray:
    scale = row_means(differences)
    return np.where(scale > 0, scale, np.nan)
