"""Whether a forecast keeps its probabilities: coverage, and what is below each of its levels.

Demand comes in whole units and is often zero, so it often *equals* a bound of an interval. The
plain count, bounds included, then says little: where nine days in ten sell nothing, the central
80% of a perfect forecast holds at least 90% of demand. Two answers are given side by side:

- ``coverage``: ties count in part, by the non-randomised probability integral transform of
  Czado, Gneiting and Held (2009), "Predictive model assessment for count data", Biometrics 65,
  1254-1261. Demand y fills the whole stretch from F(y-1) to F(y) evenly, and what counts is the
  share of the stretch between levels (1 - s) / 2 and (1 + s) / 2. **A forecast whose paths have
  the distribution of demand gets s on average**, for counts and for continuous demand alike.
- ``inside``: the plain count, bounds included, which for counts is to be compared not with s but
  with ``expected_inside``: how often the paths themselves lie inside their own bounds.

With continuous demand the two agree up to the finite number of paths.

F is the empirical distribution of n paths with demand as one draw more, since a calibrated
forecast makes demand and paths n + 1 exchangeable draws: the stretch runs from
#(path < y) / (n + 1) to (#(path <= y) + 1) / (n + 1), so that the mean is s exactly for every n
(the verification rank histogram: Hamill 2001, Monthly Weather Review 129, 550-560).

``periods`` asks for totals over the first periods in the place of single periods; series with an
unknown period among them are left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from newretail_ml.forecast import Forecast
from newretail_ml.forecasting.judging.metrics import average, chunks_of_series

LEVELS = tuple(round(0.05 * k, 2) for k in range(1, 20))


@dataclass(frozen=True)
class Ranks:
    """Which levels of the forecast demand fills: the stretch [low, high] of each cell.

    Attributes:
        low: (series, periods) F(y-1); NaN where demand is not known.
        high: the same shape, F(y).
    """

    low: np.ndarray
    high: np.ndarray

    @classmethod
    def of(cls, actual: np.ndarray, paths: np.ndarray) -> Ranks:
        """From (series, periods) demand and (series, paths, periods) paths.

        >>> ranks = Ranks.of(np.array([[0.0]]), np.array([[[0.0], [0.0], [1.0]]]))
        >>> ranks.low.item(), ranks.high.item()
        (0.0, 0.75)
        """
        low, high = np.empty(actual.shape), np.empty(actual.shape)
        for rows in chunks_of_series(paths):
            demand = actual[rows, None, :].astype(paths.dtype)
            low[rows] = (paths[rows] < demand).sum(axis=1)
            high[rows] = (paths[rows] <= demand).sum(axis=1) + 1
        draws = np.where(np.isnan(actual), np.nan, paths.shape[1] + 1)
        return cls(low / draws, high / draws)

    def below(self, level: float) -> np.ndarray:
        """(series, periods) share of demand that lies below a level of the forecast."""
        return np.clip((level - self.low) / (self.high - self.low), 0.0, 1.0)

    def covered(self, share: float) -> np.ndarray:
        """(series, periods) share of demand that lies inside the central interval."""
        return self.below((1 + share) / 2) - self.below((1 - share) / 2)


def coverage(
    actual: np.ndarray, forecast: Forecast, share: float, *, periods: int | None = None
) -> float:
    """Share of demand inside the central interval of the paths, ties counted in part.

    Calibrated: equal to ``share``, for counts too. Above, the forecast is too wide; below, it is
    too narrow. The module says how it is defined, and why.
    """
    return average(Ranks.of(*draws(actual, forecast, periods)).covered(share))


def total_coverage(actual: np.ndarray, forecast: Forecast, share: float, periods: int) -> float:
    """`coverage` of the totals over the first periods."""
    return coverage(actual, forecast, share, periods=periods)


def inside(
    actual: np.ndarray, forecast: Forecast, share: float, *, periods: int | None = None
) -> tuple[float, float]:
    """How often demand lies inside the central interval, bounds included, and how often it should.

    Returns:
        The share of demand, and the share of the paths inside their own bounds, which is what a
        calibrated forecast would get: for counts it lies above ``share``.
    """
    demand, paths = draws(actual, forecast, periods)
    levels = [(1 - share) / 2, (1 + share) / 2]
    found, expected = np.empty(demand.shape), np.empty(demand.shape)
    for rows in chunks_of_series(paths):
        low, high = np.quantile(paths[rows], levels, axis=1)
        found[rows] = (demand[rows] >= low) & (demand[rows] <= high)
        own = (paths[rows] >= low[:, None]) & (paths[rows] <= high[:, None])
        expected[rows] = own.mean(axis=1)
    known = ~np.isnan(demand)
    return average(found[known]), average(expected[known])


def pit_histogram(
    actual: np.ndarray, forecast: Forecast, bins: int = 10, *, periods: int | None = None
) -> np.ndarray:
    """(bins,) share of demand between evenly spaced levels of the forecast; flat if calibrated.

    High at both ends: too narrow; high in the middle: too wide; sloping: biased.
    """
    edges = np.linspace(0.0, 1.0, bins + 1)
    return np.diff([0.0, *share_below(actual, forecast, edges[1:].tolist(), periods=periods)])


def share_below(
    actual: np.ndarray,
    forecast: Forecast,
    levels: Sequence[float] = LEVELS,
    *,
    periods: int | None = None,
) -> np.ndarray:
    """(levels,) share of demand below each level of the forecast: the levels, if calibrated."""
    ranks = Ranks.of(*draws(actual, forecast, periods))
    return np.array([average(ranks.below(level)) for level in levels])


def draws(
    actual: np.ndarray, forecast: Forecast, periods: int | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Demand and its paths, by period or added up over the first periods.

    Returns:
        (series, cells) demand and (series, paths, cells) paths; one cell for a total.
    """
    if periods is None:
        return actual, forecast.paths
    total = actual[:, :periods].sum(axis=1, keepdims=True, dtype=np.float64)
    return total, forecast.total(periods)[:, :, None]
