"""Joint sample paths from past forecasts: what happened to series like this one.

A forecast made at an earlier origin, set beside what then happened, gives one *trajectory* of
relative errors over the whole horizon. A path of a series is its own forecast times the
trajectory of a similar series, taken whole, so that the dependence between periods (a weak week
stays weak, a forecast that is too high stays too high) is the one that was observed. The p-th
paths of all series come from the same origin, so what moved the whole chain moves it together.

The idea is that of the Schaake shuffle: Clark, Gangopadhyay, Hay, Rajagopalan and Wilby (2004),
"The Schaake shuffle", Journal of Hydrometeorology 5, 243-262; with analogues drawn from similar
series in the place of past dates of the same one.
"""

from __future__ import annotations

import numpy as np

from newretail_ml.forecasting.paths.analogues import draw_analogues, relative_errors
from newretail_ml.forecasting.paths.past import PastForecasts
from newretail_ml.forecasting.paths.spread import LevelSpread
from newretail_ml.panel import Panel

_CHUNK = 1024


def paths_around_mean(
    mean: np.ndarray,
    past: PastForecasts | None,
    panel: Panel,
    n_paths: int,
    rng: np.random.Generator,
    spread: LevelSpread | None = None,
) -> np.ndarray:
    """(series, paths, horizon) paths whose mean is the given (series, horizon) mean.

    Args:
        mean: expected demand, (series, horizon).
        past: forecasts of it in the past.
        panel: history.
        n_paths: paths a series.
        rng: draws them.
        spread: how far levels drift beyond past errors; not at all if it is not told.

    In a period in which none of the analogues ever sold anything (a closing day that the model
    does not know) all paths are zero, and the series' other periods take over its share.
    """
    mean = np.maximum(np.nan_to_num(mean), 0.0)
    if past is None or not past.enough:
        return _negative_binomial(mean, panel, n_paths, rng)
    ratios = relative_errors(past)
    donors, origins = draw_analogues(mean, panel, past, n_paths, rng)
    spread = LevelSpread() if spread is None else spread
    levels = spread.drawn(len(mean), n_paths, rng)
    growth = spread.growth(mean.shape[1], past.reach)
    whole = whole_units(panel)
    paths = np.empty((len(mean), n_paths, mean.shape[1]), dtype=np.float32)
    for first in range(0, len(mean), _CHUNK):
        rows = slice(first, first + _CHUNK)
        part = ratios[donors[rows], origins]
        part *= np.exp(levels[rows, :, None] * growth)
        part *= _scales(part, mean[rows])[:, None, :]
        paths[rows] = _rounded(part, rng) if whole else part
    return paths


def _scales(ratios: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """(series, horizon) float32 what (series, paths, horizon) ratios become paths by."""
    average = ratios.mean(axis=1, dtype=np.float64)
    sold = average > 0
    kept, wanted = np.where(sold, mean, 0.0).sum(axis=1), mean.sum(axis=1)
    more = np.divide(wanted, kept, out=np.ones_like(kept), where=kept > 0)[:, None]
    scales = np.divide(mean * more, average, out=np.zeros_like(mean), where=sold)
    return scales.astype(np.float32)


def rounded_like(panel: Panel, paths: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Paths in whole units where history is in whole units, up or down at random by the rest."""
    return _rounded(paths, rng) if whole_units(panel) else paths


def whole_units(panel: Panel) -> bool:
    """Whether all that was sold was sold in whole units, and anything was."""
    sold = panel.units[np.isfinite(panel.units)]
    return bool(sold.size > 0 and (sold == np.floor(sold)).all())


def _rounded(paths: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    noise = rng.random(paths.shape, dtype=np.float32)
    noise += paths
    return np.floor(noise, out=noise)


def _negative_binomial(
    mean: np.ndarray, panel: Panel, n_paths: int, rng: np.random.Generator
) -> np.ndarray:
    """Independent periods with the variance of history, where no past forecast can be judged."""
    demand = panel.demand().astype(np.float64)
    count = np.maximum((~np.isnan(demand)).sum(axis=1), 1)
    centre = np.nansum(demand, axis=1) / count
    variance = np.nansum((demand - centre[:, None]) ** 2, axis=1) / count
    told = centre > 0
    excess = np.maximum(variance - centre, 0.01) / np.where(told, centre, 1.0) ** 2
    shape = (1.0 / np.where(told, np.maximum(excess, 1e-6), 1.0))[:, None, None]
    rate = rng.gamma(shape, 1.0 / shape, (len(mean), n_paths, mean.shape[1])) * mean[:, None, :]
    return rng.poisson(rate).astype(np.float32)
