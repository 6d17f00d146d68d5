"""Features of stock: how often, and how lately, demand was cut off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml.features.base import HistoryFeature
from newretail_ml.features.block import Block, WindowTotals
from newretail_ml.features.lags import periods_since


@dataclass(frozen=True)
class AvailableShare(HistoryFeature):
    """Share of the last ``window`` periods in which stock did not run out."""

    window: int
    of_demand_alone = False

    @property
    def reach(self) -> int:
        """The window."""
        return self.window

    def state(self, block: Block) -> np.ndarray:
        """One less the censored share."""
        censored = _censored(block)
        past = np.minimum(block.first + np.arange(1, censored.shape[1] + 1), self.window)
        return 1.0 - WindowTotals(censored.astype(float)).over(self.window) / past


@dataclass(frozen=True)
class PeriodsSinceStockout(HistoryFeature):
    """Periods since stock last ran out; NaN if it never did."""

    of_demand_alone = False

    @property
    def reach(self) -> None:
        """All periods."""

    def state(self, block: Block) -> np.ndarray:
        """Distance to the last censored period."""
        return periods_since(_censored(block))


def _censored(block: Block) -> np.ndarray:
    end = block.first + block.demand.shape[1]
    return block.panel.censored[block.series, block.first : end]
