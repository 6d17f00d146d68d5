"""Protection levels for all items and locations of a chain, from joint paths by channel."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.errors import DataError
from newretail_ml.forecast import Forecast
from newretail_ml.replenishment.newsvendor import sample_quantile
from newretail_ml.replenishment.omnichannel.names import MARGIN, WHY, last_units
from newretail_ml.replenishment.omnichannel.protection import SAME_MARGIN
from newretail_ml.replenishment.omnichannel.tables import checked

KEPT_FOR_BETTER = "kept_for_better"
METHOD = "method"
OFFERED = "offered"


def protection_levels(
    forecast: Forecast,
    margins: pd.DataFrame,
    *,
    stock: pd.DataFrame | None = None,
    periods: int | None = None,
) -> pd.DataFrame:
    """Units of the shared stock to keep for channels with better margins.

    Two channels follow Littlewood's rule, which is exact if the lesser channel's customers come
    first and tell nothing about the better channel's; three or more follow EMSR-b, a heuristic
    (see `emsr_b`; `optimal_protection` gives the optimum of one stock). Demand of the better
    channels is added up path by path, so that it keeps its dependence. Levels are whole units.

    Args:
        forecast: joint paths, keys with channel and at least item_id.
        margins: channel, margin of a unit sold (after shipping and labour), above 0, for all
            items, or by the forecast's other keys as well.
        stock: keys without channel, on_hand; with it, the answer says what each channel is
            offered.
        periods: how many periods of the forecast the stock has to last; all by default.

    Returns:
        One row a series of the forecast, the best channel first: keys, margin, mean,
        kept_for_better (units not offered to this channel), method, on_hand and offered (if stock
        is given), why.

    Raises:
        DataError: the forecast has no channels, or a margin or stock is missing or wrong.

    >>> from newretail_ml.panel import Periods
    >>> keys = pd.DataFrame({"item_id": "tea", "channel": ["store", "online"]})
    >>> paths = np.array([[[1.0], [2], [3], [4]], [[5.0], [5], [6], [6]]])
    >>> week = Periods.spanning("2026-01-05", "2026-01-05", "W")
    >>> margins = pd.DataFrame({"channel": ["store", "online"], "margin": [4.0, 2.0]})
    >>> protection_levels(Forecast(keys, week, paths), margins)[["channel", "kept_for_better"]]
      channel  kept_for_better
    0   store              0.0
    1  online              2.0
    """
    keys = [name for name in forecast.keys if name != c.CHANNEL]
    if c.CHANNEL not in forecast.keys or not keys:
        raise DataError(
            f"the forecast is by {', '.join(forecast.keys)}, so channels cannot be told apart",
            table="forecast",
            next_step="Forecast by item_id and channel, with or without location_id.",
        )
    demand = forecast.total(forecast.horizon if periods is None else periods)
    rows = _with_margins(forecast.keys.astype(str), margins)
    rows = rows.assign(**{c.MEAN: demand.mean(axis=1), "row": np.arange(len(rows))})
    rows = rows.sort_values([*keys, MARGIN], ascending=[True] * len(keys) + [False], kind="stable")
    rows = rows.assign(group=rows.groupby(keys, sort=False).ngroup()).reset_index(drop=True)
    rows[KEPT_FOR_BETTER] = _levels(rows, demand)
    count = rows.groupby("group")["row"].transform("size")
    rank = rows.groupby("group").cumcount()
    exact = "Littlewood's rule"
    rows[METHOD] = np.select([rank == 0, (count == 2) | (rank == 1)], ["none", exact], "EMSR-b")
    if stock is not None:
        rows[c.ON_HAND] = _on_hand(rows, stock, keys)
        rows[OFFERED] = np.maximum(rows[c.ON_HAND] - rows[KEPT_FOR_BETTER], 0.0)
    rows[WHY] = [_reason(row) for row in rows.to_dict("records")]
    return rows.drop(columns=["row", "group"])


def _levels(rows: pd.DataFrame, demand: np.ndarray) -> np.ndarray:
    """(rows,) units kept for the better channels of the same group, one rank after the other."""
    rank = rows.groupby("group").cumcount().to_numpy()
    group = rows["group"].to_numpy()
    order, margin, mean = (rows[name].to_numpy() for name in ("row", MARGIN, c.MEAN))
    groups = int(group.max(initial=-1)) + 1
    together, earned = np.zeros((groups, demand.shape[1])), np.zeros(groups)
    reached, levels = np.zeros(groups), np.zeros(len(rows))
    best = np.zeros(groups)
    best[group[rank == 0]] = margin[rank == 0]
    for step in range(int(rank.max(initial=0)) + 1):
        at = np.flatnonzero(rank == step)
        here = group[at]
        if step:
            wanted = together[here].mean(axis=1)
            average = np.divide(earned[here], wanted, out=best[here].copy(), where=wanted > 0)
            ratio = np.minimum(margin[at] / average, 1.0)
            kept = np.floor(sample_quantile(together[here], 1.0 - ratio) + 1e-9)
            reached[here] = np.maximum(reached[here], np.where(ratio < SAME_MARGIN, kept, 0.0))
            levels[at] = reached[here]
        together[here] += demand[order[at]]
        earned[here] += margin[at] * mean[at]
    return levels


def _with_margins(keys: pd.DataFrame, margins: pd.DataFrame) -> pd.DataFrame:
    shared = [name for name in keys if name in margins or name == c.CHANNEL]
    margins = checked(margins, "margins", ids=shared, key=shared, numbers={MARGIN: 0})
    rows = keys.merge(margins[[*shared, MARGIN]], on=shared, how="left")
    bad = ~(rows[MARGIN] > 0).to_numpy()
    if bad.any():
        raise DataError(
            f"{bad.sum():,} series of the forecast have no margin above 0",
            table="margins",
            rows=rows.index[bad],
            next_step="Add them; leave channels that earn nothing out of the forecast.",
        )
    return rows


def _on_hand(rows: pd.DataFrame, stock: pd.DataFrame, keys: list[str]) -> np.ndarray:
    stock = checked(stock, "stock", ids=keys, key=keys, numbers={c.ON_HAND: 0})
    on_hand = rows[keys].merge(stock[[*keys, c.ON_HAND]], on=keys, how="left")[c.ON_HAND]
    if on_hand.isna().any():
        raise DataError(
            f"{on_hand.isna().sum():,} series of the forecast have no stock",
            table="stock",
            rows=rows.index[on_hand.isna()],
            next_step="Add their rows; 0 units is an answer.",
        )
    return on_hand.to_numpy()


def _reason(row: dict[str, Any]) -> str:
    if row[METHOD] == "none":
        return f"best margin, {row[MARGIN]:,.2f} a unit: all stock is offered"
    if row[KEPT_FOR_BETTER] == 0:
        return (
            f"{row[MARGIN]:,.2f} a unit now is worth more than waiting for a better channel: "
            "nothing is kept back"
        )
    return (
        f"{last_units(row[KEPT_FOR_BETTER])} expected to earn more than "
        f"{row[MARGIN]:,.2f} in better channels ({row[METHOD]})"
    )
