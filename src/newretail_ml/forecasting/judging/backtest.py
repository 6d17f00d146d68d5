"""Rolling-origin backtests: what would each model have said, and how good was it?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.forecasting.base import Forecaster
from newretail_ml.forecasting.judging.costs import StockCosts
from newretail_ml.forecasting.judging.folds import Fold, Folds, check_reach, refit_every, views_of
from newretail_ml.forecasting.judging.segments import scores_by_segment
from newretail_ml.panel import Panel
from newretail_ml.parameters import named_models

CUT = "cut"
METRIC = "metric"
VALUE = "value"
FIT_SECONDS = "fit_seconds"
FORECAST_SECONDS = "forecast_seconds"


@dataclass(frozen=True)
class Backtest:
    """What a backtest found. Each table begins with model, fold and cut.

    Attributes:
        scores: one row a model, fold and metric: metric, value.
        forecasts: the forecasts, by model and fold, where they were kept.
        not_run: why a model could not be judged, by model.
        seconds: one row a model and fold: fit_seconds (NaN where an earlier fit was used) and
            forecast_seconds.
        by_period: one row a model, fold and period: date, units, expected, low and high (80% of
            the joint paths) of all series together, and losses.
        reliability: one row a model, fold, total_of (0 for single periods) and level: below, the
            share of demand below that level of the forecast.
        by_series: one row a model, fold and series, where they were kept: keys, units, rmsse,
            mase, sums of errors in units, coverage.
    """

    scores: pd.DataFrame
    forecasts: Mapping[tuple[str, int], Forecast]
    not_run: Mapping[str, str]
    seconds: pd.DataFrame = field(default_factory=pd.DataFrame)
    by_period: pd.DataFrame = field(default_factory=pd.DataFrame)
    reliability: pd.DataFrame = field(default_factory=pd.DataFrame)
    by_series: pd.DataFrame = field(default_factory=pd.DataFrame)

    def leaderboard(
        self, by: str = "weighted_quantile_loss", *, timing: bool = False
    ) -> pd.DataFrame:
        """Mean of each metric over the folds, one row a model, best first.

        ``coverage_80`` should be .8: bounds of the 80% interval count in part. ``inside_80``
        counts them whole, and should be ``expected_inside_80``, which for counts lies above .8.

        Args:
            by: the column to sort by.
            timing: add the mean seconds of one fit and of one forecast. They differ from run to
                run, and a seed decides all the rest.
        """
        table = self.scores.pivot_table(VALUE, c.MODEL, METRIC, sort=False, dropna=False)
        table = table.rename_axis(columns=None)
        if timing:
            seconds = self.seconds.groupby(c.MODEL)[[FIT_SECONDS, FORECAST_SECONDS]].mean()
            table = table.join(seconds)
        return table.sort_values(by, kind="stable")

    def by_segment(self, segments: pd.DataFrame, by: str | Sequence[str] = "abc") -> pd.DataFrame:
        """The leaderboard of each class of series: where does a model fail?

        Args:
            segments: keys and labels of each series, such as `segments(panel)` gives.
            by: its column of labels, or several that are to be crossed: ["abc", "xyz"].

        Returns:
            One row a model and class: number of series, share of units, means over the folds.

        Raises:
            DataError: the backtest kept no scores by series, or a column or series is missing.
        """
        return scores_by_segment(self.by_series, segments, [by] if isinstance(by, str) else by)

    @property
    def best(self) -> str:
        """Name of the model with the smallest weighted quantile loss."""
        return str(self.leaderboard().index[0])


def backtest(
    models: Sequence[Forecaster] | Mapping[str, Forecaster],
    panel: Panel,
    *,
    horizon: int,
    folds: int = 3,
    step: int | None = None,
    cuts: Sequence[str | pd.Timestamp | int] | None = None,
    totals: Sequence[int] | None = None,
    refit: bool | int = True,
    costs: StockCosts | None = None,
    n_paths: int = 200,
    random_state: int = 0,
    keep_forecasts: bool = False,
    keep_series: bool = False,
    progress: bool = True,
) -> Backtest:
    """Fit each model at several cuts, forecast from there, and compare with what happened.

    Args:
        models: the models, named or not; each is cloned before it is fitted.
        panel: the whole history.
        horizon: periods to forecast from each cut.
        folds: how many cuts; the last one leaves exactly one horizon to compare with.
        step: periods between cuts; by default one horizon, so that folds do not overlap.
        cuts: the cuts themselves, instead of ``folds`` and ``step``.
        totals: lead times whose totals are judged; by default a week (or one period) and the
            whole horizon.
        refit: fit at every cut (True), at the oldest one only (False), or at every n-th; in
            between, a model forecasts from the newest days with what it learned before.
        costs: terms of an order-up-to policy, for the metrics of `StockCosts.score`.
        n_paths: sample paths a series.
        random_state: seed of the paths.
        keep_forecasts: keep every forecast in the result.
        keep_series: keep scores by series, for `Backtest.by_segment` and `compare_models`.
        progress: show a progress bar.

    Raises:
        DataError: history is too short for the folds, or no model could be judged.

    >>> from newretail_ml.forecasting import MovingAverage, SeasonalNaive
    >>> days = pd.date_range("2026-01-05", periods=56)
    >>> sold = pd.DataFrame({"unique_id": "tea", "ds": days, "y": [2, 4, 3, 3, 5, 9, 0] * 8})
    >>> models = {"naive": SeasonalNaive(), "average": MovingAverage()}
    >>> result = backtest(models, Panel.from_frame(sold), horizon=7, progress=False)
    >>> result.best, len(result.scores[c.FOLD].unique())
    ('naive', 3)
    >>> result.leaderboard()["wape"].round(1).to_dict()
    {'naive': 0.0, 'average': 0.5}
    """
    from tqdm import tqdm

    named = named_models(models)
    views = views_of(panel, horizon, folds, horizon if step is None else step, cuts)
    totals = totals or sorted({min(7 if panel.periods.freq == "D" else 1, horizon), horizon})
    check_reach(horizon, (*totals, costs.interval if costs else 0))
    task = Folds(
        panel=panel,
        views=views,
        horizon=horizon,
        totals=totals,
        refit_every=refit_every(refit, len(views)),
        costs=costs,
        n_paths=n_paths,
        random_state=random_state,
    )
    found = _Collected()
    bar = tqdm(total=len(named) * len(views), desc="backtest", disable=not progress)
    # Model by model, so that one fitted model is held at a time.
    for name, model in named.items():
        tables = _Collected()
        try:
            for number, fold in enumerate(task.judge(model)):
                tables.add(name, number, fold, keep_forecasts, keep_series)
                bar.update()
        except DataError as error:
            found.not_run[name] = str(error)
            continue
        found.merge(tables)
    bar.close()
    return found.backtest()


@dataclass
class _Collected:
    """The tables of a backtest while they grow."""

    tables: dict[str, list[pd.DataFrame]] = field(default_factory=dict)
    forecasts: dict[tuple[str, int], Forecast] = field(default_factory=dict)
    not_run: dict[str, str] = field(default_factory=dict)

    def add(
        self, name: str, number: int, fold: Fold, keep_forecasts: bool, keep_series: bool
    ) -> None:
        found = {
            "scores": pd.DataFrame({METRIC: list(fold.metrics), VALUE: [*fold.metrics.values()]}),
            "seconds": pd.DataFrame(
                {FIT_SECONDS: [fold.fit_seconds], FORECAST_SECONDS: [fold.forecast_seconds]}
            ),
            "by_period": fold.scores.by_period(),
            "reliability": fold.scores.reliability(),
        }
        if keep_series:
            found["by_series"] = fold.scores.by_series()
        if keep_forecasts:
            self.forecasts[name, number] = fold.scores.forecast
        place = {c.MODEL: name, c.FOLD: number, CUT: fold.cut}
        for table_name, table in found.items():
            for position, (column, value) in enumerate(place.items()):
                table.insert(position, column, value)
            self.tables.setdefault(table_name, []).append(table)

    def merge(self, other: _Collected) -> None:
        for name, tables in other.tables.items():
            self.tables.setdefault(name, []).extend(tables)
        self.forecasts |= other.forecasts

    def backtest(self) -> Backtest:
        if not self.tables:
            reasons = "; ".join(f"{name}: {reason}" for name, reason in self.not_run.items())
            raise DataError(f"no model could be judged: {reasons}", next_step="Bring more history.")
        joined = {name: pd.concat(parts, ignore_index=True) for name, parts in self.tables.items()}
        return Backtest(forecasts=self.forecasts, not_run=self.not_run, **joined)
