"""What all figures share: colours, size, and how names and numbers are written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from newretail_ml.errors import MissingExtraError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLUE, ORANGE, GREY, RED = "#1f5a94", "#d9822b", "#8a9199", "#b3282d"
BANDS = ((0.95, "#f9e6d4"), (0.8, "#f0c79d"), (0.5, "#e5a665"))
_LONGEST_ID = 24


def new_figure(
    width: float = 8.0, height: float = 3.6, rows: int = 1, columns: int = 1
) -> tuple[Figure, Any]:
    """A figure and its axes; more rows have one axis of x, more columns one of y."""
    try:
        from newretail_ml.chart import Chart
    except ImportError:
        raise MissingExtraError("matplotlib", extra="plots") from None
    figure = Chart(figsize=(width, height), layout="constrained", dpi=120)
    axes = figure.subplots(rows, columns, sharex="col", sharey="row")
    for one in np.ravel(axes):
        one.spines[["top", "right"]].set_visible(False)
    return figure, axes


def empty(words: str) -> Figure:
    """A figure that says why there is nothing to see."""
    figure, axes = new_figure(height=1.5)
    axes.set_axis_off()
    axes.text(0.5, 0.5, words, ha="center", va="center", transform=axes.transAxes)
    return figure


def series_name(key: pd.Series) -> str:
    """A series by its ids, the end of very long ones left out."""
    ids = map(str, key)
    return " | ".join(f"{one[:_LONGEST_ID]}…" if len(one) > _LONGEST_ID else one for one in ids)


def number(value: float, form: str) -> str:
    """A number in a format, or that it is not known."""
    return format(value, form) if np.isfinite(value) else "not known"
