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

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from newretail_ml.forecasting.spread import LevelSpread
from newretail_ml.panel import Panel

# The nearest tenth of the chain, within these bounds.
_LEAST_ANALOGUES, N_ANALOGUES = 20, 100
_ENOUGH_TRAJECTORIES = 400
_MOST_ORIGINS = 26
_LEAST_ORIGINS = 8
# Relative errors explode where a forecast is next to nothing, as on a closing day. They are
# taken relative to this share of the mean of the horizon at least.
_SMALLEST_SHARE = 0.3
# Fewer trajectories than this say next to nothing about spread.
_LEAST_TRAJECTORIES = 5
_CHUNK = 1024


@dataclass(frozen=True)
class PastForecasts:
    """Forecasts from earlier origins, beside what happened.

    Attributes:
        forecast: (..., series, origins, horizon), expected demand or quantiles of it.
        actual: (series, origins, horizon); NaN where demand is not known.
        variation: (series,) log variation of demand, the same for all where it is not told.
        origins: (origins,) periods known at each, ascending, where they are told.
        whole: the horizon that they were made for, where this is the beginning of it.
    """

    forecast: np.ndarray
    actual: np.ndarray
    variation: np.ndarray | float = 0.0
    origins: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.intp))
    whole: int | None = None

    @property
    def known(self) -> np.ndarray:
        """(series, origins) bool: trajectories of which something is known."""
        return ~np.isnan(self.actual).all(axis=2)

    @property
    def enough(self) -> bool:
        """Whether there are trajectories enough to tell a spread from."""
        return int(self.known.sum()) >= _LEAST_TRAJECTORIES

    @property
    def reach(self) -> int:
        """The horizon that the forecasts were made for."""
        return self.whole or self.actual.shape[2]

    @property
    def n_independent(self) -> float:
        """How many horizons the forecasts span: those of neighbouring origins overlap."""
        return float(self.origins[-1] - self.origins[0]) / self.actual.shape[-1] + 1

    def only(self, kept: np.ndarray) -> PastForecasts:
        """The same from some of the origins, given by their positions."""
        return replace(
            self,
            forecast=self.forecast[..., kept, :],
            actual=self.actual[:, kept],
            origins=self.origins[kept],
        )

    def select(self, series: np.ndarray) -> PastForecasts:
        """The same of some series, given by their positions."""
        return replace(
            self,
            forecast=self.forecast[..., series, :, :],
            actual=self.actual[series],
            variation=np.broadcast_to(self.variation, len(self.actual))[series],
        )

    def up_to(self, horizon: int) -> PastForecasts:
        """The same, of a shorter horizon."""
        return replace(
            self,
            forecast=self.forecast[..., :horizon],
            actual=self.actual[..., :horizon],
            whole=self.reach,
        )

    @classmethod
    def of(
        cls,
        predict: Callable[[Panel, int], np.ndarray],
        panel: Panel,
        horizon: int,
        origins: np.ndarray | None = None,
    ) -> PastForecasts | None:
        """Forecasts that a model would have made; None where history is too short for one.

        Args:
            predict: (panel, horizon) -> (..., series, horizon).
            panel: history; forecasts are made from earlier cuts of it.
            horizon: how far they look.
            origins: the cuts; by default as `past_origins` says.
        """
        origins = past_origins(panel, horizon) if origins is None else origins
        if len(origins) == 0:
            return None
        made = [predict(panel.until(int(origin)), horizon) for origin in origins]
        return cls.beside(np.stack(made, axis=-2), panel, origins)

    @classmethod
    def beside(cls, forecast: np.ndarray, panel: Panel, origins: np.ndarray) -> PastForecasts:
        """(..., series, origins, horizon) forecasts from some origins, beside what happened."""
        demand, horizon = panel.demand(), forecast.shape[-1]
        actual = np.stack([demand[:, at : at + horizon] for at in origins], axis=1)
        return cls(forecast, actual, _log_variation(panel), origins)


def past_origins(panel: Panel, horizon: int, *, earliest: int | None = None) -> np.ndarray:
    """Cuts from which a whole horizon can be compared with what happened, newest last.

    Days go back by whole weeks, so that weekdays stand where they stand in the forecast. Few
    series need more origins for enough trajectories.
    """
    step = panel.periods.season if panel.periods.freq == "D" else 1
    earliest = max(panel.cut // 2, 1) if earliest is None else earliest
    wanted = -(-_ENOUGH_TRAJECTORIES // _n_analogues(max(panel.n_series, 1)))
    wanted = min(max(wanted, _LEAST_ORIGINS), _MOST_ORIGINS)
    origins = panel.cut - horizon - step * np.arange(wanted)
    return origins[origins >= earliest][::-1]


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
    whole = _whole_units(panel)
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
    Donors are series of the past forecasts, on sale at the origin; the panel may hold others.
    """
    from scipy.spatial import cKDTree

    expected = past.forecast if past.forecast.ndim == 3 else past.forecast[len(past.forecast) // 2]
    donor_traits = _traits(expected.mean(axis=(1, 2)), past.variation)
    traits = _traits(mean.mean(axis=1), _log_variation(panel))
    spread = donor_traits.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    usable = np.flatnonzero(past.known.any(axis=0))
    origins = usable[np.arange(n_paths) % len(usable)]
    donors = np.empty((len(mean), n_paths), dtype=np.intp)
    for origin in np.unique(origins):
        known = np.flatnonzero(past.known[:, origin])
        nearest = np.arange(1, _n_analogues(len(known)) + 1)
        _, similar = cKDTree(donor_traits[known] / spread).query(traits / spread, k=nearest)
        paths = np.flatnonzero(origins == origin)
        picks = rng.integers(0, len(nearest), size=(len(mean), len(paths)))
        donors[:, paths] = known[np.take_along_axis(similar, picks, axis=1)]
    return donors, origins[None, :]


def _n_analogues(n_series: int) -> int:
    return min(max(n_series // 10, _LEAST_ANALOGUES), N_ANALOGUES, n_series)


def _traits(level: np.ndarray, variation: np.ndarray | float) -> np.ndarray:
    level = np.log(np.maximum(level, 1e-3))
    return np.stack([level, np.broadcast_to(variation, level.shape)], axis=1)


def rounded_like(panel: Panel, paths: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Paths in whole units where history is in whole units, up or down at random by the rest."""
    return _rounded(paths, rng) if _whole_units(panel) else paths


def _whole_units(panel: Panel) -> bool:
    sold = panel.units[np.isfinite(panel.units)]
    return bool(sold.size > 0 and (sold == np.floor(sold)).all())


def _rounded(paths: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    noise = rng.random(paths.shape, dtype=np.float32)
    noise += paths
    return np.floor(noise, out=noise)


def _log_variation(panel: Panel) -> np.ndarray:
    """(series,) log coefficient of variation of means over a week (or of single periods).

    Weeks of which less than half is known do not count; a series with fewer than two weeks that
    do is given the median of the others.
    """
    width = panel.periods.season if panel.periods.freq == "D" else 1
    n_totals = min(panel.cut // width, 26)
    recent = panel.demand(periods=slice(panel.cut - n_totals * width, panel.cut))
    weeks = recent.reshape(panel.n_series, n_totals, width).astype(np.float64)
    known = (~np.isnan(weeks)).sum(axis=2)
    total = np.nan_to_num(weeks).sum(axis=2) * width / np.maximum(known, 1)
    counts = 2 * known >= width
    n_known = counts.sum(axis=1)
    mean = np.where(counts, total, 0.0).sum(axis=1) / np.maximum(n_known, 1)
    scatter = np.where(counts, (total - mean[:, None]) ** 2, 0.0).sum(axis=1)
    deviation = np.sqrt(scatter / np.maximum(n_known, 1))
    variation = np.log(np.maximum(deviation, 0.1) / np.maximum(mean, 0.1))
    told = n_known >= 2
    return np.where(told, variation, np.median(variation[told]) if told.any() else 0.0)


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
