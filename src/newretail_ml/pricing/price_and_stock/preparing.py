"""From tables to arrays: items to price and to order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import need_columns, refuse_repeated, refuse_values
from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.pricing.markdown.ratios import demand_ratios
from newretail_ml.pricing.price_and_stock.season import Terms
from newretail_ml.pricing.price_list.points import ladders_of, with_point
from newretail_ml.pricing.price_list.products import rows_of
from newretail_ml.pricing.response import DemandResponse
from newretail_ml.tables.parsing import to_text

STATE = "state"
GOODWILL = "goodwill"
_NUMBERS = {
    c.UNIT_COST: (np.nan, 0.0),
    c.SALVAGE_VALUE: (0.0, -np.inf),
    GOODWILL: (0.0, 0.0),
    c.ON_HAND: (0.0, 0.0),
    c.PACK_SIZE: (1.0, 1e-9),
}


@dataclass(frozen=True, eq=False)
class Prepared:
    """Lines as arrays.

    Attributes:
        frame: (n) keys.
        demand: (n, paths) units of the season at today's price.
        prices: (n, points) ascending; NaN where there are fewer.
        current: (n,) position of today's price.
        ratio: (n, draws, points).
        terms: of the lines.
        why: (n,) why a price stays; empty where there is a choice.
        seen: (2, n) lowest and highest price in the data.
    """

    frame: pd.DataFrame
    demand: np.ndarray
    prices: np.ndarray
    current: np.ndarray
    ratio: np.ndarray
    terms: Terms
    why: np.ndarray
    seen: np.ndarray


def prepared(
    forecast: Forecast,
    response: DemandResponse,
    state: object,
    points: object,
    draws: int,
    random_state: int,
) -> Prepared:
    """The lines of a state, with their demand at all price points."""
    keys = list(forecast.keys.columns)
    frame = _checked(state, forecast, keys, response)
    product = rows_of(frame, response.keys, list(response.keys.columns))
    at = np.maximum(product, 0)
    current = _current(frame, response, product)
    prices = with_point(ladders_of(points, frame[keys], current), current, np.ones(len(at), bool))
    ratio = demand_ratios(response.sample(draws, random_state), at, prices, current)
    why = _why_not(response, product, ratio)
    fixed = why != ""
    prices[fixed] = np.where(
        np.abs(prices[fixed] - current[fixed, None]) <= 1e-9 * current[fixed, None],
        prices[fixed],
        np.nan,
    )
    ratio[fixed] = 1.0
    order = np.argsort(prices, axis=1)
    prices = np.take_along_axis(prices, order, axis=1)
    ratio = np.take_along_axis(ratio, order[:, None], axis=2)
    known = response.evidence
    series = rows_of(frame, forecast.keys, keys)
    return Prepared(
        frame[keys],
        forecast.paths[series].sum(axis=2, dtype=float),
        prices,
        np.nanargmin(np.abs(prices - current[:, None]), axis=1),
        ratio,
        _terms(frame),
        why,
        np.stack([known.lowest[at], known.highest[at]]),
    )


def _checked(
    state: object, forecast: Forecast, keys: list[str], response: DemandResponse
) -> pd.DataFrame:
    if not isinstance(state, pd.DataFrame) or state.empty:
        raise DataError(
            "it is no table with rows", table=STATE, next_step="Pass a DataFrame of items."
        )
    if not np.isfinite(forecast.paths).all() or forecast.n_paths < 2:
        raise DataError(
            "there are paths that are not finite, or a single one",
            table="forecast",
            next_step="Pass the forecast of a fitted model, with a hundred paths or more.",
        )
    need_columns(state, STATE, [*keys, c.UNIT_COST, *response.keys.columns])
    frame = state.reset_index(drop=True)
    frame = frame.assign(**{name: to_text(frame[name]) for name in keys})
    refuse_repeated(frame, STATE, keys)
    unknown = rows_of(frame, forecast.keys, keys) < 0
    refuse_values(
        frame[keys[0]], unknown, STATE, "are not in the forecast", "Write keys as it does."
    )
    made = {name: _numbers(frame, name, *bounds) for name, bounds in _NUMBERS.items()}
    frame = frame.assign(**made)
    refuse_values(
        frame[c.SALVAGE_VALUE],
        (frame[c.SALVAGE_VALUE] >= frame[c.UNIT_COST]).to_numpy(),
        STATE,
        "are not below unit_cost",
        "Correct them: otherwise endless stock pays.",
    )
    return frame


def _numbers(frame: pd.DataFrame, name: str, default: float, lowest: float) -> pd.Series:
    given = frame[name] if name in frame else pd.Series(default, frame.index, name=name)
    values = pd.to_numeric(given, errors="coerce").astype(float)
    unread = (values.isna() & given.notna()).to_numpy()
    values = values.fillna(default)
    bad = unread | ~(np.isfinite(values) & (values >= lowest)).to_numpy()
    refuse_values(given, bad, STATE, "are not finite numbers in their range")
    return values


def _current(frame: pd.DataFrame, response: DemandResponse, product: np.ndarray) -> np.ndarray:
    known = np.where(product >= 0, response.prices[np.maximum(product, 0)], np.nan)
    price = known
    if c.CURRENT_PRICE in frame:
        given = pd.to_numeric(frame[c.CURRENT_PRICE], errors="coerce").astype(float)
        price = given.fillna(pd.Series(known, frame.index)).to_numpy()
    values = pd.Series(price, frame.index, name=c.CURRENT_PRICE)
    bad = ~(np.isfinite(price) & (price > 0))
    refuse_values(values, bad, STATE, "are not known or not above 0", "Bring today's prices.")
    return price.astype(float)


def _why_not(response: DemandResponse, product: np.ndarray, ratio: np.ndarray) -> np.ndarray:
    why = np.full(len(product), "", dtype=object)
    at = np.maximum(product, 0)
    why[np.isnan(ratio).any(axis=(1, 2))] = "the response has no sales at today's price, it stays"
    for row in np.flatnonzero(~response.evidence.identified[at]):
        reason = response.evidence.reason[at[row]] or "the data does not tell"
        why[row] = f"the response to its price is not known ({reason}), so the price stays"
    why[product < 0] = "no demand response for it, so the price stays"
    return why


def _terms(frame: pd.DataFrame) -> Terms:
    names = (c.UNIT_COST, c.SALVAGE_VALUE, GOODWILL, c.ON_HAND, c.PACK_SIZE)
    return Terms(*(frame[name].to_numpy(float) for name in names))
