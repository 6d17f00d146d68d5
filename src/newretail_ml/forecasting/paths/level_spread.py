"""How much wider than its analogues a forecast should be spread, checked on the past.

Trajectories of past errors come from a few overlapping months. Three months in which the chain
sold 10% more or less than expected are next to no sample of how far a year may stray, and totals
over a long lead time, which hang on the level, come out too narrow. The level of each path
therefore drifts away by a factor of its own (see `LevelSpread`), with a part that all series
share and a part of each:

- the shared part makes up for the few independent horizons that the chain's level was seen over:
  a prediction from ``n`` of them has ``(n + 1) / (n - 1)`` times their variance (the usual
  prediction interval of a normal sample);
- the own part is the least that makes 80% intervals of horizon totals cover 80% of the past, when
  each past forecast is spread by trajectories whose periods it does not share: cross-conformal
  calibration (Vovk 2015, "Cross-conformal predictors", Annals of Mathematics and Artificial
  Intelligence 74, 9-28), of a spread in the place of a score.
"""

from __future__ import annotations

import numpy as np

from newretail_ml.forecasting.paths.analogues import draw_analogues, relative_errors
from newretail_ml.forecasting.paths.past import PastForecasts
from newretail_ml.forecasting.paths.spread import LevelSpread
from newretail_ml.panel import Panel

_DEVIATIONS = np.linspace(0.0, 0.9, 13)
_SHARE = 0.8
_MOST_SERIES = 400
_N_PATHS = 100
_SEED = 20_000
_MOST_COMMON = 0.3


def level_spread(past: PastForecasts | None, panel: Panel) -> LevelSpread:
    """The spread that the past asks for; none where too little is known to tell.

    Args:
        past: expected demand at earlier origins of the panel, (series, origins, horizon).
        panel: history.
    """
    if past is None or not past.enough:
        return LevelSpread()
    chosen = np.random.default_rng(_SEED).permutation(panel.n_series)[:_MOST_SERIES]
    few, view = past.select(np.sort(chosen)), panel.select(np.sort(chosen))
    common = _common(past)
    totals = [_totals(few, view, origin) for origin in range(len(past.origins))]
    checked = [pair for pair in totals if pair is not None and len(pair[0])]
    if not checked:
        return LevelSpread(common)
    actual, paths = (np.concatenate(part) for part in zip(*checked, strict=True))
    return LevelSpread(common, _own(actual, paths, common, _of_total(past.reach)))


def _common(past: PastForecasts) -> float:
    """What the chain's level may stray beyond what its few independent horizons show."""
    known = ~np.isnan(past.actual)
    sold, expected = (
        np.where(known, part, 0.0).sum(axis=(0, 2)) for part in (past.actual, past.forecast)
    )
    told = (sold > 0) & (expected > 0)
    if told.sum() < 2:
        return 0.0
    n = max(past.n_independent, 2.0)
    variance = np.log(sold[told] / expected[told]).var()
    lacking = np.sqrt(variance * ((n + 1) / (n - 1) - 1))
    return float(min(lacking, _MOST_COMMON) / _of_total(past.reach))


def _totals(past: PastForecasts, panel: Panel, origin: int) -> tuple[np.ndarray, np.ndarray] | None:
    """(series,) totals from one origin, and (series, paths) as the others would spread them."""
    horizon = past.actual.shape[2]
    apart = np.abs(past.origins - past.origins[origin]) >= horizon
    donors = past.only(np.flatnonzero(apart))
    if not apart.any() or not donors.enough:
        return None
    mean = past.forecast[:, origin]
    rng = np.random.default_rng(_SEED + origin)
    series, origins = draw_analogues(mean, panel, donors, _N_PATHS, rng)
    totals = (mean[:, None, :] * relative_errors(donors)[series, origins]).sum(axis=2)
    average = totals.mean(axis=1)
    scale = np.divide(mean.sum(axis=1), average, out=np.zeros_like(average), where=average > 0)
    actual = past.actual[:, origin].sum(axis=1)
    known = ~np.isnan(actual) & (average > 0)
    return actual[known], totals[known] * scale[known, None]


def _of_total(horizon: int) -> float:
    """How far a total moves with a drift that has reached 1 at its end."""
    return float(LevelSpread.growth(horizon, horizon).mean())


def _own(actual: np.ndarray, paths: np.ndarray, common: float, of_total: float) -> float:
    """The least deviation with which intervals cover their share of the totals."""
    normal = np.random.default_rng(_SEED).standard_normal(paths.shape)
    for own in _DEVIATIONS:
        deviation = np.hypot(common, own) * of_total
        spread = paths * np.exp(deviation * normal - deviation**2 / 2)
        if _covered(actual, spread) >= _SHARE:
            return float(own)
    return float(_DEVIATIONS[-1])


def _covered(actual: np.ndarray, paths: np.ndarray) -> float:
    """Share of the totals inside the central interval; one on its bound counts in part.

    Source: Czado, Gneiting and Held (2009), "Predictive model assessment for count data",
    Biometrics 65, 1254-1261.
    """
    below = (np.round(paths) < actual[:, None]).mean(axis=1)
    upto = (np.round(paths) <= actual[:, None]).mean(axis=1)
    low, high = (1 - _SHARE) / 2, (1 + _SHARE) / 2
    inside = np.clip(upto, low, high) - np.clip(below, low, high)
    width = upto - below
    known = width > 0
    share = np.where(known, inside / np.where(known, width, 1.0), (low <= below) & (below <= high))
    return float(share.mean())
