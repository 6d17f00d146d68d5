"""Says what a chain's tables hold, as `RetailTables` shows itself."""

from collections.abc import Mapping

import pandas as pd

from newretail_ml import columns as c
from newretail_ml.tables.schemas import ORDERS, SCHEMAS
from newretail_ml.wording import counted


def in_a_sentence(tables: Mapping[str, pd.DataFrame]) -> str:
    """How many order lines of which days there are, of how many items, and what else is given.

    Args:
        tables: checked ones, orders sorted by time.
    """
    orders = tables[ORDERS]
    first, last = orders[c.TIME].iloc[0].normalize(), orders[c.TIME].iloc[-1].normalize()
    sizes = [
        counted((last - first).days + 1, "day"),
        counted(orders[c.ITEM].nunique(), "item"),
        counted(orders[c.LOCATION].nunique(), "location"),
        counted(orders[c.CHANNEL].nunique(), "channel"),
    ]
    others = [name for name in SCHEMAS if name in tables and name != ORDERS]
    given = f"also given: {', '.join(others)}" if others else "only orders are given"
    return (
        f"RetailTables: {counted(len(orders), 'order line')}, "
        f"{first:%Y-%m-%d} to {last:%Y-%m-%d} ({sizes[0]}), {', '.join(sizes[1:])}\n  {given}"
    )
