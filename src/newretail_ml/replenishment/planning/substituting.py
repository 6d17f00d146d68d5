"""Demand and shortage costs once customers take substitutes, from a first plan without them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.forecast import Forecast
from newretail_ml.replenishment.planning.deciding import Decisions
from newretail_ml.replenishment.planning.lines import OPEN, Lines
from newretail_ml.replenishment.planning.projection import demand_of
from newretail_ml.replenishment.planning.substitution import (
    shortage_cost_with_substitutes,
    substitution_shares,
    with_substitution,
)
from newretail_ml.replenishment.planning.supply import SUBSTITUTE


def with_substitutes(
    lines: Lines, made: Decisions, forecast: Forecast, pairs: pd.DataFrame
) -> tuple[Lines, Forecast]:
    """The lines and the forecast to plan with again.

    Items that others are replaced by are wanted more, and a unit short costs less where a
    substitute is left. Each line counts until its next order arrives. Pairs of items that are
    not planned today say nothing.

    Args:
        lines: all lines.
        made: the first plan, each line for itself.
        forecast: own demand.
        pairs: item_id, substitute_id, share.

    Raises:
        DataError: a pair is wrong.
    """
    keys = forecast.keys.iloc[lines.series].reset_index(drop=True)
    there = pairs[c.ITEM].isin(keys[c.ITEM]) & pairs[SUBSTITUTE].isin(keys[c.ITEM])
    shares = substitution_shares(keys, pairs[there])
    rows = np.unique(np.concatenate(shares.tocoo().coords))
    if not rows.size:
        return lines, forecast
    some = lines.take(rows)
    periods = min(int(some.following.max()), forecast.horizon)
    demand = demand_of(some, forecast).transpose(1, 2, 0)[:, :, :periods]
    in_cycle = np.arange(periods) < some.following[:, None]
    arrivals = some.stock.due[:, :periods].copy()
    ordered = np.flatnonzero(some.status == OPEN)
    units = made.steps[rows] * some.step
    arrivals[ordered, some.arrival[ordered]] += units[ordered]
    among = shares[rows][:, rows]
    outcome = with_substitution(
        demand * in_cycle[:, None], some.stock.on_hand, among, arrivals=arrivals
    )
    paths = forecast.paths.copy()
    paths[some.series, :, :periods] = np.where(in_cycle[:, None], outcome.demand, demand)
    shortage = lines.shortage.copy()
    length = some.following - some.arrival
    shortage[rows] = shortage_cost_with_substitutes(
        some.shortage, some.holding * length, outcome, among
    )
    return replace(lines, shortage=shortage), replace(forecast, paths=paths)
