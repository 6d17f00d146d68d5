"""From boosters to units: all horizons at once, or period by period on the model's own means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from newretail_ml.forecasting.base import mean_sales
from newretail_ml.forecasting.trees.rows import ScaledRecipe
from newretail_ml.panel import Panel


@dataclass(frozen=True)
class DirectPredictor:
    """Each period ahead from what is known at the cut, with the horizon as a feature.

    Args:
        boosters: one for the mean, or one for each quantile.
        scaled: the features.
        n_threads: threads of LightGBM.
    """

    boosters: Sequence[Any]
    scaled: ScaledRecipe
    n_threads: int | None = None

    def __call__(self, panel: Panel, horizon: int) -> np.ndarray:
        """(boosters, series, horizon) units."""
        features, level = self.rows(panel, horizon)
        return self._units(panel, features, level)

    def rows(self, panel: Panel, horizon: int) -> tuple[np.ndarray, np.ndarray]:
        """Features (series x horizon, features) and level (series, horizon) after the cut."""
        steps = np.arange(1, horizon + 1)
        return self.scaled.rows(panel, panel.cut - 1 + steps, steps)

    def _units(self, panel: Panel, features: np.ndarray, level: np.ndarray) -> np.ndarray:
        """(boosters, series, periods) units; mean sales where demand was never seen."""
        unseen = mean_sales(panel)[:, None]
        predicted = np.empty((len(self.boosters), *level.shape))
        for number, booster in enumerate(self.boosters):
            relative = booster.predict(features, num_threads=self.n_threads or 0)
            relative = np.maximum(relative, 0.0).reshape(level.shape)
            predicted[number] = np.where(level > 0, relative * level, unseen)
        return predicted


@dataclass(frozen=True)
class RecursivePredictor(DirectPredictor):
    """One period ahead at a time; its mean then counts as if it had been sold.

    Features are computed anew for every step, over all of history where they look at all of it.
    """

    def __call__(self, panel: Panel, horizon: int) -> np.ndarray:
        """(boosters, series, horizon) units."""
        return np.concatenate([units for _, _, units in self._walk(panel, horizon)], axis=2)

    def rows(self, panel: Panel, horizon: int) -> tuple[np.ndarray, np.ndarray]:
        """Features (series x horizon, features) and level (series, horizon) after the cut."""
        features, levels, _ = zip(*self._walk(panel, horizon), strict=True)
        stacked = np.stack(features, axis=1)
        return stacked.reshape(-1, stacked.shape[2]), np.concatenate(levels, axis=1)

    def _walk(
        self, panel: Panel, horizon: int
    ) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
        """Features, level and units of each step in turn."""
        for _ in range(horizon):
            features, level = super().rows(panel, 1)
            units = self._units(panel, features, level)
            yield features, level, units
            panel = _lengthened(panel, units.mean(axis=0))


def _lengthened(panel: Panel, units: np.ndarray) -> Panel:
    """The panel with (series, periods) units taken as sold after its cut."""
    censored = np.zeros(units.shape, dtype=bool)
    return replace(
        panel.reaching(panel.cut + units.shape[1]),
        units=np.concatenate([panel.units, units.astype(np.float32)], axis=1),
        censored=np.concatenate([panel.censored, censored], axis=1),
    )
