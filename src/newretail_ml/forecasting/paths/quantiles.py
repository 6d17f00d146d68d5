"""Joint sample paths from quantile forecasts: the ranks of past demand, in their order in time.

The marginals are the model's quantiles; how periods depend on one another is read off the past:
a trajectory of a similar series says where among its own forecast quantiles demand fell, period
by period, and the path takes the same places among the quantiles of the series at hand.
"""

from __future__ import annotations

import numpy as np

from newretail_ml.forecasting.paths.analogues import draw_analogues
from newretail_ml.forecasting.paths.around_mean import rounded_like
from newretail_ml.forecasting.paths.past import PastForecasts
from newretail_ml.panel import Panel


def paths_from_quantiles(
    quantiles: np.ndarray,
    past: PastForecasts,
    panel: Panel,
    n_paths: int,
    rng: np.random.Generator,
    *,
    mean: np.ndarray | None = None,
) -> np.ndarray:
    """(series, paths, horizon) paths that follow the given quantiles.

    Args:
        quantiles: (levels, series, horizon).
        past: past forecasts of the same levels.
        panel: the panel that they start from.
        n_paths: paths a series.
        rng: random numbers.
        mean: (series, horizon) that the paths are scaled to, where the model tells one.
    """
    places = _places(_knots(past.forecast), past.actual, rng)
    knots = _knots(quantiles)
    middle = quantiles[len(quantiles) // 2]
    donors, origins = draw_analogues(middle, panel, past, n_paths, rng)
    paths = np.empty((len(middle), n_paths, middle.shape[1]), dtype=np.float32)
    for series in range(len(middle)):
        place = places[donors[series], origins[0]]
        paths[series] = _values(knots[:, series], place)
    if mean is not None:
        average = paths.mean(axis=1, dtype=np.float64)
        scale = np.divide(mean, average, out=np.zeros_like(average), where=average > 0)
        paths *= scale[:, None, :].astype(np.float32)
    return rounded_like(panel, paths, rng)


def _knots(quantiles: np.ndarray) -> np.ndarray:
    """Quantiles put in order, with zero below them."""
    ordered = np.sort(np.maximum(quantiles, 0.0), axis=0)
    return np.concatenate([np.zeros_like(ordered[:1]), ordered])


def _places(knots: np.ndarray, actual: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Where demand fell: 2.5 is half-way from the second to the third knot.

    Above the last knot it goes on in multiples of the last knot. Where several knots are equal
    to demand (zeros, most of all) the place is drawn among them, and where demand is not known,
    among all.
    """
    top = len(knots) - 1
    below, upto = (knots < actual).sum(axis=0), (knots <= actual).sum(axis=0) - 1
    tied = upto > below
    lower = np.clip(upto, 0, top - 1)
    left, right = (np.take_along_axis(knots, at[None], axis=0)[0] for at in (lower, lower + 1))
    gap = np.where(right > left, right - left, 1.0)
    place = lower + np.clip((actual - left) / gap, 0.0, 1.0)
    place = np.where(tied, below + rng.random(actual.shape) * (upto - below), place)
    last = np.maximum(knots[-1], 1.0)
    beyond = top + (actual - knots[-1]) / last
    place = np.where(actual > knots[-1], beyond, place)
    unknown = np.isnan(actual)
    if unknown.any() and not unknown.all():
        place[unknown] = rng.choice(place[~unknown], unknown.sum())
    return place


def _values(knots: np.ndarray, place: np.ndarray) -> np.ndarray:
    """(paths, horizon) units at the places among (knots, horizon) knots."""
    top = len(knots) - 1
    lower = np.clip(place.astype(int), 0, top - 1)
    step = np.arange(knots.shape[1])
    left, right = knots[lower, step], knots[lower + 1, step]
    inside = left + np.minimum(place - lower, 1.0) * (right - left)
    beyond = np.maximum(place - top, 0.0) * np.maximum(knots[-1], 1.0)
    return np.where(place > top, knots[-1] + beyond, inside)
