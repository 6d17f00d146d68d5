"""Sample paths of young series: what earlier launches did from the same age on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.forecasting.launches.scale import Scatter
from newretail_ml.forecasting.paths import PastForecasts, relative_errors, rounded_like
from newretail_ml.panel import Panel

_AGES = np.array([0, 1, 2, 4, 7, 14, 28, 56])
# The nearest third of the launches, within these bounds; fewer than the least say nothing.
_LEAST_DONORS, _MOST_DONORS = 5, 100
_WISHED_DONORS = 20


@dataclass(frozen=True)
class Launches:
    """Earlier launches by age, beside what was to be expected of them.

    Attributes:
        units: (launches, ages) NaN where demand is not known.
        pace: (launches, ages) the curve times how busy the period was.
        prior: (launches,) level from attributes, learned without the launch's own item.
        doubt: (launches,) what not knowing the item adds to the spread of levels.
        scatter: how demand scatters.
        item: (launches,) number of the launch's item.
    """

    units: np.ndarray
    pace: np.ndarray
    prior: np.ndarray
    doubt: np.ndarray
    scatter: Scatter
    item: np.ndarray

    @classmethod
    def of(
        cls,
        demand: np.ndarray,
        pace: np.ndarray,
        born: np.ndarray,
        prior: np.ndarray,
        doubt: np.ndarray,
        scatter: Scatter,
        item: np.ndarray,
    ) -> Launches:
        """From (launches, periods) demand and pace, and (launches,) births and levels."""
        period = born[:, None] + np.arange(demand.shape[1])
        inside = period < demand.shape[1]
        period = np.minimum(period, demand.shape[1] - 1)
        units = np.where(inside, np.take_along_axis(demand, period, axis=1), np.nan)
        return cls(units, np.take_along_axis(pace, period, axis=1), prior, doubt, scatter, item)

    @cached_property
    def togetherness(self) -> float:
        """Correlation of how well launches of the same item did; 0 where none shows it."""
        known = ~np.isnan(self.units) & (self.prior > 0)[:, None]
        expected = np.where(known, self.prior[:, None] * self.pace, 0.0).sum(axis=1)
        seen = np.flatnonzero(expected > 0)
        sold = np.where(known, self.units, 0.0).sum(axis=1)
        rank = np.argsort(np.argsort(sold[seen] / expected[seen])) - (len(seen) - 1) / 2
        _, item, count = np.unique(self.item[seen], return_inverse=True, return_counts=True)
        pairs = (count * (count - 1)).sum()
        if pairs == 0:
            return 0.0
        products = (np.bincount(item, rank) ** 2).sum() - (rank**2).sum()
        return float(np.clip(products / pairs / (rank**2).mean(), 0.0, 1.0))

    def from_age(self, age: int, horizon: int) -> tuple[np.ndarray, np.ndarray]:
        """Expected level, and actual over forecast, of launches seen from an age on.

        Returns:
            (donors,) mean forecast, and (donors, horizon) ratios, one on average over all units.
        """
        known = ~np.isnan(self.units)
        before = known[:, :age]
        sold = np.where(before, self.units[:, :age], 0.0).sum(axis=1)
        exposure = np.where(before, self.pace[:, :age], 0.0).sum(axis=1)
        level, _ = self.scatter.posterior(self.prior, sold, exposure, self.doubt)
        ahead = slice(age, age + horizon)
        actual, forecast = self.units[:, ahead], level[:, None] * self.pace[:, ahead]
        short = horizon - actual.shape[1]
        actual = np.pad(actual, ((0, 0), (0, short)), constant_values=np.nan)
        forecast = np.pad(forecast, ((0, 0), (0, short)), mode="edge" if forecast.size else "empty")
        seen = (2 * (~np.isnan(actual)).sum(axis=1) >= horizon) & (forecast.sum(axis=1) > 0)
        actual, forecast = actual[seen], forecast[seen]
        if len(actual) < _LEAST_DONORS:
            return np.empty(0), np.empty((0, horizon))
        past = PastForecasts(forecast[:, None, :], actual[:, None, :])
        return forecast.mean(axis=1), relative_errors(past)[:, 0, :]


@dataclass(frozen=True)
class Young:
    """Series to be forecast.

    Attributes:
        panel: of them alone.
        mean: (series, horizon) expected demand.
        age: (series,) periods since the launch; negative before it.
        variance: (series,) of the logarithms of their levels, given what is known.
    """

    panel: Panel
    mean: np.ndarray
    age: np.ndarray
    variance: np.ndarray

    def paths(self, launches: Launches, n_paths: int, rng: np.random.Generator) -> np.ndarray:
        """(series, paths, horizon) paths with the given mean, whole units where history is."""
        horizon = self.mean.shape[1]
        paths = np.empty((len(self.mean), n_paths, horizon), dtype=np.float32)
        luck = self._luck(launches.togetherness, n_paths, rng)
        closest = np.searchsorted(_AGES, np.maximum(self.age, 0), side="right") - 1
        for checkpoint in np.unique(closest):
            rows = np.flatnonzero(closest == checkpoint)
            level, ratios = launches.from_age(int(_AGES[checkpoint]), horizon)
            if len(level) == 0:
                paths[rows] = self._by_distribution(rows, launches.scatter, n_paths, rng)
                continue
            for row in rows.tolist():
                near = _nearest(level, self.mean[row])
                near = near[np.argsort(ratios[near].sum(axis=1), kind="stable")]
                pick = np.minimum(luck[row] * len(near), len(near) - 1).astype(np.intp)
                paths[row] = self._followed(row, ratios[near[pick]])
        return rounded_like(self.panel, paths, rng)

    def _luck(self, togetherness: float, n_paths: int, rng: np.random.Generator) -> np.ndarray:
        """(series, paths) uniform draws, correlated between the series of an item."""
        from scipy.special import ndtr

        item, names = pd.factorize(self.panel.keys[c.ITEM])
        shared = rng.standard_normal((len(names), n_paths))[item]
        own = rng.standard_normal((len(item), n_paths))
        return ndtr(np.sqrt(togetherness) * shared + np.sqrt(1 - togetherness) * own)

    def _followed(self, row: int, ratios: np.ndarray) -> np.ndarray:
        """(paths, horizon) the mean along (paths, horizon) ratios that begin at the launch."""
        horizon = self.mean.shape[1]
        wait = min(max(-int(self.age[row]), 0), horizon)
        paths = np.zeros(ratios.shape)
        paths[:, wait:] = self.mean[row, wait:] * ratios[:, : horizon - wait]
        total = paths.mean(axis=0).sum()
        return paths * (self.mean[row].sum() / total) if total > 0 else paths

    def _by_distribution(
        self, rows: np.ndarray, scatter: Scatter, n_paths: int, rng: np.random.Generator
    ) -> np.ndarray:
        """A lognormal level, and gamma demand around it with the scatter of the chain."""
        deviation = np.sqrt(self.variance[rows])[:, None, None]
        level = deviation * rng.standard_normal((len(rows), n_paths, 1)) - deviation**2 / 2
        mean = self.mean[rows][:, None, :] * np.exp(level)
        dispersion = scatter.dispersion(self.mean[rows].mean(axis=1))[:, None, None]
        return rng.gamma(mean / dispersion, dispersion)


def _nearest(level: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Donors near to a series in level."""
    n = min(max(len(level) // 3, _WISHED_DONORS), _MOST_DONORS, len(level))
    distance = np.abs(
        np.log(level) - np.log(max(mean[mean > 0].mean(), 1e-6)) if mean.any() else level
    )
    return np.argsort(distance, kind="stable")[:n]
