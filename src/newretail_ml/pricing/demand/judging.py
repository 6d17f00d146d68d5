"""Time-split backtest of demand models: their plans known, their sales not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import check_whole
from newretail_ml.errors import DataError
from newretail_ml.panel import Panel
from newretail_ml.parameters import named_models
from newretail_ml.pricing.demand.base import PriceModel

CUT = "cut"
RMSE_LOG = "rmse_log"
BIAS_LOG = "bias_log"
WAPE = "wape"
BIAS = "bias"
_HORIZONS = {"D": 28, "W": 13, "M": 6}
# A model that has seen less than this many horizons says little about one that has seen all.
_LEAST_HORIZONS = 1
_LEAST_PERIODS = 4
_FLOOR = 1e-6


@dataclass(frozen=True, eq=False)
class PriceBacktest:
    """What a backtest of demand models found.

    Attributes:
        scores: one row a model and fold: model, fold, cut (date of the last period seen),
            rmse_log and bias_log (of log units, where something was sold), wape (absolute error
            over all units, zeros included), bias (over all units).
        not_run: why a model could not be judged, by model.
        remark: what the reader should know of the folds; empty where all were run.
    """

    scores: pd.DataFrame
    not_run: Mapping[str, str]
    remark: str

    def leaderboard(self, by: str = RMSE_LOG) -> pd.DataFrame:
        """Mean of each figure over the folds, one row a model, best first."""
        figures = [RMSE_LOG, BIAS_LOG, WAPE, BIAS]
        table = self.scores.groupby(c.MODEL, sort=False)[figures].mean()
        table["folds"] = self.scores.groupby(c.MODEL, sort=False).size()
        return table.sort_values(by, kind="stable")

    @property
    def best(self) -> str:
        """Name of the model with the smallest error of log units."""
        return str(self.leaderboard().index[0])


def backtest_prices(
    models: Mapping[str, PriceModel] | Sequence[PriceModel],
    panel: Panel,
    *,
    horizon: int | None = None,
    folds: int = 3,
    step: int | None = None,
) -> PriceBacktest:
    """Fit models on the past, predict what follows under the plans there were, and compare.

    Args:
        models: the models, named or not; each is cloned for every fold.
        panel: history. Plans of the judged periods are known to the models, sales are not.
        horizon: periods to predict from each cut; by default 28 days, 13 weeks or 6 months, and
            no more than a quarter of the history.
        folds: how many cuts; the last leaves exactly one horizon. Fewer where history is short:
            `PriceBacktest.remark` then says so.
        step: periods between cuts; by default one horizon.

    Raises:
        DataError: history does not hold one fold, or no model could be judged.

    >>> from newretail_ml.pricing.demand.trees import MonotoneTrees
    >>> days = pd.date_range("2026-01-05", periods=90)
    >>> price = np.tile([2.0, 2.5, 3.0], 30)
    >>> frame = pd.DataFrame({"item_id": "tea", "date": days, "units": 90 / price, "price": price})
    >>> result = backtest_prices({"trees": MonotoneTrees()}, Panel.from_frame(frame), horizon=14)
    >>> len(result.scores), bool(result.leaderboard().loc["trees", "rmse_log"] < 0.1)
    (3, True)
    """
    named = _named(models)
    cuts, horizon, remark = cuts_of(panel, horizon, folds, step)
    rows, not_run = [], {}
    for name, model in named.items():
        try:
            found = [_judged(model, panel, cut, horizon) for cut in cuts]
        except DataError as error:
            not_run[name] = str(error)
            continue
        rows += [{c.MODEL: name, c.FOLD: number, **row} for number, row in enumerate(found)]
    if not rows:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in not_run.items())
        raise DataError(f"no model could be judged: {reasons}", next_step="Bring more history.")
    return PriceBacktest(pd.DataFrame(rows), not_run, remark)


def cuts_of(
    panel: Panel, horizon: int | None, folds: int, step: int | None
) -> tuple[list[int], int, str]:
    """Cuts, oldest first, the horizon, and a remark where history holds fewer than asked for."""
    folds = check_whole("folds", folds, at_least=1)
    if horizon is None:
        horizon = max(min(_HORIZONS[panel.periods.freq], panel.cut // 4), 1)
    horizon = check_whole("horizon", horizon, at_least=1)
    step = check_whole("step", horizon if step is None else step, at_least=1)
    least = max(_LEAST_HORIZONS * horizon, _LEAST_PERIODS)
    asked = [panel.cut - horizon - step * number for number in reversed(range(folds))]
    cuts = [cut for cut in asked if cut >= least]
    if not cuts:
        raise DataError(
            f"{panel.cut} periods of history do not hold one fold of {horizon} periods after "
            f"{least} to learn from",
            table="panel",
            next_step="Bring more history, or choose a shorter horizon.",
        )
    remark = ""
    if len(cuts) < folds:
        remark = (
            f"history of {panel.cut} periods holds {len(cuts)} of the {folds} folds asked for, "
            f"so the ranking is less sure"
        )
    return cuts, horizon, remark


def _judged(model: PriceModel, panel: Panel, cut: int, horizon: int) -> dict[str, object]:
    view = panel.until(cut)
    predicted = model.clone().fit(view).predict(view, slice(cut, cut + horizon))
    actual = panel.demand(periods=slice(cut, cut + horizon)).astype(float)
    return {CUT: view.last_date, **errors(actual, predicted)}


def errors(actual: np.ndarray, predicted: np.ndarray) -> dict[str, float]:
    """Errors of predictions, (series, periods) beside demand with NaN where it is not known.

    >>> errors(np.array([[2.0, 0.0, np.nan]]), np.array([[2.0, 1.0, 5.0]]))
    {'rmse_log': 0.0, 'bias_log': 0.0, 'wape': 0.5, 'bias': 0.5}
    """
    known = ~np.isnan(actual) & ~np.isnan(predicted)
    units, said = actual[known], predicted[known]
    sold = units > 0
    gap = np.log(np.maximum(said[sold], _FLOOR)) - np.log(units[sold])
    total = units.sum()
    return {
        RMSE_LOG: float(np.sqrt(np.mean(gap**2))) if sold.any() else np.nan,
        BIAS_LOG: float(gap.mean()) if sold.any() else np.nan,
        WAPE: float(np.abs(said - units).sum() / total) if total > 0 else np.nan,
        BIAS: float((said - units).sum() / total) if total > 0 else np.nan,
    }


def _named(models: Mapping[str, PriceModel] | Sequence[PriceModel]) -> dict[str, PriceModel]:
    named = named_models(models)
    given: list[object] = list(named.values())
    for model in given:
        if not isinstance(model, PriceModel):
            name = model.__name__ if isinstance(model, type) else type(model).__name__
            raise DataError(
                f"{name} is a class, not a model"
                if isinstance(model, type)
                else f"a {name} is not a model of demand by price",
                next_step=f"Pass a model, such as {name}()."
                if isinstance(model, type)
                else "Pass a PriceModel.",
            )
    return named
