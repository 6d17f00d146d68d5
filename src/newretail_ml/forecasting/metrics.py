"""How good a forecast was. Periods whose demand is not known never count.

Sources: scaled errors from Hyndman and Koehler (2006), "Another look at measures of forecast
accuracy", International Journal of Forecasting 22, 679-688, and the M5 competition's RMSSE,
Makridakis, Spiliotis and Assimakopoulos (2022), International Journal of Forecasting 38,
1346-1364. All arrays are (series, horizon); ``actual`` is NaN where demand is not known.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from newretail_ml.forecast import DECILES, Forecast


def rmsse(actual: np.ndarray, forecast: np.ndarray, history: np.ndarray) -> np.ndarray:
    """(series,) root of the mean squared error over the mean squared one-step difference.

    ``history`` is (series, periods), NaN before the first sale. A series whose history never
    changes has no scale and gets NaN.

    >>> rmsse(np.array([[3.0]]), np.array([[1.0]]), np.array([[1.0, 2.0, 3.0]])).tolist()
    [2.0]
    """
    started = np.maximum.accumulate(np.nan_to_num(history) > 0, axis=1)
    steps = np.diff(np.where(started, history, np.nan))
    return np.sqrt(_mean((actual - forecast) ** 2) / _scale(steps**2))


def mase(actual: np.ndarray, forecast: np.ndarray, history: np.ndarray, season: int) -> np.ndarray:
    """(series,) mean absolute error over that of the seasonal naive forecast inside history."""
    seasonal = history[:, season:] - history[:, :-season]
    return _mean(np.abs(actual - forecast)) / _scale(np.abs(seasonal))


def wape(actual: np.ndarray, forecast: np.ndarray) -> float:
    """Sum of absolute errors over all units."""
    return _over_units(np.abs(actual - forecast), actual)


def bias(actual: np.ndarray, forecast: np.ndarray) -> float:
    """Units forecast too much (negative: too little) over all units."""
    return _over_units(forecast - actual, actual)


def weighted_quantile_loss(
    actual: np.ndarray, forecast: Forecast, levels: Sequence[float] = DECILES
) -> float:
    """Twice the pinball loss, averaged over levels, over all units (Gneiting 2011).

    Source: Gneiting (2011), "Quantiles as optimal point forecasts", International Journal of
    Forecasting 27, 197-207; weighted by units as in the M5 uncertainty competition.
    """
    level = np.asarray(levels)[:, None, None]
    over = actual - forecast.quantiles(levels)
    loss = 2 * np.maximum(level * over, (level - 1) * over)
    return _over_units(loss.mean(axis=0), actual)


def coverage(actual: np.ndarray, forecast: Forecast, share: float) -> float:
    """Share of known periods inside the central interval of the paths, bounds included."""
    low, high = forecast.quantiles([(1 - share) / 2, (1 + share) / 2])
    return _share_inside(actual, low, high)


def total_coverage(actual: np.ndarray, forecast: Forecast, share: float, periods: int) -> float:
    """Share of series whose total over the first periods lies inside that of their paths.

    Series with an unknown period among them are left out.
    """
    totals = forecast.total(periods)
    low, high = np.quantile(totals, [(1 - share) / 2, (1 + share) / 2], axis=1)
    return _share_inside(actual[:, :periods].sum(axis=1), low, high)


def all_metrics(
    actual: np.ndarray,
    forecast: Forecast,
    history: np.ndarray,
    season: int,
    totals: Sequence[int],
) -> dict[str, float]:
    """Every metric of the leaderboard. The mean of the paths is the point forecast.

    Args:
        actual: (series, horizon) demand, NaN where it is not known.
        forecast: of the same series and periods.
        history: (series, periods) demand before, NaN where not known.
        season: periods in a season.
        totals: lead times whose totals are judged.
    """
    mean = forecast.mean()
    metrics = {
        "rmsse": _average(rmsse(actual, mean, history)),
        "mase": _average(mase(actual, mean, history, season)),
        "wape": wape(actual, mean),
        "bias": bias(actual, mean),
        "weighted_quantile_loss": weighted_quantile_loss(actual, forecast),
    }
    for share in (0.8, 0.95):
        percent = round(100 * share)
        metrics[f"coverage_{percent}"] = coverage(actual, forecast, share)
        for periods in totals:
            name = f"total_{periods}_coverage_{percent}"
            metrics[name] = total_coverage(actual, forecast, share, periods)
    return metrics


def _mean(errors: np.ndarray) -> np.ndarray:
    known = ~np.isnan(errors)
    count = known.sum(axis=1)
    total = np.where(known, errors, 0.0).sum(axis=1, dtype=np.float64)
    return np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)


def _scale(differences: np.ndarray) -> np.ndarray:
    scale = _mean(differences)
    return np.where(scale > 0, scale, np.nan)


def _average(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def _over_units(errors: np.ndarray, actual: np.ndarray) -> float:
    known = ~np.isnan(actual)
    units = float(actual[known].sum())
    return float(errors[known].sum()) / units if units > 0 else float("nan")


def _share_inside(actual: np.ndarray, low: np.ndarray, high: np.ndarray) -> float:
    known = ~np.isnan(actual)
    inside = (actual >= low) & (actual <= high)
    return float(inside[known].mean()) if known.any() else float("nan")
