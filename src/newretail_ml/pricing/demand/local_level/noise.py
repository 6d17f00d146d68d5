"""How demand scatters: from day to day, and by a level that wanders."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_LAGS = 28
_LEAST_SPREAD, _MOST_SPREAD = 0.05, 1.5
_MOST_PERSISTENCE = 0.995
_DISPERSIONS = (0.2, 1e6)


@dataclass(frozen=True)
class Noise:
    """Scatter of demand around what causes and days explain.

    Attributes:
        dispersion: variance of a period is mean + mean^2 / dispersion.
        persistence: what remains next period of a series' log level.
        spread: standard deviation of the log level over a long time.
    """

    dispersion: float = 4.0
    persistence: float = 0.95
    spread: float = 0.3


def noise_of(units: np.ndarray, mean: np.ndarray, known: np.ndarray, doubt: np.ndarray) -> Noise:
    """Noise by the moments of relative residuals, pooled over all series.

    Products of residuals some periods apart have expectation exp(covariance of log levels) - 1,
    which falls geometrically with their distance; squares hold the scatter within a period too.

    Args:
        units: (series, periods) demand, or its mean where it is not known.
        mean: (series, periods) expected without the level.
        known: (series, periods) which to look at.
        doubt: (series, periods) variance of demand around `units`.
    """
    residual = np.where(known, units - mean, 0.0)
    expected = np.where(known, mean, 0.0)
    far = min(_LAGS, units.shape[1] // 3)
    moments = [_product(residual, expected, lag) for lag in range(1, far + 1)]
    covariance = np.log1p(np.maximum(moments, 1e-6))
    persistence, variance = _decay(covariance)
    squares = residual**2 + np.where(known, doubt, 0.0)
    total = (squares - expected).sum() / max((expected**2).sum(), 1e-12)
    within = (1.0 + max(total, 0.0)) / np.exp(variance) - 1.0
    dispersion = float(np.clip(1.0 / max(within, 1e-9), *_DISPERSIONS))
    spread = float(np.clip(np.sqrt(variance), _LEAST_SPREAD, _MOST_SPREAD))
    return Noise(dispersion, persistence, spread)


def _product(residual: np.ndarray, expected: np.ndarray, lag: int) -> float:
    above = (residual[:, lag:] * residual[:, :-lag]).sum()
    below = (expected[:, lag:] * expected[:, :-lag]).sum()
    return float(above / below) if below > 0 else 0.0


def _decay(covariance: np.ndarray) -> tuple[float, float]:
    """Persistence and variance of the geometric decay that fits the covariances best."""
    usual = Noise()
    if len(covariance) < 2:
        return usual.persistence, usual.spread**2
    lags = np.arange(1, len(covariance) + 1)
    choices = np.append(np.linspace(0.0, 0.95, 39), np.linspace(0.955, _MOST_PERSISTENCE, 9))
    shapes = choices[:, None] ** lags
    heights = np.maximum(shapes @ covariance, 0.0) / np.maximum((shapes**2).sum(axis=1), 1e-12)
    errors = ((covariance - heights[:, None] * shapes) ** 2).sum(axis=1)
    best = int(errors.argmin())
    return float(choices[best]), float(heights[best])
