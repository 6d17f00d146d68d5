"""What partitions give to a fit of the chain: rows to learn from, and series to look back on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.features import Recipe
from newretail_ml.forecasting import LightGBMForecaster
from newretail_ml.forecasting.trees.training import drawn_donors
from newretail_ml.jobs.fitting.panels import PANEL, answered, packed
from newretail_ml.jobs.groups import GroupDemand
from newretail_ml.jobs.series import SeriesOf
from newretail_ml.jobs.task import Answer
from newretail_ml.panel import Panel


@dataclass(frozen=True)
class RowsTask:
    """The rows that a partition gives to learn from: features, and what they should have told.

    Args:
        series: what a series is.
        model: that learns from them; it need not be fitted.
        recipe: the features, with the chain's categories.
        n_series: of the chain.
        groups: the chain's demand by groups, where features look at it.
    """

    series: SeriesOf
    model: LightGBMForecaster
    recipe: Recipe
    n_series: int
    groups: GroupDemand | None

    name = "training rows"
    key = c.ITEM

    def facts(self) -> dict[str, Any]:
        """For the digest."""
        return {
            **self.series.facts(),
            "model": {name: str(value) for name, value in self.model.get_params().items()},
            "recipe": [repr(feature) for feature in self.recipe.features],
            "n_series": self.n_series,
            "groups": None if self.groups is None else self.groups.digest,
        }

    def __call__(self, folder: Path) -> Answer:
        """The rows of a partition, block by block."""
        return answered(self.series, folder, self._rows)

    def _rows(self, panel: Panel, _: np.ndarray) -> pd.DataFrame:
        if self.groups is not None:
            panel = replace(panel, group_demand=self.groups.read())
        rows = self.model.training_rows(panel, self.recipe, self.n_series)
        return rows.to_frame(self.recipe.names)


@dataclass(frozen=True)
class DonorsTask:
    """The series of a partition whose past forecasts spread the paths of all.

    Args:
        series: what a series is.
        firsts: how many of the chain's series stand before those of each block.
        n_series: of the chain.
        n_donors: how many are drawn; None for all.
        seed: of the draw.
    """

    series: SeriesOf
    firsts: Mapping[int, int]
    n_series: int
    n_donors: int | None
    seed: int

    name = "donors"
    key = c.ITEM

    def facts(self) -> dict[str, Any]:
        """For the digest."""
        return {
            **self.series.facts(),
            "firsts": list(self.firsts.items()),
            "n_series": self.n_series,
            "n_donors": self.n_donors,
            "seed": self.seed,
        }

    def __call__(self, folder: Path) -> Answer:
        """One row that holds their panel; none where no series of the partition was drawn."""
        return answered(self.series, folder, self._rows)

    def _rows(self, panel: Panel, block: np.ndarray) -> pd.DataFrame:
        numbers, counts = np.unique(block, return_counts=True)
        within = np.concatenate([np.arange(count) for count in counts])
        place = np.repeat([self.firsts[int(number)] for number in numbers], counts) + within
        drawn = np.isin(place, drawn_donors(self.n_series, self.n_donors, self.seed))
        return pd.DataFrame({PANEL: [packed(panel.select(drawn))] if drawn.any() else []})
