"""The chain as it was before anybody forecast: the usual rule, fixed prices, bestsellers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import check_whole
from newretail_ml.world.loop.policies import Policies
from newretail_ml.world.loop.view import View

SLOTS = 6


class BestSellers:
    """Every member is shown the items that sold most units lately.

    Args:
        k: slots of a slate.
        days: that count.
    """

    def __init__(self, k: int = SLOTS, days: int = 28) -> None:
        self.k = check_whole("k", k, at_least=1)
        self.days = check_whole("days", days, at_least=1)

    def __call__(self, view: View) -> pd.DataFrame:
        """Slates from tomorrow on."""
        orders = view.tables.orders
        late = orders[orders[c.TIME] >= view.date - pd.Timedelta(days=self.days - 1)]
        sold = late.groupby(c.ITEM)[c.UNITS].sum().sort_values(ascending=False, kind="stable")
        return everyone(view, sold.index.to_numpy()[: self.k])


def everyone(view: View, items: np.ndarray) -> pd.DataFrame:
    """The same slate for all members, the first item at the top."""
    customers = customers_of(view)
    return pd.DataFrame(
        {
            c.CUSTOMER: np.repeat(customers, len(items)),
            c.ITEM: np.tile(items, len(customers)),
            c.RANK: np.tile(np.arange(1, len(items) + 1), len(customers)),
        }
    )


def customers_of(view: View) -> np.ndarray:
    """Ids of all members."""
    members = view.tables.customers
    return np.zeros(0, object) if members is None else members[c.CUSTOMER].to_numpy()


def naive_policies() -> Policies:
    """The chain that the modules are measured against.

    Shops order by the usual rule (a moving average, up to a level), prices stay as they are, and
    everybody is shown the same bestsellers.

    >>> naive_policies().name
    'naive'
    """
    return Policies(slates=BestSellers(), name="naive")
