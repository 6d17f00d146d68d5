"""Features of the chain's own events, such as shopping festivals: known in advance."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.features.base import PlannedFeature
from newretail_ml.features.block import Block, Rows, attribute
from newretail_ml.features.calendar import Days, days_of
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
        places = block.source.shared(_Places, lambda: _Places.of(block.panel))
        distances = block.source.shared(self, lambda: self._distances(block, rows, places))
        return distances[places.number[block.series]]

    def _distances(self, block: Block, rows: Rows, places: _Places) -> np.ndarray:
        """(places, rows) distances."""
        first, days = days_of(block, rows)
        table = [self.distance(days, dates) for dates in places.dates_of(self.event)]
        return np.array(table, dtype=float)[:, rows.targets - first]

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


@dataclass(frozen=True, eq=False)
class _Places:
    """Where series are, as far as events are local, and which events happen there.

    Attributes:
        number: of each series' place, (series,).
        happens: whether an event counts at a place, (places, events).
        events: name of each event, (events,).
        dates: of each event, (events,).
    """

    number: np.ndarray
    happens: np.ndarray
    events: np.ndarray
    dates: pd.DatetimeIndex

    @classmethod
    def of(cls, panel: Panel) -> _Places:
        """Those of a panel."""
        table = panel.events
        there = {*panel.keys.columns, *panel.statics.columns}
        local = [name for name in (c.LOCATION, c.REGION) if name in table and name in there]
        # An event without a location or region, numbered -1 here, counts everywhere.
        at_event = np.empty((len(local), len(table)), dtype=np.int64)
        at_series = np.empty((panel.n_series, len(local)), dtype=np.int64)
        for row, name in enumerate(local):
            values = [one.to_numpy(dtype=object) for one in (table[name], attribute(panel, name))]
            codes = pd.factorize(np.concatenate(values))[0]
            at_event[row], at_series[:, row] = codes[: len(table)], codes[len(table) :]
        places, number = np.unique(at_series, axis=0, return_inverse=True)
        happens = ((at_event == -1) | (at_event == places[:, :, None])).all(axis=1)
        events, dates = table[c.EVENT].to_numpy(dtype=object), pd.DatetimeIndex(table[c.DATE])
        return cls(number.reshape(-1), happens, events, dates)

    def dates_of(self, event: str) -> list[pd.DatetimeIndex]:
        """Dates of an event, or of "any", at each place."""
        wanted = np.ones(len(self.events), dtype=bool) if event == "any" else self.events == event
        return [self.dates[here & wanted] for here in self.happens]
