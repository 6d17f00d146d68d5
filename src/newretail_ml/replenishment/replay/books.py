"""What a replay writes down, period by period."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from newretail_ml import columns as c
from newretail_ml.replenishment.replay.setting import Setting


@dataclass(frozen=True, eq=False)
class Books:
    """Records in the order of time; each (periods, series[, paths]), in units.

    True demand is not among them, so that a policy which is shown the books cannot see it.

    Attributes:
        seen: sales known before the replay, then those of the replay; where customers wait,
            what they ordered.
        sales: units handed over.
        orders: units ordered.
        received: units delivered; longer than the replay by what arrives after it.
        on_hand: units left at the end of a period.
        waiting: units that customers wait for at the end of a period; None if sales are lost.
        waste: units wasted at the end of a period; None if nothing perishes.
    """

    seen: np.ndarray
    sales: np.ndarray
    orders: np.ndarray
    received: np.ndarray
    on_hand: np.ndarray
    waiting: np.ndarray | None
    waste: np.ndarray | None

    @classmethod
    def blank(cls, setting: Setting) -> Books:
        """Books for a replay, with the open orders written in."""
        shape, past = setting.demand.shape, setting.history.sales
        seen = np.zeros((len(past) + shape[0], *shape[1:]))
        seen[: len(past)] = past
        ahead = max(int(setting.terms[c.LEAD_TIME].max()) + 1, len(setting.due))
        received = np.zeros((shape[0] + ahead, *shape[1:]))
        received[: len(setting.due)] += setting.shaped(setting.due)
        return cls(
            seen=seen,
            sales=np.zeros(shape) if setting.backorders else seen[len(past) :],
            orders=np.zeros(shape),
            received=received,
            on_hand=np.zeros(shape),
            waiting=np.zeros(shape) if setting.backorders else None,
            waste=np.zeros(shape) if setting.perishable.any() else None,
        )
