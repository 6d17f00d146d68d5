"""What a model said at earlier origins, beside what then happened."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from newretail_ml.panel import Panel

# The nearest tenth of the chain, within these bounds.
_LEAST_ANALOGUES, N_ANALOGUES = 20, 100
_ENOUGH_TRAJECTORIES = 400
_MOST_ORIGINS = 26
_LEAST_ORIGINS = 8
# Fewer trajectories than this say next to nothing about spread.
_LEAST_TRAJECTORIES = 5


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
        return cls(forecast, actual, log_variation(panel), origins)


def past_origins(
    panel: Panel, horizon: int, *, earliest: int | None = None, n_series: int | None = None
) -> np.ndarray:
    """Cuts from which a whole horizon can be compared with what happened, newest last.

    Days go back by whole weeks, so that weekdays stand where they stand in the forecast. Few
    series need more origins for enough trajectories: those of the panel, unless it is a part of
    ``n_series``.
    """
    n_series = panel.n_series if n_series is None else n_series
    step = panel.periods.season if panel.periods.freq == "D" else 1
    earliest = max(panel.cut // 2, 1) if earliest is None else earliest
    wanted = -(-_ENOUGH_TRAJECTORIES // n_analogues(max(n_series, 1)))
    wanted = min(max(wanted, _LEAST_ORIGINS), _MOST_ORIGINS)
    origins = panel.cut - horizon - step * np.arange(wanted)
    return origins[origins >= earliest][::-1]


def n_analogues(n_series: int) -> int:
    """How many similar series each series hears."""
    return min(max(n_series // 10, _LEAST_ANALOGUES), N_ANALOGUES, n_series)


def log_variation(panel: Panel) -> np.ndarray:
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
