"""Terms of trade of a replay: stock at the start, how supply works, and what things cost."""

from __future__ import annotations

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import (
    COLUMN_NAMES,
    as_dates,
    as_numbers,
    refuse_repeated,
    refuse_unknown,
    refuse_values,
)
from newretail_ml.errors import DataError
from newretail_ml.panel.periods import Periods
from newretail_ml.tables.parsing import to_text

TERMS = "terms"
DUE = "due"
FIRST_REVIEW = "first_review"
PERIOD = "period"

# Smallest value of each column, and what a missing one stands for (None: it may not be missing).
_SMALLEST = {
    c.ON_HAND: 0.0,
    c.ON_ORDER: 0.0,
    c.LEAD_TIME: 0.0,
    c.REVIEW_PERIOD: 1.0,
    FIRST_REVIEW: 0.0,
    c.PACK_SIZE: 0.0,
    c.HOLDING_COST: 0.0,
    c.SHORTAGE_COST: 0.0,
    c.UNIT_COST: 0.0,
    c.UNIT_PRICE: 0.0,
    c.ORDER_COST: 0.0,
    c.TRANSPORT_COST: 0.0,
    c.SALVAGE_VALUE: -np.inf,
    c.SHELF_LIFE: 1.0,
    c.VOLUME: 0.0,
}
_DEFAULTS = {
    c.ON_ORDER: 0.0,
    FIRST_REVIEW: 0.0,
    c.PACK_SIZE: 1.0,
    c.UNIT_COST: np.nan,
    c.UNIT_PRICE: np.nan,
    c.ORDER_COST: 0.0,
    c.TRANSPORT_COST: 0.0,
    c.SALVAGE_VALUE: 0.0,
    c.SHELF_LIFE: np.nan,
    c.VOLUME: np.nan,
}
_WHOLE = (c.LEAD_TIME, c.REVIEW_PERIOD, FIRST_REVIEW, c.SHELF_LIFE)
_KNOWN = COLUMN_NAMES | {*_SMALLEST}


def checked_terms(terms: pd.DataFrame, keys: pd.DataFrame | None) -> pd.DataFrame:
    """The terms with defaults filled in, one row a series in the order of the keys.

    Args:
        terms: keys, on_hand, lead_time, review_period, holding_cost and shortage_cost (or
            unit_price and unit_cost); and, if known, the columns that have defaults.
        keys: series of the demand; without them the rows stay as they are.

    Raises:
        DataError: a column is missing or not known, a value is missing or too small, a key
            repeats, or a series of the demand has no row.
    """
    if not isinstance(terms, pd.DataFrame) or terms.empty:
        raise DataError(
            "there are none", table=TERMS, next_step="Pass a DataFrame with one row a series."
        )
    terms = terms.reset_index(drop=True)
    _check_names(terms)
    names = [name for name in c.SERIES_KEYS if name in terms]
    terms = _aligned(terms.assign(**{name: to_text(terms[name]) for name in names}), names, keys)
    for column, value in _DEFAULTS.items():
        terms[column] = _filled(terms[column], value) if column in terms else value
    _price_shortage(terms)
    for column, smallest in _SMALLEST.items():
        _check_numbers(terms, column, smallest)
    for column in _WHOLE:
        refuse_values(
            terms[column], (terms[column] % 1 > 0).to_numpy(), TERMS, "are not whole periods"
        )
    refuse_values(
        terms[c.PACK_SIZE], (terms[c.PACK_SIZE] <= 0).to_numpy(), TERMS, "are not above 0"
    )
    perishes = terms[c.SHELF_LIFE].notna()
    unpriced = (perishes & terms[c.UNIT_COST].isna()).to_numpy()
    refuse_values(terms[c.UNIT_COST], unpriced, TERMS, "are missing, so waste has no price")
    gains = (perishes & (terms[c.SALVAGE_VALUE] > terms[c.UNIT_COST])).to_numpy()
    refuse_values(terms[c.SALVAGE_VALUE], gains, TERMS, "lie above unit_cost, so waste would earn")
    return terms


def open_orders(
    due: pd.DataFrame | np.ndarray | None, terms: pd.DataFrame, periods: Periods | None
) -> np.ndarray:
    """(periods ahead, series) units on order at the start by the period in which they arrive.

    Args:
        due: a frame of keys, units, and period (0 is the first) or date; or an array (series,
            periods ahead). Without it, what is on order arrives in the first period.
        terms: as checked.
        periods: calendar of the replay, if it has one.

    Raises:
        DataError: a row names an unknown series or an impossible period, or the units are not
            those of the terms' on_order.
    """
    on_order = terms[c.ON_ORDER].to_numpy(float)
    if due is None:
        return on_order[None]
    if isinstance(due, pd.DataFrame):
        units = _due_from_frame(due, terms, periods)
    else:
        units = as_numbers(DUE, due).T
    bad = ~(np.isfinite(units) & (units >= 0))
    if units.ndim != 2 or units.shape[1] != len(terms) or bad.any():
        raise DataError(
            "they are not units of at least 0 of each series by the period of arrival",
            table=DUE,
            next_step="Pass a frame of keys, period and units, or an array (series, periods).",
        )
    differs = (on_order > 0) & (np.abs(units.sum(axis=0) - on_order) > 1e-6)
    if differs.any():
        raise DataError(
            "they do not add up to on_order of the terms",
            table=DUE,
            rows=terms.index[differs],
            next_step="Correct one of the two, or leave on_order out.",
        )
    return np.asarray(units, float)


def _due_from_frame(due: pd.DataFrame, terms: pd.DataFrame, periods: Periods | None) -> np.ndarray:
    names = [name for name in c.SERIES_KEYS if name in terms]
    dated = PERIOD not in due and c.DATE in due and periods is not None
    missing = {*names, c.UNITS, c.DATE if dated else PERIOD} - {*due.columns}
    if missing:
        raise DataError(
            f"the columns {', '.join(sorted(missing))} are missing",
            table=DUE,
            next_step="Add them.",
        )
    asked = due.assign(**{name: to_text(due[name]) for name in names})[names]
    series = pd.MultiIndex.from_frame(terms[names]).get_indexer(pd.MultiIndex.from_frame(asked))
    if dated and periods:
        when = periods.position(as_dates(due[c.DATE], DUE))
    else:
        when = due[PERIOD].to_numpy(float)
    bad = (series < 0) | ~(when >= 0) | (when % 1 > 0)
    if bad.any():
        raise DataError(
            "some arrive before the replay starts, or are of a series without terms",
            table=DUE,
            rows=due.index[bad],
            next_step="Correct them; a late delivery arrives in period 0.",
        )
    units = np.zeros((int(max(when, default=0)) + 1, len(terms)))
    np.add.at(units, (when.astype(int), series), due[c.UNITS].to_numpy(float))
    return units


def _check_names(terms: pd.DataFrame) -> None:
    refuse_unknown(terms, TERMS, _KNOWN)
    needed = [c.ITEM, *(name for name in _SMALLEST if name not in _DEFAULTS)]
    priced = {c.UNIT_PRICE, c.UNIT_COST} <= {*terms.columns}
    missing = [n for n in needed if n not in terms and not (n == c.SHORTAGE_COST and priced)]
    if missing:
        hint = ", or unit_price and unit_cost" if missing[0] == c.SHORTAGE_COST else ""
        raise DataError(
            "the column is missing", table=TERMS, column=missing[0], next_step=f"Add it{hint}."
        )


def _aligned(terms: pd.DataFrame, names: list[str], keys: pd.DataFrame | None) -> pd.DataFrame:
    by = names if keys is None else list(keys.columns)
    if keys is not None and not set(by) <= set(names):
        raise DataError(
            f"the demand is by {', '.join(by)}, the terms are not",
            table=TERMS,
            next_step="Add the missing key column.",
        )
    refuse_repeated(terms, TERMS, by)
    if keys is None:
        return terms
    rows = pd.MultiIndex.from_frame(terms[by]).get_indexer(pd.MultiIndex.from_frame(keys))
    if (rows < 0).any():
        raise DataError(
            f"{(rows < 0).sum():,} series of the demand have no row, the first is "
            f"{' '.join(map(str, keys[rows < 0].iloc[0]))}",
            table=TERMS,
            next_step="Add them, or select the series that have one.",
        )
    return terms.iloc[rows].reset_index(drop=True)


def _price_shortage(terms: pd.DataFrame) -> None:
    """A unit short costs its margin, unless the terms say what else."""
    margin = (_numbers(terms[c.UNIT_PRICE]) - _numbers(terms[c.UNIT_COST])).clip(lower=0)
    terms[c.SHORTAGE_COST] = _filled(terms.get(c.SHORTAGE_COST, margin), margin)


def _filled(values: pd.Series, gaps: float | pd.Series) -> pd.Series:
    """`fillna` would change the type of mixed values in pandas 2, and warns that it does."""
    return values.where(values.notna(), gaps)


def _numbers(values: pd.Series) -> pd.Series:
    return pd.to_numeric(values, errors="coerce").astype(float)


def _check_numbers(terms: pd.DataFrame, column: str, smallest: float) -> None:
    numbers = _numbers(terms[column])
    bad = ~(np.isfinite(numbers) & (numbers >= smallest))
    if np.isnan(_DEFAULTS.get(column, 0.0)):
        bad &= terms[column].notna()
    limit = f" of at least {smallest:g}" if np.isfinite(smallest) else ""
    refuse_values(terms[column], bad.to_numpy(), TERMS, f"are not finite numbers{limit}")
    terms[column] = numbers
