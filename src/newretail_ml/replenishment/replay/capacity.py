"""Room that series share: orders are cut back where the stock would not fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.tables.parsing import to_text

CAPACITY = "capacity"


@dataclass(frozen=True, eq=False)
class Limit:
    """One measure of room, for each location.

    Attributes:
        members: (locations, series) sparse; what a unit of a series takes at its location.
        room: (locations,) the most that may be taken; infinite where there is no limit.
    """

    members: Any
    room: np.ndarray

    def share(self, position: np.ndarray, orders: np.ndarray) -> np.ndarray:
        """(series[, paths]) share of each order that fits with those of its location."""
        taken, asked = self.members @ np.maximum(position, 0.0), self.members @ orders
        room = self.room.reshape(-1, *[1] * (orders.ndim - 1))
        free = np.maximum(room - taken, 0.0)
        fits = np.divide(free, asked, out=np.ones_like(asked), where=asked > free)
        touched = (self.members.T > 0).astype(float)
        shares = touched @ (fits - 1.0) + 1.0
        return np.asarray(shares)


@dataclass(frozen=True, eq=False)
class Capacity:
    """All shared limits.

    Attributes:
        limits: in units, in volume, or both.
    """

    limits: tuple[Limit, ...]

    @classmethod
    def of(cls, capacity: pd.DataFrame, terms: pd.DataFrame) -> Capacity:
        """From a frame of location_id (if the terms have it) and units or volume.

        Raises:
            DataError: it has neither limit, a location repeats or is not in the terms, or a
                volume is not known.
        """
        measures = [name for name in (c.UNITS, c.VOLUME) if name in capacity]
        located = c.LOCATION in terms
        if not measures or (located and c.LOCATION not in capacity):
            raise DataError(
                "it needs location_id (if the terms have it) and units or volume",
                table=CAPACITY,
                next_step="Add the missing column.",
            )
        rows = _rows(capacity, terms) if located else np.zeros(len(terms), dtype=int)
        if not located and len(capacity) != 1:
            raise DataError(
                f"there are {len(capacity):,} rows and no locations",
                table=CAPACITY,
                next_step="Pass one row, or add location_id to the terms.",
            )
        return cls(tuple(_limit(capacity, terms, rows, measure) for measure in measures))

    def cut_back(self, orders: np.ndarray, position: np.ndarray, pack: np.ndarray) -> np.ndarray:
        """(series[, paths]) orders in whole packs that fit beside the stock position.

        Where the orders of a location ask for more than is free, each is cut back by the same
        share, and then down to whole packs.
        """
        share = np.ones_like(orders)
        for limit in self.limits:
            np.minimum(share, limit.share(position, orders), out=share)
        return np.floor(orders * share / pack + 1e-9) * pack


def _rows(capacity: pd.DataFrame, terms: pd.DataFrame) -> np.ndarray:
    """(series,) row of the capacity; -1 where a location has no limit."""
    locations = pd.Index(to_text(capacity[c.LOCATION]))
    unknown = ~locations.isin(terms[c.LOCATION])
    if unknown.any() or locations.has_duplicates:
        raise DataError(
            "a location repeats" if not unknown.any() else "a location is not in the terms",
            table=CAPACITY,
            column=c.LOCATION,
            rows=capacity.index[unknown | locations.duplicated()],
            next_step="Keep one row for each location of the terms.",
        )
    return locations.get_indexer(terms[c.LOCATION])


def _limit(capacity: pd.DataFrame, terms: pd.DataFrame, rows: np.ndarray, measure: str) -> Limit:
    from scipy.sparse import csr_array

    room = pd.to_numeric(capacity[measure], errors="coerce").to_numpy(float)
    bad = (np.isnan(room) & capacity[measure].notna()) | (room < 0)
    if bad.any():
        raise DataError(
            "values are not numbers of at least 0",
            table=CAPACITY,
            column=measure,
            rows=capacity.index[bad],
            next_step="Correct them, or leave them empty where there is no limit.",
        )
    room = np.where(np.isnan(room), np.inf, room)
    inside = np.flatnonzero(rows >= 0)
    takes = np.ones(len(terms)) if measure == c.UNITS else terms[c.VOLUME].to_numpy(float)
    if np.isnan(takes[inside]).any():
        raise DataError(
            "volumes are missing, and capacity is in volume",
            table="terms",
            column=c.VOLUME,
            rows=inside[np.isnan(takes[inside])],
            next_step="Add them, or give capacity in units.",
        )
    members = csr_array((takes[inside], (rows[inside], inside)), shape=(len(room), len(terms)))
    return Limit(members, room)
