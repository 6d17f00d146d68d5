"""How old series are."""

from __future__ import annotations

import numpy as np

from newretail_ml.panel import Panel

YOUNG_UNTIL = {"D": 56, "W": 13, "M": 6}
"""Periods for which a series counts as young, by frequency: about as long as a launch shows."""

_ALWAYS_THERE = -1_000_000


def young(panel: Panel, age: int | None = None) -> np.ndarray:
    """(series,) bool: launched fewer than ``age`` periods ago, or announced, and not delisted.

    Where no table tells the launch, the first sale counts as one if the series was silent for
    ``age`` periods before; it might have been on sale before the panel begins otherwise.

    Args:
        panel: history and launches.
        age: periods; by default 56 days, 13 weeks or 6 months.

    >>> import pandas as pd
    >>> dates = pd.date_range("2026-01-01", periods=70)
    >>> frame = pd.DataFrame({"item_id": ["old"] * 70 + ["new"] * 70, "date": [*dates, *dates],
    ...                       "units": [1] * 70 + [0] * 60 + [1] * 10})
    >>> young(Panel.from_frame(frame)).tolist()  # in the order new, old
    [True, False]
    """
    age = age or YOUNG_UNTIL[panel.periods.freq]
    recent = panel.cut - births(panel, age) < age
    return recent & (panel.delisting > panel.cut)


def births(panel: Panel, age: int) -> np.ndarray:
    """(series,) period of the launch; far in the past for series that may always have been there.

    A launch in the first period of the panel may have been before it.
    """
    told = (panel.launch > 0) & (panel.start > 0)
    shown = (panel.launch < 0) & (panel.start >= age) & (panel.start < panel.cut)
    first = np.where(panel.start < panel.cut, panel.start, panel.launch)
    return np.where(told | shown, first, _ALWAYS_THERE)
