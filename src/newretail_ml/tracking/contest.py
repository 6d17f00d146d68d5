"""A challenger against a champion on the same folds: is it better beyond chance?"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.forecasting.judging.backtest import METRIC, VALUE
from newretail_ml.forecasting.judging.bootstrap import cluster_bootstrap
from newretail_ml.tracking.comparisons import PAIRED_FILE
from newretail_ml.tracking.judged import JudgedModel
from newretail_ml.tracking.noise import LUCK, fewest_folds, paired_over_folds, shown
from newretail_ml.tracking.scores import UNIT, WEIGHT, Better, losses

if TYPE_CHECKING:
    from mlflow import MlflowClient

_FEWEST_UNITS = 10


class OverUnits(NamedTuple):
    """A paired test over single series or customers; NaN where their values are not known."""

    p_value: float = float("nan")
    units: int = 0


@dataclass(frozen=True)
class Contest:
    """What was found of two models on the same folds.

    Attributes:
        metric: by which they were judged.
        challenger: mean over the folds.
        champion: mean over the folds.
        gain: mean loss of the champion less that of the challenger, positive if the challenger
            is better.
        n_folds: how many folds.
        fewest: how many a test over folds takes.
        p_folds: two-sided, over folds; NaN where they are too few.
        over_units: over single series or customers.
    """

    metric: str
    challenger: float
    champion: float
    gain: float
    n_folds: int
    fewest: int
    p_folds: float
    over_units: OverUnits

    @property
    def won(self) -> bool:
        """Whether the challenger is better in every test that could be made, and one could."""
        known = [p for p in (self.p_folds, self.over_units.p_value) if not np.isnan(p)]
        return self.gain > 0 and bool(known) and max(known) < LUCK

    @property
    def words(self) -> str:
        """Who is better, and what chance has to do with it."""
        values = f"{self.metric} {self.challenger:.4g} against {self.champion:.4g}"
        if self.gain <= 0:
            return f"the challenger is not better: {values} over {_counted(self.n_folds)}"
        tests = "; ".join(self._tests())
        if self.won:
            return f"the challenger is better beyond chance: {values}; {tests}"
        if np.isnan(self.p_folds) and np.isnan(self.over_units.p_value):
            return (
                f"the challenger is ahead, but nothing tells chance from skill: {values}; {tests}"
            )
        return f"the challenger is ahead, but it may be chance: {values}; {tests}"

    def _tests(self) -> list[str]:
        folds, units = _counted(self.n_folds), self.over_units
        over_folds = f"over {folds} {shown(self.p_folds)}"
        if np.isnan(self.p_folds):
            over_folds = f"{folds} cannot tell whether it lasts, that takes {self.fewest}"
        if not np.isnan(units.p_value):
            return [over_folds, f"over {units.units:,} series or customers {shown(units.p_value)}"]
        few = f"only {units.units}" if units.units else "no"
        return [over_folds, f"{few} series or customers were logged to test over"]


def check_judged_by(judged: JudgedModel, metric: str) -> None:
    """Raise unless the values of a metric are known."""
    if metric not in judged.metrics:
        raise DataError(
            f"{judged.model} was not judged by {metric!r}",
            next_step=f"Choose from {', '.join(judged.metrics)}.",
        )


def contest(
    client: MlflowClient,
    challenger: JudgedModel,
    champion: JudgedModel,
    metric: str,
    better: Better,
) -> Contest:
    """Both models on the folds that they were judged on.

    Raises:
        DataError: one of them has no value of the metric in some fold.
    """
    mine, theirs = (one.values(client, metric) for one in (challenger, champion))
    if set(mine) != set(theirs):
        raise DataError(
            f"{metric} is known of folds {_listed(mine)} for the challenger and "
            f"{_listed(theirs)} for the champion",
            next_step="Choose another metric, or judge both again on the same folds.",
        )
    folds = sorted(mine)
    values = np.array([[one[fold] for fold in folds] for one in (mine, theirs)])
    difference = np.subtract(*losses(values, better))
    return Contest(
        metric=metric,
        challenger=float(values[0].mean()),
        champion=float(values[1].mean()),
        gain=-float(difference.mean()),
        n_folds=len(folds),
        fewest=fewest_folds(challenger.in_time),
        p_folds=paired_over_folds(difference, in_time=challenger.in_time).p_value,
        over_units=_over_units(client, challenger, champion, metric, better),
    )


def _over_units(
    client: MlflowClient,
    challenger: JudgedModel,
    champion: JudgedModel,
    metric: str,
    better: Better,
) -> OverUnits:
    """How near a value is to a target is no sum over units, so it has no such test."""
    if not isinstance(better, str):
        return OverUnits()
    tables = [_units(client, one, metric) for one in (challenger, champion)]
    if any(table.empty for table in tables):
        return OverUnits()
    mine, theirs = (table.set_index([UNIT, c.FOLD]) for table in tables)
    both = mine.join(theirs[VALUE].rename("other"), how="inner")
    both["gap"] = losses(both[VALUE], better) - losses(both["other"], better)
    table = both.reset_index().pivot_table(
        ["gap", WEIGHT], UNIT, c.FOLD, aggfunc="sum", fill_value=0.0
    )
    gap, weight = table["gap"].to_numpy(), table[WEIGHT].to_numpy()
    judged = weight.sum(axis=0) > 0
    if len(gap) < _FEWEST_UNITS or not judged.any():
        return OverUnits(units=len(gap))
    return OverUnits(cluster_bootstrap(gap[:, judged], weight[:, judged]).p_value, len(gap))


def _units(client: MlflowClient, judged: JudgedModel, metric: str) -> pd.DataFrame:
    """Values of single series or customers; empty where none were logged."""
    files = {one.path for one in client.list_artifacts(judged.comparison)}
    if PAIRED_FILE not in files:
        return pd.DataFrame()
    asked = [(c.MODEL, "==", judged.model), (METRIC, "==", metric)]
    with tempfile.TemporaryDirectory() as place:
        path = client.download_artifacts(judged.comparison, PAIRED_FILE, place)
        table = pd.read_parquet(path, filters=asked)
    return table.assign(**{UNIT: table[UNIT].astype(str)})[[UNIT, c.FOLD, VALUE, WEIGHT]]


def _listed(folds: dict[int, float]) -> str:
    return ", ".join(map(str, sorted(folds))) or "none"


def _counted(folds: int) -> str:
    return f"{folds} fold{'s' * (folds != 1)}"
