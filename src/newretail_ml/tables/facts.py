"""What is counted about the tables and left as it is."""

from collections.abc import Mapping

import pandas as pd

from newretail_ml import columns as c
from newretail_ml.tables.cleaning import Cleaning
from newretail_ml.tables.report import Action, Finding
from newretail_ml.tables.rules import finding, is_cancelled
from newretail_ml.tables.schemas import ORDERS


def order_facts(tables: Mapping[str, pd.DataFrame], cleaning: Cleaning) -> list[Finding]:
    """Returns, cancellations, lines without customer, closed days and doubtful ids."""
    orders = tables[ORDERS]
    no_customer = orders[orders[c.CUSTOMER].isna()]
    return [
        *_counted(orders[orders[c.UNITS] < 0], "returns", "negative units, no demand"),
        *_counted(orders[orders[c.UNITS] == 0], "lines of 0 units", "no demand"),
        *_counted(orders[is_cancelled(orders, cleaning)], "cancelled lines", "by order_id"),
        *_counted(no_customer, "lines without customer", _share(no_customer, orders)),
        *_unknown_customers(tables),
        *_closed_days(orders[c.TIME]),
        *_ids_that_differ_in_case(orders),
        *_outside_their_life(tables),
    ]


def _counted(lines: pd.DataFrame, what: str, why: str) -> list[Finding]:
    return finding(lines, what, Action.COUNTED, why)


def _share(lines: pd.DataFrame, orders: pd.DataFrame) -> str:
    return f"{len(lines) / len(orders):.1%} of all lines"


def _unknown_customers(tables: Mapping[str, pd.DataFrame]) -> list[Finding]:
    if "customers" not in tables:
        return []
    orders = tables[ORDERS]
    unknown = orders[c.CUSTOMER].notna() & ~orders[c.CUSTOMER].isin(tables["customers"][c.CUSTOMER])
    return _counted(orders[unknown], "unknown customers", "not in the customers table")


def _closed_days(times: pd.Series) -> list[Finding]:
    """Days between the first and the last order on which nobody ordered."""
    days = pd.DatetimeIndex(times.dt.normalize().unique())
    closed = pd.date_range(days.min(), days.max(), freq="D").difference(days)
    if closed.empty:
        return []
    counts = closed.day_name().value_counts()
    why = "no order at all: " + ", ".join(f"{day} {count}" for day, count in counts.items())
    return [Finding(ORDERS, "closed days", len(closed), Action.COUNTED, why)]


def _outside_their_life(tables: Mapping[str, pd.DataFrame]) -> list[Finding]:
    """Sales of items that, by the items table, were not yet or no longer sold."""
    items = tables.get("items")
    dates = [] if items is None else [n for n in (c.LAUNCH_DATE, c.DELISTING_DATE) if n in items]
    if items is None or not dates:
        return []
    orders = tables[ORDERS]
    sold = orders[orders[c.UNITS] > 0]
    life = sold[[c.ITEM]].merge(items[[c.ITEM, *dates]], how="left", on=c.ITEM)
    life.index = sold.index
    day = sold[c.TIME].dt.normalize()
    early = day < life[c.LAUNCH_DATE] if c.LAUNCH_DATE in life else day.isna()
    late = day >= life[c.DELISTING_DATE] if c.DELISTING_DATE in life else day.isna()
    return [
        *_counted(sold[early], "sales before the launch", "the first sale counts as the launch"),
        *_counted(sold[late], "sales after the delisting", "no demand: the series has ended"),
    ]


def _ids_that_differ_in_case(orders: pd.DataFrame) -> list[Finding]:
    items = pd.Series(orders[c.ITEM].unique())
    alike = items[items.str.lower().duplicated(keep=False)]
    lines = orders[orders[c.ITEM].isin(alike)]
    why = f"{len(alike):,} ids, such as {', '.join(sorted(alike, key=str.lower)[:2])}"
    return _counted(lines, "items alike but for case", why)
