"""How far a path's level may stray beyond what the errors of similar series say."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class LevelSpread:
    """Standard deviations, at the end of the horizon, of the log of a path's level.

    They grow with the root of time, as those of a random walk do: tomorrow's level is known.

    Attributes:
        common: of the part that all series share.
        own: of the part of each series.
    """

    common: float = 0.0
    own: float = 0.0

    def drawn(self, n_series: int, n_paths: int, rng: np.random.Generator) -> np.ndarray:
        """(series, paths) float32 logs of each path's level at the end of the horizon."""
        common = self.common * rng.standard_normal(n_paths, dtype=np.float32)
        own = rng.standard_normal((n_series, n_paths), dtype=np.float32)
        own *= self.own
        own += common
        return own

    @staticmethod
    def growth(horizon: int, whole: int) -> np.ndarray:
        """(horizon,) float32 share of it that is reached, ``whole`` periods being all of it."""
        return np.sqrt(np.arange(1, horizon + 1, dtype=np.float32) / whole)
