"""What a stock-out of one item sends to the items that customers take instead.

A share of the demand that an item cannot meet asks for another item, once: who does not find the
substitute either goes home. A plan that allows for it has two effects to know: substitutes are
wanted more than their own forecast says, and a unit short costs less than its margin where a
substitute is there to be sold.

Sources: Netessine and Rudi (2003), Centralized and competitive inventory models with demand
substitution, Operations Research 51(2); Smith and Agrawal (2000), Management of multi-item
retail inventory systems with demand substitution, Operations Research 48(1).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse

from newretail_ml import columns as c
from newretail_ml.checks import as_numbers, need_columns
from newretail_ml.errors import DataError
from newretail_ml.replenishment.planning.supply import SHARE, SUBSTITUTE
from newretail_ml.tables.parsing import to_text

SUBSTITUTION = "substitution"
_ROUNDING = 1e-9
_NOTHING = 1e-6


@dataclass(frozen=True, eq=False)
class Substitution:
    """Demand after one round of substitution, on each path.

    Attributes:
        demand: (series, paths, periods) own demand and what others send.
        short: (series, paths) bool, own demand alone runs the stock out.
        short_after: (series, paths) bool, own demand and what others send runs it out.
        left: (series, paths) units at the end, after all of it.
    """

    demand: np.ndarray
    short: np.ndarray
    short_after: np.ndarray
    left: np.ndarray


def with_substitution(
    paths: np.ndarray,
    stock: np.ndarray,
    shares: sparse.csr_array,
    *,
    arrivals: np.ndarray | None = None,
) -> Substitution:
    """Demand for each series, own and sent by others that are out of stock.

    Period by period, what a series cannot meet of its own demand is sent to its substitutes by
    their shares, and wanted there in the same period. Only own demand is sent on, and it is sent
    as if no one else's had come before it: one round, as in the source.

    Args:
        paths: (series, paths, periods) own demand.
        stock: (series,) or (series, paths) units at the start, the first period's delivery and
            order included.
        shares: (series, series) share of unmet demand that a row's customers take to a column,
            as `substitution_shares` gives.
        arrivals: (series, periods) units that arrive beside it, at the start of each period.

    Raises:
        DataError: a shape is wrong, or demand or stock is missing or below zero.

    >>> shares = sparse.csr_array(np.array([[0.0, 0.5], [0.0, 0.0]]))
    >>> paths = np.array([[[6.0, 4.0]], [[1.0, 1.0]]])
    >>> after = with_substitution(paths, np.array([7.0, 3.0]), shares)
    >>> after.demand.tolist(), after.left.tolist()
    ([[[6.0, 4.0]], [[1.0, 2.5]]], [[0.0], [0.0]])
    """
    paths, stock, coming = _checked(paths, stock, shares, arrivals)
    unmet, _ = _played(paths, stock, coming)
    sent = np.asarray(shares.T @ unmet.reshape(len(paths), -1)).reshape(paths.shape)
    demand = paths + sent.astype(paths.dtype)
    unmet_after, left = _played(demand, stock, coming)
    return Substitution(
        demand=demand,
        short=unmet.sum(axis=2) > _NOTHING,
        short_after=unmet_after.sum(axis=2) > _NOTHING,
        left=left,
    )


def shortage_cost_with_substitutes(
    shortage_cost: np.ndarray,
    holding_cost: np.ndarray,
    outcome: Substitution,
    shares: sparse.csr_array,
) -> np.ndarray:
    """(series,) cost of a unit short, less what substitutes earn of it; never below zero.

    A further unit that goes to a substitute saves, where that would have stock left, its
    shortage cost and the cost of having the unit left. With these costs and demand as in the
    outcome, the newsvendor's stock that repeats itself meets the first-order condition of the
    best stocks of all items together (Netessine and Rudi 2003, proposition 1). Planning once,
    then again with both, is a heuristic on the way there: where margins are low it may overshoot
    the first time, and a third plan is closer.

    Args:
        shortage_cost: (series,) margin lost with a unit short.
        holding_cost: (series,) cost of a unit left at the end of the paths.
        outcome: of the stock planned so far.
        shares: (series, series) as given to `with_substitution`.

    >>> shares = sparse.csr_array(np.array([[0.0, 0.5], [0.0, 0.0]]))
    >>> paths = np.array([[[9.0], [3.0]], [[1.0], [1.0]]])
    >>> after = with_substitution(paths, np.array([5.0, 6.0]), shares)
    >>> shortage_cost_with_substitutes(np.array([4.0, 4.0]), np.ones(2), after, shares)
    array([1.5, 4. ])
    """
    short_after = outcome.short_after.sum(axis=1)
    pairs = shares.tocoo()
    row, column = pairs.coords
    together = (outcome.short[row] & (outcome.left[column] > _NOTHING)).sum(axis=1)
    chance = np.divide(
        together, short_after[row], out=np.zeros(len(row)), where=short_after[row] > 0
    )
    lost = np.asarray(shortage_cost, float)
    worth = lost + np.asarray(holding_cost, float)
    kept = np.bincount(row, weights=pairs.data * worth[column] * chance, minlength=len(worth))
    return np.maximum(lost - kept, 0.0)


def substitution_shares(keys: pd.DataFrame, substitutes: pd.DataFrame) -> sparse.csr_array:
    """(series, series) shares from a table of substitutes.

    Customers look for a substitute where they are: series with a location or channel send only
    to those with the same one. A pair of which one is not sold there is left out there.

    Args:
        keys: one row a series: item_id, and location_id and channel if series have them.
        substitutes: one row a pair: item_id, substitute_id, share of the unmet demand of the
            first that takes the second instead; location_id or channel for pairs that hold there
            only.

    Raises:
        DataError: a column is missing, an item is unknown or its own substitute, a pair repeats,
            a share is not between 0 and 1, or those of an item add up to more than 1.

    >>> keys = pd.DataFrame({"item_id": ["oat", "soy", "soy"], "location_id": ["S1", "S1", "S2"]})
    >>> pairs = pd.DataFrame({"item_id": ["oat"], "substitute_id": ["soy"], "share": [0.6]})
    >>> substitution_shares(keys, pairs).toarray()[0]
    array([0. , 0.6, 0. ])
    """
    pairs = _checked_pairs(keys, substitutes)
    places = [name for name in (c.LOCATION, c.CHANNEL) if name in keys]
    series = keys[[c.ITEM, *places]].reset_index(drop=True)
    series = series.assign(**{name: to_text(series[name]) for name in series})
    series["row"] = np.arange(len(series))
    given = [name for name in places if name in pairs]
    senders = pairs.merge(series, on=[c.ITEM, *given])
    receivers = series.rename(columns={c.ITEM: SUBSTITUTE, "row": "column"})
    both = senders.merge(receivers, on=[SUBSTITUTE, *places])
    cells = (both["row"].to_numpy(), both["column"].to_numpy())
    return sparse.csr_array((both[SHARE].to_numpy(), cells), shape=(len(keys), len(keys)))


def _played(
    demand: np.ndarray, stock: np.ndarray, arrivals: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(series, paths, periods) units not met, and (series, paths) units left at the end."""
    unmet = np.empty_like(demand)
    left = np.broadcast_to(stock, demand.shape[:2]).astype(float)
    for period in range(demand.shape[2]):
        left = left + arrivals[:, period, None] - demand[:, :, period]
        unmet[:, :, period] = np.maximum(-left, 0.0)
        left = np.maximum(left, 0.0)
    return unmet, left


def _checked(
    paths: np.ndarray, stock: np.ndarray, shares: sparse.csr_array, arrivals: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    paths = np.asarray(paths)
    paths = paths if paths.dtype.kind == "f" else as_numbers("paths", paths)
    if paths.ndim != 3 or shares.shape != (len(paths), len(paths)):
        raise DataError(
            f"paths have the shape {paths.shape} and shares {shares.shape}, not (series, paths, "
            "periods) and (series, series)",
            next_step="Pass all series in one order, as in substitution_shares.",
        )
    series, count, periods = paths.shape
    stock = as_numbers("stock", stock)
    stock = stock[:, None] if stock.ndim == 1 else stock
    coming = np.zeros((series, periods)) if arrivals is None else as_numbers("arrivals", arrivals)
    if stock.shape not in {(series, 1), (series, count)} or coming.shape != (series, periods):
        raise DataError(
            f"stock has the shape {stock.shape} and arrivals {coming.shape} beside paths of "
            f"{paths.shape}",
            next_step="Pass stock as (series,) or (series, paths), arrivals as (series, periods).",
        )
    for name, values in (("paths", paths), ("stock", stock), ("arrivals", coming)):
        if not (values.min(initial=0) >= 0 and values.max(initial=0) < np.inf):
            raise DataError(
                f"{name} hold values that are missing, infinite or below zero",
                next_step="Correct them.",
            )
    return paths, stock, coming


def _checked_pairs(keys: pd.DataFrame, substitutes: pd.DataFrame) -> pd.DataFrame:
    need_columns(substitutes, SUBSTITUTION, (c.ITEM, SUBSTITUTE, SHARE))
    given = [name for name in (c.LOCATION, c.CHANNEL) if name in substitutes and name in keys]
    pairs = substitutes[[c.ITEM, SUBSTITUTE, *given, SHARE]].reset_index(drop=True)
    ids = [c.ITEM, SUBSTITUTE, *given]
    pairs = pairs.assign(**{name: to_text(pairs[name]) for name in ids})
    pairs[SHARE] = pd.to_numeric(pairs[SHARE], errors="coerce")
    known = set(to_text(keys[c.ITEM]))
    sums = pairs.groupby([c.ITEM, *given], dropna=False)[SHARE].transform("sum")
    for column, bad, problem, next_step in (
        (c.ITEM, ~pairs[c.ITEM].isin(known), "items have no series", "Drop or correct them."),
        (SUBSTITUTE, ~pairs[SUBSTITUTE].isin(known), "items have no series", "Drop them."),
        (SUBSTITUTE, pairs[SUBSTITUTE] == pairs[c.ITEM], "items replace themselves", "Drop them."),
        (SHARE, ~pairs[SHARE].between(0, 1), "shares are not between 0 and 1", "Correct them."),
        (SUBSTITUTE, pairs.duplicated(ids, keep=False), "rows repeat a pair", "Keep one of each."),
        (SHARE, sums > 1 + _ROUNDING, "shares of items add up to more than 1", "Lower them."),
    ):
        if bad.any():
            rows = pairs.index[bad]
            _refuse(f"{int(bad.sum()):,} {problem}", column, rows, next_step)
    return pairs


def _refuse(problem: str, column: str, rows: Iterable[object], next_step: str) -> None:
    raise DataError(problem, table=SUBSTITUTION, column=column, rows=rows, next_step=next_step)
