"""Any policy against any demand."""

from __future__ import annotations

import numpy as np
import pandas as pd

from newretail_ml.panel import Panel
from newretail_ml.replenishment.perishable import FIFO
from newretail_ml.replenishment.replay.engine import Policy
from newretail_ml.replenishment.replay.policies import moving_average_policy
from newretail_ml.replenishment.replay.result import Replay, replayed
from newretail_ml.replenishment.replay.setting import make_setting

USUAL_PRACTICE = moving_average_policy()


def replay(
    policy: Policy,
    demand: Panel | np.ndarray,
    terms: pd.DataFrame,
    *,
    start: str | pd.Timestamp | int | None = None,
    due: pd.DataFrame | np.ndarray | None = None,
    backorders: bool = False,
    issuing: str = FIFO,
    capacity: pd.DataFrame | None = None,
    baseline: Policy | None = USUAL_PRACTICE,
    warm_up: int = 0,
    keep: bool = True,
    progress: bool = True,
) -> Replay:
    """Play a policy against demand, period by period, for all series and paths at once.

    Events of a period, in this order: deliveries arrive; series at their review order (with
    lead time 0 that arrives at once); demand is met as far as stock lasts, the rest is lost or,
    with backorders, waits; units at the end of their shelf life are wasted; units left cost
    holding, and units short (waiting) cost shortage. An order of period t with lead time L can
    meet the demand of period t + L. Orders are rounded up to whole packs.

    A policy sees the present and the past only: sales, not demand. Where stock ran out, sales
    are marked as censored.

    Args:
        policy: called with the `Shop` whenever some series may order; returns units to order,
            (series,) or (series, paths). Orders of the others are ignored.
        demand: true demand: a panel, or an array (series, periods) or (series, paths, periods).
        terms: one row a series: item_id (location_id, channel), on_hand, lead_time and
            review_period in periods, holding_cost (a unit and period), shortage_cost (a unit; by
            default unit_price - unit_cost). If known: on_order (arrives in the first period),
            first_review (period of the first review, 0), pack_size (1), unit_cost, unit_price,
            order_cost (a line), transport_cost (a unit received), salvage_value (a unit wasted),
            shelf_life (periods, empty for what keeps; stock at the start is fresh), volume. For
            an array of demand in the order of its series. Other columns of the planner, such as
            shelf_capacity or delisting_date, are handed to the policy and not enforced.
        start: date or number of the period with which the replay starts; the periods before are
            history that the policy sees. By default the first.
        due: open orders by arrival: a frame of keys, units, and period (0 is the first) or date;
            or an array (series, periods ahead).
        backorders: customers wait, and a unit short costs shortage in each period that it waits.
        issuing: "fifo" (oldest first) or "lifo" (freshest first), for what perishes.
        capacity: location_id (if the terms have it) with units, volume, or both: the most that
            may be on hand and on order there. Orders that exceed it are all cut back by the same
            share, in whole packs.
        baseline: policy to compare with; replayed when first asked for.
        warm_up: first periods to leave out of all figures (not out of the records).
        keep: keep the records of each period, 40 to 56 bytes a series, path and period.
        progress: show a progress bar if it takes longer than a few seconds.

    Raises:
        DataError: demand, terms, open orders or capacity are wrong, or the policy returned
            something that is no order.

    >>> from newretail_ml.replenishment.replay import base_stock_policy
    >>> terms = pd.DataFrame({"item_id": ["tea"], "on_hand": [4], "lead_time": [1],
    ...                       "review_period": [1], "holding_cost": [1], "shortage_cost": [9]})
    >>> outcome = replay(base_stock_policy(6), np.array([[3, 2, 5, 1]]), terms)
    >>> outcome.sales.tolist(), outcome.on_hand.tolist()
    ([[3.0, 2.0, 4.0, 1.0]], [[1.0, 1.0, 0.0, 1.0]])
    >>> outcome.kpis()[["holding", "shortage", "cost"]].tolist()
    [3.0, 9.0, 12.0]
    """
    setting = make_setting(
        demand,
        terms,
        start,
        due,
        backorders=backorders,
        issuing=issuing,
        capacity=capacity,
        warm_up=warm_up,
    )
    return replayed(policy, setting, baseline, keep=keep, progress=progress)
