"""Features of the chain's own events, such as shopping festivals: known in advance."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.features.base import PlannedFeature
from newretail_ml.features.block import Block, Rows
from newretail_ml.features.calendar import Days
from newretail_ml.panel import Panel


@dataclass(frozen=True)
class _EventFeature(PlannedFeature):
    """Distance to an event of the panel's event table.

    An event of one location or region counts for the series there; where a panel pools over
    locations it counts for all.

    Args:
        event: its name in the table; "any" for the nearest of all.
        within: distances beyond this many days are all the same, ``within`` + 1.
    """

    event: str
    within: int = 14

    def values(self, block: Block, rows: Rows) -> np.ndarray:
        """One row of distances for each place, given to its series."""
        number, places = block.source.shared("places", lambda: _places(block.panel))
        distances = block.source.shared(self, lambda: self._distances(block.panel, rows, places))
        return distances[number[block.series]]

    def _distances(self, panel: Panel, rows: Rows, places: list[dict[str, Any]]) -> np.ndarray:
        """(places, rows) distances."""
        first, last = int(rows.targets.min()), int(rows.targets.max())
        days = Days.of(panel.periods, first, last)
        happens = (_event_dates(panel.events, self.event, place) for place in places)
        table = np.array([self.distance(days, dates) for dates in happens], dtype=float)
        return table[:, rows.targets - first]

    @abstractmethod
    def distance(self, days: Days, happens: pd.DatetimeIndex) -> np.ndarray:
        """Days between each period and the event."""


class DaysToEvent(_EventFeature):
    """Days until the event; 0 in its period."""

    def distance(self, days: Days, happens: pd.DatetimeIndex) -> np.ndarray:
        """Days ahead, capped."""
        return days.until(happens, self.within)


class DaysAfterEvent(_EventFeature):
    """Days since the event; 0 in its period."""

    def distance(self, days: Days, happens: pd.DatetimeIndex) -> np.ndarray:
        """Days back, capped."""
        return days.since(happens, self.within)


def _places(panel: Panel) -> tuple[np.ndarray, list[dict[str, Any]]]:
    """Number of each series' place, and the places, as far as events are local."""
    frame = pd.concat([panel.keys, panel.statics], axis=1)
    local = [name for name in (c.LOCATION, c.REGION) if name in panel.events and name in frame]
    if not local:
        return np.zeros(panel.n_series, dtype=int), [{}]
    number = frame.groupby(local, sort=False, dropna=False, observed=True).ngroup()
    return number.to_numpy(), frame[local].drop_duplicates().to_dict("records")


def _event_dates(events: pd.DataFrame, event: str, place: dict[str, Any]) -> pd.DatetimeIndex:
    here = np.ones(len(events), dtype=bool) if event == "any" else (events[c.EVENT] == event)
    for column, value in place.items():
        here = here & (events[column].isna() | (events[column] == value))
    return pd.DatetimeIndex(events.loc[here, c.DATE])
