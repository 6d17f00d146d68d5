"""The best products that fit the room: a small programme of whole numbers."""

from __future__ import annotations

import numpy as np

from newretail_ml.errors import InfeasibleError
from newretail_ml.pricing.assortment.rules import Settled


def best_within_room(gain: np.ndarray, rules: Settled) -> np.ndarray:
    """(n,) bool, the list with the largest sum of gains under all rules.

    Raises:
        InfeasibleError: no list keeps the rules.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp

    useful = (rules.keep | (gain > 0) | (rules.at_least > 0)) & ~rules.never
    listed = np.zeros(len(gain), bool)
    places = np.flatnonzero(useful)
    if not len(places):
        return listed
    rows = np.vstack([np.ones(len(places)), rules.space[places]])
    # The solver stops at an absolute gap of 1e-6; gains are made large against that.
    scale = max(float(np.abs(gain[places]).max()), 1e-300) / 1e4
    done = milp(
        -gain[places] / scale,
        integrality=np.ones(len(places)),
        bounds=Bounds(rules.keep[places].astype(float), 1.0),
        constraints=LinearConstraint(rows, [rules.at_least, -np.inf], [rules.at_most, rules.room]),
        options={"mip_rel_gap": 0.0},
    )
    if done.x is None:
        raise InfeasibleError("no list keeps the rules", next_step="Relax room or at_least.")
    listed[places] = done.x > 0.5
    return listed
