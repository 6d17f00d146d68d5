"""The folds of a backtest: the cuts in time, and one model judged at each of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import NamedTuple

import numpy as np
import pandas as pd

from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.forecasting.base import Forecaster
from newretail_ml.forecasting.judging.costs import StockCosts
from newretail_ml.forecasting.judging.scores import FoldScores
from newretail_ml.panel import Panel


class Fold(NamedTuple):
    """What one model said from one cut, and how it was judged.

    Attributes:
        cut: the last day that the model saw.
        scores: the figures.
        metrics: those of the leaderboard.
        fit_seconds: NaN where an earlier fit was used.
        forecast_seconds: time to forecast.
    """

    cut: pd.Timestamp
    scores: FoldScores
    metrics: dict[str, float]
    fit_seconds: float
    forecast_seconds: float


@dataclass(frozen=True, kw_only=True)
class Folds:
    """What every model of a backtest is asked; the arguments are those of `backtest`."""

    panel: Panel
    views: Sequence[Panel]
    horizon: int
    totals: Sequence[int]
    refit_every: int
    costs: StockCosts | None
    n_paths: int
    random_state: int

    def judge(self, model: Forecaster) -> Iterator[Fold]:
        """Each fold, oldest first; the model itself stays unfitted."""
        for number, view in enumerate(self.views):
            fit_seconds, started = np.nan, perf_counter()
            if number % self.refit_every == 0:
                fitted = model.clone().fit(view)
                fit_seconds, started = perf_counter() - started, perf_counter()
            forecast = fitted.forecast(
                self.horizon, panel=view, n_paths=self.n_paths, random_state=self.random_state
            )
            forecast_seconds = perf_counter() - started
            scores = self._scores(view, forecast)
            metrics = scores.metrics()
            if self.costs is not None:
                metrics |= self.costs.score(scores.actual, forecast)
            yield Fold(view.last_date, scores, metrics, fit_seconds, forecast_seconds)

    def _scores(self, view: Panel, forecast: Forecast) -> FoldScores:
        actual = self.panel.demand(periods=slice(view.cut, view.cut + self.horizon))
        return FoldScores(actual, forecast, _training(view), _season(view), self.totals)


def views_of(
    panel: Panel,
    horizon: int,
    folds: int,
    step: int,
    cuts: Sequence[str | pd.Timestamp | int] | None,
) -> list[Panel]:
    """The panel as it was known at each cut, oldest first."""
    if cuts is None:
        positions = panel.cut - horizon - step * np.arange(folds)[::-1]
        cuts = [int(position) for position in positions]
    if len(cuts) == 0 or step < 1:
        raise DataError(
            f"{folds} folds {step} periods apart were asked for",
            next_step="Ask for 1 or more folds, 1 or more periods apart.",
        )
    too_early = [cut for cut in cuts if isinstance(cut, int) and cut < 1]
    if too_early:
        raise DataError(
            f"{folds} folds of {horizon} periods do not fit into {panel.cut} periods of history",
            table="panel",
            next_step="Ask for fewer folds or a shorter horizon.",
        )
    views = sorted((panel.until(cut) for cut in cuts), key=lambda view: view.cut)
    if views[-1].cut + horizon > panel.cut:
        raise DataError(
            f"a cut leaves fewer than {horizon} periods to compare with",
            table="panel",
            next_step="Choose earlier cuts or a shorter horizon.",
        )
    return views


def refit_every(refit: bool | int, n_folds: int) -> int:
    """Folds from one fit to the next.

    >>> refit_every(True, 5), refit_every(2, 5), refit_every(False, 5)
    (1, 2, 5)
    """
    if refit is False:
        return n_folds
    if refit < 1:
        raise DataError(
            f"a new fit every {refit} folds was asked for",
            next_step="Pass True, False, or a number of folds of 1 or more.",
        )
    return int(refit)


def check_reach(horizon: int, totals: Sequence[int]) -> None:
    """Refuse totals that no forecast of this horizon has, before anything is fitted."""
    beyond = [periods for periods in totals if periods > horizon]
    if beyond:
        raise DataError(
            f"a total over {beyond[0]} periods was asked of forecasts of {horizon} periods",
            next_step="Forecast with a longer horizon.",
        )


def _training(panel: Panel) -> np.ndarray:
    """(series, periods) units, also before the first sale; NaN where stock ran out or delisted."""
    gone = np.arange(panel.cut) >= panel.delisting[:, None]
    return np.where(panel.censored | gone, np.nan, panel.units)


def _season(panel: Panel) -> int:
    """The season of scaled errors; one period where history does not hold a whole season."""
    return panel.periods.season if panel.cut > panel.periods.season else 1
