"""Features of the series itself, and of the group it belongs to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from newretail_ml.errors import DataError
from newretail_ml.features.base import UNNAMED, HistoryFeature, PlannedFeature
from newretail_ml.features.block import Block, Rows, attribute
from newretail_ml.panel import Panel


@dataclass(frozen=True)
class Static(PlannedFeature):
    """A key or attribute of the series as a category code: category, brand, location_id.

    Args:
        attribute: its column.
        labels: the values that codes 0, 1, ... stand for; other values are NaN. Without labels,
            the panel's own, in sorted order. A model fixes them when it is fitted (see
            `Recipe.fixed`), so that codes mean the same on any other panel.
    """

    attribute: str
    labels: tuple[str, ...] | None = field(default=None, metadata={UNNAMED: True})
    categorical = True

    def values(self, block: Block, rows: Rows) -> np.ndarray:
        """The series' code in every row."""
        column = attribute(block.panel, self.attribute).iloc[block.series].astype("str")
        codes = pd.Index(self.fixed(block.panel).labels).get_indexer(column)
        numbers = np.where(codes < 0, np.nan, codes.astype(float))
        return np.broadcast_to(numbers[:, None], (len(numbers), len(rows)))

    def fixed(self, panel: Panel) -> Static:
        """The feature with the labels of a panel, unless it has labels already."""
        if self.labels is not None:
            return self
        values = attribute(panel, self.attribute).dropna().astype("str")
        return replace(self, labels=tuple(sorted(values.unique())))


@dataclass(frozen=True)
class StaticNumber(PlannedFeature):
    """A numeric attribute of the series, such as its unit cost."""

    attribute: str

    def values(self, block: Block, rows: Rows) -> np.ndarray:
        """The series' number in every row."""
        numbers = attribute(block.panel, self.attribute).to_numpy(float)[block.series]
        return np.broadcast_to(numbers[:, None], (len(numbers), len(rows)))


@dataclass(frozen=True)
class Age(PlannedFeature):
    """Periods since the launch or first sale, ``most`` at most; NaN where that is yet to come.

    Without a cap, age is another name for the date, and a tree can only extrapolate it badly.
    """

    most: int = 91

    def values(self, block: Block, rows: Rows) -> np.ndarray:
        """Target less start, as it was known at the origin."""
        start = block.panel.start[block.series, None]
        age = np.minimum(rows.targets - start, self.most)
        return np.where(rows.origins >= start, age, np.nan).astype(float)


@dataclass(frozen=True)
class ByGroup(HistoryFeature):
    """A history feature of the mean demand of the series' group.

    Args:
        attribute: key or attribute that names the group, such as category or location_id.
        feature: what to compute on the group's mean demand.

    Raises:
        DataError: the feature looks at more than demand.
    """

    attribute: str
    feature: HistoryFeature
    of_demand_alone = False

    def __post_init__(self) -> None:
        if not self.feature.of_demand_alone:
            raise DataError(
                f"{self.feature.name} looks at more than demand, and a group has demand alone",
                next_step="Pass a feature of demand, such as RollingMean(28).",
            )

    @property
    def shortest_lag(self) -> int:
        """That of the inner feature."""
        return self.feature.shortest_lag

    @property
    def season(self) -> int:
        """That of the inner feature."""
        return self.feature.season

    @property
    def reach(self) -> int | None:
        """That of the inner feature."""
        return self.feature.reach

    def state(self, block: Block) -> np.ndarray:
        """The group's state, given to each of its series."""
        groups = block.source.groups(self.attribute, block.first, self._end(block))
        return self.feature.state(groups)[block.source.codes(self.attribute)[block.series]]

    def prepare(self, block: Block) -> None:
        """Compute the group's demand over the block's periods, once for all blocks."""
        block.source.prepare_groups(self.attribute, block.first, self._end(block))

    @staticmethod
    def _end(block: Block) -> int:
        return block.first + block.demand.shape[1]
