"""The level of each series: what its demand is when prices and promotions are accounted for."""

from __future__ import annotations

import numpy as np

# Errors of neighbouring periods are alike: so many of them say as much as one.
_ALIKE = 4.0
HALF_LIVES = {"D": 182.0, "W": 26.0, "M": 6.0}


def recency(n_periods: int, half_life: float) -> np.ndarray:
    """(periods,) weights that halve with every half-life of age.

    >>> recency(3, 1.0).tolist()
    [0.25, 0.5, 1.0]
    """
    return np.asarray(0.5 ** (np.arange(n_periods)[::-1] / half_life))


def level_of(
    units: np.ndarray, effect: np.ndarray, weight: np.ndarray, counts: bool, item: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Log level of each series, and its standard error.

    Args:
        units: (periods, series), NaN where they teach nothing.
        effect: (periods, series) logarithm of what prices and promotions do.
        weight: (periods,) of each period.
        counts: level by totals, zeros kept; else by mean logarithms.
        item: (series,) number of the item.

    Returns:
        (series,) level and (series,) error. A series that teaches nothing has the mean level of
        its item elsewhere, or of all.
    """
    known = ~np.isnan(units)
    weights = np.where(known, weight[:, None], 0.0)
    total = weights.sum(axis=0)
    safe = np.maximum(total, 1e-300)
    filled = np.where(known, units, 1.0)
    if counts:
        expected = (weights * np.exp(effect)).sum(axis=0)
        sold = (weights * np.where(known, units, 0.0)).sum(axis=0)
        # Half a unit more, for a series that has not sold yet may sell tomorrow.
        level = np.log((sold + 0.5 * (sold == 0)) / np.maximum(expected, 1e-300))
        residual = (filled - np.exp(level + effect)) / np.exp(level + effect)
    else:
        residual = np.log(filled) - effect
        level = (weights * residual).sum(axis=0) / safe
        residual = residual - level
    variance = (weights * residual**2).sum(axis=0) / safe
    effective = total**2 / np.maximum((weights**2).sum(axis=0), 1e-300)
    error = np.sqrt(variance * _ALIKE / np.maximum(effective, 1.0))
    taught = total > 0
    level = np.where(taught, level, _elsewhere(level, taught, item))
    return level, np.where(taught, np.minimum(error, 1.0), 1.0)


def _elsewhere(level: np.ndarray, taught: np.ndarray, item: np.ndarray) -> np.ndarray:
    """(series,) mean level of the same item in series that taught something, or of all those."""
    count = np.bincount(item[taught], minlength=item.max(initial=0) + 1)
    total = np.bincount(item[taught], level[taught], minlength=len(count))
    mean = np.full(len(count), level[taught].mean())
    return np.divide(total, count, out=mean, where=count > 0)[item]


def half_samples(n_periods: int, n: int, block: int, random_state: int) -> np.ndarray:
    """(n, periods) bool: random halves of the history, whole blocks of time at once.

    Neighbouring periods share what no column tells, so they are left out together. The spread
    of estimates over halves is that of the estimate itself: see Politis, Romano and Wolf (1999),
    "Subsampling", section 2.3, with a factor of half / (1 - half) = 1.
    """
    n_blocks = -(-n_periods // block)
    rng = np.random.default_rng(random_state)
    kept = [rng.permutation(n_blocks) < (n_blocks + 1) // 2 for _ in range(n)]
    return np.repeat(np.array(kept), block, axis=1)[:, :n_periods]


def block_length(n_periods: int, freq: str) -> int:
    """Periods of a block: about a month, and at least eight blocks where history is short."""
    month = {"D": 28, "W": 4, "M": 1}[freq]
    return max(min(month, n_periods // 8), 1)
