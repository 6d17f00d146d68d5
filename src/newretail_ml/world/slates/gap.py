"""How much of the way from popular items to the best slates a recommender goes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from newretail_ml import columns as c
from newretail_ml.world.make import World
from newretail_ml.world.slates.planning import channels_of, first_planned_days
from newretail_ml.world.slates.replay import PATIENCE, replay_slates
from newretail_ml.world.slates.wishes import Wishes


@dataclass(frozen=True)
class RevenueGap:
    """Expected revenue per visit of three slates in the days after today.

    Attributes:
        popular: of what is popular.
        achieved: of the slate that is judged.
        best: of the best slate, by the truth.
        standard_error: of the share closed, over the customers.
    """

    popular: float
    achieved: float
    best: float
    standard_error: float

    @property
    def share_closed(self) -> float:
        """Share of the way from popular to best; below 0 where the slate earns less."""
        gap = self.best - self.popular
        return (self.achieved - self.popular) / gap if gap else float("nan")


def revenue_gap(
    world: World,
    slate: pd.DataFrame,
    popular: pd.DataFrame,
    best: pd.DataFrame,
    *,
    days: int = 28,
    channel: str | None = None,
    patience: float = PATIENCE,
    added: bool = False,
    by: str = c.REVENUE,
) -> RevenueGap:
    """Replay a slate, what is popular, and the best slate by the truth, without luck.

    Expected revenue over expected visits, of all members, with slates or without.

    Args:
        world: a chain with planned days.
        slate: the slate that is judged, as for `replay_slates`.
        popular: the slate to start from.
        best: that of `best_slate` with the same days and channel.
        days: days to replay from the first one after today.
        channel: the channel whose visits show slates; None: all.
        patience: chance to go on from one rank to the next.
        added: count only what members did not come for.
        by: "revenue", or "profit", "units" or "purchases".

    Raises:
        DataError: as `replay_slates`.
    """
    visits = Wishes.of(world, first_planned_days(world.chain, days)).visits
    total = visits[:, :, list(channels_of(channel))].sum(dtype=float)
    of_customer = []
    for one in (popular, slate, best):
        found = replay_slates(
            world, one, days=days, channel=channel, patience=patience, added=added, drawn=False
        )
        summed = found.groupby(c.CUSTOMER)[by].sum().reindex(world.truth.tastes.index)
        of_customer.append(summed.fillna(0.0).to_numpy())
    base, achieved, most = of_customer
    won, open_ = achieved - base, most - base
    error = _ratio_error(won, open_)
    return RevenueGap(base.sum() / total, achieved.sum() / total, most.sum() / total, error)


def _ratio_error(won: np.ndarray, could: np.ndarray) -> float:
    """Standard error of a ratio of two sums over customers (delta method)."""
    if len(won) < 2 or not could.sum():
        return float("nan")
    rest = won - could * (won.sum() / could.sum())
    return float(np.sqrt(len(rest) * rest.var(ddof=1)) / abs(could.sum()))
