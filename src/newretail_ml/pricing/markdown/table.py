"""The state of markdown: stock, time left and what a unit is worth, checked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import need_columns, refuse_repeated, refuse_values
from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.pricing.price_list.products import rows_of
from newretail_ml.pricing.response import DemandResponse
from newretail_ml.tables.parsing import to_text

STATE = "state"
NO_FORECAST = "no forecast for it, so the price stays"
NO_RESPONSE = "no demand response for it, so the price stays"
NO_STOCK = "nothing is on hand, so the price stays"
NO_TIME = "no period is left to sell it, so the price stays"
NO_PRICE = "today's price is not known: bring it as current_price in the state"
UNSOLD = "the response has no sales at today's price, so the price stays"
_DEFAULTS = {
    c.ON_ORDER: 0.0,
    c.SALVAGE_VALUE: 0.0,
    c.HOLDING_COST: 0.0,
    c.UNIT_COST: 0.0,
    c.MINIMUM_PRICE: 0.0,
}
_ANY_SIGN = frozenset({c.SALVAGE_VALUE})


@dataclass(frozen=True, eq=False)
class Table:
    """Lines of the state in the order they came.

    Attributes:
        frame: keys and checked numbers.
        series: (n,) row of the forecast, -1 where there is none.
        product: (n,) position in the response, -1 where there is none.
        why_not: (n,) why a price stays without any question; empty where there is a choice.
    """

    frame: pd.DataFrame
    series: np.ndarray
    product: np.ndarray
    why_not: np.ndarray

    @property
    def planned(self) -> np.ndarray:
        """Rows of lines of which expectations can be told: forecast, stock, time and price."""
        frame = self.frame
        known = (self.series >= 0) & (frame[c.ON_HAND] > 0) & (frame[c.PERIODS_LEFT] >= 1)
        return np.flatnonzero(known & frame[c.CURRENT_PRICE].notna())

    def column(self, name: str) -> np.ndarray:
        """(n,) numbers of a column."""
        return self.frame[name].to_numpy(float)


def check_forecast(forecast: object) -> None:
    """Raise unless it is a forecast with finite paths."""
    if not isinstance(forecast, Forecast) or not np.isfinite(forecast.paths).all():
        raise DataError(
            "it is no Forecast, or has paths that are not finite",
            table="forecast",
            next_step="Pass the forecast of a fitted model.",
        )


def checked_state(
    state: object, forecast: Forecast, response: DemandResponse, *, with_orders: bool
) -> Table:
    """The state with all its columns, matched with forecast and response.

    Raises:
        DataError: a column is missing, a number is out of its range, a key repeats, or no line is
            known to the forecast.
    """
    if not isinstance(state, pd.DataFrame):
        raise DataError(
            f"it is a {type(state).__name__}", table=STATE, next_step="Pass a DataFrame."
        )
    check_forecast(forecast)
    keys = list(forecast.keys.columns)
    need_columns(state, STATE, [*keys, c.ON_HAND])
    frame = state.reset_index(drop=True)
    frame = frame.assign(**{name: to_text(frame[name]) for name in keys})
    refuse_repeated(frame, STATE, keys)
    frame = _with_numbers(frame, forecast.horizon)
    if with_orders:
        frame[c.ON_HAND] += frame[c.ON_ORDER]
    series = rows_of(frame, forecast.keys, keys)
    if not len(frame) or (series < 0).all():
        raise DataError(
            f"none of its {len(frame):,} rows is one of the {len(forecast.keys):,} series of the "
            "forecast",
            table=STATE,
            next_step=f"Write {' and '.join(keys)} as in the forecast.",
        )
    product = _products(frame, response)
    frame[c.CURRENT_PRICE] = _current(frame, response, product)
    return Table(frame, series, product, _why_not(frame, series, product, response))


def _with_numbers(frame: pd.DataFrame, horizon: int) -> pd.DataFrame:
    made = {c.ON_HAND: _numbers(frame[c.ON_HAND])}
    refuse_values(frame[c.ON_HAND], made[c.ON_HAND].isna().to_numpy(), STATE, "are missing")
    for name, default in (_DEFAULTS | {c.PERIODS_LEFT: float(horizon)}).items():
        values = _numbers(frame[name]) if name in frame else pd.Series(default, frame.index)
        made[name] = values.fillna(default)
    left = made[c.PERIODS_LEFT]
    if c.PERIODS_LEFT in frame:
        wrong = ((left % 1 > 0) | (left > horizon)).to_numpy()
        what = f"are not whole periods within the forecast's horizon of {horizon}"
        refuse_values(frame[c.PERIODS_LEFT], wrong, STATE, what)
    return frame.assign(**made)


def _numbers(values: pd.Series) -> pd.Series:
    numbers = pd.to_numeric(values, errors="coerce").astype(float)
    low = numbers < (-np.inf if values.name in _ANY_SIGN else 0)
    bad = (low | np.isinf(numbers) | (numbers.isna() & values.notna())).to_numpy()
    limit = "finite numbers" + ("" if values.name in _ANY_SIGN else " of at least 0")
    refuse_values(values, bad, STATE, f"are not {limit}")
    return numbers


def _products(frame: pd.DataFrame, response: DemandResponse) -> np.ndarray:
    shared = [name for name in response.keys.columns if name in frame]
    if len(shared) < len(response.keys.columns):
        raise DataError(
            f"the response is by {', '.join(response.keys.columns)}, which the state lacks",
            table=STATE,
            next_step="Add these columns to the state, or use a response by the state's keys.",
        )
    return rows_of(frame, response.keys, shared)


def _current(frame: pd.DataFrame, response: DemandResponse, product: np.ndarray) -> np.ndarray:
    known = np.where(product >= 0, response.prices[np.maximum(product, 0)], np.nan)
    if c.CURRENT_PRICE not in frame:
        return known
    given = _numbers(frame[c.CURRENT_PRICE])
    refuse_values(given, (given <= 0).to_numpy(), STATE, "are not above 0")
    price = given.fillna(pd.Series(known, frame.index)).to_numpy(float)
    below = (frame[c.SALVAGE_VALUE] >= price).to_numpy()
    refuse_values(
        frame[c.SALVAGE_VALUE],
        below,
        STATE,
        "are not below today's price",
        "Correct them: a unit that is worth more unsold is not to be sold.",
    )
    return price


def _why_not(
    frame: pd.DataFrame, series: np.ndarray, product: np.ndarray, response: DemandResponse
) -> np.ndarray:
    why = np.full(len(frame), "", dtype=object)
    at = np.maximum(product, 0)
    unknown = (product >= 0) & ~response.evidence.identified[at]
    for row in np.flatnonzero(unknown):
        reason = response.evidence.reason[at[row]] or "the data does not tell"
        why[row] = f"the response to its price is not known ({reason}), so the price stays"
    why[product < 0] = NO_RESPONSE
    why[frame[c.PERIODS_LEFT].to_numpy() < 1] = NO_TIME
    why[frame[c.ON_HAND].to_numpy() <= 0] = NO_STOCK
    why[np.isnan(frame[c.CURRENT_PRICE].to_numpy())] = NO_PRICE
    why[series < 0] = NO_FORECAST
    return why
