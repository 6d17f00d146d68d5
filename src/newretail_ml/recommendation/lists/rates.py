"""How often items are bought, by place and segment, smoothed towards the whole chain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.interactions import Interactions, recent_share


@dataclass(frozen=True, eq=False)
class Rates:
    """Orders with an item per customer, by group of customers.

    Attributes:
        rate: (groups, items) orders with the item in the window, per customer of the chain.
        group: (customers,) the group of each customer.
        names: (groups,) what the group is, in words; "" for the whole chain, which is group 0.
    """

    rate: np.ndarray
    group: np.ndarray
    names: tuple[str, ...]

    def of(self, rows: np.ndarray) -> np.ndarray:
        """(len(rows),) group of each customer; the whole chain for those who are not known."""
        return np.where(rows >= 0, self.group[rows], 0) if len(self.group) else 0 * rows


def popularity_rates(
    known: Interactions, days: float, *, by_group: bool = True, weight: float = 500.0
) -> Rates:
    """Rates in the last days, in each location and segment as far as it has events.

    A group's rate is a mean of its own and its parent's (location and segment, location, chain),
    the parent counting as `weight` events: empirical Bayes with a fixed prior. A day on which an
    item was available in half of the shops counts half, so that no item is unpopular for having
    been out of stock. An item launched in the window without a sale has half the mean rate of
    those of its category that sell.

    Args:
        known: what is known.
        days: length of the window; the whole history where nothing was bought in it.
        by_group: whether locations and segments have rates of their own.
        weight: events that a parent group counts for.
    """
    age = known.events.days_before(known.cut)
    inside = age <= days if (age <= days).any() else np.ones(len(age), bool)
    share = recent_share(known.shelf, known.n_items, days)
    chain = np.bincount(known.events.item[inside], minlength=known.n_items) / share
    chain = _with_new_items(chain, known, days)
    levels = _levels(known) if by_group else []
    rate, group, names = [chain], np.zeros(known.n_customers, int), [""]
    for codes, labels in levels:
        counts = _counts(known, inside, codes, len(labels)) / share
        parent = np.stack([rate[group[codes == code][0]] for code in range(len(labels))])
        total, prior = counts.sum(axis=1, keepdims=True), parent / max(parent[0].sum(), 1e-12)
        smooth = (counts + weight * prior) / (total + weight) * max(chain.sum(), 1e-12)
        group = np.where(codes >= 0, len(rate) + codes, group)
        rate += list(smooth)
        names += labels
    return Rates(np.stack(rate) / max(known.n_customers, 1), group, tuple(names))


def _with_new_items(rate: np.ndarray, known: Interactions, days: float) -> np.ndarray:
    if c.LAUNCH_DATE not in known.items or c.CATEGORY not in known.items:
        return rate
    age = (pd.Timestamp(known.cut) - known.items[c.LAUNCH_DATE]).dt.days.to_numpy(float)
    new = (rate == 0) & (age >= 0) & (age <= days)
    sold = pd.Series(np.where(rate > 0, rate, np.nan))
    mean = sold.groupby(known.items[c.CATEGORY]).transform("mean")
    return np.where(new, mean.fillna(0.0).to_numpy() / 2, rate)


def _levels(known: Interactions) -> list[tuple[np.ndarray, list[str]]]:
    """Codes of the customers, -1 for none, and names of the groups: locations, then segments."""
    several = len(known.locations) > 1
    place = pd.Series(pd.NA, index=known.customers.index, dtype=object)
    if several:
        place = pd.Series(known.locations.to_numpy(object)[known.home]).where(known.home >= 0)
    levels = [_coded("at " + place.astype(str), place.notna())] if several else []
    if c.SEGMENT in known.customers:
        segment = known.customers[c.SEGMENT]
        there = (" at " + place.astype(str)).where(place.notna(), "")
        levels.append(_coded("in the segment " + segment.astype(str) + there, segment.notna()))
    return levels


def _coded(names: pd.Series, known: pd.Series) -> tuple[np.ndarray, list[str]]:
    codes, labels = pd.factorize(names.where(known), sort=True)
    return codes, list(labels)


def _counts(known: Interactions, inside: np.ndarray, codes: np.ndarray, n: int) -> np.ndarray:
    """(groups, items) events of the window by group of the customer."""
    code = codes[known.events.customer[inside]]
    item = known.events.item[inside]
    cell = code[code >= 0] * known.n_items + item[code >= 0]
    return np.bincount(cell, minlength=n * known.n_items).reshape(n, known.n_items)
