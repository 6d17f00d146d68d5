"""What the global model learns from: rows in memory, or rows of files that are read in chunks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from newretail_ml.forecasting.trees.boosting import Boosting
from newretail_ml.forecasting.trees.rows import ScaledRecipe, row_weights
from newretail_ml.forecasting.trees.streaming import CHUNK, StreamedFeatures
from newretail_ml.panel import Panel

_TARGET, _RELATIVE, _USABLE, _WEIGHT = _LABELS = ("target", "relative", "usable", "weight")


@dataclass(frozen=True)
class TrainingRows:
    """Rows to learn from.

    Args:
        features: (rows, features) float32 array, or features in files.
        target: (rows,) int32 target period.
        relative: (rows,) float32 demand over level.
        usable: (rows,) bool, which to learn from.
        weight: (rows,) float32 of any mean, or None where all rows count the same.
    """

    features: np.ndarray | StreamedFeatures
    target: np.ndarray
    relative: np.ndarray
    usable: np.ndarray
    weight: np.ndarray | None

    @classmethod
    def of(
        cls,
        scaled: ScaledRecipe,
        panel: Panel,
        pairs: tuple[np.ndarray, np.ndarray],
        weights: str = "none",
    ) -> Self:
        """The rows of a panel, one for each series and pair, series by series.

        Args:
            scaled: the features.
            panel: history.
            pairs: target periods and horizons.
            weights: as `row_weights` calls them.
        """
        targets, horizons = pairs
        features, level = scaled.rows(panel, targets, horizons)
        demand = panel.demand()[:, targets]
        usable = np.isfinite(demand) & (level > 0)
        relative = np.divide(demand, level, out=np.zeros_like(level), where=usable).ravel()
        target = np.tile(targets.astype(np.int32), panel.n_series)
        return cls(features, target, relative, usable.ravel(), row_weights(weights, panel, level))

    def to_frame(self, names: Sequence[str]) -> pd.DataFrame:
        """Rows in memory as a table, for a file.

        Args:
            names: of the features.
        """
        assert isinstance(self.features, np.ndarray)  # noqa: S101
        labels = {name: getattr(self, name) for name in _LABELS}
        told = {name: values for name, values in labels.items() if values is not None}
        return pd.concat(
            [pd.DataFrame(self.features, columns=list(names)), pd.DataFrame(told)], axis=1
        )

    @classmethod
    def in_files(cls, files: Sequence[Path], names: Sequence[str], chunk: int = CHUNK) -> Self:
        """Rows of files that `to_frame` filled: labels are read, features stay where they are.

        Args:
            files: Parquet, in the order in which rows count.
            names: of the features.
            chunk: rows that are read at a time.
        """
        read = [_labels_of(file) for file in files]
        labels = {name: np.concatenate([part[name] for part in read]) for name in read[0]}
        return cls(
            StreamedFeatures(files, names, chunk),
            labels[_TARGET],
            labels[_RELATIVE],
            labels[_USABLE],
            labels.get(_WEIGHT),
        )

    def binned(self, boosting: Boosting) -> Binned:
        """The same at one byte a value; the rows themselves can be let go then."""
        weight = None if self.weight is None else with_mean_one(self.weight)
        data = boosting.binned(self.features, self.relative, self.usable, weight)
        return Binned(data, self.target, self.usable)


@dataclass(frozen=True)
class Binned:
    """Rows as LightGBM holds them.

    Args:
        data: LightGBM's data of all rows.
        target: (rows,) target period.
        usable: (rows,) bool, which to learn from.
    """

    data: Any
    target: np.ndarray
    usable: np.ndarray

    def split(self, period: int) -> tuple[np.ndarray, np.ndarray]:
        """(rows,) bool, twice: usable rows of target periods before this one, and of later ones."""
        early = (self.target < period) & self.usable
        return early, self.usable & ~early

    def teaches(self, rows: np.ndarray) -> bool:
        """Whether anything was sold in some of the rows."""
        return bool(self.data.get_label()[rows].any())


def with_mean_one(weight: np.ndarray) -> np.ndarray:
    """(rows,) float32 weights of mean one; all alike where they are zero.

    >>> with_mean_one(np.array([1.0, 3.0])).tolist()
    [0.5, 1.5]
    """
    mean = weight.mean(dtype=float)
    return (weight / mean if mean > 0 else np.ones_like(weight)).astype(np.float32)


def drawn_donors(n_series: int, n_donors: int | None, seed: int) -> np.ndarray:
    """Positions, ascending, of the series whose past forecasts are made: all, or some by chance.

    >>> drawn_donors(3, 5, seed=0).tolist()
    [0, 1, 2]
    """
    if n_donors is None or n_series <= n_donors:
        return np.arange(n_series)
    return np.sort(np.random.default_rng(seed).permutation(n_series)[:n_donors])


def _labels_of(file: Path) -> dict[str, np.ndarray]:
    from pyarrow.parquet import ParquetFile

    with ParquetFile(file) as opened:
        names = [name for name in _LABELS if name in opened.schema_arrow.names]
        table = opened.read(names)
    return {name: table.column(name).to_numpy() for name in names}
