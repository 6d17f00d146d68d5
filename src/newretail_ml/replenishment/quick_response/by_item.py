"""Quick response for every series of a forecast."""

from __future__ import annotations

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.replenishment.quick_response.from_paths import quick_response
from newretail_ml.replenishment.quick_response.two_orders import QuickResponseCosts

SECOND_UNIT_COST = "second_unit_cost"
SECOND_CAPACITY = "second_capacity"
GOODWILL = "goodwill"
FIRST_ORDER = "first_order"
SECOND_IF_SOLD_OUT = "second_order_if_sold_out"
ONE_SHOT_ORDER = "one_shot_order"
EXPECTED_PROFIT = "expected_profit"
ONE_SHOT_PROFIT = "one_shot_profit"
VALUE = "value"
STANDARD_ERROR = "standard_error"
PERFECT_INFORMATION = "value_of_perfect_information"
_COSTS = {
    "price": c.UNIT_PRICE,
    "first_cost": c.UNIT_COST,
    "second_cost": SECOND_UNIT_COST,
    "salvage": c.SALVAGE_VALUE,
    "goodwill": GOODWILL,
    "capacity": SECOND_CAPACITY,
}
_NEEDED = (c.UNIT_PRICE, c.UNIT_COST, SECOND_UNIT_COST)


def quick_response_by_item(
    forecast: Forecast,
    costs: QuickResponseCosts | pd.DataFrame,
    *,
    read: int,
    lead_time: int = 0,
) -> pd.DataFrame:
    """Two orders for every series of a forecast, each by itself as in `quick_response`.

    Args:
        forecast: paths from the first period of the season to its last.
        costs: the same for all, or one row a series: keys, unit_price, unit_cost (of the first
            order), second_unit_cost and, if known, salvage_value, goodwill, second_capacity.
        read: periods of which the sales are read.
        lead_time: periods from the second order to its arrival.

    Returns:
        One row a series: keys, first_order, second_order_if_sold_out, one_shot_order,
        expected_profit, one_shot_profit, value, standard_error (of the value),
        value_of_perfect_information.

    Raises:
        DataError: a series has no costs or two rows of them, or as in `quick_response`.

    >>> from newretail_ml.panel import Periods
    >>> random = np.random.default_rng(0)
    >>> paths = random.poisson(random.gamma(4, 2.5, size=(1, 500, 1)), size=(1, 500, 4))
    >>> weeks = Periods.spanning("2026-01-05", "2026-02-01", "W")
    >>> forecast = Forecast(pd.DataFrame({"item_id": ["coat"]}), weeks, paths.astype("float32"))
    >>> table = quick_response_by_item(forecast, QuickResponseCosts(10, 4, 5), read=1)
    >>> bool((table["first_order"] < table["one_shot_order"]).item())
    True
    """
    rows = [
        quick_response(paths, own, read=read, lead_time=lead_time)
        for paths, own in zip(forecast.paths, _costs_of(forecast, costs), strict=True)
    ]
    columns = {
        FIRST_ORDER: [plan.first_order for plan in rows],
        SECOND_IF_SOLD_OUT: [plan.second_orders[-1] for plan in rows],
        ONE_SHOT_ORDER: [plan.one_shot_order for plan in rows],
        EXPECTED_PROFIT: [plan.expected_profit for plan in rows],
        ONE_SHOT_PROFIT: [plan.one_shot_profit for plan in rows],
        VALUE: [plan.value for plan in rows],
        STANDARD_ERROR: [plan.standard_error for plan in rows],
        PERFECT_INFORMATION: [plan.value_of_perfect_information for plan in rows],
    }
    return forecast.keys.assign(**columns)


def _costs_of(
    forecast: Forecast, costs: QuickResponseCosts | pd.DataFrame
) -> list[QuickResponseCosts]:
    if isinstance(costs, QuickResponseCosts):
        return [costs] * len(forecast.keys)
    keys = list(forecast.keys)
    for column in (*keys, *_NEEDED):
        if column not in costs:
            raise DataError(
                "the column is missing", table="costs", column=column, next_step="Add it."
            )
    repeated = costs.duplicated(keys, keep=False)
    if repeated.any():
        raise DataError(
            f"{repeated.sum():,} rows share {' and '.join(keys)}",
            table="costs",
            rows=costs.index[repeated],
            next_step="Keep one row for each.",
        )
    known = {name: column for name, column in _COSTS.items() if column in costs}
    matched = forecast.keys.merge(costs[[*keys, *known.values()]], on=keys, how="left")
    unknown = matched[list(_NEEDED)].isna().any(axis=1)
    if unknown.any():
        raise DataError(
            f"{unknown.sum():,} series have no costs",
            table="costs",
            rows=matched.loc[unknown, keys[0]],
            next_step="Add their rows, or forecast the others only.",
        )
    optional = {c.SALVAGE_VALUE: 0.0, GOODWILL: 0.0, SECOND_CAPACITY: np.inf}
    matched = matched.fillna({name: value for name, value in optional.items() if name in matched})
    columns = [matched[column].to_numpy(float) for column in known.values()]
    return [
        QuickResponseCosts(**dict(zip(known, row, strict=True)))
        for row in zip(*columns, strict=True)
    ]
