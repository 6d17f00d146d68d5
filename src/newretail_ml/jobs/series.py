"""The series of a partition: as panels, whole or block by block."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.jobs.blocks import BLOCKS, block_of
from newretail_ml.panel import Panel
from newretail_ml.tables import RetailTables

_NO_SALE = "no order line of it is a sale"


@dataclass(frozen=True)
class SeriesOf:
    """What a series is.

    Args:
        by: key columns.
        freq: length of a period.
        until: last day that is known; None for all.
        blocks: how many blocks the chain falls into: as many as there are partitions, and 16 at
            least.
    """

    by: tuple[str, ...]
    freq: str = "D"
    until: str | None = None
    blocks: int = BLOCKS

    def facts(self) -> dict[str, object]:
        """For the digest and the tracker."""
        return asdict(self)

    def panel(self, tables: RetailTables) -> tuple[Panel | None, pd.DataFrame]:
        """The panel of a partition, None where nothing was sold, and what is not in it."""
        keys = [name for name in c.SERIES_KEYS if name in self.by]
        ordered = tables.orders[keys].drop_duplicates()
        if tables.demand_lines().empty:
            return None, refusal(ordered, _NO_SALE)
        panel = Panel.from_tables(tables, by=self.by, freq=self.freq)
        if self.until is not None:
            panel = panel.until(self.until)
        sold = pd.MultiIndex.from_frame(panel.keys)
        there = pd.MultiIndex.from_frame(ordered).isin(sold)
        return panel, refusal(ordered[~there], _NO_SALE)

    def in_blocks(self, panel: Panel) -> list[tuple[int, Panel]]:
        """The panel of each block with its number; a partition is made of whole blocks."""
        block = block_of(panel.keys[c.ITEM], self.blocks)
        return [(int(number), panel.select(block == number)) for number in np.unique(block)]


def refusal(keys: pd.DataFrame, reason: str) -> pd.DataFrame:
    """Key columns of what was not answered, and why."""
    return keys.reset_index(drop=True).assign(**{c.REASON: reason})
