"""A challenger against a champion on the same folds: is it better beyond chance?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from newretail_ml.errors import DataError
from newretail_ml.tracking.judged import JudgedModel
from newretail_ml.tracking.noise import LUCK, fewest_folds, paired_over_folds, shown
from newretail_ml.tracking.scores import Better, losses
from newretail_ml.tracking.units import OverUnits, Units

if TYPE_CHECKING:
    from mlflow import MlflowClient


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
        over_units=Units(client, metric, better).compared(challenger, champion),
    )


def _listed(folds: dict[int, float]) -> str:
    return ", ".join(map(str, sorted(folds))) or "none"


def _counted(folds: int) -> str:
    return f"{folds} fold{'s' * (folds != 1)}"
