"""From tables to a promotion problem."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import (
    as_numbers,
    check_number,
    need_columns,
    refuse_repeated,
    refuse_values,
)
from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.pricing.markdown.ratios import demand_ratios
from newretail_ml.pricing.price_list.products import rows_of
from newretail_ml.pricing.promotions.problem import Problem
from newretail_ml.pricing.promotions.rules import PromotionRules
from newretail_ml.pricing.response import DemandResponse
from newretail_ml.tables.parsing import to_text

FUNDING = "funding"
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
    cuts = _depths(depths)
    if not isinstance(forecast, Forecast) or not np.isfinite(forecast.paths).all():
        raise DataError(
            "it is no Forecast, or has paths that are not finite",
            table="forecast",
            next_step="Pass the forecast of a fitted model.",
        )
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
        np.broadcast_to(_lifts(lift, cuts), price.shape),
        may,
        _dips(dips, cuts),
        response,
        product,
        crossed,
        rules,
    )
    _check_slots(problem)
    return problem, why


def _depths(depths: Sequence[float]) -> np.ndarray:
    cuts = np.unique(as_numbers("depths", depths))
    if not cuts.size or not (np.isfinite(cuts) & (cuts > 0) & (cuts < 1)).all():
        raise DataError(
            "depths must lie between 0 and 1", next_step="Write 0.2 for a fifth off the price."
        )
    return np.concatenate([[0.0], cuts])


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


_NUMBERS = {c.UNIT_COST: np.nan, FUNDING: 0.0}


def _numbers(frame: pd.DataFrame, name: str, default: float) -> pd.Series:
    given = frame[name] if name in frame else pd.Series(default, frame.index, name=name)
    values = pd.to_numeric(given, errors="coerce").astype(float).fillna(default)
    bad = ~(np.isfinite(values) & (values >= 0)).to_numpy()
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
        given = pd.to_numeric(frame[c.REGULAR_PRICE], errors="coerce").astype(float)
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


def _lifts(lift: float | Mapping[float, float], cuts: np.ndarray) -> np.ndarray:
    """(levels,) factors; 1 without promotion."""
    by_depth = dict.fromkeys(cuts[1:], lift) if not isinstance(lift, Mapping) else lift
    made = np.ones(len(cuts))
    for place, cut in enumerate(cuts[1:], 1):
        factor = _of_depth(by_depth, cut, 1.0)
        check_number("lift", factor, above=0.0)
        made[place] = factor
    _refuse_other_depths(by_depth, cuts, "lift")
    return made


def _dips(dips: Mapping[float, float | Sequence[float]] | None, cuts: np.ndarray) -> np.ndarray:
    """(levels, lags) factors; 1 where nothing dips."""
    by_depth = {} if dips is None else dips
    _refuse_no_mapping(by_depth, "dips")
    _refuse_other_depths(by_depth, cuts, "dips")
    rows = [np.atleast_1d(as_numbers("dips", _of_depth(by_depth, cut, 1.0))) for cut in cuts]
    made = np.ones((len(cuts), max(len(row) for row in rows)))
    for place, row in enumerate(rows):
        made[place, : len(row)] = row
    if not (np.isfinite(made) & (made >= 0)).all():
        raise DataError("dips must be finite and at least zero", next_step="Correct them.")
    return made


def _refuse_no_mapping(by_depth: object, name: str) -> None:
    if not isinstance(by_depth, Mapping):
        raise DataError(f"{name} are not by depth", next_step=f"Write {name}={{0.2: 0.9}}.")


def _of_depth(by_depth: Mapping, cut: float, default: float) -> Any:
    near = [value for depth, value in by_depth.items() if abs(float(depth) - cut) < 1e-9]
    return near[0] if near else default


def _refuse_other_depths(by_depth: Mapping, cuts: np.ndarray, name: str) -> None:
    for depth in by_depth:
        if not np.isclose(as_numbers(name, depth), cuts, rtol=0, atol=1e-9).any():
            raise DataError(
                f"{name} name the depth {depth}, which is not among the depths",
                next_step="Name depths as they are given.",
            )


def _check_slots(problem: Problem) -> None:
    for category in problem.rules.slots or {}:
        if str(category) not in set(problem.category):
            raise DataError(
                f"slots name the category {category}, which no item has",
                table=ITEMS,
                column=c.CATEGORY,
                next_step="Correct it, or add the column to the items.",
            )
