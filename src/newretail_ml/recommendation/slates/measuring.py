"""What slates are expected to sell and earn, and where they fall short of rules."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.recommendation.slates.ruling import Limits, Ruling
from newretail_ml.recommendation.slates.sales import expected_sales
from newretail_ml.recommendation.slates.worth import SCORES, Task


@dataclass(frozen=True, eq=False)
class Measured:
    """Expected outcome of slates.

    Attributes:
        purchases: expected units sold; NaN where chances are not known.
        margin: money; NaN where margins are not known.
        share: (n, k) part of the demand of each slot that stock can serve.
        stock: stock with shown, expected_demand and expected_sales; None where none is shared.
    """

    purchases: float
    margin: float
    share: np.ndarray
    stock: pd.DataFrame | None


def measured(task: Task, slate: np.ndarray) -> Measured:
    """The expected outcome of slates, stock running out included."""
    there = slate >= 0
    at = np.maximum(slate, 0).astype(np.int64)
    chance = np.where(there, np.take_along_axis(task.chance, at, axis=1), 0.0) * task.attention
    margin = np.take_along_axis(task.margin, at, axis=1)
    share, stock = np.ones(chance.shape), None
    if task.stock is not None:
        group = np.where(there, np.take_along_axis(task.group, at, axis=1), -1)
        share, stock = _served(task.stock, chance, group)
    sold = chance * share
    purchases = np.nan if task.objective == SCORES else float(sold.sum())
    money = float((sold * margin)[there].sum()) if task.objective != SCORES else np.nan
    return Measured(purchases, money, share, stock)


def _served(
    stock: pd.DataFrame, chance: np.ndarray, group: np.ndarray
) -> tuple[np.ndarray, pd.DataFrame]:
    inside = group >= 0
    units = np.floor(stock[c.UNITS].to_numpy(float))
    demand = np.bincount(group[inside], chance[inside], len(stock))
    sold = expected_sales(chance[inside], group[inside], units)
    part = np.divide(sold, demand, out=np.ones(len(stock)), where=demand > 0)
    shown = np.bincount(group[inside], minlength=len(stock))
    table = stock.assign(**{c.SHOWN: shown, c.EXPECTED_DEMAND: demand, c.EXPECTED_SALES: sold})
    return np.where(inside, np.append(part, 1.0)[group], 1.0), table


def shortfalls(task: Task, ruling: Ruling, slate: np.ndarray) -> pd.DataFrame:
    """Slates that lack items, or what a rule wants, because there are no such candidates.

    Returns:
        rule, slates (that fall short) and missing (items, or different groups, in all).
    """
    rows = [("full slates", task.k - (slate >= 0).sum(axis=1))]
    for title, limits in ruling.limits.items():
        count = ruling.said[title].count
        if count is None or not (count.at_least.any() or count.distinct):
            continue
        wanted = int(count.at_least.sum()) + count.distinct
        rows.append(
            (
                title,
                wanted
                - _kept(count.at_least, count.code, slate)
                - _different(limits, count.distinct, slate),
            )
        )
    made = [(title, int((less > 0).sum()), int(less.sum())) for title, less in rows]
    table = pd.DataFrame(made, columns=["rule", "slates", "missing"])
    return table[table["slates"] > 0].reset_index(drop=True)


def _kept(at_least: np.ndarray, code: np.ndarray, slate: np.ndarray) -> np.ndarray:
    """(n,) items of what is wanted that are shown, no more than are wanted of each group."""
    n = len(slate)
    row, place = np.nonzero(slate >= 0)
    of = code[row, slate[row, place]]
    inside = of >= 0
    groups = len(at_least)
    counts = np.bincount(row[inside] * groups + of[inside], minlength=n * groups)
    return np.asarray(np.minimum(counts.reshape(n, groups), at_least).sum(axis=1))


def _different(limits: Limits, distinct: int, slate: np.ndarray) -> np.ndarray:
    """(n,) different groups that are shown, no more than are wanted."""
    n, m = limits.group.shape
    row, place = np.nonzero(slate >= 0)
    group = limits.group[row, slate[row, place]].astype(np.int64)
    seen = np.zeros((n, m + 1), dtype=bool)
    seen[row, group] = True
    return np.asarray(np.minimum(seen[:, :m].sum(axis=1), distinct))
