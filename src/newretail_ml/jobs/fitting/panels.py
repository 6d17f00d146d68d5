"""Small panels that partitions give to the driver, and that become one there."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.jobs.blocks import block_of
from newretail_ml.jobs.series import SeriesOf
from newretail_ml.jobs.task import Answer
from newretail_ml.panel import Panel
from newretail_ml.tables import RetailTables

PANEL = "panel"


def answered(
    series: SeriesOf, folder: Path, rows: Callable[[Panel, np.ndarray], pd.DataFrame]
) -> Answer:
    """What is to be told of the series of a partition; nothing where none was sold.

    Args:
        series: what a series is.
        folder: of the partition.
        rows: makes the result of their panel, block by block, and the block of each series.
    """
    tables = RetailTables.read(folder)
    panel, refused = series.panel(tables)
    made = pd.DataFrame() if panel is None else rows(*in_order(series, panel))
    return Answer(made, refused, len(tables.orders))


def in_order(series: SeriesOf, panel: Panel) -> tuple[Panel, np.ndarray]:
    """The panel of a partition, block by block, and (series,) the block of each.

    Partitions, one after the other, then give the series of a chain in the same order, however
    many there are.

    Args:
        series: what a series is.
        panel: of a partition.
    """
    block = block_of(panel.keys[c.ITEM], series.blocks)
    order = np.argsort(block, kind="stable")
    return panel.select(order), block[order]


def packed(panel: Panel) -> bytes:
    """A panel as a cell of a table."""
    return pickle.dumps(panel, protocol=pickle.HIGHEST_PROTOCOL)


def unpacked(files: Sequence[Path]) -> Iterator[Panel]:
    """The panels in results of this job, one after the other."""
    for file in files:
        for content in pd.read_parquet(file, columns=[PANEL])[PANEL].dropna():
            yield pickle.loads(content)  # noqa: S301


def joined(panels: Sequence[Panel]) -> Panel:
    """The series of several panels of one chain; what a panel has no plan of is not known there."""
    first = max(panels, key=lambda panel: len(panel.periods))
    reaching = [panel.reaching(len(first.periods)) for panel in panels]
    names = list(dict.fromkeys(name for panel in panels for name in panel.plans))
    return Panel(
        keys=pd.concat([panel.keys for panel in panels], ignore_index=True),
        periods=first.periods,
        units=np.concatenate([panel.units for panel in panels]),
        censored=np.concatenate([panel.censored for panel in panels]),
        launch=np.concatenate([panel.launch for panel in panels]),
        delisting=np.concatenate([panel.delisting for panel in panels]),
        plans={name: np.concatenate([_plan(each, name) for each in reaching]) for name in names},
        statics=pd.concat([panel.statics for panel in panels], ignore_index=True),
        events=first.events,
    )


def _plan(panel: Panel, name: str) -> np.ndarray:
    unknown = np.full((panel.n_series, len(panel.periods)), np.nan, dtype=np.float32)
    return panel.plans.get(name, unknown)
