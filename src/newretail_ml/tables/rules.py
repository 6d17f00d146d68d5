"""Applies the cleaning rules to order lines; each step says what it dropped or changed."""

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.tables.cleaning import Cleaning
from newretail_ml.tables.parsing import to_text
from newretail_ml.tables.report import Action, Finding
from newretail_ml.tables.schemas import ORDERS

Step = tuple[pd.DataFrame, list[Finding]]

ABSURD_FACTOR = 100
"""How often the 99th percentile of order lines must be exceeded to be absurd."""


def before_check(orders: pd.DataFrame, cleaning: Cleaning) -> Step:
    """Drops what must not be checked: codes that are no items, and duplicate lines.

    Duplicates are looked for while all foreign columns are still there, so that a line number
    keeps an item that was scanned twice.
    """
    orders, codes = _without_other_codes(orders, cleaning)
    orders, duplicates = _without_duplicates(orders, cleaning)
    return orders, codes + duplicates


def after_check(orders: pd.DataFrame, cleaning: Cleaning) -> Step:
    """Drops free lines and absurd reversed ones; makes the units of cancellations negative."""
    orders, free = _without_free_lines(orders, cleaning)
    orders, cancelled = _with_cancelled_as_returns(orders, cleaning)
    orders, absurd = _without_reversed(orders, cleaning)
    return orders, free + cancelled + absurd


def is_cancelled(orders: pd.DataFrame, cleaning: Cleaning) -> pd.Series:
    """Which order lines belong to cancellations."""
    return _matches(orders[c.ORDER], cleaning.cancelled or r"(?!)")


def finding(lines: pd.DataFrame, what: str, action: Action, why: str) -> list[Finding]:
    """One finding on these order lines, or none where there are no lines."""
    if lines.empty:
        return []
    units = float(pd.to_numeric(lines[c.UNITS], errors="coerce").sum())
    return [Finding(ORDERS, what, len(lines), action, why, units)]


def _matches(values: pd.Series, pattern: str) -> pd.Series:
    """Which texts match at their start; each distinct text is tried once."""
    distinct = pd.Series(values.unique()).dropna()
    return values.isin(distinct[distinct.str.match(pattern)])


def _dropped(orders: pd.DataFrame, where: pd.Series, what: str, why: str) -> Step:
    if not where.any():
        return orders, []
    return orders[~where], finding(orders[where], what, Action.DROPPED, why)


def _without_other_codes(orders: pd.DataFrame, cleaning: Cleaning) -> Step:
    if cleaning.item_pattern is None:
        return orders, []
    items = to_text(orders[c.ITEM])
    other = items.notna() & ~_matches(items, cleaning.item_pattern)
    codes = ", ".join(items[other].value_counts().index[:5])
    why = f"the code does not match the pattern of items: {codes} and the like"
    return _dropped(orders, other, "codes that are no items", why)


def _without_duplicates(orders: pd.DataFrame, cleaning: Cleaning) -> Step:
    duplicated = orders.duplicated()
    if cleaning.duplicates == "drop":
        return _dropped(orders, duplicated, "duplicate lines", "equal to another in all columns")
    lines = orders[duplicated]
    if cleaning.duplicates == "error" and not lines.empty:
        raise DataError(
            f"{len(lines):,} lines equal another one in all columns",
            table=ORDERS,
            rows=lines.index,
            next_step='Remove them, or set duplicates = "drop" or "keep" in [cleaning].',
        )
    return orders, finding(
        lines, "duplicate lines", Action.COUNTED, "equal to another in all columns, kept"
    )


def _without_free_lines(orders: pd.DataFrame, cleaning: Cleaning) -> Step:
    free = orders[c.UNIT_PRICE].eq(0)
    if cleaning.free_lines == "drop":
        return _dropped(orders, free, "free lines", "their price is 0")
    return orders, finding(orders[free], "free lines", Action.COUNTED, "their price is 0, kept")


def _with_cancelled_as_returns(orders: pd.DataFrame, cleaning: Cleaning) -> Step:
    wrong = is_cancelled(orders, cleaning) & orders[c.UNITS].gt(0)
    if not wrong.any():
        return orders, []
    why = "units made negative, as in other cancellations"
    found = finding(orders[wrong], "cancelled lines with positive units", Action.REPAIRED, why)
    return orders.assign(**{c.UNITS: orders[c.UNITS].where(~wrong, -orders[c.UNITS])}), found


def _without_reversed(orders: pd.DataFrame, cleaning: Cleaning) -> Step:
    if not cleaning.drop_reversed:
        return orders, []
    pairs = _absurd_pairs(orders, cleaning.absurd_units)
    booked = orders.loc[pairs & orders[c.UNITS].gt(0), c.UNITS].nlargest(5)
    why = f"booked and reversed: {', '.join(f'{units:,.10g}' for units in booked)} units"
    return _dropped(orders, pairs, "absurd quantities", why)


def _absurd_pairs(orders: pd.DataFrame, absurd_units: float | None) -> pd.Series:
    """Which lines are one of a pair of absurd quantity, booked once and reversed once."""
    sold = orders.loc[orders[c.UNITS] > 0, [c.ITEM, c.UNITS]]
    bound = absurd_units or ABSURD_FACTOR * sold[c.UNITS].quantile(0.99)
    large = orders[orders[c.UNITS].abs() > bound]
    pairs = large[_has_counterpart(large)]
    if absurd_units is None and not pairs.empty:
        others = sold.drop(index=pairs.index, errors="ignore")
        usual = others[others[c.ITEM].isin(pairs[c.ITEM])].groupby(c.ITEM)[c.UNITS].quantile(0.99)
        bounds = ABSURD_FACTOR * pairs[c.ITEM].map(usual).astype("float64").fillna(0)
        pairs = pairs[pairs[c.UNITS].abs() > bounds]
    return pd.Series(orders.index.isin(pairs.index), index=orders.index)


def _has_counterpart(lines: pd.DataFrame) -> np.ndarray:
    """Which lines have one of the opposite units; each line serves one counterpart."""
    size, sign = lines[c.UNITS].abs(), np.sign(lines[c.UNITS])
    pair = [lines[c.CUSTOMER], lines[c.ITEM], lines[c.UNIT_PRICE], size]
    number = lines.groupby([*pair, sign], dropna=False).cumcount()
    partners = lines.groupby([*pair, number], dropna=False)[c.UNITS].transform("size")
    return partners.eq(2).to_numpy()
