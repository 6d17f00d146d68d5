"""How far demand strays from its mean: a second booster, of the squared errors of the first.

Demand of mean m is taken as negative binomial where units are whole, with variance m + d m**2,
and as gamma otherwise, with variance d m**2. The dispersion d follows from features of the day
as the mean does: what sells in bulk, is new, or is on promotion is less certain. Sample paths
then take the quantiles of these distributions in the order in time that past trajectories had.

Source of the negative binomial as M5-like demand: Snyder, Ord and Beaumont (2012), "Forecasting
the intermittent demand for slow-moving inventories", International Journal of Forecasting 28,
485-496.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from newretail_ml.forecasting.paths import PastForecasts, whole_units
from newretail_ml.forecasting.trees.prediction import DirectPredictor
from newretail_ml.panel import Panel

LEVELS = (0.01, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99)
_MOST_ROWS = 500_000
_CEILING = 0.995
_TREES = {
    "objective": "poisson",
    "num_leaves": 8,
    "learning_rate": 0.1,
    "min_data_in_leaf": 200,
    "max_bin": 63,
    "deterministic": True,
    "force_row_wise": True,
    "verbose": -1,
}
_N_TREES = 60
_LEAST, _MOST = 0.01, 30.0
_SMALLEST_MEAN = 1e-6


@dataclass(frozen=True)
class Dispersion:
    """The dispersion of demand around the means of a model.

    Args:
        booster: of the squared error over m + m**2 (m**2 for gamma).
        counts: whether units are whole.
        of_past: (series, origins, horizon) dispersion of the past forecasts.
    """

    booster: Any
    counts: bool
    of_past: np.ndarray

    @classmethod
    def fitted(
        cls,
        predictor: DirectPredictor,
        past: PastForecasts,
        panel: Panel,
        origins: np.ndarray,
        settings: Mapping[str, Any],
    ) -> Self | None:
        """Learn from forecasts made without knowing what followed; None if none ever strayed.

        Args:
            predictor: the model that made them.
            past: those forecasts.
            panel: history.
            origins: their cuts.
            settings: LightGBM's seed and threads.
        """
        counts = whole_units(panel)
        mean = np.maximum(past.forecast.mean(axis=0), _SMALLEST_MEAN)
        strayed = (past.actual - mean) ** 2 / _unit_variance(mean, counts)
        target = strayed.swapaxes(0, 1).ravel()
        features = np.concatenate(
            [
                _features(predictor, panel.until(int(cut)), mean[:, at])
                for at, cut in enumerate(origins)
            ]
        )
        rows = np.flatnonzero(np.isfinite(target))
        if not target[rows].any():
            return None
        rows = rows[:: -(-len(rows) // _MOST_ROWS)]
        booster = _boosted(features[rows], target[rows], settings)
        made = np.asarray(booster.predict(features, num_threads=settings["num_threads"]))
        made = made.reshape(len(origins), -1, mean.shape[2]).swapaxes(0, 1)
        return cls(booster, counts, _dispersion(made, mean, counts))

    def quantiles(self, panel: Panel, mean: np.ndarray, predictor: DirectPredictor) -> np.ndarray:
        """(levels, series, horizon) quantiles of demand of the given mean."""
        safe = np.maximum(mean, _SMALLEST_MEAN)
        features = _features(predictor, panel, safe)
        made = self.booster.predict(features, num_threads=predictor.n_threads or 0)
        return quantiles(
            safe, _dispersion(made.reshape(safe.shape), safe, self.counts), self.counts
        )

    def of_past_forecasts(self, past: PastForecasts) -> PastForecasts:
        """The same past forecasts as quantiles."""
        mean = np.maximum(past.forecast.mean(axis=0), _SMALLEST_MEAN)
        dispersion = self.of_past[..., : mean.shape[2]]
        return replace(past, forecast=quantiles(mean, dispersion, self.counts))


def quantiles(
    mean: np.ndarray, dispersion: np.ndarray, counts: bool, levels: Sequence[float] = LEVELS
) -> np.ndarray:
    """(levels, ...) quantiles of negative binomial (counts) or gamma demand.

    Quantiles are computed once for means and dispersions that agree within 2%, and scaled to
    the mean at hand: a chain of a million days holds a few thousand different ones.

    Args:
        mean: above zero.
        dispersion: of the same shape, above zero.
        counts: negative binomial with variance ``m + d m**2``, else gamma with ``d m**2``.
        levels: between 0 and 1.

    >>> quantiles(np.array([4.0]), np.array([0.5]), counts=True, levels=(0.5, 0.9)).ravel().round(1)
    array([3., 9.])
    """
    from scipy import stats

    steps = np.stack([np.round(np.log(values) / 0.02) for values in (mean, dispersion)], axis=-1)
    unique, inverse = np.unique(steps.reshape(-1, 2), axis=0, return_inverse=True)
    near_mean, near_dispersion = np.exp(0.02 * unique).T
    shape, level = 1.0 / near_dispersion, np.asarray(levels)[:, None]
    if counts:
        found = stats.nbinom.ppf(level, shape, shape / (shape + near_mean))
    else:
        found = stats.gamma.ppf(level, shape, scale=near_mean / shape)
    return found[:, inverse.ravel()].reshape(len(level), *mean.shape)


def _boosted(features: np.ndarray, target: np.ndarray, settings: Mapping[str, Any]) -> Any:
    import lightgbm

    data = lightgbm.Dataset(features, np.minimum(target, np.quantile(target, _CEILING)))
    return lightgbm.train({**_TREES, **settings}, data, num_boost_round=_N_TREES)


def _features(predictor: DirectPredictor, panel: Panel, mean: np.ndarray) -> np.ndarray:
    """The model's features, and besides the mean itself and what share of the level it is."""
    features, level = predictor.rows(panel, mean.shape[1])
    share = np.log(mean / np.maximum(level, _SMALLEST_MEAN))
    own = np.stack([np.log(mean).ravel(), share.ravel()], axis=1).astype(np.float32)
    return np.concatenate([features, own], axis=1)


def _unit_variance(mean: np.ndarray, counts: bool) -> np.ndarray:
    """The variance at a dispersion of one."""
    return mean + mean**2 if counts else mean**2


def _dispersion(made: np.ndarray, mean: np.ndarray, counts: bool) -> np.ndarray:
    """Dispersion from a variance in multiples of the one at a dispersion of one."""
    variance = made * _unit_variance(mean, counts)
    excess = variance - mean if counts else variance
    return np.clip(excess / mean**2, _LEAST, _MOST)
