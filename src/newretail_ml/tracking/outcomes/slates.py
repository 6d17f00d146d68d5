"""What came of slates: what was bought of what was shown."""

from __future__ import annotations

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import check_whole, need_columns, refuse_repeated
from newretail_ml.errors import DataError
from newretail_ml.recommendation.judging.doubt import clustered_mean
from newretail_ml.tables import RetailTables
from newretail_ml.tables.parsing import to_text
from newretail_ml.tracking.outcomes import names as w
from newretail_ml.tracking.outcomes.happened import Happened
from newretail_ml.tracking.outcomes.result import SLATES, Outcomes
from newretail_ml.tracking.outcomes.window import day_of, tables_of

NOT_CAUSAL = (
    "bought after being shown is not bought because of it: much of it would have been bought "
    "anyway; what slates sell is told only by a trial in which some customers see none"
)


def slate_outcomes(
    slates: pd.DataFrame,
    happened: Happened,
    *,
    decided: str | pd.Timestamp | None,
    days: int = 28,
) -> Outcomes:
    """What customers bought of what they were shown, in the days after.

    Args:
        slates: customer_id, item_id and rank; chance where known.
        happened: tables with the later orders.
        decided: the last day before the slates.
        days: days after it that are looked at.

    Returns:
        Table: the slots with bought, bought_units, revenue and first_bought (date). Lines: by
        rank slots, bought_share with its error over customers, and expected_share (mean chance).
        By week: rows (slots that were bought), units, revenue.

    Raises:
        DataError: a column is missing, orders have no customers, or nothing happened yet.
    """
    need_columns(slates, SLATES, [c.CUSTOMER, c.ITEM, c.RANK])
    refuse_repeated(slates, SLATES, [c.CUSTOMER, c.ITEM])
    if slates.empty:
        raise DataError("there are no slots", table=SLATES, next_step="Pass what was shown.")
    first = day_of(decided, SLATES) + pd.Timedelta(days=1)
    length = check_whole("days", days, at_least=1)
    lines = _bought(tables_of(happened), first, first + pd.Timedelta(days=length))
    on = [c.CUSTOMER, c.ITEM]
    shown = slates.reset_index(drop=True).assign(**{name: to_text(slates[name]) for name in on})
    sums = lines.groupby(on).agg(
        **{
            w.BOUGHT_UNITS: (c.UNITS, "sum"),
            c.REVENUE: (c.REVENUE, "sum"),
            w.FIRST_BOUGHT: (c.TIME, "min"),
        }
    )
    table = shown.merge(sums.reset_index(), how="left", on=on)
    table[[w.BOUGHT_UNITS, c.REVENUE]] = table[[w.BOUGHT_UNITS, c.REVENUE]].fillna(0.0)
    table[w.BOUGHT] = table[w.FIRST_BOUGHT].notna()
    by_week = _by_week(lines.merge(shown[on], on=on))
    known = f"{length} days from {first.date()} were looked at"
    until = lines[c.TIME].max()
    if until < first + pd.Timedelta(days=length - 1):
        known = f"orders are known until {until.date()} only, of {length} days from {first.date()}"
    return Outcomes(SLATES, table, by_week, _figures(table), _by_rank(table), (NOT_CAUSAL, known))


def _bought(tables: RetailTables | None, first: pd.Timestamp, end: pd.Timestamp) -> pd.DataFrame:
    """The order lines of known customers in a span of time."""
    if tables is None:
        raise DataError(
            "who bought what is not known of a panel",
            table=SLATES,
            next_step="Pass RetailTables with orders that know their customers.",
        )
    lines = tables.demand_lines()
    if c.CUSTOMER not in lines or lines[c.CUSTOMER].isna().all():
        raise DataError(
            "no customer is known, so nobody can be held against what was shown",
            table="orders",
            column=c.CUSTOMER,
            next_step="Bring orders with customers.",
        )
    inside = (lines[c.TIME] >= first) & (lines[c.TIME] < end) & lines[c.CUSTOMER].notna()
    if not inside.any():
        raise DataError(
            f"nothing is known yet of what came of the slates: orders end on "
            f"{lines[c.TIME].max().date()}, slates begin on {first.date()}",
            next_step="Ask again with tables that hold later orders.",
        )
    found = lines[inside]
    return found.assign(
        **{
            c.CUSTOMER: to_text(found[c.CUSTOMER]),
            c.ITEM: to_text(found[c.ITEM]),
            c.REVENUE: found[c.UNITS] * found[c.UNIT_PRICE],
        }
    )


def _by_week(lines: pd.DataFrame) -> pd.DataFrame:
    day = lines[c.TIME].dt.normalize()
    week = (day - pd.to_timedelta(day.dt.day_of_week, unit="D")).rename(w.WEEK)
    slots = lines.assign(slot=lines[c.CUSTOMER] + "\x1f" + lines[c.ITEM]).groupby(week)
    return pd.DataFrame(
        {
            w.ROWS: slots["slot"].nunique(),
            c.UNITS: slots[c.UNITS].sum(),
            c.REVENUE: slots[c.REVENUE].sum(),
        }
    ).reset_index()


def _by_rank(table: pd.DataFrame) -> pd.DataFrame:
    rows = [_of_slots({c.RANK: rank}, part) for rank, part in table.groupby(c.RANK)]
    return pd.DataFrame(rows)


def _of_slots(place: dict[str, object], rows: pd.DataFrame) -> dict[str, object]:
    customer = pd.factorize(rows[c.CUSTOMER])[0]
    found = clustered_mean(rows[w.BOUGHT].to_numpy(float), customer)
    return {
        **place,
        w.SLOTS: len(rows),
        w.BOUGHT_SHARE: found.mean,
        w.BOUGHT_SHARE_ERROR: found.error,
        w.EXPECTED_SHARE: rows[c.CHANCE].mean() if c.CHANCE in rows else np.nan,
    }


def _figures(table: pd.DataFrame) -> dict[str, float]:
    found = {name: float(str(value)) for name, value in _of_slots({}, table).items()}
    return {
        **found,
        "customers_who_bought": float(table.groupby(c.CUSTOMER)[w.BOUGHT].any().mean()),
        c.REVENUE: float(table[c.REVENUE].sum()),
    }
