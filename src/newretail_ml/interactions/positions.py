"""Positions of customers, items, locations and channels, and which of them a time knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from newretail_ml.errors import DataError
from newretail_ml.interactions.making import UNKNOWN
from newretail_ml.tables.parsing import to_text

if TYPE_CHECKING:
    from newretail_ml.interactions.interactions import Interactions


def usual_place(
    known: Interactions, column: str, events: np.ndarray, labels: pd.Index
) -> np.ndarray:
    """(customers,) position of each one's place: the one named, or else where most was bought.

    Args:
        known: whose customers.
        column: of the customers table, where it names the place.
        events: (events,) position of each event's place, -1 where not known.
        labels: of the positions.
    """
    place = np.full(known.n_customers, UNKNOWN)
    there = events >= 0
    if there.any():
        shape = (known.n_customers, len(labels))
        cell = known.events.customer[there] * np.int64(len(labels)) + events[there]
        uses = np.bincount(cell, minlength=shape[0] * shape[1]).reshape(shape)
        place = np.where(uses.any(axis=1), uses.argmax(axis=1), UNKNOWN)
    if column in known.customers:
        named = labels.get_indexer(known.customers[column])
        place = np.where(named >= 0, named, place)
    return place


def found(labels: pd.Index, ids: pd.Series | pd.Index | np.ndarray | list) -> np.ndarray:
    """(n,) position of each id, -1 where there is none; numbers are read as `from_frame` does."""
    asked = pd.Index(ids)
    if pd.api.types.infer_dtype(asked) not in ("string", "empty"):
        asked = pd.Index(to_text(pd.Series(asked)))
    return np.asarray(labels.get_indexer(asked))


def positions(chosen: np.ndarray, n: int) -> np.ndarray:
    """(n,) new position of each old one, -1 where it was not chosen."""
    position = np.full(n, UNKNOWN)
    position[chosen] = np.arange(len(chosen))
    return position


def known_at(
    table: pd.DataFrame, column: str, cut: np.datetime64, bought: np.ndarray
) -> np.ndarray:
    """Positions of those with events, and of those that a table announced before the cut."""
    there = np.zeros(len(table), dtype=bool)
    there[bought] = True
    if column in table:
        there |= (table[column] < pd.Timestamp(cut)).to_numpy(bool)
    return np.flatnonzero(there)


def as_time(time: str | pd.Timestamp | np.datetime64) -> np.datetime64:
    """A time to the second, without its zone.

    Raises:
        DataError: it cannot be read.
    """
    try:
        stamp = pd.Timestamp(time)
    except (ValueError, TypeError):
        stamp = pd.NaT
    if pd.isna(stamp):
        raise DataError(f"{time!r} is not a time", next_step="Write it as 2026-05-31.")
    return stamp.tz_localize(None).to_datetime64().astype("datetime64[s]")
