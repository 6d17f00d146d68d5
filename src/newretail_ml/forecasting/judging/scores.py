"""One forecast beside what happened: the figures of a fold, by metric, series, period and level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.forecast import Forecast
from newretail_ml.forecasting.judging.calibration import LEVELS, Ranks, draws, inside
from newretail_ml.forecasting.judging.metrics import (
    average,
    mase,
    mase_scale,
    over_units,
    quantile_loss,
    rmsse,
    rmsse_scale,
    row_means,
    sample_crps,
)

SHARES = (0.8, 0.95)
TOTAL_OF = "total_of"
LEVEL = "level"
BELOW = "below"
KNOWN_PERIODS = "known_periods"
BIAS_UNITS = "bias_units"
ABSOLUTE_UNITS = "absolute_error_units"
QUANTILE_UNITS = "quantile_loss_units"
CRPS_UNITS = "crps_units"
SQUARED_SCALED = "squared_scaled_error"
ABSOLUTE_SCALED = "absolute_scaled_error"
EXPECTED, LOW, HIGH = "expected", "low", "high"


@dataclass(frozen=True, eq=False)
class FoldScores:
    """The figures of one forecast. The mean of the paths is the point forecast.

    Attributes:
        actual: (series, horizon) demand, NaN where it is not known.
        forecast: of the same series and periods.
        history: (series, periods) demand before, NaN where not known.
        season: periods in a season.
        totals: lead times whose totals are judged.
    """

    actual: np.ndarray
    forecast: Forecast
    history: np.ndarray
    season: int
    totals: Sequence[int]

    @cached_property
    def mean(self) -> np.ndarray:
        """(series, horizon) expected units."""
        return self.forecast.mean()

    @cached_property
    def rmsse(self) -> np.ndarray:
        """(series,) as in `metrics.rmsse`."""
        return rmsse(self.actual, self.mean, self.history)

    @cached_property
    def mase(self) -> np.ndarray:
        """(series,) as in `metrics.mase`."""
        return mase(self.actual, self.mean, self.history, self.season)

    @cached_property
    def units(self) -> dict[str, np.ndarray]:
        """(series, horizon) errors that add up, in units; NaN where demand is not known."""
        error = self.mean - self.actual
        return {
            c.UNITS: self.actual,
            BIAS_UNITS: error,
            ABSOLUTE_UNITS: np.abs(error),
            QUANTILE_UNITS: quantile_loss(self.actual, self.forecast),
            CRPS_UNITS: sample_crps(self.actual, self.forecast),
        }

    @cached_property
    def ranks(self) -> dict[int | None, Ranks]:
        """Single periods under None, totals under their length."""
        cells = (None, *self.totals)
        return {of: Ranks.of(*draws(self.actual, self.forecast, of)) for of in cells}

    def metrics(self) -> dict[str, float]:
        """Every metric of the leaderboard."""
        ratios = {
            "wape": ABSOLUTE_UNITS,
            "bias": BIAS_UNITS,
            "weighted_quantile_loss": QUANTILE_UNITS,
            "crps": CRPS_UNITS,
        }
        metrics = {"rmsse": average(self.rmsse), "mase": average(self.mase)}
        for name, column in ratios.items():
            metrics[name] = over_units(self.units[column], self.actual)
        for share in SHARES:
            for of, ranks in self.ranks.items():
                metrics[_named("coverage", share, of)] = average(ranks.covered(share))
        for share in SHARES:
            for of in self.ranks:
                found, expected = inside(self.actual, self.forecast, share, periods=of)
                metrics[_named("inside", share, of)] = found
                metrics[_named("expected_inside", share, of)] = expected
        return metrics

    def by_series(self) -> pd.DataFrame:
        """One row a series: keys, known periods, rmsse, mase, sums in units, coverage."""
        frame = self.forecast.keys.reset_index(drop=True)
        frame[KNOWN_PERIODS] = (~np.isnan(self.actual)).sum(axis=1)
        frame["rmsse"], frame["mase"] = self.rmsse, self.mase
        for name, values in self.units.items():
            frame[name] = np.nansum(values, axis=1, dtype=np.float64)
        for share in SHARES:
            for of, ranks in self.ranks.items():
                frame[_named("coverage", share, of)] = row_means(ranks.covered(share))
        return frame

    def by_period(self) -> pd.DataFrame:
        """One row a period: sums over the series whose demand is known, and scaled errors.

        The joint paths of all series add up to the interval from ``low`` to ``high``, which holds
        80% of them.
        """
        known = ~np.isnan(self.actual)
        summed = np.einsum("sph,sh->ph", self.forecast.paths, known.astype(np.float32))
        error = self.units[BIAS_UNITS]
        squared = error**2 / rmsse_scale(self.history)[:, None]
        scaled = np.abs(error) / mase_scale(self.history, self.season)[:, None]
        sums = {name: np.nansum(values, axis=0) for name, values in self.units.items()}
        return pd.DataFrame(
            {
                c.DATE: self.forecast.periods.dates,
                **sums,
                EXPECTED: np.where(known, self.mean, 0.0).sum(axis=0),
                LOW: np.quantile(summed, 0.1, axis=0),
                HIGH: np.quantile(summed, 0.9, axis=0),
                SQUARED_SCALED: row_means(squared.T),
                ABSOLUTE_SCALED: row_means(scaled.T),
            }
        )

    def reliability(self) -> pd.DataFrame:
        """Share of demand below each level: total_of (0 for single periods), level, below."""
        rows = [
            (of or 0, level, average(ranks.below(level)))
            for of, ranks in self.ranks.items()
            for level in LEVELS
        ]
        return pd.DataFrame(rows, columns=[TOTAL_OF, LEVEL, BELOW])


def all_metrics(
    actual: np.ndarray,
    forecast: Forecast,
    history: np.ndarray,
    season: int,
    totals: Sequence[int],
) -> dict[str, float]:
    """Every metric of the leaderboard; the arguments are those of `FoldScores`."""
    return FoldScores(actual, forecast, history, season, totals).metrics()


def _named(what: str, share: float, total_of: int | None) -> str:
    """``coverage_80``, or ``total_7_coverage_80``."""
    name = f"{what}_{round(100 * share)}"
    return name if total_of is None else f"total_{total_of}_{name}"
