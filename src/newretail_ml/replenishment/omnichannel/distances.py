"""Distances between places of customers and locations, in kilometres."""

from __future__ import annotations

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.replenishment.omnichannel.names import DISTANCE, LATITUDE, LONGITUDE
from newretail_ml.replenishment.omnichannel.tables import checked

EARTH_RADIUS = 6371.0088


def great_circle(here: np.ndarray, there: np.ndarray) -> np.ndarray:
    """(here, there) kilometres along the surface of the earth, by the haversine formula.

    Args:
        here: (here, 2) latitude and longitude in degrees.
        there: (there, 2) latitude and longitude in degrees.

    >>> london, paris = np.array([[51.5074, -0.1278]]), np.array([[48.8566, 2.3522]])
    >>> great_circle(london, paris).round(1).item()
    343.6
    """
    first, second = np.radians(here)[:, None, :], np.radians(there)[None, :, :]
    half = np.sin((second - first) / 2) ** 2
    chord = half[..., 0] + np.cos(first[..., 0]) * np.cos(second[..., 0]) * half[..., 1]
    return 2 * EARTH_RADIUS * np.arcsin(np.sqrt(np.minimum(chord, 1.0)))


def distances_to(
    orders: pd.DataFrame, places: pd.DataFrame, distances: pd.DataFrame | None
) -> np.ndarray:
    """(orders, places) kilometres, from a table or else from latitudes and longitudes.

    Args:
        orders: one row an order.
        places: one row a location.
        distances: order_id, location_id, distance; infinite where nothing can be sent.

    Raises:
        DataError: a pair is missing, or a coordinate is missing or outside the globe.
    """
    if distances is None:
        here, there = _coordinates(orders, "orders"), _coordinates(places, "places")
        return great_circle(here, there)
    far = distances.assign(**{DISTANCE: pd.to_numeric(distances[DISTANCE]).replace(np.inf, 1e9)})
    pair = [c.ORDER, c.LOCATION]
    far = checked(far, "distances", ids=pair, key=pair, numbers={DISTANCE: 0})
    wide = far.pivot_table(DISTANCE, c.ORDER, c.LOCATION)
    wide = wide.reindex(index=orders[c.ORDER], columns=places[c.LOCATION])
    missing = np.argwhere(wide.isna().to_numpy())
    if len(missing):
        raise DataError(
            f"{len(missing):,} distances are missing",
            table="distances",
            rows=[f"{wide.index[i]} to {wide.columns[j]}" for i, j in missing[:6]],
            next_step="Add a row for each order and location; infinity where nothing can be sent.",
        )
    kilometres = wide.to_numpy(float)
    return np.where(kilometres >= 1e9, np.inf, kilometres)


def _coordinates(frame: pd.DataFrame, table: str) -> np.ndarray:
    for name, most in ((LATITUDE, 90), (LONGITUDE, 180)):
        if name not in frame:
            raise DataError(
                "the column is missing",
                table=table,
                column=name,
                next_step="Add it, or pass a table of distances.",
            )
        degrees = pd.to_numeric(frame[name], errors="coerce").to_numpy(float)
        bad = ~(np.abs(degrees) <= most)
        if bad.any():
            raise DataError(
                f"{bad.sum():,} values are not degrees from -{most} to {most}",
                table=table,
                column=name,
                rows=frame.index[bad],
                next_step="Correct them.",
            )
    return frame[[LATITUDE, LONGITUDE]].to_numpy(float)
