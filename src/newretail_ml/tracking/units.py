"""Two models on the same series or customers: a paired test over those that were logged."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.forecasting.judging.backtest import METRIC, VALUE
from newretail_ml.recommendation.judging.doubt import Estimate, t_test
from newretail_ml.tracking.comparisons import PAIRED_FILE
from newretail_ml.tracking.judged import JudgedModel
from newretail_ml.tracking.scores import UNIT, WEIGHT, Better, losses

if TYPE_CHECKING:
    from mlflow import MlflowClient

FEWEST_UNITS = 10


class OverUnits(NamedTuple):
    """A two-sided p-value over single series or customers; NaN where they are too few."""

    p_value: float = float("nan")
    units: int = 0


class Units:
    """Values of single series or customers, read once for each comparison.

    Args:
        client: of the store.
        metric: which value.
        better: which of them are good ones.
    """

    def __init__(self, client: MlflowClient, metric: str, better: Better) -> None:
        self._client, self._metric, self._better = client, metric, better
        self._read: dict[str, pd.DataFrame] = {}

    def compared(self, first: JudgedModel, second: JudgedModel) -> OverUnits:
        """Is the difference of the two more than the luck of single series or customers?

        How near a value is to a target is no sum over units, so it has no such test.
        """
        if not isinstance(self._better, str):
            return OverUnits()
        mine, theirs = self._of(first), self._of(second)
        if mine.empty or theirs.empty:
            return OverUnits()
        both = mine.join(theirs[VALUE].rename("other"), how="inner")
        gap = losses(both[VALUE], self._better) - losses(both["other"], self._better)
        table = both.assign(gap=gap).reset_index()
        table = table.pivot_table(["gap", WEIGHT], UNIT, c.FOLD, aggfunc="sum", fill_value=0.0)
        if len(table) < FEWEST_UNITS:
            return OverUnits(units=len(table))
        return OverUnits(paired_over_units(table["gap"], table[WEIGHT]), len(table))

    def _of(self, judged: JudgedModel) -> pd.DataFrame:
        """Value and weight of a model, by unit and fold; empty where none were logged."""
        if judged.comparison not in self._read:
            self._read[judged.comparison] = self._download(judged.comparison)
        table = self._read[judged.comparison]
        if table.empty:
            return table
        return table[table[c.MODEL] == judged.model].set_index([UNIT, c.FOLD])

    def _download(self, comparison: str) -> pd.DataFrame:
        files = {one.path for one in self._client.list_artifacts(comparison)}
        if PAIRED_FILE not in files:
            return pd.DataFrame()
        with tempfile.TemporaryDirectory() as place:
            path = self._client.download_artifacts(comparison, PAIRED_FILE, place)
            table = pd.read_parquet(path, filters=[(METRIC, "==", self._metric)])
        names = {name: table[name].astype(str) for name in (UNIT, c.MODEL)}
        return table.assign(**names)[[UNIT, c.FOLD, c.MODEL, VALUE, WEIGHT]]


def paired_over_units(gap: pd.DataFrame, weight: pd.DataFrame) -> float:
    """Two-sided p-value of no difference of the mean over folds of sum(gap) / sum(weight).

    The error of the ratios is linearised, and all folds of a unit stay together; Student's t with
    units less one.

    Source: Cochran (1977), Sampling Techniques, section 6.3 (the variance of a ratio).

    Args:
        gap: (units, folds) differences.
        weight: (units, folds) what their sums are divided by.

    >>> gap = pd.DataFrame({0: [1.0, 2.0, 1.5], 1: [1.0, 1.0, 0.5]})
    >>> round(paired_over_units(gap, gap * 0 + 1), 3)
    0.02
    """
    whole = weight.sum(axis=0)
    judged = whole[whole > 0].index
    if judged.empty:
        return float("nan")
    gap, weight, whole = gap[judged], weight[judged], whole[judged]
    ratio = gap.sum(axis=0) / whole
    off = ((gap - ratio * weight) / whole).mean(axis=1).to_numpy()
    n = len(off)
    error = float(np.sqrt(n / (n - 1) * (off**2).sum()))
    return t_test(Estimate(float(ratio.mean()), error, n))
