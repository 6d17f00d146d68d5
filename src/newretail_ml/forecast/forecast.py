"""The forecast: joint sample paths, and everything that follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.panel.periods import Periods

# Sorting a few series at a time is ten times faster than `numpy.quantile`, and copies only them.
_CHUNK = 256
DECILES = tuple(round(0.1 * k, 1) for k in range(1, 10))


@dataclass(frozen=True, eq=False, repr=False)
class Forecast:
    """Sample paths of demand, kept joint over the horizon and over the series.

    A path is one way in which the coming periods may go. Because a path stays whole, the total
    over a lead time has the right spread: ``forecast.total(7)`` needs no assumption about how
    one day depends on the day before. The p-th paths of all series belong together.

    Attributes:
        keys: one row a series, as in the panel.
        periods: the calendar of the horizon.
        paths: (series, paths, horizon) float32 units, never negative.

    >>> keys = pd.DataFrame({"item_id": ["tea"]})
    >>> periods = Periods.spanning("2026-01-01", "2026-01-02", "D")
    >>> forecast = Forecast(keys, periods, np.array([[[1, 2], [3, 4]]], dtype=np.float32))
    >>> forecast.total(2).tolist()
    [[3.0, 7.0]]
    >>> forecast.to_frame(levels=[0.5])[["item_id", "mean", "q0.5"]].values.tolist()
    [['tea', 2.0, 2.0], ['tea', 3.0, 3.0]]
    """

    keys: pd.DataFrame
    periods: Periods
    paths: np.ndarray

    def __post_init__(self) -> None:
        expected = (len(self.keys), len(self.periods))
        if self.paths.ndim != 3 or (self.paths.shape[0], self.paths.shape[2]) != expected:
            raise DataError(
                f"the paths have shape {self.paths.shape}, not (series, paths, horizon) = "
                f"({expected[0]}, paths, {expected[1]})",
                table="forecast",
                next_step="Pass one block of paths a series, as wide as the calendar.",
            )

    @property
    def horizon(self) -> int:
        """How many periods are forecast."""
        return len(self.periods)

    @property
    def n_paths(self) -> int:
        """How many paths each series has."""
        return self.paths.shape[1]

    def mean(self) -> np.ndarray:
        """(series, horizon) expected units."""
        return self.paths.mean(axis=1, dtype=np.float64)

    def quantiles(self, levels: Sequence[float]) -> np.ndarray:
        """(levels, series, horizon) units; levels lie between 0 and 1."""
        outside = [level for level in levels if not 0 <= level <= 1]
        if outside:
            raise DataError(
                f"there is no quantile of level {outside[0]}",
                table="forecast",
                next_step="Pass levels between 0 and 1, such as 0.5.",
            )
        place = np.asarray(levels, dtype=np.float64) * (self.n_paths - 1)
        lower, upper = np.floor(place).astype(np.intp), np.ceil(place).astype(np.intp)
        weight = (place - lower)[:, None, None]
        made = np.empty((len(place), len(self.keys), self.horizon))
        for first in range(0, len(self.keys), _CHUNK):
            series = slice(first, first + _CHUNK)
            ordered = np.sort(self.paths[series], axis=1).swapaxes(0, 1)
            made[:, series] = ordered[lower] + weight * (ordered[upper] - ordered[lower])
        return made

    def total(self, periods: int | np.ndarray, *, after: int = 0) -> np.ndarray:
        """(series, paths) units over ``periods`` periods, the first ``after`` left out.

        Args:
            periods: one number, or one a series (for instance each item's lead time).
            after: periods to skip first.

        Raises:
            DataError: the horizon does not reach that far.
        """
        periods = np.broadcast_to(np.asarray(periods, dtype=np.int64), len(self.keys))
        if periods.min(initial=0) < 0 or after < 0 or periods.max(initial=0) + after > self.horizon:
            raise DataError(
                f"a total over periods {after + 1} to {periods.max(initial=0) + after} was asked "
                f"of a forecast of {self.horizon} periods",
                table="forecast",
                next_step="Forecast with a longer horizon.",
            )
        totals = np.empty(self.paths.shape[:2])
        for length in np.unique(periods):
            rows = periods == length
            totals[rows] = self.paths[rows, :, after : after + length].sum(axis=2, dtype=float)
        return totals

    def sum_by(self, by: Sequence[str]) -> Forecast:
        """Paths of groups of series, added path by path.

        Args:
            by: key columns that remain, for instance ["item_id"] to add up locations.
        """
        by = list(by)
        if not by or not set(by) <= set(self.keys):
            raise DataError(
                f"a forecast by {', '.join(self.keys)} cannot be added up by {', '.join(by)}",
                table="forecast",
                next_step=f"Pass a list of some of {', '.join(self.keys)}.",
            )
        grouped = self.keys.groupby(by, sort=True, observed=True, dropna=False)
        group = grouped.ngroup().to_numpy()
        summed = np.zeros((grouped.ngroups, *self.paths.shape[1:]), dtype=np.float32)
        np.add.at(summed, group, self.paths)
        return replace(self, keys=grouped.size().reset_index()[by], paths=summed)

    def select(self, series: Any) -> Forecast:
        """The forecast of some series: a boolean mask or positions."""
        series = np.asarray(series)
        rows = np.flatnonzero(series) if series.dtype == bool else series.astype(np.intp)
        return replace(
            self, keys=self.keys.iloc[rows].reset_index(drop=True), paths=self.paths[rows]
        )

    def to_frame(self, levels: Sequence[float] = DECILES) -> pd.DataFrame:
        """Long frame: keys, date, mean, and one column q<level> a quantile."""
        frame = self._index_frame()
        frame[c.MEAN] = self.mean().ravel()
        for level, values in zip(levels, self.quantiles(levels), strict=True):
            frame[quantile_column(level)] = values.ravel()
        return frame

    def paths_frame(self) -> pd.DataFrame:
        """Long frame with every path: keys, date, path, units."""
        frame = self._index_frame()
        frame = frame.loc[frame.index.repeat(self.n_paths)].reset_index(drop=True)
        frame[c.PATH] = np.tile(np.arange(self.n_paths), len(self.keys) * self.horizon)
        frame[c.UNITS] = self.paths.transpose(0, 2, 1).ravel()
        return frame

    @classmethod
    def from_frame(
        cls,
        frame: pd.DataFrame,
        *,
        freq: str | None = None,
        n_paths: int = 200,
        autocorrelation: float = 0.0,
        random_state: int = 0,
    ) -> Forecast:
        """A forecast from a frame of paths, or of quantiles made elsewhere.

        Args:
            frame: keys and date with either path and units, or columns q0.1, q0.5, ...
                Nothing is known outside the outermost quantiles, so no path leaves them.
            freq: "D", "W" or "M"; by default what the dates look like.
            n_paths: paths to draw from quantiles.
            autocorrelation: quantiles say nothing about how one period depends on the last, so
                it must be told: correlation of neighbouring periods of the Gaussian copula.
                At 0 periods are independent, and totals too narrow for most retail demand.
            random_state: seed of the draw.

        Raises:
            DataError: a column or row is missing, a row repeats, or a value is not a number.
        """
        from newretail_ml.forecast.from_frame import forecast_from_frame

        return forecast_from_frame(cls, frame, freq, n_paths, autocorrelation, random_state)

    def _index_frame(self) -> pd.DataFrame:
        frame = self.keys.loc[self.keys.index.repeat(self.horizon)].reset_index(drop=True)
        frame[c.DATE] = np.tile(self.periods.dates, len(self.keys))
        return frame

    def __repr__(self) -> str:
        dates = self.periods.dates
        shape = f"{len(self.keys):,} series x {self.n_paths:,} paths x {self.horizon} periods"
        return f"Forecast({shape}, {dates[0].date()} to {dates[-1].date()})"


def quantile_column(level: float) -> str:
    """Name of the column of a quantile.

    >>> quantile_column(0.1)
    'q0.1'
    """
    return f"q{level:g}"
