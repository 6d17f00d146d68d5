"""A panel with demand in the place of sales that ran into an empty shelf."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from newretail_ml import columns as c
from newretail_ml.forecasting.censoring.filtering import DemandFilter
from newretail_ml.panel import Panel

_HALF_LIFE = {"D": 28.0, "W": 8.0, "M": 6.0}
# The weekdays, the months; the weeks of a year are too many to tell apart.
_LONGEST_SEASON = 12
_BARGAIN = 0.95


def recover_demand(panel: Panel) -> Panel:
    """The panel with expected demand in its censored periods, which are censored no longer.

    Sales of a period that ended without stock are a lower bound. What is put in their place is
    E[demand | demand >= sales] under a negative binomial distribution whose mean is the series'
    level, times the factor of the season's phase (of the weekday, of the month), times the lift
    of promotions; see `DemandFilter`. A shelf that the last customer emptied is part of the
    expectation: it includes demand that equals sales. Nothing is recovered where nothing was
    sold before; such periods stay censored.

    The demand of a period is told by its own sales and by what was known before it. So nothing
    leaks: ``recover_demand(panel).until(t)`` equals ``recover_demand(panel.until(t))`` to the
    bit, and features of past demand may be made of it for training and prediction alike. Nor do
    series depend on one another.

    >>> import pandas as pd
    >>> frame = pd.DataFrame({"item_id": "tea", "date": pd.date_range("2026-01-01", periods=6),
    ...                       "units": [6, 4, 5, 5, 4, 5], "censored": [0, 0, 0, 0, 0, 1]})
    >>> round(recover_demand(Panel.from_frame(frame)).units[0, 5].item(), 1)
    7.7
    """
    on_sale = panel.on_sale()
    bounded = panel.censored & on_sale
    if not bounded.any():
        return panel
    season = panel.periods.season
    n_phases = season if season <= _LONGEST_SEASON else 1
    state = DemandFilter(panel.n_series, n_phases, _HALF_LIFE[panel.periods.freq])
    known = on_sale & (bounded | ~np.isnan(panel.units))
    sales = np.nan_to_num(panel.units).astype(np.float64)
    promoted = _promoted(panel)
    demand = np.empty_like(panel.units)
    for t in range(panel.cut):
        now = (sales[:, t], bounded[:, t], known[:, t])
        demand[:, t] = state.step(*now, t % n_phases, promoted[:, t])
    recovered = bounded & ~np.isnan(demand)
    return replace(
        panel,
        units=np.where(recovered, demand, panel.units),
        censored=panel.censored & ~recovered,
    )


def _promoted(panel: Panel) -> np.ndarray:
    """(series, cut) bool: a promotion ran, or the price was well below the regular one."""
    promoted = np.zeros(panel.units.shape, dtype=bool)
    plans = {name: plan[:, : panel.cut] for name, plan in panel.plans.items()}
    if c.PROMOTION in plans:
        promoted |= plans[c.PROMOTION] > 0
    if c.PRICE in plans and c.REGULAR_PRICE in plans:
        promoted |= plans[c.PRICE] < _BARGAIN * plans[c.REGULAR_PRICE]
    return promoted
