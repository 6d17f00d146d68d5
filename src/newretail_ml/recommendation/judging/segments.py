"""Kinds of customers, by what was known of them at a cut."""

from __future__ import annotations

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.interactions import Interactions
from newretail_ml.recommendation.judging.names import ACTIVITY, RECENCY

ACTIVITIES = ("new", "light", "heavy")
RECENCIES = ("up to 2 weeks", "2 to 6 weeks", "6 to 13 weeks", "13 weeks and more", "never")
_DAYS = (14, 42, 91)
_OTHER_COLUMNS = (c.CUSTOMER, c.JOINED)


def customer_labels(history: Interactions) -> pd.DataFrame:
    """Kinds of each customer, and the other columns of the customers table.

    Returns:
        customer_id and

        - ``activity``: new with no order or one; of the others, light up to their median number
          of orders, heavy above it;
        - ``recency``: time from the last order to the cut.

    >>> orders = pd.DataFrame({"customer_id": ["ann", "bob", "bob", "eve", "eve", "eve"],
    ...                        "item_id": "tea", "time": pd.date_range("2026-05-01", periods=6)})
    >>> labels = customer_labels(Interactions.from_frame(orders))
    >>> dict(zip(labels["customer_id"], labels["activity"]))
    {'eve': 'heavy', 'bob': 'light', 'ann': 'new'}
    """
    orders, days = _orders_and_days(history)
    again = orders[orders > 1]
    middle = np.median(again) if len(again) else 1
    activity = np.where(orders < 2, 0, np.where(orders <= middle, 1, 2))
    recency = np.where(orders == 0, len(_DAYS) + 1, np.searchsorted(_DAYS, days, side="left"))
    others = [name for name in history.customers if name not in _OTHER_COLUMNS]
    return pd.DataFrame(
        {
            c.CUSTOMER: history.customers[c.CUSTOMER],
            ACTIVITY: pd.Categorical.from_codes(activity, ACTIVITIES, ordered=True),
            RECENCY: pd.Categorical.from_codes(recency, RECENCIES, ordered=True),
            **{name: history.customers[name] for name in others},
        }
    )


def _orders_and_days(history: Interactions) -> tuple[np.ndarray, np.ndarray]:
    """(customers,) number of orders, and days since the last one."""
    events = history.events
    _, first = np.unique(events.order, return_index=True)
    orders = np.bincount(events.customer[first], minlength=history.n_customers)
    days = np.full(history.n_customers, np.inf)
    np.minimum.at(days, events.customer, events.days_before(history.cut))
    return orders, days
