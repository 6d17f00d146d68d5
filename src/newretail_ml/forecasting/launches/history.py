"""The part of history that levels and curves are learned from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.forecasting.launches.curve import Curve
from newretail_ml.forecasting.launches.effects import Evidence
from newretail_ml.forecasting.launches.scale import Scatter
from newretail_ml.forecasting.launches.trajectories import Launches
from newretail_ml.panel import Panel


@dataclass(frozen=True)
class History:
    """What is learned from: the youth of launches, and the last periods of all others.

    Attributes:
        units: (series, periods), NaN where they do not count.
        busy: (series, periods) how busy each period was.
        age: (series, periods) periods since the launch.
        group: (series,) position of the group.
        launched: (series,) bool: the launch was seen.
    """

    units: np.ndarray
    busy: np.ndarray
    age: np.ndarray
    group: np.ndarray
    launched: np.ndarray

    @classmethod
    def of(
        cls,
        panel: Panel,
        demand: np.ndarray,
        born: np.ndarray,
        busy: np.ndarray,
        group: np.ndarray,
        age: int,
    ) -> History:
        """The first two youths of launches, the last one of all others."""
        launched = born >= 0
        by_age = np.arange(panel.cut) - born[:, None]
        recent = np.arange(panel.cut) >= panel.cut - age
        counts = np.where(launched[:, None], by_age < 2 * age, recent)
        return cls(np.where(counts, demand, np.nan), busy, by_age, group, launched)

    @property
    def mean(self) -> float:
        """Units a series and period; 0 where nothing is known."""
        known = ~np.isnan(self.units)
        return float(np.where(known, self.units, 0.0).sum() / max(known.sum(), 1))

    def evidence(self, curve: Curve, scatter: Scatter, prior: np.ndarray) -> Evidence:
        """What each series sold, and in how many settled periods' worth."""
        units, exposure = totals(self.units, curve.at(self.age, self.group) * self.busy)
        return Evidence(units, exposure, scatter.dispersion(prior), scatter.spread)

    def scatter(
        self, curve: Curve, scatter: Scatter, level: np.ndarray, prior: np.ndarray
    ) -> Scatter:
        """Scatter within series around their levels, and of launches' levels around the prior."""
        pace = curve.at(self.age, self.group) * self.busy
        units, exposure = totals(self.units, pace)
        return scatter.within(self.units, level[:, None] * pace).between(units, exposure, prior)

    def curve(self, curve: Curve, scatter: Scatter, level: np.ndarray) -> Curve:
        """The curve that the launches followed, given their levels."""
        new = self.launched
        return curve.refit(
            self.units[new],
            (level[:, None] * self.busy)[new],
            self.age[new],
            self.group[new],
            scatter.dispersion(level[new]),
        )

    def launches(
        self,
        curve: Curve,
        scatter: Scatter,
        prior: np.ndarray,
        doubt: np.ndarray,
        item: np.ndarray,
    ) -> Launches:
        """The launches, by age."""
        new = self.launched
        pace = (curve.at(self.age, self.group) * self.busy)[new]
        born = -self.age[new, 0]
        return Launches.of(self.units[new], pace, born, prior[new], doubt[new], scatter, item[new])


def totals(units: np.ndarray, pace: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(series,) sums of units and of pace over the periods in which demand is known."""
    known = ~np.isnan(units)
    return np.where(known, units, 0.0).sum(axis=1), np.where(known, pace, 0.0).sum(axis=1)
