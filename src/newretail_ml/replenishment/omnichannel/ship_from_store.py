"""Which store stock to offer online, and how much of it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.forecast import Forecast
from newretail_ml.replenishment.omnichannel.counter import counter_values
from newretail_ml.replenishment.omnichannel.names import (
    ONLINE_MARGIN,
    PERIODS_LEFT,
    PICK_COST,
    PROTECTED,
    SHIPPING_COST,
    WHY,
    last_units,
)
from newretail_ml.replenishment.omnichannel.tables import check_known, checked

ONLINE_VALUE = "online_value"
COUNTER_VALUE = "counter_value"
GAIN = "gain"


def ship_from_store(stock: pd.DataFrame, places: pd.DataFrame, counter: Forecast) -> pd.DataFrame:
    """Units of each store's stock to offer online, exact on the paths.

    The last units of a stock are worth least on the counter, and each further one more. Units
    are offered as long as an online sale earns more, after shipping and labour, than the unit is
    expected to earn on the counter (see `counter_values`). What nobody orders stays on the
    counter, so offering costs nothing by itself, and online demand need not be known.

    Args:
        stock: item_id, location_id, on_hand, online_margin of a unit before shipping and labour,
            shortage_cost (margin on the counter), and, if known, unit_cost with salvage_value (a
            unit left will be marked down to it), periods_left until the next delivery or the end
            of the season, protected units that are never offered.
        places: location_id, pick_cost and shipping_cost of a unit.
        counter: paths of the counter's demand by item_id and location_id.

    Returns:
        One row a row of stock: keys, on_hand, units (to offer), online_value (margin online less
        shipping and labour), counter_value (expected on the counter of the last unit offered, or
        of the last unit on hand if none is), gain (expected if all units offered are ordered), why.

    Raises:
        DataError: a column is missing, a number is wrong, or a row has no forecast or place.

    >>> from newretail_ml.panel import Periods
    >>> keys = pd.DataFrame({"item_id": ["coat"], "location_id": ["shop"]})
    >>> week = Periods.spanning("2026-01-05", "2026-01-05", "W")
    >>> counter = Forecast(keys, week, np.array([[[0.0], [1], [1], [3]]]))
    >>> stock = keys.assign(on_hand=4, online_margin=10.0, shortage_cost=12.0)
    >>> places = pd.DataFrame({"location_id": ["shop"], "pick_cost": [1.0], "shipping_cost": [4.0]})
    >>> ship_from_store(stock, places, counter)[["units", "online_value", "counter_value", "gain"]]
       units  online_value  counter_value  gain
    0      3           5.0            3.0   9.0
    """
    stock, places = _checked_tables(stock, places)
    by_place = places.set_index(c.LOCATION)
    costs = stock[c.LOCATION].map(by_place[PICK_COST] + by_place[SHIPPING_COST])
    online = (stock[ONLINE_MARGIN] - costs).to_numpy(float)
    on_hand = stock[c.ON_HAND].to_numpy().astype(np.int64)
    most = max(int(on_hand.max(initial=0)), 1)
    values = counter_values(stock, counter, most)
    free = on_hand
    if PROTECTED in stock:
        free = np.floor(np.maximum(on_hand - stock[PROTECTED].to_numpy(), 0.0) + 1e-9).astype(
            np.int64
        )
    unit = np.arange(most)
    there = (unit < on_hand[:, None]) & (unit >= (on_hand - free)[:, None])
    offered = there & (values < online[:, None])
    units = offered.sum(axis=1)
    answer = stock[[c.ITEM, c.LOCATION, c.ON_HAND]].assign(
        **{
            c.UNITS: units,
            ONLINE_VALUE: online,
            COUNTER_VALUE: _last_value(values, on_hand, units),
            GAIN: np.where(offered, online[:, None] - values, 0.0).sum(axis=1),
        }
    )
    reasons = zip(answer.to_dict("records"), free, strict=True)
    return answer.assign(**{WHY: [_reason(row, int(most)) for row, most in reasons]})


def _last_value(values: np.ndarray, on_hand: np.ndarray, units: np.ndarray) -> np.ndarray:
    """(rows,) worth on the counter of the last unit offered, or of the first that is not."""
    place = np.clip(on_hand - np.maximum(units, 1), 0, values.shape[1] - 1)
    found = np.take_along_axis(values, place[:, None], axis=1)[:, 0]
    return np.where(on_hand > 0, found, np.nan)


def _checked_tables(stock: pd.DataFrame, places: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    keys = [c.ITEM, c.LOCATION]
    stock = checked(
        stock,
        "stock",
        ids=keys,
        key=keys,
        numbers={c.ON_HAND: 0, ONLINE_MARGIN: -np.inf, c.SHORTAGE_COST: 0},
        whole=[c.ON_HAND],
        optional={PROTECTED: 0, c.UNIT_COST: 0, PERIODS_LEFT: 0, c.SALVAGE_VALUE: -np.inf},
    )
    costs = {PICK_COST: 0.0, SHIPPING_COST: 0.0}
    places = checked(places, "places", ids=[c.LOCATION], key=[c.LOCATION], numbers=costs)
    check_known(stock, "stock", c.LOCATION, places[c.LOCATION], "places")
    return stock, places


def _reason(row: dict[str, float], free: int) -> str:
    if row[c.ON_HAND] == 0:
        return "nothing on hand"
    if free == 0:
        return "all units are kept for the counter"
    online = f"{row[ONLINE_VALUE]:,.2f} online after shipping and labour"
    if row[c.UNITS] == 0:
        return f"the last unit is worth {row[COUNTER_VALUE]:,.2f} on the counter, {online}"
    if row[c.UNITS] == free:
        offered = "all units that may be offered are" if free > 1 else "the unit offered is"
        return f"{offered} worth at most {row[COUNTER_VALUE]:,.2f} on the counter, {online}"
    return (
        f"{last_units(row[c.UNITS])} worth at most {row[COUNTER_VALUE]:,.2f} on the "
        f"counter, {online}; the others are worth more on the counter"
    )
