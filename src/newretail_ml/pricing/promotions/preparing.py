"""From tables to a promotion problem."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import (
    need_columns,
    refuse_repeated,
    refuse_values,
)
from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.pricing.markdown.ratios import demand_ratios
from newretail_ml.pricing.markdown.table import check_forecast
from newretail_ml.pricing.price_list.products import rows_of
from newretail_ml.pricing.promotions.depths import depths_of, dips_of, lifts_of
from newretail_ml.pricing.promotions.problem import Problem
from newretail_ml.pricing.promotions.rules import PromotionRules
from newretail_ml.pricing.response import DemandResponse
from newretail_ml.tables.parsing import to_text

FUNDING = "funding"
LAST_DEPTH = "last_depth"
PERIODS_SINCE = "periods_since"
ITEMS = "items"
NO_ROW = "not among the items, so it stays without promotion"


def problem_of(
    forecast: Forecast,
    response: DemandResponse,
    items: pd.DataFrame,
    depths: Sequence[float],
    rules: PromotionRules,
    lift: float | Mapping[float, float],
    dips: Mapping[float, float | Sequence[float]] | None,
) -> tuple[Problem, np.ndarray]:
    """The problem, and why an item may have no promotion, (items,); empty where it may.

    Raises:
        DataError: something is missing or out of its range.
    """
    cuts = depths_of(depths)
    check_forecast(forecast)
    keys = list(forecast.keys.columns)
    frame = _items(items, forecast, keys)
    product = _products(frame, response)
    at = np.maximum(product, 0)
    usual = _regular(frame, response, product)
    price = usual[:, None] * (1 - cuts)
    ratio = demand_ratios([response], at, price, usual)[:, 0]
    why = _why_not(frame, response, product, ratio)
    may = np.column_stack([np.ones(len(frame), bool), *[why == ""] * (len(cuts) - 1)])
    ratio[why != ""] = 1.0
    crossed = not response.separable
    if crossed:
        _check_crossed(frame, response, product)
    funding = frame[FUNDING].to_numpy(float)[:, None] * (cuts > 0)
    cost = frame[c.UNIT_COST].to_numpy(float)[:, None]
    base = forecast.mean()[rows_of(frame, forecast.keys, keys)]
    problem = Problem(
        frame[keys],
        frame[c.CATEGORY].to_numpy(object),
        base,
        price,
        price - cost + funding,
        np.maximum(usual[:, None] - price - funding, 0.0),
        ratio,
        np.broadcast_to(lifts_of(lift, cuts), price.shape),
        may,
        _last(frame, cuts),
        dips_of(dips, cuts),
        response,
        product,
        crossed,
        rules,
    )
    _check_slots(problem)
    return problem, why


def _items(items: object, forecast: Forecast, keys: list[str]) -> pd.DataFrame:
    if not isinstance(items, pd.DataFrame):
        raise DataError("they are no table", table=ITEMS, next_step="Pass a DataFrame.")
    shared = [name for name in keys if name in items]
    need_columns(items, ITEMS, [c.UNIT_COST])
    if not shared:
        need_columns(items, ITEMS, keys[:1])
    refuse_repeated(items, ITEMS, shared)
    unknown = rows_of(items, forecast.keys[shared].drop_duplicates(), shared) < 0
    refuse_values(
        items[shared[0]],
        unknown,
        ITEMS,
        "are not in the forecast",
        "Write keys as in the forecast, and leave other items out.",
    )
    found = rows_of(forecast.keys, items, shared)
    known = np.flatnonzero(found >= 0)
    frame = items.iloc[found[known]].reset_index(drop=True)
    own = forecast.keys.iloc[known].reset_index(drop=True)
    frame = frame.assign(**{name: to_text(own[name]) for name in keys})
    if frame.empty:
        raise DataError(
            "there is none", table=ITEMS, next_step="Pass the items of the forecast to plan."
        )
    made = {name: _numbers(frame, name, default) for name, default in _NUMBERS.items()}
    category = to_text(frame[c.CATEGORY]) if c.CATEGORY in frame else ""
    return frame.assign(**made, **{c.CATEGORY: category})


_NUMBERS = {c.UNIT_COST: np.nan, FUNDING: 0.0, LAST_DEPTH: 0.0, PERIODS_SINCE: 0.0}


def _numbers(frame: pd.DataFrame, name: str, default: float) -> pd.Series:
    given = frame[name] if name in frame else pd.Series(default, frame.index, name=name)
    read = pd.to_numeric(given, errors="coerce").astype(float)
    values = read.fillna(default)
    bad = (~(np.isfinite(values) & (values >= 0)) | (read.isna() & given.notna())).to_numpy()
    refuse_values(given, bad, ITEMS, "are not finite numbers of at least 0")
    return values


def _products(frame: pd.DataFrame, response: DemandResponse) -> np.ndarray:
    need_columns(frame, ITEMS, list(response.keys.columns))
    return rows_of(frame, response.keys, list(response.keys.columns))


def _regular(frame: pd.DataFrame, response: DemandResponse, product: np.ndarray) -> np.ndarray:
    known = np.where(product >= 0, response.prices[np.maximum(product, 0)], np.nan)
    if c.REGULAR_PRICE not in frame:
        price = known
    else:
        told = frame[c.REGULAR_PRICE]
        given = pd.to_numeric(told, errors="coerce").astype(float)
        unread = (given.isna() & told.notna()).to_numpy()
        refuse_values(told, unread, ITEMS, "are not numbers")
        price = given.fillna(pd.Series(known, frame.index)).to_numpy()
    bad = ~(np.isfinite(price) & (price > 0))
    values = pd.Series(price, frame.index, name=c.REGULAR_PRICE)
    what = "are not known or not above 0"
    refuse_values(values, bad, ITEMS, what, "Bring them, or a response that has the item.")
    return price


def _why_not(
    frame: pd.DataFrame, response: DemandResponse, product: np.ndarray, ratio: np.ndarray
) -> np.ndarray:
    why = np.full(len(frame), "", dtype=object)
    at = np.maximum(product, 0)
    why[np.isnan(ratio).any(axis=1)] = "the response has no sales at its regular price"
    for row in np.flatnonzero(~response.evidence.identified[at]):
        reason = response.evidence.reason[at[row]] or "the data does not tell"
        why[row] = f"its response to the price is not known ({reason})"
    why[product < 0] = "there is no demand response for it"
    return why


def _check_crossed(frame: pd.DataFrame, response: DemandResponse, product: np.ndarray) -> None:
    if len(frame) != response.n_products or (product != np.arange(len(frame))).any():
        raise DataError(
            "a response with cross effects must have the items of the table and forecast, one by "
            "one and in the same order",
            table=ITEMS,
            next_step="Plan its items alone, place by place, in the order of the response.",
        )


def _last(frame: pd.DataFrame, cuts: np.ndarray) -> np.ndarray:
    """(2, items) level and age of the last promotion; zeros where none is told."""
    depth, age = frame[LAST_DEPTH].to_numpy(float), frame[PERIODS_SINCE].to_numpy(float)
    near = np.abs(depth[:, None] - cuts) < 1e-9
    bad = ~near.any(axis=1) | (age % 1 > 0) | ((depth > 0) & (age < 1))
    refuse_values(
        frame[LAST_DEPTH],
        bad,
        ITEMS,
        "are not among the depths, or have no whole periods_since of at least 1",
        "Name the depth of the last promotion and how many periods ago it was.",
    )
    return np.stack([near.argmax(axis=1), age.astype(int)])


def _check_slots(problem: Problem) -> None:
    for category in problem.rules.slots or {}:
        if str(category) not in set(problem.category):
            raise DataError(
                f"slots name the category {category}, which no item has",
                table=ITEMS,
                column=c.CATEGORY,
                next_step="Correct it, or add the column to the items.",
            )
