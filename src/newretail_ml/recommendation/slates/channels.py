"""Slates for an app, for the screens of a store, and for a weekly e-mail."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.checks import as_dates, check_number, need_columns
from newretail_ml.errors import DataError
from newretail_ml.recommendation.slates.plan import plan_slates
from newretail_ml.recommendation.slates.rules import NotAgain, SlateRule
from newretail_ml.recommendation.slates.slate_plan import SlatePlan
from newretail_ml.tables.parsing import to_text


def app_slates(
    lists: pd.DataFrame, *, available: pd.DataFrame | None = None, k: int = 10, **planning: Any
) -> SlatePlan:
    """Slates for an app: what is in stock where the customer buys.

    Args:
        lists: candidates, as in `plan_slates`.
        available: item_id, location_id and units, as `available_items` gives; it is the shared
            stock of the slates. What it does not name is not left out: pass it to `recommend`.
        k: slots.
        planning: all else that `plan_slates` takes.
    """
    stock = None
    if available is not None:
        need_columns(available, "available", [c.ITEM, c.UNITS])
        if c.CHANNEL in available and (available[c.CHANNEL] == "app").any():
            available = available[available[c.CHANNEL] == "app"]
        keys = [name for name in (c.ITEM, c.LOCATION) if name in available]
        # A place's units stand once in the rows of each channel that it serves.
        stock = available.groupby(keys, sort=True)[c.UNITS].max().reset_index()
    return plan_slates(lists, k=k, stock=stock, channel="app", **planning)


def email_slates(
    lists: pd.DataFrame,
    *,
    day: str | pd.Timestamp,
    recently_shown: pd.DataFrame | None = None,
    days_between: float = 7.0,
    k: int = 6,
    rules: tuple[SlateRule, ...] | list[SlateRule] = (),
    **planning: Any,
) -> SlatePlan:
    """Slates for an e-mail: once in a while, and not what was shown last time.

    Args:
        lists: candidates, as in `plan_slates`.
        day: on which it is sent.
        recently_shown: customer_id, item_id and date of what was sent. Who was sent anything less
            than `days_between` days ago is left out; what the last e-mail showed is not shown.
        days_between: the least number of days between two e-mails.
        k: slots.
        rules: more rules.
        planning: all else that `plan_slates` takes.

    Raises:
        DataError: an argument cannot be used, or no customer may be written to.
    """
    check_number("days_between", days_between)
    if recently_shown is None:
        return plan_slates(lists, k=k, rules=list(rules), channel="email", **planning)
    need_columns(lists, "lists", [c.CUSTOMER])
    sent = as_dates(pd.Series([day or "none"], name="day"), "email_slates").iloc[0]
    need_columns(recently_shown, "recently_shown", [c.CUSTOMER, c.ITEM, c.DATE])
    shown = recently_shown.assign(
        **{
            c.CUSTOMER: to_text(recently_shown[c.CUSTOMER]),
            c.DATE: as_dates(recently_shown[c.DATE], "recently_shown"),
        }
    )
    last = shown.groupby(c.CUSTOMER)[c.DATE].transform("max")
    too_soon = shown.loc[last > sent - pd.Timedelta(days=days_between), c.CUSTOMER]
    due = lists[~to_text(lists[c.CUSTOMER]).isin(set(too_soon)).to_numpy()]
    if due.empty:
        raise DataError(
            f"every customer was written to less than {days_between:g} days before {day}",
            table="recently_shown",
            next_step="Wait, or write to others.",
        )
    asked = [*rules, NotAgain(shown[np.asarray(shown[c.DATE] == last)])]
    return plan_slates(due, k=k, rules=asked, channel="email", **planning)
