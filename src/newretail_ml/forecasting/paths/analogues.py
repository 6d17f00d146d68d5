"""Whose past errors a series hears: those of series like it."""

from __future__ import annotations

import numpy as np

from newretail_ml.forecasting.paths.past import PastForecasts, log_variation, n_analogues
from newretail_ml.panel import Panel

# Relative errors explode where a forecast is next to nothing, as on a closing day. They are
# taken relative to this share of the mean of the horizon at least.
_SMALLEST_SHARE = 0.3


def relative_errors(past: PastForecasts) -> np.ndarray:
    """(series, origins, horizon) float32 actual over forecast, one on average over all units."""
    level = past.forecast.mean(axis=2, keepdims=True)
    expected = np.maximum(past.forecast, _SMALLEST_SHARE * level)
    nothing = expected <= 0
    ratios = np.where(nothing, 1.0, past.actual / np.where(nothing, 1.0, expected))
    known = ~np.isnan(ratios)
    total = np.where(known, ratios, 0.0).sum(axis=2, keepdims=True)
    count = known.sum(axis=2, keepdims=True)
    trajectory = np.divide(total, count, out=np.ones_like(total), where=count > 0)
    ratios = np.where(known, ratios, trajectory)
    weighted = float((ratios * past.forecast).sum())
    if weighted > 0:
        ratios *= float(past.forecast.sum()) / weighted
    return ratios.astype(np.float32)


def draw_analogues(
    mean: np.ndarray, panel: Panel, past: PastForecasts, n_paths: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Whose trajectory each path follows: donors (series, paths) and origins (1, paths).

    Similar means close in expected demand and in the variation of demand from week to week.
    Paths are spread evenly over the origins, the oldest of them first.
    Donors are series of the past forecasts, on sale at the origin; the panel may hold others.
    """
    from scipy.spatial import cKDTree

    expected = past.forecast if past.forecast.ndim == 3 else past.forecast[len(past.forecast) // 2]
    donor_traits = _traits(expected.mean(axis=(1, 2)), past.variation)
    traits = _traits(mean.mean(axis=1), log_variation(panel))
    spread = donor_traits.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    told = past.known
    usable = np.flatnonzero(told.any(axis=0))
    origins = usable[(2 * np.arange(n_paths) + 1) * len(usable) // (2 * n_paths)]
    donors = np.empty((len(mean), n_paths), dtype=np.intp)
    known, similar = np.empty(0, dtype=np.intp), np.empty((0, 0), dtype=np.intp)
    for origin in np.unique(origins):
        on_sale = np.flatnonzero(told[:, origin])
        if not np.array_equal(on_sale, known):  # mostly the same at every origin
            known, nearest = on_sale, np.arange(1, n_analogues(len(on_sale)) + 1)
            _, similar = cKDTree(donor_traits[known] / spread).query(traits / spread, k=nearest)
        paths = np.flatnonzero(origins == origin)
        picks = rng.integers(0, similar.shape[1], size=(len(mean), len(paths)))
        donors[:, paths] = known[np.take_along_axis(similar, picks, axis=1)]
    return donors, origins[None, :]


def _traits(level: np.ndarray, variation: np.ndarray | float) -> np.ndarray:
    level = np.log(np.maximum(level, 1e-3))
    return np.stack([level, np.broadcast_to(variation, level.shape)], axis=1)
