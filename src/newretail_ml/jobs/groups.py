"""Demand of whole groups of the chain, for models whose features look at it.

A model that was fitted on a chain may ask for the trend of all of it, or of a category. A
partition does not know that of its own series: it is counted first, over all partitions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.features import Recipe
from newretail_ml.features.block import group_codes, group_labels
from newretail_ml.features.series import ByGroup
from newretail_ml.forecasting import AutoForecaster, Forecaster
from newretail_ml.forecasting.censoring.recovery import recover_demand
from newretail_ml.forecasting.pools import Pooled
from newretail_ml.forecasting.trees.lightgbm_model import LightGBMForecaster
from newretail_ml.jobs.models import parts_of
from newretail_ml.jobs.running import Stage
from newretail_ml.jobs.series import SeriesOf
from newretail_ml.jobs.task import Answer
from newretail_ml.jobs.work import remove_others
from newretail_ml.panel import Panel
from newretail_ml.tables import RetailTables
from newretail_ml.tables.digest import fingerprint
from newretail_ml.tables.whole_folder import hidden_beside

_FILE = "groups-{}.parquet"
_AT_ONCE = 64
_BY, _GROUP, _PERIOD, _TOTAL, _COUNT = _COLUMNS = ["by", "group", "period", "total", "count"]


@dataclass(frozen=True)
class GroupTask:
    """Sums of demand, and how many series know theirs, by group and period.

    Args:
        series: what a series is.
        by: keys or attributes that name the groups.
        recovered: whether demand is what sold-out days hide as well.
    """

    series: SeriesOf
    by: tuple[str, ...]
    recovered: bool

    name = "groups"
    key = c.ITEM

    def facts(self) -> dict[str, Any]:
        """Arguments, for the digest."""
        return asdict(self)

    def __call__(self, folder: Path) -> Answer:
        """The sums of a partition, block by block."""
        tables = RetailTables.read(folder)
        panel, refused = self.series.panel(tables)
        parts = [] if panel is None else [part for _, part in self.series.in_blocks(panel)]
        shown = [recover_demand(part) if self.recovered else part for part in parts]
        sums = [_sums(part, by) for part in shown for by in self.by]
        rows = pd.concat(sums) if sums else pd.DataFrame(dtype=object, columns=_COLUMNS)
        return Answer(rows, refused, len(tables.orders))


def groups_of(model: Forecaster) -> tuple[str, ...]:
    """Keys or attributes whose groups the features of a fitted model look at.

    Raises:
        DataError: it has models of pools that each look at their own pool.
    """
    trees = [one for one in parts_of(model) if isinstance(one, LightGBMForecaster)]
    recipes = [one.recipe_ for one in trees if hasattr(one, "recipe_")]
    by = sorted({name for recipe in recipes for name in groups_in(recipe)})
    if by and any(isinstance(one, Pooled) for one in parts_of(model)):
        raise DataError(
            "each model of a Pooled looks at the demand of its own pool, which partitions do not "
            "know",
            next_step="Save a model of the whole chain, or run the job without --partitions.",
        )
    return tuple(by)


def groups_in(recipe: Recipe) -> tuple[str, ...]:
    """Keys or attributes whose groups the features of a recipe look at."""
    groups = {feature.attribute for feature in recipe.features if isinstance(feature, ByGroup)}
    return tuple(sorted(groups))


def is_recovered(model: Forecaster) -> bool:
    """Whether the model's features look at recovered demand."""
    return isinstance(model, AutoForecaster)


@dataclass(frozen=True)
class GroupDemand:
    """Mean demand of each group and period of the chain, in a file.

    Args:
        file: Parquet.
        digest: of its content.
    """

    file: Path
    digest: str

    @classmethod
    def counted(
        cls, stage: Stage, series: SeriesOf, by: tuple[str, ...], recovered: bool = False
    ) -> GroupDemand | None:
        """Over all partitions; None where nobody looks at groups."""
        if not by:
            return None
        made = stage.run(GroupTask(series, by, recovered))
        return cls.added_up(made.results, stage.work)

    @classmethod
    def added_up(cls, results: Sequence[Path], folder: Path) -> GroupDemand:
        """From the sums of all partitions, some of which are in memory at a time.

        Args:
            results: of a `GroupTask`.
            folder: where the file is kept, named after its content; those of other content go.
        """
        by = pd.DataFrame(dtype=object, columns=_COLUMNS)
        for first in range(0, len(results), _AT_ONCE):
            some = map(pd.read_parquet, results[first : first + _AT_ONCE])
            sums = pd.concat([*([by] if first else []), *some])
            by = sums.groupby([_BY, _GROUP, _PERIOD])[[_TOTAL, _COUNT]].sum().reset_index()
        known = by[_COUNT] > 0
        mean = np.divide(by[_TOTAL], by[_COUNT], out=np.full(len(by), np.nan), where=known)
        rows = by[[_BY, _GROUP, _PERIOD]].assign(**{c.MEAN: mean})
        digest = fingerprint({"groups": rows})
        file = folder / _FILE.format(digest)
        with hidden_beside(file) as aside:
            rows.to_parquet(aside / file.name, index=False)
            (aside / file.name).replace(file)
        remove_others(file, _FILE.format("*"))
        return cls(file, digest)

    def read(self) -> dict[str, pd.DataFrame]:
        """As `Panel.group_demand` wants it."""
        rows = pd.read_parquet(self.file)
        return {str(by): _wide(part) for by, part in rows.groupby(_BY)}


def _wide(rows: pd.DataFrame) -> pd.DataFrame:
    groups = rows[_GROUP].unique()
    return pd.DataFrame(rows[c.MEAN].to_numpy().reshape(len(groups), -1), index=groups)


def _sums(panel: Panel, by: str) -> pd.DataFrame:
    labels, codes = group_labels(panel, by), group_codes(group_labels(panel, by))
    demand = panel.demand().astype(np.float64)
    known = ~np.isnan(demand)
    member = np.arange(codes.max() + 1)[:, None] == codes
    total, count = member @ np.where(known, demand, 0.0), member @ known.astype(float)
    groups, periods = np.indices(total.shape).reshape(2, -1)
    return pd.DataFrame(
        {
            _BY: by,
            _GROUP: np.sort(labels.unique())[groups],
            _PERIOD: periods,
            _TOTAL: total.ravel(),
            _COUNT: count.ravel(),
        }
    )
