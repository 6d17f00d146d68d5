"""Rolling-origin backtests: what would each model have said, and how good was it?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.forecasting.base import Forecaster
from newretail_ml.forecasting.metrics import all_metrics
from newretail_ml.panel import Panel

CUT = "cut"
METRIC = "metric"
VALUE = "value"


@dataclass(frozen=True)
class Backtest:
    """What a backtest found.

    Attributes:
        scores: one row a model, fold and metric: model, fold, cut, metric, value.
        forecasts: the forecasts, by model and cut, where they were kept.
        not_run: why a model could not be judged, by model.
    """

    scores: pd.DataFrame
    forecasts: Mapping[tuple[str, int], Forecast]
    not_run: Mapping[str, str]

    def leaderboard(self, by: str = "weighted_quantile_loss") -> pd.DataFrame:
        """Mean of each metric over the folds, one row a model, best first."""
        table = self.scores.pivot_table(VALUE, c.MODEL, METRIC, sort=False, dropna=False)
        return table.rename_axis(columns=None).sort_values(by, kind="stable")

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
    n_paths: int = 200,
    random_state: int = 0,
    keep_forecasts: bool = False,
    progress: bool = True,
) -> Backtest:
    """Fit each model at several cuts, forecast from there, and compare with what happened.

    Args:
        models: the models, named or not; each is cloned and fitted anew for every fold.
        panel: the whole history.
        horizon: periods to forecast from each cut.
        folds: how many cuts; the last one leaves exactly one horizon to compare with.
        step: periods between cuts; by default one horizon, so that folds do not overlap.
        cuts: the cuts themselves, instead of ``folds`` and ``step``.
        totals: lead times whose totals are judged; by default a week (or one period) and the
            whole horizon.
        n_paths: sample paths a series.
        random_state: seed of the paths.
        keep_forecasts: keep every forecast in the result.
        progress: show a progress bar.

    Raises:
        DataError: history is too short for the folds, or no model could be fitted.
    """
    from tqdm import tqdm

    named = _named(models)
    if not named:
        raise DataError("no models were given", next_step="Pass at least one.")
    views = _views(panel, horizon, folds, horizon if step is None else step, cuts)
    totals = totals or sorted({min(7 if panel.periods.freq == "D" else 1, horizon), horizon})
    rows: list[dict[str, object]] = []
    kept: dict[tuple[str, int], Forecast] = {}
    not_run: dict[str, str] = {}
    work = [(name, fold) for fold in range(len(views)) for name in named]
    for name, fold in tqdm(work, desc="backtest", disable=not progress):
        if name in not_run:
            continue
        view = views[fold]
        try:
            model = named[name].clone().fit(view)
            forecast = model.forecast(horizon, n_paths=n_paths, random_state=random_state)
        except DataError as error:
            not_run[name] = str(error)
            continue
        actual = panel.demand(periods=slice(view.cut, view.cut + horizon))
        metrics = all_metrics(actual, forecast, _training(view), _season(view), totals)
        place = {c.MODEL: name, c.FOLD: fold, CUT: view.last_date}
        rows += [{**place, METRIC: metric, VALUE: value} for metric, value in metrics.items()]
        if keep_forecasts:
            kept[name, fold] = forecast
    scores = pd.DataFrame([row for row in rows if row[c.MODEL] not in not_run])
    if scores.empty:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in not_run.items())
        raise DataError(f"no model could be judged: {reasons}", next_step="Bring more history.")
    return Backtest(scores, kept, not_run)


def _named(models: Sequence[Forecaster] | Mapping[str, Forecaster]) -> dict[str, Forecaster]:
    if isinstance(models, Mapping):
        return dict(models)
    named = {repr(model): model for model in models}
    if len(named) < len(models):
        raise DataError("two models are the same", next_step="Name them: {name: model}.")
    return named


def _views(
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
    views = [panel.until(cut) for cut in cuts]
    if max(view.cut for view in views) + horizon > panel.cut:
        raise DataError(
            f"a cut leaves fewer than {horizon} periods to compare with",
            table="panel",
            next_step="Choose earlier cuts or a shorter horizon.",
        )
    return views


def _training(panel: Panel) -> np.ndarray:
    """(series, periods) units, also before the first sale; NaN where stock ran out or delisted."""
    gone = np.arange(panel.cut) >= panel.delisting[:, None]
    return np.where(panel.censored | gone, np.nan, panel.units)


def _season(panel: Panel) -> int:
    """The season of scaled errors; one period where history does not hold a whole season."""
    return panel.periods.season if panel.cut > panel.periods.season else 1
