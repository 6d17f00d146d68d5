"""Whether a price moved on its own, or only with something else."""

from __future__ import annotations

import numpy as np

# What leaves less of the price's variance than this leaves nothing to learn from.
_LEAST_LEFT = 0.02
# Few periods are explained by many terms through chance alone.
_PERIODS_FOR_A_TERM = 3
_WEEK = 7


def together(prices: np.ndarray, terms: np.ndarray, known: np.ndarray) -> np.ndarray:
    """(series,) whether the terms explain nearly all that each price did.

    Args:
        prices: (periods, series) log prices.
        terms: (periods, series, terms) what may have moved with them.
        known: (periods, series) which periods teach.

    >>> price = np.arange(12.0)[:, None]
    >>> together(price, 3 - price[..., None], np.ones((12, 1), bool)).tolist()
    [True]
    """
    moved = _centred(prices, known)
    beside = _centred(terms, known[..., None])
    squares = np.einsum("tsk,tsl->skl", beside, beside)
    common = np.einsum("tsk,ts->sk", beside, moved)
    slopes = np.linalg.pinv(squares, rcond=1e-9, hermitian=True)
    explained = np.einsum("sk,skl,sl->s", common, slopes, common)
    varying = (np.einsum("skk->sk", squares) > 1e-9).sum(axis=1)
    return _nearly_all(explained, moved, known, varying)


def with_weekday(prices: np.ndarray, weekday: np.ndarray, known: np.ndarray) -> np.ndarray:
    """(series,) whether the weekday, (periods,) 0 to 6, explains nearly all of each price."""
    moved = _centred(prices, known)
    is_day = (np.arange(_WEEK)[:, None] == weekday).astype(float)
    total, count = is_day @ moved, is_day @ known
    explained = (total**2 / np.maximum(count, 1)).sum(axis=0)
    return _nearly_all(explained, moved, known, (count > 0).sum(axis=0) - 1)


def _nearly_all(
    explained: np.ndarray, moved: np.ndarray, known: np.ndarray, n_terms: np.ndarray
) -> np.ndarray:
    variance = (moved**2).sum(axis=0)
    enough = known.sum(axis=0) >= _PERIODS_FOR_A_TERM * (n_terms + 1)
    return np.asarray(
        enough & (variance > 0) & (n_terms > 0) & (variance - explained < _LEAST_LEFT * variance)
    )


def _centred(values: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Values less their mean over the known periods, and 0 elsewhere."""
    count = np.maximum(known.sum(axis=0), 1)
    mean = np.where(known, values, 0.0).sum(axis=0) / count
    return np.where(known, values - mean, 0.0)
