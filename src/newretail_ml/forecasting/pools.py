"""One model for each pool of series, such as a category: any model, fitted several times."""

from __future__ import annotations

from collections.abc import Callable
from typing import Self

import numpy as np

from newretail_ml.errors import DataError
from newretail_ml.features.block import attribute
from newretail_ml.forecasting.base import Forecaster
from newretail_ml.panel import Panel

REST = "(rest)"


class Pooled(Forecaster):
    """A model fitted to each pool of series apart.

    Pools of few series, and series whose attribute is missing, share one more pool. Series whose
    attribute is new are forecast by the model of that pool or, where there is none, of the
    largest. Paths with the same number start from the same past origin in all pools, as far as
    the pools' models draw them in turn.

    Args:
        forecaster: the model; each pool gets a clone.
        by: key or attribute that names the pools, such as category or location_id.
        least_series: pools of fewer series share a pool.
    """

    def __init__(self, forecaster: Forecaster, by: str, *, least_series: int = 20) -> None:
        self.forecaster = forecaster
        self.by = by
        self.least_series = least_series

    def fit(self, panel: Panel) -> Self:
        """Learn one model a pool.

        Raises:
            DataError: the panel has no such attribute or no series, or a pool is too little for
                the model.
        """
        labels = _labels(panel, self.by)
        names, counts = np.unique(labels, return_counts=True)
        large = names[(counts >= self.least_series) & (names != REST)]
        pools = np.where(np.isin(labels, large), labels, REST)
        if len(pools) == 0:
            raise DataError("there is no series to learn from", next_step="Bring some.")
        self.models_: dict[str, Forecaster] = {}
        for name in np.unique(pools):
            try:
                fitted = self.forecaster.clone().fit(panel.select(pools == name))
            except DataError as error:
                raise DataError(
                    f"pool {name!r} of {self.by!r}: {error.problem}",
                    next_step=f"Raise least_series above {(pools == name).sum()}.",
                ) from error
            self.models_[str(name)] = fitted
        by_size = max(self.models_, key=lambda name: int((pools == name).sum()))
        self.other_ = REST if REST in self.models_ else by_size
        return super().fit(panel)

    def _mean(self, panel: Panel, horizon: int) -> np.ndarray:
        return self._joined(panel, lambda model, part: model._mean(part, horizon))

    def _paths(
        self, panel: Panel, horizon: int, n_paths: int, rng: np.random.Generator
    ) -> np.ndarray:
        return self._joined(panel, lambda model, part: model._paths(part, horizon, n_paths, rng))

    def _joined(self, panel: Panel, make: Callable[[Forecaster, Panel], np.ndarray]) -> np.ndarray:
        """What the pools' models make of their series, in the panel's order."""
        labels = _labels(panel, self.by)
        pools = np.where(np.isin(labels, list(self.models_)), labels, self.other_)
        members = [np.flatnonzero(pools == name) for name in self.models_]
        made = [
            make(model, panel.select(rows))
            for model, rows in zip(self.models_.values(), members, strict=True)
            if len(rows)
        ]
        if not made:
            return make(self.models_[self.other_], panel)
        return np.concatenate(made)[np.argsort(np.concatenate(members))]


def _labels(panel: Panel, by: str) -> np.ndarray:
    """(series,) name of the pool that each series asks for."""
    column = attribute(panel, by)
    return column.astype("str").where(column.notna(), REST).to_numpy(dtype=str)
