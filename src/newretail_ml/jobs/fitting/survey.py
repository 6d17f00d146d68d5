"""What a model has to know of a whole chain before it learns from parts of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.forecasting.trees.recipes import MOST_LABELS
from newretail_ml.jobs.fitting.panels import PANEL, answered, joined, packed, unpacked
from newretail_ml.jobs.series import SeriesOf
from newretail_ml.jobs.task import Answer
from newretail_ml.panel import Panel

_BLOCK, _SERIES = "block", "series"


@dataclass(frozen=True)
class SurveyTask:
    """How many series each block has, and a few of them: one of each kind.

    Args:
        series: what a series is.
    """

    series: SeriesOf

    name = "survey"
    key = c.ITEM

    def facts(self) -> dict[str, Any]:
        """For the digest."""
        return self.series.facts()

    def __call__(self, folder: Path) -> Answer:
        """One row for each block of a partition; the first holds the few series."""
        return answered(self.series, folder, self._rows)

    def _rows(self, panel: Panel, block: np.ndarray) -> pd.DataFrame:
        numbers, counts = np.unique(block, return_counts=True)
        rows = pd.DataFrame({_BLOCK: numbers, _SERIES: counts, PANEL: None})
        rows[PANEL] = [packed(one_of_each(panel)), *[None] * (len(rows) - 1)]
        return rows


@dataclass(frozen=True)
class Survey:
    """What there is in a chain.

    Args:
        panel: series of each kind, which say which features there can be, and their categories.
        counts: series in each block.
    """

    panel: Panel
    counts: Mapping[int, int]

    @classmethod
    def of(cls, results: Sequence[Path]) -> Self:
        """From the results of a `SurveyTask`, read one after the other.

        Raises:
            DataError: nothing was sold in any partition.
        """
        kinds: Panel | None = None
        for panel in unpacked(results):
            kinds = panel if kinds is None else one_of_each(joined([kinds, panel]))
        if kinds is None:
            raise DataError(
                "no order line is a sale",
                table="orders",
                column=c.UNITS,
                next_step="Bring order lines of positive units.",
            )
        read = pd.concat([pd.read_parquet(file, columns=[_BLOCK, _SERIES]) for file in results])
        counts = read.groupby(_BLOCK)[_SERIES].sum()
        return cls(kinds, {int(block): int(count) for block, count in counts.items()})

    @property
    def n_series(self) -> int:
        """Series of the chain."""
        return sum(self.counts.values())

    def firsts(self) -> dict[int, int]:
        """How many series stand before those of each block."""
        blocks = sorted(self.counts)
        before = np.cumsum([0, *(self.counts[block] for block in blocks)]).tolist()
        return dict(zip(blocks, before[:-1], strict=True))


def one_of_each(panel: Panel) -> Panel:
    """Some series of a panel: one at least with each value of each of its categories.

    Of a column with more values than a category may have, so many that it shows. A series whose
    stock ran out is among them, if there is one.

    >>> frame = pd.DataFrame({"item_id": ["tea", "cup", "mug"], "date": "2026-01-01", "units": 1.0})
    >>> statics = pd.DataFrame({"item_id": ["tea", "cup", "mug"], "kind": ["food", "ware", "ware"]})
    >>> one_of_each(Panel.from_frame(frame, statics=statics)).statics["kind"].tolist()
    ['ware', 'food']
    """
    chosen = {0, *np.flatnonzero(panel.censored.any(axis=1))[:1].tolist()}
    columns = [panel.keys[name] for name in panel.keys if name != c.ITEM]
    columns += [panel.statics[name] for name in panel.statics]
    for column in columns:
        chosen.update(np.flatnonzero(~column.duplicated())[: MOST_LABELS + 2].tolist())
    return panel.select(np.array(sorted(chosen)))
