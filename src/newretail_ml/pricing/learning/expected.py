"""Rewards to expect at each candidate price, from the decisions of a log so far."""

from __future__ import annotations

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.pricing.learning.log import CheckedLog


def means_so_far(log: pd.DataFrame, checked: CheckedLog) -> np.ndarray:
    """(rows,) mean reward of the item's other decisions at the price of each row.

    Decisions of later dates are left out: a log that learned chose its later chances by earlier
    rewards, and an expectation that knows of them would bias the estimate. Where the price was
    not charged yet it is the mean of the item, then of everything, then 0.
    """
    n = len(log)
    when = pd.factorize(log[c.DATE], sort=True)[0] if c.DATE in log else checked.decision
    item = pd.factorize(log[c.ITEM])[0] if c.ITEM in log else np.zeros(n, int)
    price = pd.factorize(pd.to_numeric(log[c.PRICE]))[0]
    guess = np.zeros(n)
    for group in (np.zeros(n, int), item, item * (price.max() + 1) + price):
        guess = _mean_of_others(group, np.asarray(when), checked, guess)
    return guess


def _mean_of_others(
    group: np.ndarray, when: np.ndarray, checked: CheckedLog, otherwise: np.ndarray
) -> np.ndarray:
    """(rows,) mean over other decisions of the row's group until its date."""
    chosen, last = checked.chosen, int(when.max()) + 1
    moment = group * last + when
    order = np.argsort(moment[chosen], kind="stable")
    total = np.append(0.0, np.cumsum(checked.reward[order]))
    ordered = moment[chosen][order]
    first = np.searchsorted(ordered, group * last, side="left")
    until = np.searchsorted(ordered, moment, side="right")
    itself = group == group[chosen][checked.decision]
    count = until - first - itself
    rest = total[until] - total[first] - itself * checked.reward[checked.decision]
    return np.divide(rest, count, out=otherwise.copy(), where=count > 0)
